"""One minute of one patient as bytes, for charts: the values in force beside what is usual, the score, the priority."""

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from detectors.calling import PRIORITIES
from detectors.vigil.assessment import Assessment
from detectors.vigil.report import encode
from detectors.vigil.track import Track
from schemas.times import MINUTE_MS, to_text
from schemas.vitals import LETTERS

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil

BAND: Final = 2.0  # spreads on either side of the usual: about nineteen of twenty quiet values


class Minute(Struct):
    """A vital's minute as it travels."""

    value: float | str | bool
    usual: float | None = None
    low: float | None = None
    high: float | None = None


def _vital(name: str, value: float, track: Track) -> Minute:
    baseline = track.baseline
    if baseline is None or not baseline.warm:
        if name == "consciousness":
            return Minute(LETTERS[int(value)])
        return Minute(value > 0 if name == "supplemental_oxygen" else value)
    usual, reach = track.usual, BAND * baseline.spread
    assert usual is not None
    # to hundredths, at a third of what round() takes, which asks about ties
    return Minute(
        value,
        int(usual * 100.0 + 0.5) / 100.0,
        int((usual - reach) * 100.0 + 0.5) / 100.0,
        int((usual + reach) * 100.0 + 0.5) / 100.0,
    )


def trend_bytes(vigil: "Vigil", assessment: Assessment) -> bytes:
    """One patient's minute. Only valid values: a gap is a gap."""
    at, score, tracks, worst = assessment.at, assessment.score, vigil.tracks, 0
    for episode in vigil.register.open.values():
        worst = max(worst, episode.priority)
    return encode(
        {
            "version": 1,
            "patient_id": vigil.patient,
            "mode": vigil.mode,
            "minute": to_text(at - at % MINUTE_MS),
            "at": to_text(at),
            "vitals": {name: _vital(name, value, tracks[name]) for name, value in assessment.values.items()},
            "news2": None if score is None else {"score_min": score.score_min, "score_max": score.score_max},
            "priority": PRIORITIES[worst],
        }
    )
