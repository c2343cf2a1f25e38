"""An alert: the message about an episode, with everything a nurse needs to judge it for herself."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.action import ActionReason, ActionType, Role, Step
from schemas.alert_reason import Reason
from schemas.base import Identifier, Moment
from schemas.reading import Mode


class Out(BaseModel):
    """What we send: no field is ever absent, and none is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class State(StrEnum):
    """Where an alert is in its lifecycle."""

    RAISED = "raised"
    UPDATED = "updated"
    WORSENED = "worsened"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    ESCALATED = "escalated"
    RETURNED = "returned"
    RESOLVED = "resolved"
    CLEARED = "cleared"


class Kind(StrEnum):
    """The patient, or the measuring."""

    PHYSIOLOGICAL = "physiological"
    TECHNICAL = "technical"


class Priority(StrEnum):
    """How soon someone should come."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class AlertStatus(StrEnum):
    """Where an alert stands, whatever was said of it last: shown only, calling for someone, owned, quiet for a while,
    over but not seen, over and seen (and may be undone for some seconds yet), at rest.
    """

    SHOWN = "shown"
    CALLING = "calling"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    CLOSING = "closing"
    CLEARED = "cleared"


class Delivery(StrEnum):
    """What a board or a notifier has said of a call: on its way to a device, on it, opened, taken over, or not."""

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNDELIVERABLE = "undeliverable"
    NOT_DELIVERED = "not delivered"


class SuppressedBy(StrEnum):
    """Why an alert is shown but does not interrupt."""

    PERSISTENCE = "persistence"
    LEARNED = "learned"
    LOW_PRIORITY = "low_priority"
    PAUSED = "paused"
    PATIENT_LIMIT = "patient_limit"
    CALLING_LIMIT = "calling_limit"
    CARE_PLAN = "care_plan"
    ANSWERED = "answered"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"


class RulesName(Out):
    """Which rules decided."""

    name: str
    version: str
    sha256: str


class Score(Out):
    """NEWS2 as an interval: `score_min` counts what is known, `score_max` the worst that missing items could add."""

    score_min: int
    score_max: int
    complete: bool
    previous: int | None
    scale: Literal[1, 2]
    parts: dict[str, int]
    missing: list[str]
    red: list[str]


class Finding(Out):
    """One detector's opinion past its threshold; `score` is in the detector's own unit, `usual` the patient's own."""

    detector: str
    vital: str | None
    value: float | str | bool | None
    usual: float | None
    unit: str | None
    score: float | None
    reason: str


class Person(Out):
    """Who, and in what capacity."""

    who: str
    role: Role


class RecipientTold(Out):
    """What became of a step's call to one recipient of the notifier's routes, and since when that is known."""

    recipient: Identifier
    delivery: Delivery
    at: Moment


class StepTaken(Out):
    """One step of an escalation: whom it called, when, and whether that reached anyone; `recipients`: each device."""

    step: Step
    at: Moment
    delivery: Delivery
    recipients: list[RecipientTold]


class Lifecycle(Out):
    """What people did about an alert, and what happens next if nobody does anything.

    `until`: when the acknowledgement (`owner`) or the snooze (`snoozed_by`) ends, and the alert returns if its
    condition holds. `notified_at`: since when someone is wanted; `steps` were taken since, `next_step` comes at
    `next_step_at`. `step`: the last step taken; `repeats`: how often the call was repeated to everybody reached;
    `nobody_answered`: the site's last address was called. `unacknowledged`: the highest priority that nobody has
    acknowledged. `undo_of`: the action that may be undone until `undo_until`. `reviews_left`: how often `reviewing` may
    still be the reason before it takes the shift lead (null: no limit).
    """

    status: AlertStatus
    owner: Person | None
    snoozed_by: Person | None
    reason: ActionReason | None
    text: str | None
    since: Moment | None
    until: Moment | None
    undo_of: str | None
    undo_until: Moment | None
    notified_at: Moment | None
    steps: list[StepTaken]
    next_step: Step | None
    next_step_at: Moment | None
    step: Step | None
    repeats: int
    nobody_answered: bool
    returned: int
    unacknowledged: Priority | None
    reviews_left: int | None
    snooze_left_minutes: int


class Done(Out):
    """The action that made this revision."""

    action_id: str
    action_type: ActionType
    who: str
    role: Role
    reason: ActionReason | None
    text: str | None
    at: Moment


class Alert(Out):
    """The message on the alerts topic, keyed by `patient_id`."""

    version: Literal[1]
    alert_id: str
    revision: int
    state: State
    kind: Kind
    subject: str
    priority: Priority
    interrupts: bool
    suppressed_by: SuppressedBy | None
    patient_id: Identifier
    encounter: str | None
    ward: str | None
    bed: str | None
    mode: Mode
    started_at: Moment
    at: Moment
    headline: str
    reason: Reason
    news2: Score | None
    findings: list[Finding]
    monitoring_lost: list[str]
    clears_when: str
    advice: str | None
    lifecycle: Lifecycle
    action: Done | None
    rules: RulesName
