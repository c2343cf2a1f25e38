"""An alert: the message about an episode, with everything a nurse needs to judge it for herself."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.base import Identifier, Moment
from schemas.reading import Mode


class Out(BaseModel):
    """What we send: no field is ever absent, and none is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class State(StrEnum):
    """Where an alert is in its life."""

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


class HeldBy(StrEnum):
    """Why an alert is shown but does not interrupt."""

    PERSISTENCE = "persistence"
    LEARNED = "learned"
    LOW_PRIORITY = "low_priority"
    PAUSED = "paused"
    PATIENT_LIMIT = "patient_limit"


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
    held_by: HeldBy | None
    patient_id: Identifier
    encounter: str | None
    ward: str | None
    bed: str | None
    mode: Mode
    started_at: Moment
    at: Moment
    headline: str
    reason: str
    news2: Score | None
    findings: list[Finding]
    monitoring_lost: list[str]
    clears_when: str
    advice: str | None
    rules: RulesName
