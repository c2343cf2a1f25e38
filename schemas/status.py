"""A patient's status: the newest value of each vital, how well the patient is watched, and what stands open."""

from enum import StrEnum
from typing import Literal

from schemas.alert import Out, Priority, RulesName, Score, State
from schemas.base import Identifier, Moment
from schemas.reading import Mode


class Monitoring(StrEnum):
    """Whether a vital is being watched."""

    LIVE = "live"
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
    """The newest value of one vital, in its own unit, and what is usual for this patient."""

    state: Monitoring
    value: float | str | bool | None
    unit: str | None
    taken_at: Moment | None
    source: str | None
    suspect: bool
    usual: float | None


class OpenAlert(Out):
    """One open episode in a line."""

    alert_id: str
    revision: int
    state: State
    subject: str
    priority: Priority
    interrupts: bool
    headline: str


class Status(Out):
    """The message on the compacted status topic: one a patient. Its place in the log stands in the headers."""

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
    paused_until: Moment | None
    learning: bool
    rules: RulesName
