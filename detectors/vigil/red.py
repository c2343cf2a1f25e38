"""Which single values are red by protocol, which of those are extreme, and which vital stands behind which item."""

from typing import Final

from detectors.news2 import CHART, RED, Part
from detectors.oxygen import ROOM_AIR_PERCENT
from detectors.rules import Rules

VITALS_OF: Final[dict[str, tuple[str, ...]]] = {
    Part.RESP_RATE.value: ("resp_rate",),
    Part.SPO2.value: ("spo2",),
    Part.SUPPLEMENTAL_OXYGEN.value: ("supplemental_oxygen", "inspired_oxygen", "oxygen_flow"),
    Part.SYSTOLIC_BP.value: ("systolic_bp",),
    Part.PULSE_RATE.value: ("pulse_rate", "heart_rate"),
    Part.CONSCIOUSNESS.value: ("consciousness", "gcs"),
    Part.TEMPERATURE.value: ("temperature",),
}
OF_OXYGEN: Final = VITALS_OF[Part.SUPPLEMENTAL_OXYGEN]
# From which value on, on either side, a vital scores 3 in NEWS2 (SpO2 on scale 1).
RED_LIMITS: Final = {vital: row.ends(RED) for part, row in CHART.items() for vital in VITALS_OF[part.value]}
# Measured now and then even on a monitor: a red one interrupts on repeat or after some minutes.
NOW_AND_THEN: Final = frozenset({Part.SYSTOLIC_BP.value, Part.TEMPERATURE.value})
SAID: Final = frozenset({Part.CONSCIOUSNESS.value, Part.SUPPLEMENTAL_OXYGEN.value})


def is_extreme(name: str, value: float, rules: Rules) -> bool:
    """Whether the value lies at or beyond the rules' extreme for its vital."""
    limit = rules.extreme.get(name)  # type: ignore[call-overload]
    if limit is None:
        return False
    return (limit.low is not None and value <= limit.low) or (limit.high is not None and value >= limit.high)


def says_oxygen(name: str, value: float | None, air_percent: float = ROOM_AIR_PERCENT) -> bool:
    """Whether one statement by itself means oxygen; inspired oxygen of at most `air_percent` is air."""
    if value is None:
        return False
    return value > (air_percent if name == "inspired_oxygen" else 0.0)
