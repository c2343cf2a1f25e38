"""An episode and its lifecycle as the bytes that travel. Fields stand in one order, and none is ever absent."""

from collections.abc import Sequence
from typing import Final

import msgspec

from detectors.calling import PRIORITIES, Calling
from detectors.news2 import News2, Part
from detectors.response import URGENT_FROM, response
from detectors.rules import Rules
from detectors.vigil.episode import Episode
from detectors.vigil.escalation import next_escalation_step
from detectors.vigil.lifecycle import HIGH, OVER, Answer, used_snooze
from detectors.vigil.receipts import Called, delivery_of
from detectors.vigil.stay import Stay
from detectors.vigil.wording import clears_when, limit_words
from schemas.action import Action, Step
from schemas.alert import AlertStatus
from schemas.times import MINUTE_MS, to_ms, to_text, to_text_or_none

encode: Final = msgspec.json.Encoder().encode
NAMES: Final = {part: part.value for part in Part}  # a look at a member's value costs 0.1 us
SUPPRESSED_BY: Final = {AlertStatus.ACKNOWLEDGED: "acknowledged", AlertStatus.SNOOZED: "snoozed"}
LOOK: Final = "Look at the patient now."
TECHNICAL_ENDS: Final = "Ends when the cause is gone."
LISTED: Final = "Is over; stays listed until someone has seen it."


def rules_name(rules: Rules) -> dict[str, str]:
    """Which rules decided."""
    return {"name": rules.name, "version": rules.version, "sha256": rules.sha256}


def score_report(score: News2 | None, previous: int | None, scale: int) -> dict[str, object] | None:
    """NEWS2 as it stands in an alert or a status."""
    if score is None:
        return None
    return {
        "score_min": score.score_min,
        "score_max": score.score_max,
        "complete": score.complete,
        "previous": previous,
        "scale": scale,
        "parts": {NAMES[part]: least for part, least, most in score.parts if least == most},
        "missing": [NAMES[part] for part in score.missing],
        "red": [NAMES[part] for part in score.red],
    }


def to_hundredths(value: float) -> float:
    """As `round(value, 2)`, at a third of its price wherever no tie is near.

    >>> to_hundredths(72.126), to_hundredths(0.125)
    (72.13, 0.12)
    """
    scaled = value * 100.0
    if 0.0 < scaled < 1e8:
        nearest = int(scaled + 0.5)
        if abs(scaled - nearest) < 0.499999:
            return nearest / 100.0
    return round(value, 2)


def advice(score: News2 | None) -> str | None:
    """What chart 4 asks for."""
    return None if score is None else response(score.score_min, score.red).advice


def advice_of_a_call(score: News2 | None) -> str | None:
    """As `advice`, of an alert that calls: a low score never calms then."""
    if score is None or (score.score_min < URGENT_FROM and not score.red):
        return LOOK
    return advice(score)


def suppressed_by(episode: Episode) -> str | None:
    """What holds an open alert back, if it does not call."""
    if episode.calls or episode.lifecycle.status in OVER:
        return None
    if episode.covered and not episode.learned and episode.lifecycle.status is AlertStatus.SHOWN:
        return "answered"
    return (
        SUPPRESSED_BY.get(episode.lifecycle.status)
        or episode.suppressed_by
        or ("learned" if episode.learned else "low_priority")
    )


def _person(answer: Answer | None) -> dict[str, str] | None:
    return None if answer is None else {"who": answer.who, "role": answer.role}


def _taken(step: Called) -> dict[str, object]:
    told = [
        {"recipient": one.recipient, "delivery": one.word.value, "at": to_text(one.at)}
        for one in sorted(step.receipts, key=lambda one: one.recipient)
    ]
    return {"step": step.to, "at": to_text(step.at), "delivery": delivery_of(step).value, "recipients": told}


