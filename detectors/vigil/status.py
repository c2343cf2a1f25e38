"""A patient's status as bytes: the newest values, how well the patient is watched, and what stands open."""

from typing import TYPE_CHECKING

from msgspec import Struct

from detectors.calling import PRIORITIES
from detectors.response import URGENT_FROM, observation_due, response
from detectors.vigil.alert_actions import Result
from detectors.vigil.assessment import UNITS, VALIDITY, Assessment, learns
from detectors.vigil.ended import Ended
from detectors.vigil.episode import Episode
from detectors.vigil.orders import orders_report
from detectors.vigil.persistence import HIGH
from detectors.vigil.red import VITALS_OF
from detectors.vigil.report import (
    advice,
    encode,
    lifecycle_report,
    rules_name,
    score_report,
    suppressed_by,
    to_hundredths,
)
from detectors.vigil.track import Track
from detectors.vigil.window import SOURCES, SPOT, Decided
from schemas.times import MINUTE_MS, to_text, to_text_or_none
from schemas.vitals import LETTERS

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil


class Vital(Struct):
    """A vital as it travels."""

    state: str
    value: float | str | bool | None
    unit: str | None
    taken_at: str | None = None
    valid_until: str | None = None
    source: str | None = None
    suspect: bool = False
    usual: float | None = None


def _monitoring(name: str, track: Track, vigil: "Vigil", at: int) -> str:
    if track.detached is not None or track.signs.off >= vigil.rules.technical.sensor_off:
        return "sensor off"
    known = track.known
    if known is None:
        return "never seen"
    if track.stale:
        return "stale"
    return "delayed" if known.source != SPOT and at - known.at > VALIDITY[name][known.source] // 2 else "live"


def _vitals(vigil: "Vigil", at: int) -> dict[str, Vital]:
    stay = vigil.stay
    ended = "discharged" if stay.discharged else "paused" if stay.paused(at) else None
    return {
        name: _vital(name, track, ended or _monitoring(name, track, vigil, at)) for name, track in vigil.tracks.items()
    }


def _vital(name: str, track: Track, state: str) -> Vital:
    known, usual = track.known, track.usual
    shown = None if usual is None else to_hundredths(usual)
    if known is None:
        return Vital(state, None, UNITS[name], usual=shown)
    value: float | str | bool = known.value
    if name == "consciousness":
        value = LETTERS[int(value)]
    elif name == "supplemental_oxygen":
        value = bool(value)
    taken_at, source = known.at, known.source
    until = taken_at + known.delayed + (track.lasts or VALIDITY[name][source])
    return Vital(state, value, UNITS[name], to_text(taken_at), to_text(until), SOURCES[source], known.suspect, shown)


def _alert(episode: Episode, vigil: "Vigil", at: int) -> dict[str, object]:
    return {
        "alert_id": episode.alert_id,
        "revision": episode.revision,
        "state": episode.state,
        "kind": episode.kind,
        "subject": episode.subject,
        "priority": PRIORITIES[episode.priority],
        "interrupts": episode.calls,
        "suppressed_by": suppressed_by(episode),
        "started_at": to_text(episode.started),
        "headline": episode.headline,
        "reason": episode.reason,
        "lifecycle": lifecycle_report(episode, vigil.stay, vigil.rules.calling, at),
    }


def _ended(ended: Ended) -> dict[str, object]:
    return {
        "alert_id": ended.alert_id,
        "kind": ended.kind,
        "subject": ended.subject,
        "priority": PRIORITIES[ended.priority],
        "headline": ended.headline,
        "reason": ended.reason,
        "started_at": to_text(ended.started),
        "ended_at": to_text(ended.ended),
        "useful": ended.useful,
    }


def _concern(vigil: "Vigil") -> dict[str, object] | None:
    concern = vigil.concern
    if concern is None:
        return None
    return {
        "who": concern.who,
        "role": concern.role,
        "reason": concern.reason,
        "text": concern.text,
        "at": to_text(concern.at),
        "until": to_text(concern.until),
    }


def _result(result: Result) -> dict[str, object]:
    return {
        "action_id": result.action_id,
        "action_type": result.action_type,
        "alert_id": result.alert_id,
        "at": to_text(result.at),
        "refused": result.refused,
        "field": result.field,
    }


def _advised(assessment: Assessment, vigil: "Vigil") -> str | None:
    """What to do now. A low score never calms while a sensor reads nothing, a person is concerned, or items that could
    make it a higher one are missing.
    """
    said = advice(assessment.score)
    if assessment.score is not None and (assessment.score.score_min >= URGENT_FROM or assessment.score.red):
        return said
    urgent = [one for _, one in sorted(vigil.register.open.items()) if one.kind == "technical" and one.priority == HIGH]
    if urgent and urgent[0].remedy is not None:
        return urgent[0].remedy
    if vigil.concern is not None:
        return "A person is concerned: see the patient, whatever the score."
    if assessment.score is not None and observation_due(assessment.score):
        return "Take a full set of observations."
    return said


def _observation_due(assessment: Assessment, vigil: "Vigil") -> int | None:
    """When chart 4 asks for the next full set: counted from the oldest item of the score that people supply."""
    score = assessment.score
    if score is None or not _anything_charted(vigil):
        return None
    known = {name: track.known for name, track in vigil.tracks.items() if track.known is not None}
    newest = [max((known[n] for n in names if n in known), key=_when, default=None) for names in VITALS_OF.values()]
    said = [item.at for item in newest if item is not None and item.source == SPOT]
    if not said:
        return None
    return min(said) + response(score.score_min, score.red).frequency_minutes * MINUTE_MS


def _anything_charted(vigil: "Vigil") -> bool:
    return any(track.known is not None and track.known.source == SPOT for track in vigil.tracks.values())


def _when(known: Decided) -> int:
    return known.at


def status_bytes(vigil: "Vigil", assessment: Assessment, at: int) -> bytes:
    """One patient's status. Times are the patient's own, never the wall clock's."""
    stay = vigil.stay
    return encode(
        {
            "version": 1,
            "patient_id": vigil.patient,
            "encounter": stay.encounter,
            "ward": stay.ward,
            "bed": stay.bed,
            "mode": vigil.mode,
            "at": to_text(at),
            "assigned": stay.assigned,
            "coverage": "not covered" if assessment.why_not else "covered",
            "coverage_reason": assessment.why_not,
            "unknown": stay.unknown(at),
            "news2": score_report(assessment.score, None, stay.scale),
            "advice": _advised(assessment, vigil),
            "observation_due_at": to_text_or_none(_observation_due(assessment, vigil)),
            "vitals": _vitals(vigil, at),
            "alerts": [
                _alert(episode, vigil, at)
                for _, episode in sorted(vigil.register.open.items())  # a restored register has no other order
            ],
            "resolved": [_alert(episode, vigil, at) for episode in vigil.register.listed.values()],
            "ended": [_ended(ended) for ended in vigil.register.ended],
            "concern": _concern(vigil),
            "orders": orders_report(stay, at, vigil.rules.calling.order_warning_minutes),
            "actions": [_result(result) for result in vigil.acts.results],
            "calls": vigil.register.burden.of_day(at),
            "calls_bearable": vigil.rules.calling.ward(stay.ward).calls_per_patient_day,
            "paused_until": to_text(stay.paused_until) if stay.paused(at) else None,
            "learning": learns(stay, at) and vigil.register.deterioration is None,
            "rules": rules_name(vigil.rules),
        }
    )
