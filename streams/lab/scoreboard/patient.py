"""A kind of made-up patient, written down: what the vitals do, what the devices do, and when somebody has to be called.

Drawn by hand, not fitted to anybody: they show whether a promise is kept, and prove nothing about real wards.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct


class Cadence(StrEnum):
    """How often values come."""

    SECOND = "1 Hz"
    MINUTE = "1/min"
    FIVE = "1/5 min"
    CUFF = "hourly cuff"
    SPOT = "spot only"


class Urgency(StrEnum):
    """What must be called for, and so within what time."""

    EXTREME = "extreme"
    SEVEN = "NEWS2 >= 7"
    RED = "red"
    FIVE = "NEWS2 5-6"
    FLICKER = "flicker"
    MATERNAL = "maternal"
    LOSS = "loss"  # the kind names its own time


class Group(StrEnum):
    """What a kind is counted under."""

    ILL = "ill"
    WELL = "well"
    ARTEFACT = "artefact"
    STABLE = "unchanged"
    OTHER = "other"


class Must(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody has to be called: from which minute, how urgently; `within_s` where the urgency alone does not say."""

    minute: float
    urgency: Urgency
    within_s: float | None = None
    high: bool | None = None  # whether the call has to be of high priority; None: as the urgency says
    only: tuple[Cadence, ...] | None = None


class Off(Struct, frozen=True, forbid_unknown_fields=True):
    """Vitals that are not measured from a minute until another; `how`: not sent at all, or sent with that quality."""

    vitals: tuple[str, ...]
    since: float
    until: float = 1e9
    how: str = "silent"


class Charted(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person enters at a minute."""

    minute: float
    values: dict[str, Any]


Path = tuple[tuple[float, float], ...]
Turns = tuple[float, float, float]  # one level, the other, and for how many minutes each
STREAMED: Final = (Cadence.SECOND, Cadence.MINUTE, Cadence.FIVE)
# One well adult at rest; a kind moves what it names. The diastolic follows its systolic.
WELL: Final[Mapping[str, float]] = {
    "heart_rate": 74.0,
    "pulse_rate": 74.0,
    "resp_rate": 15.5,
    "spo2": 97.6,
    "systolic_bp": 128.0,
    "temperature": 36.8,
}
NOISE: Final[Mapping[str, float]] = {
    "heart_rate": 1.5,
    "pulse_rate": 1.5,
    "resp_rate": 0.8,
    "spo2": 0.4,
    "systolic_bp": 3.0,
    "temperature": 0.05,
}


class Kind(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind. `paths`: (minute, value) from point to point, a step where two have one minute; `turns`: two levels in
    turns; `lack`: vitals that this patient's devices do not have. `record`: what the patient record says, `records`:
    what later ones say. `rounds_h`: how often a nurse charts consciousness and oxygen; 0: never. `scatter`: how many
    times a sensor's usual noise; `storm`: wild values for seconds. `flicker`: vital, value, for how many of how many
    seconds it lasts, and from which minute. `reason`: why the nurse answers; by lot without.
    """

    name: str
    group: Group
    sentence: str
    hours: float = 3.0
    paths: dict[str, Path] = {}
    turns: dict[str, Turns] = {}
    musts: tuple[Must, ...] = ()
    lack: tuple[str, ...] = ()
    offs: tuple[Off, ...] = ()
    record: dict[str, Any] = {}
    records: tuple[tuple[float, dict[str, Any]], ...] = ()
    cadences: tuple[Cadence, ...] = STREAMED
    source: str = "monitor"
    rounds_h: float = 4.0
    spot_every_min: float = 60.0
    charted: tuple[Charted, ...] = ()
    oxygen: bool = False
    cuff_phase_s: float = -1.0  # when the cuff first measures; by lot without
    scatter: float = 1.0
    storm: bool = False
    flicker: tuple[str, float, float, float, float] | None = None  # vital, value, on_s, every_s, from minute
    reason: str | None = None  # why the nurse answers; None: by lot
    most: float = 2.0  # calls a patient-day that are too many for it
