"""Whether a patient's vitals go together as they usually do, watched beside the Vigil: weighed here, armed nowhere.

`detectors/pattern.py` is fed what a Vigil would feed it, from the watch as it stands at each look: distances from the
usual of each vital, learnt only while all is calm. The Vigil itself holds none of it and pays nothing for it.
"""

from math import nan
from typing import TYPE_CHECKING, Final

from detectors.vigil import Vigil
from detectors.vigil.assessment import learns

VITALS: Final = ("heart_rate", "resp_rate", "spo2", "systolic_bp")
"""Four, because all must be known at once: each further one leaves fewer hours with an opinion (temperature: a third
fewer in hourly charts)."""
if TYPE_CHECKING:
    from detectors.pattern import Pattern

WINDOW: Final = {"spot": 12, "monitor": 60, "wearable": 60}
"""Looks that are compared with: half a day of hourly charts, an hour of a stream."""
TREES: Final = 10
HEIGHT: Final = 5


class Together:
    """One patient's pattern over time."""

    __slots__ = ("_pattern", "_window")

    def __init__(self, source: str) -> None:
        self._window = WINDOW[source]
        self._pattern: Pattern | None = None

    def look(self, vigil: Vigil, at: int) -> float:
        """How rare the present combination is, 0 to 1; NaN is no opinion. What it is told is learnt afterwards."""
        distances: dict[str, float] = {}
        for name in VITALS:
            track = vigil.tracks.get(name)
            if track is None or track.stale or track.known is None or track.known.suspect or track.baseline is None:
                return nan
            far = track.baseline.deviation(track.known.value)
            if far is None:
                return nan
            distances[name] = far
        if self._pattern is None:  # river's trees take seconds to import: only once all four vitals are known
            from detectors.pattern import Pattern

            self._pattern = Pattern(VITALS, trees=TREES, height=HEIGHT, window=self._window)
        score = self._pattern.score_one(distances)
        if vigil.register.deterioration is None and learns(vigil.stay, at):
            self._pattern.learn_one(distances)
        return nan if score is None else score
