"""Whose an alert is, told from its id and from when the patients were measured, without judging anything.

An alert about a patient is named by a hash of the patient and the moment it was raised, and in a recording that moment
follows from a reading: a chart's values are decided a millisecond after, a stream's once their window has ended. Trying
all of them costs less than streaming one patient in a thousand.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from detectors.vigil.episode import DETERIORATION, alert_id
from detectors.vigil.vigil import window_shift
from detectors.vigil.window import WINDOW_MS
from schemas.vitals import STREAM_LATENESS

_shift: Final = lru_cache(maxsize=1 << 16)(window_shift)


def whose(alert: str, readings: Iterable[tuple[int, str]]) -> str | None:
    """Of whom the alert speaks, by `(taken_at in ms, patient)` of all readings. None where no reading raised
    it: it is about the measuring, an act or silence raised it, or it is none of this recording's.

    >>> whose(alert_id("p-2", "physiological", "deterioration", 60_001), [(60_000, "p-1"), (60_000, "p-2")])
    'p-2'
    """
    tried: dict[str, int] = {}
    for taken, patient in readings:
        shift = _shift(patient)
        ended = ((taken - shift) // WINDOW_MS + 1) * WINDOW_MS + shift + STREAM_LATENESS
        moments = (taken + 1,) if tried.get(patient) == ended else (taken + 1, ended)
        tried[patient] = ended
        if any(alert_id(patient, "physiological", DETERIORATION, moment) == alert for moment in moments):
            return patient
    return None
