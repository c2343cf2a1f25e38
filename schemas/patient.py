"""A patient record: who lies where, what the care team ordered, and for how long."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from schemas.base import Identifier, Message, Moment, ShortText, VersionOne
from schemas.reading import Mode
from schemas.vitals import Vital


class Event(StrEnum):
    """What happened to the patient's stay."""

    ADMIT = "admit"
    UPDATE = "update"
    TRANSFER = "transfer"
    DISCHARGE = "discharge"
    CANCEL_DISCHARGE = "cancel_discharge"
    MERGE = "merge"
    MERGED = "merged"
    PAUSE = "pause"
    RESUME = "resume"
    ERASE = "erase"


class Sex(StrEnum):
    """As recorded by administration."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Maternity(StrEnum):
    """NEWS2 is not valid in pregnancy."""

    NONE = "none"
    PREGNANT = "pregnant"
    POSTNATAL = "postnatal"


class Plan(StrEnum):
    """How far care is to be escalated."""

    FULL = "full"
    LIMITED = "limited"
    COMFORT = "comfort"


def read_day(value: Any) -> date:
    """A calendar day as text, 1951-07-30, and nothing else. Raises ValueError.

    >>> read_day("1951-07-30")
    datetime.date(1951, 7, 30)
    """
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError("a day is text such as 1951-07-30") from error
    if value != day.isoformat():  # Python takes week dates too, 1951-W31-1
        raise ValueError("a day is text such as 1951-07-30")
    return day


Day = Annotated[
    date, BeforeValidator(read_day, json_schema_input_type=str), Field(json_schema_extra={"format": "date"})
]


class Shared(StrEnum):
    """What a patient shares with another who is here at the same time."""

    BED = "bed"
    DEVICE = "device"


SharedThing = Annotated[Shared, Field(strict=False)]


class SpO2Scale(Message):
    """Scale 2 is for hypercapnic respiratory failure with a prescribed target of 88-92 %; a clinician decides."""

    scale: Literal[1, 2]
    prescriber: ShortText | None = None
    reason: ShortText | None = None
    until: Moment | None = None


class EscalationPlan(Message):
    """The plan, who set it, and until when it holds."""

    plan: Plan = Field(strict=False)
    author: ShortText | None = None
    reason: ShortText | None = None
    until: Moment | None = None


class LongStandingConfusion(Message):
    """The C of ACVPU means *new* confusion; this says that the patient's is not new."""

    present: bool
    author: ShortText | None = None
    reason: ShortText | None = None
    until: Moment | None = None


class Limits(Message):
    """A personal limit for one vital, in its own unit. It never changes NEWS2."""

    vital: Vital = Field(strict=False)
    low: float | None = None
    high: float | None = None
    author: ShortText
    reason: ShortText
    until: Moment | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> "Limits":
        if self.low is None and self.high is None:
            raise ValueError("a limit needs `low` or `high`")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("`low` lies below `high`")
        return self


class CallingLimit(Message):
    """A doctor's order for one vital, in its own unit: within it a red item alone calls nobody, for at most 72 hours.

    NEWS2, its points and calls from 5 up are untouched. `extreme`: nor does an extreme within it call, as for cyanotic
    heart disease or a ventricular assist device.
    """

    vital: Vital = Field(strict=False)
    low: float | None = None
    high: float | None = None
    author: ShortText
    reason: ShortText
    until: Moment
    extreme: bool = False

    @model_validator(mode="after")
    def _limits_something(self) -> "CallingLimit":
        if self.low is None and self.high is None:
            raise ValueError("a calling limit needs `low` or `high`")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("`low` lies below `high`")
        return self


class Observations(Message):
    """How often a full set is to be taken, where it is ordered otherwise than chart 4 of NEWS2 asks."""

    every_minutes: Annotated[float, Field(gt=0, le=24 * 60)]
    author: ShortText
    reason: ShortText | None = None
    until: Moment | None = None


class Pause(Message):
    """Monitoring is paused (scan, theatre, wash) for a stated reason and time."""

    reason: ShortText
    until: Moment
    author: ShortText | None = None


class Carried(Message):
    """A value that was in force under the id that was merged, in the vital's own unit."""

    vital: Vital = Field(strict=False)
    value: float
    at: Moment


class PatientRecord(Message):
    """The message to the patients topic. Fields that are absent stay as they were; null clears.

    `admit` starts a stay from nothing, `transfer` moves it, `discharge` ends it (`confirmed` also ends watching) and
    `cancel_discharge` (HL7 A13) lets it go on as it was. `merge` (A40) is keyed by the id that goes and names the one
    that stays in `merged_into`; a worker then writes `merged` under the new id. `erase` ends her watch at once, with
    all that is known of her; whoever still sends under the id begins anew. `at` is when it happened; what is ahead of
    now waits until then. What names another `encounter`, or is older than what has taken effect, changes nothing and
    is refused.
    """

    version: VersionOne = 1
    event: Event = Field(strict=False)
    patient_id: Identifier
    at: Moment | None = None
    mode: Mode = Field(Mode.REAL, strict=False)
    encounter: Identifier | None = None
    ward: Identifier | None = None
    bed: Identifier | None = None
    date_of_birth: Day | None = None
    age_years: Annotated[float, Field(ge=0, le=130)] | None = None
    sex: Sex | None = Field(None, strict=False)
    maternity: Maternity | None = Field(None, strict=False)
    devices: list[Identifier] | None = Field(None, description="Attached devices; null: any device may report.")
    spo2_scale: SpO2Scale | None = None
    escalation_plan: EscalationPlan | None = None
    long_standing_confusion: LongStandingConfusion | None = None
    limits: list[Limits] | None = None
    calling_limits: list[CallingLimit] | None = None
    observations: Observations | None = None
    pause: Pause | None = None
    confirmed: bool = False
    shares: list[SharedThing] | None = Field(
        None, description="Told by the board: another patient is in this bed, or on one of these devices."
    )
    merged_into: Identifier | None = Field(None, description="Of a merge: the patient id that stays.")
    merged_from: Identifier | None = Field(None, description="Of `merged`, which workers write: the id that is gone.")
    carried: list[Carried] | None = Field(None, max_length=16, description="Of `merged`: the values in force there.")
    open_alerts: list[ShortText] | None = Field(None, max_length=8, description="Of `merged`: what stood open there.")

    @model_validator(mode="after")
    def _says_all(self) -> "PatientRecord":
        if (self.event is Event.MERGE) is (self.merged_into is None):
            raise ValueError("the event `merge`, and no other, needs `merged_into`: the id that stays")
        if (self.event is Event.MERGED) is (self.merged_from is None):
            raise ValueError("the event `merged`, and no other, needs `merged_from`: the id that is gone")
        if self.patient_id in (self.merged_into, self.merged_from):
            raise ValueError("a patient id cannot be merged into itself")
        if self.event is Event.PAUSE and self.pause is None:
            raise ValueError("the event `pause` needs `pause` with its reason and its end")
        return self