def lifecycle_report(episode: Episode, stay: Stay, calling: Calling, at: int) -> dict[str, object]:
    """An alert's lifecycle as it stands in the alert and in the status."""
    lifecycle = episode.lifecycle
    status, answer = lifecycle.status, lifecycle.answer
    owned, snoozed = status in (AlertStatus.ACKNOWLEDGED, AlertStatus.CLOSING), status is AlertStatus.SNOOZED
    undoable = answer is not None and lifecycle.before is not None
    ladder = calling.ladder(stay.plan, stay.ward, episode.priority, extreme=bool(episode.extremes))
    coming, reached = next_escalation_step(lifecycle, ladder), lifecycle.steps[-1].to if lifecycle.steps else None
    left = calling.snooze.ms(episode.priority) - used_snooze(lifecycle, at)
    may_snooze = not owned and status not in OVER
    return {
        "status": status,
        "owner": _person(answer) if owned else None,
        "snoozed_by": _person(answer) if snoozed else None,
        "reason": None if answer is None else answer.reason,
        "text": None if answer is None else answer.text,
        "since": None if answer is None else to_text(answer.since),
        "until": None if answer is None or status in OVER else to_text(answer.until),
        "undo_of": answer.action_id if undoable and answer else None,
        "undo_until": to_text(answer.undo_until) if undoable and answer else None,
        "notified_at": to_text_or_none(lifecycle.called),
        "steps": [_taken(step) for step in lifecycle.steps],
        "next_step": None if coming is None else coming[0].to,
        "next_step_at": None if coming is None else to_text(coming[1]),
        "step": reached,
        "repeats": lifecycle.repeats,
        "nobody_answered": reached == Step.LAST_RESORT,
        "returned": lifecycle.returned,
        "unacknowledged": PRIORITIES[lifecycle.unacknowledged],
        "reviews_left": max(0, calling.reviews_at_most - lifecycle.reviews) if episode.priority == HIGH else None,
        "snooze_left_minutes": max(0, left) // MINUTE_MS if may_snooze else 0,
    }


def done_report(action: Action | None) -> dict[str, object] | None:
    """The action that made a revision."""
    if action is None:
        return None
    return {
        "action_id": action.action_id,
        "action_type": action.action_type,
        "who": action.who,
        "role": action.role,
        "reason": action.reason,
        "text": action.text,
        "at": to_text(to_ms(action.at)),
    }


def _ends_when(episode: Episode, stay: Stay, score: dict[str, object] | None, beyond: Sequence[object]) -> str:
    if episode.lifecycle.status in OVER:
        return LISTED if episode.lifecycle.status is AlertStatus.RESOLVED else "Is over."
    if episode.kind == "technical":
        return TECHNICAL_ENDS
    limits = [limit for limit in stay.limits if limit.vital in beyond]
    if limits and not episode.lost:
        within = " and ".join(limit_words(limit.vital, limit.low, limit.high) for limit in limits)
        asks = score is not None and (score["score_min"] >= URGENT_FROM or score["red"])  # type: ignore[operator]
        return f"Ends when {within}" + (" and NEWS2 below 5 without a red score holds." if asks else ".")
    return clears_when(episode.priority, episode.because, episode.lost, learned=episode.learned)


def alert_bytes(
    episode: Episode,
    stay: Stay,
    patient: str,
    mode: str,
    at: int,
    *,
    score: dict[str, object] | None,
    findings: Sequence[dict[str, object]],
    advised: str | None,
    rules: Rules,
    action: Action | None = None,
) -> bytes:
    """One revision of an alert."""
    beyond = [one["vital"] for one in findings if rules.watch is not None and one["detector"] == "personal_limit"]
    return encode(
        {
            "version": 1,
            "alert_id": episode.alert_id,
            "revision": episode.revision,
            "state": episode.state,
            "kind": episode.kind,
            "subject": episode.subject,
            "priority": PRIORITIES[episode.priority],
            "interrupts": episode.calls,
            "suppressed_by": suppressed_by(episode),
            "patient_id": patient,
            "encounter": stay.encounter,
            "ward": stay.ward,
            "bed": stay.bed,
            "mode": mode,
            "started_at": to_text(episode.started),
            "at": to_text(at),
            "headline": episode.headline,
            "reason": episode.reason,
            "news2": score,
            "findings": findings,
            "monitoring_lost": episode.lost,
            "clears_when": _ends_when(episode, stay, score, beyond),
            "advice": advised,
            "lifecycle": lifecycle_report(episode, stay, rules.calling, at),
            "action": done_report(action),
            "rules": rules_name(rules),
        }
    )
