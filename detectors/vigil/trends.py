"""One minute of one patient as bytes, for charts: the values in force beside what is usual, the score, the priority."""

from typing import TYPE_CHECKING, Final

from detectors.calling import PRIORITIES
from detectors.vigil.picture import Picture
from detectors.vigil.report import encode
from detectors.vigil.track import Track
from schemas.times import to_text
from schemas.vitals import LETTERS

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil

MINUTE_MS: Final = 60_000
BAND: Final = 2.0  # spreads on either side of the usual: about nineteen of twenty quiet values


def _vital(name: str, value: float, track: Track) -> dict[str, object]:
    if name == "consciousness":
        return {"value": LETTERS[int(value)], "usual": None, "low": None, "high": None}
    if name == "supplemental_oxygen":
        return {"value": value > 0, "usual": None, "low": None, "high": None}
    usual = track.usual
    if usual is None or track.baseline is None:
        return {"value": value, "usual": None, "low": None, "high": None}
    reach = BAND * track.baseline.spread
    return {"value": value, "usual": round(usual, 2), "low": round(usual - reach, 2), "high": round(usual + reach, 2)}


def trend_bytes(vigil: "Vigil", picture: Picture) -> bytes:
    """One patient's minute. Only valid values: a gap is a gap."""
    at, score, tracks = picture.at, picture.score, vigil.tracks
    worst = max((episode.priority for episode in vigil.register.open.values()), default=0)
    return encode(
        {
            "version": 1,
            "patient_id": vigil.patient,
            "mode": vigil.mode,
            "minute": to_text(at - at % MINUTE_MS),
            "at": to_text(at),
            "vitals": {name: _vital(name, value, tracks[name]) for name, value in picture.values.items()},
            "news2": None if score is None else {"score_min": score.score_min, "score_max": score.score_max},
            "priority": PRIORITIES[worst],
        }
    )
