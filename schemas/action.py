"""An action: what a person did about an alert."""

from enum import StrEnum

from pydantic import Field

from schemas.base import Identifier, Message, Moment, ShortText, VersionOne
from schemas.reading import Mode


class Deed(StrEnum):
    """What was done."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    UNDO = "undo"
    CONCERN = "concern"
    FEEDBACK = "feedback"


class Action(Message):
    """The message to the actions topic, keyed by `patient_id`; `action_id` makes a repeat harmless."""

    version: VersionOne = 1
    action_id: Identifier
    patient_id: Identifier
    deed: Deed = Field(strict=False)
    alert_id: Identifier | None = None
    who: Identifier
    role: Identifier
    reason: Identifier | None = None
    text: ShortText | None = None
    at: Moment
    mode: Mode = Field(Mode.REAL, strict=False)
