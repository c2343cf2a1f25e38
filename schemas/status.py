"""A patient's status: the newest value of each vital, how well the patient is watched, and what stands open."""

from enum import StrEnum
from typing import Literal

from schemas.action import ActionReason, ActionType, Role
from schemas.alert import Kind, Lifecycle, Out, Priority, RulesName, Score, State, SuppressedBy
from schemas.alert_reason import Reason
from schemas.base import Identifier, Moment
from schemas.reading import Mode


class Monitoring(StrEnum):
    """Whether a vital is being watched."""

    LIVE = "live"
    DELAYED = "delayed"
    STALE = "stale"
    SENSOR_OFF = "sensor off"
    NEVER_SEEN = "never seen"
    PAUSED = "paused"
    DISCHARGED = "discharged"


class Coverage(StrEnum):
    """Whether NEWS2 is valid for this patient."""

    COVERED = "covered"
    NOT_COVERED = "not covered"


class VitalStatus(Out):
    """The newest value of one vital, in its own unit, and what is usual for this patient.

    Half-way from `taken_at` to `valid_until` a streamed value counts as delayed, after `valid_until` any as stale.
    """

    state: Monitoring
    value: float | str | bool | None
    unit: str | None
    taken_at: Moment | None
    valid_until: Moment | None
    source: str | None
    suspect: bool
    usual: float | None


class OpenAlert(Out):
    """One alert in a line: its newest revision, and its lifecycle."""

    alert_id: str
    revision: int
    state: State
    kind: Kind
    subject: str
    priority: Priority
    interrupts: bool
    suppressed_by: SuppressedBy | None
    started_at: Moment
    headline: str
    reason: Reason
    lifecycle: Lifecycle


class EndedAlert(Out):
    """An alert that has lately come to rest; `useful` is what someone said of it, if anyone did."""

    alert_id: str
    kind: Kind
    subject: str
    priority: Priority
    headline: str
    reason: Reason
    started_at: Moment
    ended_at: Moment
    useful: bool | None


class Concern(Out):
    """A person's worry about the patient, which asks for medium priority until its end."""

    who: str
    role: Role
    reason: ActionReason | None
    text: str | None
    at: Moment
    until: Moment


class OrderKind(StrEnum):
    """What the care team ordered."""

    SPO2_SCALE = "spo2_scale"
    ESCALATION_PLAN = "escalation_plan"
    LONG_STANDING_CONFUSION = "long_standing_confusion"
    LIMIT = "limit"
    CALLING_LIMIT = "calling_limit"
    OBSERVATIONS = "observations"
    PAUSE = "pause"


class Order(Out):
    """One order in force: what (`limit`: `vital`, `low`, `high`; otherwise `value`), by whom, why and until when."""

    order: OrderKind
    value: str | None
    vital: str | None
    low: float | None
    high: float | None
    author: str | None
    reason: str | None
    until: Moment | None
    ends_soon: bool


class ActionResult(Out):
    """What became of one of the last actions; `refused` is the code, `field` what was at fault."""

    action_id: str
    action_type: ActionType
    alert_id: str | None
    at: Moment
    refused: str | None
    field: str | None


class Status(Out):
    """The message on the compacted status topic: one a patient. Its place in the log stands in the headers.

    `alerts` are open, `resolved` are over and not yet seen by anyone (`closing`: seen seconds ago), `ended` the last
    that came to rest. `actions` says what became of the last actions: applied, or refused and why. `calls` is how often
    the patient's alerts called in the last 24 hours (100 may stand for more), `calls_bearable` what the ward holds to
    be bearable a patient and day.
    """

    version: Literal[1]
    patient_id: Identifier
    encounter: str | None
    ward: str | None
    bed: str | None
    mode: Mode
    at: Moment
    assigned: bool
    coverage: Coverage
    coverage_reason: str | None
    unknown: list[str]
    news2: Score | None
    advice: str | None
    observation_due_at: Moment | None
    vitals: dict[str, VitalStatus]
    alerts: list[OpenAlert]
    resolved: list[OpenAlert]
    ended: list[EndedAlert]
    concern: Concern | None
    orders: list[Order]
    actions: list[ActionResult]
    calls: int
    calls_bearable: float
    paused_until: Moment | None
    learning: bool
    rules: RulesName
