"""An action: what a person did about an alert, or says of a patient; or a word that a call was delivered."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from schemas.base import Identifier, Message, Moment, ShortText, VersionOne
from schemas.reading import Mode

MAX_SNOOZE_MINUTES: Final = 24 * 60  # what can be written; the rules' own limits are far below it


class Deed(StrEnum):
    """What was done."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    UNDO = "undo"
    CONCERN = "concern"
    FEEDBACK = "feedback"
    DELIVERED = "delivered"


class Role(StrEnum):
    """In what capacity. `system` is a board or a notifier that says what it delivered."""

    VIEWER = "viewer"
    NURSE = "nurse"
    SHIFT_LEAD = "shift_lead"
    DOCTOR = "doctor"
    RAPID_RESPONSE = "rapid_response"
    SAFETY_OFFICER = "safety_officer"
    SYSTEM = "system"


class Step(StrEnum):
    """Whom an escalation calls, in rising order."""

    NURSE = "nurse"
    SHIFT_LEAD = "shift_lead"
    DOCTOR = "doctor"
    RAPID_RESPONSE = "rapid_response"
    LAST_RESORT = "last_resort"  # the site's last address: nobody has answered


class Because(StrEnum):
    """Why it was done: the closed list. `REASONS_OF` says which belong to which deed."""

    # acknowledge, snooze
    REVIEWING = "reviewing"
    ESCALATED = "escalated"
    TREATMENT = "treatment"
    OBSERVATIONS = "observations"
    ARTEFACT = "artefact"
    EQUIPMENT = "equipment"
    KNOWN = "known"
    OFF_WARD = "off_ward"
    CARE_PLAN = "care_plan"
    # concern
    BREATHING = "breathing"
    CIRCULATION = "circulation"
    TEMPERATURE = "temperature"
    MENTATION = "mentation"
    AGITATION = "agitation"
    PAIN = "pain"
    NOT_IMPROVING = "not_improving"
    PATIENT_SAYS = "patient_says"
    RELATIVE_SAYS = "relative_says"
    GUT_FEELING = "gut_feeling"
    # feedback
    USEFUL = "useful"
    NOT_USEFUL = "not_useful"


WORDS: Final[Mapping[Because, str]] = MappingProxyType(
    {
        Because.REVIEWING: "seen and reviewing",
        Because.ESCALATED: "escalated to doctor",
        Because.TREATMENT: "treatment started",
        Because.OBSERVATIONS: "repeated observations",
        Because.ARTEFACT: "artefact",
        Because.EQUIPMENT: "equipment",
        Because.KNOWN: "known for this patient",
        Because.OFF_WARD: "off ward",
        Because.CARE_PLAN: "care plan",
        Because.BREATHING: "breathing",
        Because.CIRCULATION: "circulation",
        Because.TEMPERATURE: "feels hot, cold or shivers",
        Because.MENTATION: "not quite herself or himself",
        Because.AGITATION: "agitated",
        Because.PAIN: "pain",
        Because.NOT_IMPROVING: "not getting better as expected",
        Because.PATIENT_SAYS: "the patient says so",
        Because.RELATIVE_SAYS: "a relative says so",
        Because.GUT_FEELING: "cannot be put into words",
        Because.USEFUL: "useful",
        Because.NOT_USEFUL: "not useful",
    }
)

ACKNOWLEDGEMENTS: Final = tuple(Because)[:9]
REASONS_OF: Final[Mapping[Deed, tuple[Because, ...]]] = MappingProxyType(
    {
        Deed.ACKNOWLEDGE: ACKNOWLEDGEMENTS,
        Deed.SNOOZE: ACKNOWLEDGEMENTS,
        Deed.UNDO: (),
        Deed.CONCERN: tuple(Because)[9:19],
        Deed.FEEDBACK: tuple(Because)[19:],
        Deed.DELIVERED: (),
    }
)
NEEDS_REASON: Final = frozenset({Deed.ACKNOWLEDGE, Deed.FEEDBACK})
NEEDS_ALERT: Final = frozenset({Deed.ACKNOWLEDGE, Deed.SNOOZE, Deed.FEEDBACK, Deed.DELIVERED})


class Action(Message):
    """The message to the actions topic, keyed by `patient_id`; `action_id` makes a repeat harmless.

    `revision` is the one that the person saw: if the patient has become worse since, the action is refused as
    `alert_changed` instead of being applied to something that nobody saw. `minutes` belongs to a snooze, `undoes` (the
    other's `action_id`) to an undo, `step` to the word that a call was delivered.
    """

    version: VersionOne = 1
    action_id: Identifier
    patient_id: Identifier
    deed: Deed = Field(strict=False)
    alert_id: Identifier | None = Field(None, validate_default=True)
    revision: Annotated[int, Field(ge=1)] | None = None
    who: Identifier
    role: Role = Field(strict=False)
    reason: Because | None = Field(None, strict=False, validate_default=True)
    text: ShortText | None = None
    minutes: Annotated[int, Field(ge=1, le=MAX_SNOOZE_MINUTES)] | None = Field(None, validate_default=True)
    undoes: Identifier | None = Field(None, validate_default=True)
    step: Step | None = Field(None, strict=False, validate_default=True)
    at: Moment
    mode: Mode = Field(Mode.REAL, strict=False)

    @field_validator("alert_id", "minutes", "undoes", "step")
    @classmethod
    def _is_there_where_needed(cls, value: object, info: ValidationInfo) -> object:
        deed = info.data.get("deed")
        needed = {
            "alert_id": deed in NEEDS_ALERT,
            "minutes": deed is Deed.SNOOZE,
            "undoes": deed is Deed.UNDO,
            "step": deed is Deed.DELIVERED,
        }
        if value is None and needed[info.field_name or ""]:
            raise ValueError(f"the deed `{deed}` needs `{info.field_name}`")
        return value

    @field_validator("reason")
    @classmethod
    def _is_a_reason_for_this(cls, value: Because | None, info: ValidationInfo) -> Because | None:
        deed = info.data.get("deed")
        if deed is None or (value is None and deed not in NEEDS_REASON):
            return value
        if value not in REASONS_OF[deed]:
            raise ValueError(f"a reason to {deed} is one of: {', '.join(REASONS_OF[deed]) or 'none at all'}")
        return value
