"""Why nobody is called, or not for this: a closed list, and which of it holds for one patient at one moment."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from detectors.vigil.assessment import Assessment
from detectors.vigil.persistence import AlertRequest
from detectors.vigil.track import Track
from detectors.vigil.window import SPOT
from schemas.alert import AlertStatus
from schemas.alert_reason import Reason

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil


class WhyNot(StrEnum):
    """Every way in which something that was looked at does not call for anyone."""

    BELOW_THRESHOLD = "below_threshold"
    NOT_YET_PERSISTENT = "not_yet_persistent"
    LIMIT_TOO_FAR = "limit_too_far"
    SUSPECT = "suspect"
    STALE = "stale"
    NO_VALUE = "no_value"
    WARMING_UP = "warming_up"
    OBSERVED_BESIDE_STREAM = "observed_beside_stream"
    NOT_COVERED = "not_covered"
    NOT_ARMED = "not_armed"
    PAUSED = "paused"
    PATIENT_LIMIT = "patient_limit"
    LEARNED_ALONE = "learned_alone"
    ALREADY_CALLING = "already_calling"
    ALREADY_SHOWN = "already_shown"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    NOT_YET_OVER = "not_yet_over"
    LOST_SENSOR_HOLDS = "lost_sensor_holds"
    SUSPECT_VALUE_HOLDS = "suspect_value_holds"
    DISCHARGED = "discharged"


WORDS: Final = {
    WhyNot.BELOW_THRESHOLD: "nothing lies past its threshold",
    WhyNot.NOT_YET_PERSISTENT: "it has not lasted long enough yet",
    WhyNot.LIMIT_TOO_FAR: "it heads for no limit, or meets it too late",
    WhyNot.SUSPECT: "the value is suspect: scored by protocol, not judged against the usual",
    WhyNot.STALE: "the last value is too old",
    WhyNot.NO_VALUE: "there is no value",
    WhyNot.WARMING_UP: "what is usual for this patient is not known yet",
    WhyNot.OBSERVED_BESIDE_STREAM: "a stream says what is usual; a single observation is not held against it",
    WhyNot.NOT_COVERED: "NEWS2 is not valid for this patient",
    WhyNot.NOT_ARMED: "the rules do not arm it",
    WhyNot.PAUSED: "monitoring is paused",
    WhyNot.PATIENT_LIMIT: "learned alerts have called as often as this patient's limit allows",
    WhyNot.LEARNED_ALONE: "learned detectors alone are shown and do not call",
    WhyNot.ALREADY_CALLING: "an alert stands open and calls already",
    WhyNot.ALREADY_SHOWN: "an alert stands open and is shown",
    WhyNot.ACKNOWLEDGED: "somebody owns the open alert",
    WhyNot.SNOOZED: "the open alert is snoozed",
    WhyNot.NOT_YET_OVER: "the patient is better, not yet for long enough to end the alert",
    WhyNot.LOST_SENSOR_HOLDS: "a vital behind the open alert cannot be measured: nothing ends it",
    WhyNot.SUSPECT_VALUE_HOLDS: "a vital behind the open alert has only a suspect value: nothing ends it",
    WhyNot.DISCHARGED: "the stay is over",
}
_SUPPRESSED_BY: Final = {
    "persistence": WhyNot.NOT_YET_PERSISTENT,
    "learned": WhyNot.LEARNED_ALONE,
    "paused": WhyNot.PAUSED,
    "patient_limit": WhyNot.PATIENT_LIMIT,
}
_STANDS: Final = {
    AlertStatus.CALLING: WhyNot.ALREADY_CALLING,
    AlertStatus.SHOWN: WhyNot.ALREADY_SHOWN,
    AlertStatus.ACKNOWLEDGED: WhyNot.ACKNOWLEDGED,
    AlertStatus.SNOOZED: WhyNot.SNOOZED,
}
_HOLDS: Final = {
    Reason.NOT_YET_OVER: WhyNot.NOT_YET_OVER,
    Reason.LOST_SENSOR_HOLDS: WhyNot.LOST_SENSOR_HOLDS,
    Reason.SUSPECT_VALUE_HOLDS: WhyNot.SUSPECT_VALUE_HOLDS,
}


def why_not(vigil: "Vigil", assessment: Assessment, request: AlertRequest | None) -> list[WhyNot]:
    """Why nobody was newly called at this moment, the decisive reason first; `request`: what the persistence asked for,
    None where nothing is asked any more (the discharge is confirmed).
    """
    found = dict.fromkeys(_reasons(vigil, assessment, request))
    return list(found)


def _reasons(vigil: "Vigil", assessment: Assessment, request: AlertRequest | None) -> Iterator[WhyNot]:
    if request is None:
        yield WhyNot.DISCHARGED
        return
    episode, decision = vigil.register.deterioration, vigil.register.decision
    if episode is not None:
        yield from filter(None, (_HOLDS.get(decision), _STANDS.get(episode.lifecycle.status)))
        if not episode.calls and episode.suppressed_by in _SUPPRESSED_BY:
            yield _SUPPRESSED_BY[episode.suppressed_by]
    elif request.priority:
        yield WhyNot.DISCHARGED
    elif request.now:
        yield WhyNot.NOT_YET_PERSISTENT
    else:
        yield WhyNot.BELOW_THRESHOLD if assessment.values else WhyNot.NO_VALUE
    if assessment.stay.paused(assessment.at):
        yield WhyNot.PAUSED
    if assessment.why_not:
        yield WhyNot.NOT_COVERED
    if any(track.stale for track in assessment.tracks.values()):
        yield WhyNot.STALE


def unjudged(track: Track, detector: str) -> WhyNot | None:
    """Why a detector of one vital had no say in the value in force, or None where it had."""
    known, baseline = track.known, track.baseline
    if known is None:
        return WhyNot.NO_VALUE
    if track.stale:
        return WhyNot.STALE
    if known.suspect:
        return WhyNot.SUSPECT
    if detector not in track.rules.armed:
        return WhyNot.NOT_ARMED
    if baseline is None or track.shift is None or track.trend is None:
        return WhyNot.WARMING_UP
    if track.dense and known.source == SPOT:
        return WhyNot.OBSERVED_BESIDE_STREAM
    warm = track.trend.score_one(known.at) is not None if detector == "trend" else baseline.warm
    if detector == "level_shift":
        warm = warm and track.shift.score_one() is not None
    return None if warm else WhyNot.WARMING_UP
