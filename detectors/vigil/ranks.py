"""Which of two values of one vital counts: what a person has just measured outranks a stream that says less."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from detectors.news2 import news2
from detectors.vigil.stay import Stay
from detectors.vigil.window import SPOT
from detectors.watch_rules import WatchRules
from schemas.times import MINUTE_MS

if TYPE_CHECKING:
    from detectors.vigil.track import Track

_SCORED = frozenset({"resp_rate", "spo2", "systolic_bp", "pulse_rate", "heart_rate", "temperature"})

_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=1_024)
def points_of(name: str, value: float, scale: int = 1) -> int:
    """The points that one vital certainly earns by itself.

    >>> points_of("resp_rate", 8.0), points_of("spo2", 97.0)
    (3, 0)
    """
    told: dict[str, Any] = dict.fromkeys(
        ("resp_rate", "spo2", "systolic_bp", "pulse_rate", "heart_rate", "temperature", "consciousness", "oxygen")
    )
    if name not in _SCORED:
        return 0
    told[name] = value
    return news2(**told, spo2_scale=scale).score_min


def entered_in_force(name: str, track: "Track", at: int, watch: WatchRules) -> bool:
    """Whether what a person measured still outranks a stream."""
    entered, rules = track.entered, watch.entered
    if entered is None:
        return False
    minutes = rules.resp_rate_minutes if name == "resp_rate" else rules.other_minutes
    return at < entered.at + int(minutes * MINUTE_MS)


def values_by_rank(
    values: dict[str, float], tracks: Mapping[str, "Track"], stay: Stay, at: int, watch: WatchRules
) -> frozenset[str]:
    """Puts what people measured in place of what streams say less of; gives the vitals that are in doubt: what a person
    counted as worse than the stream says now, and nobody has counted again.
    """
    doubted: set[str] | None = None
    for name, track in tracks.items():
        entered, known = track.entered, track.known
        if entered is None or known is None or known.source == SPOT or name not in values:
            continue
        ours, theirs = points_of(name, entered.value, stay.scale), points_of(name, known.value, stay.scale)
        if entered_in_force(name, track, at, watch):
            if ours >= theirs:
                values[name] = entered.value
        elif name == "resp_rate" and ours > theirs:
            doubted = {*(doubted or ()), name}
    return _NOTHING if doubted is None else frozenset(doubted)
