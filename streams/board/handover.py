"""The shift on one page: what was raised, who did what and why, what nobody has seen, where nothing was measured."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from schemas.times import DAY_MS, MINUTE_MS, to_text
from streams.board.burden import calls
from streams.board.columns import NUMBERS, PRIORITIES
from streams.board.projection import Bed, Projection, Story
from streams.board.view import View

SHOWN_ACTION_TYPES: Final = frozenset({"acknowledge", "snooze", "undo", "concern", "feedback"})
STREAMED: Final = ("heart_rate", "pulse_rate", "resp_rate", "spo2")
"""Vitals that a device measures all the time: only of these is a missing minute worth telling."""
REST: Final = ("cleared", "closing")


def handover(
    projection: Projection, *, now: int, since: int, ward: str | None, wards: frozenset[str] | None = None
) -> dict[str, Any]:
    """The beds of a ward (all of `wards` if None), each with its shift; the times are moments in milliseconds.

    Who has no bed here is told of only as long as there is something to tell, as on the board.
    """
    view = View(wards)
    beds = [
        bed
        for bed in projection.beds.values()
        if view.sees(bed.facts.ward)
        and ward in (None, bed.facts.ward)
        and (bed.facts.assigned or bed.facts.alerts or projection.stories_of(bed.facts.patient_id, since))
    ]
    beds.sort(key=lambda bed: (bed.facts.ward or "", bed.facts.bed or "~"))
    counted = calls(projection, since)
    share = (now - since) / DAY_MS
    return {
        "now": now,
        "since": since,
        "ward": ward,
        "calls": sum(counted[bed.facts.patient_id] for bed in beds),
        "budget": round(sum(bed.facts.calls_bearable or 0.0 for bed in beds) * share, 1),
        "beds": [_bed(projection, bed, now, since, counted[bed.facts.patient_id]) for bed in beds],
    }


def _bed(projection: Projection, bed: Bed, now: int, since: int, called: int) -> dict[str, Any]:
    status = msgspec.json.decode(bed.raw)
    stories = projection.stories_of(bed.facts.patient_id, since)
    return {
        "patient_id": bed.facts.patient_id,
        "ward": bed.facts.ward,
        "bed": bed.facts.bed,
        "news2": status["news2"],
        "coverage": status["coverage"],
        "vitals": status["vitals"],
        "concern": status.get("concern"),
        "orders": status.get("orders", []),
        "observation_due_at": status["observation_due_at"],
        "paused_until": status["paused_until"],
        "calls": called,
        "alerts": [_alert(story, now, since) for story in stories],
        "stale_minutes": stale_minutes(projection, bed.facts.patient_id, now, since),
    }


def _alert(story: Story, now: int, since: int) -> dict[str, Any]:
    newest, worst = story.newest, max(story.revisions, key=_badness)
    return {
        "alert_id": newest["alert_id"],
        "kind": newest["kind"],
        "headline": newest["headline"],
        "worst": {name: worst[name] for name in ("kind", "headline", "findings", "news2", "at")},
        "priority": newest["priority"],
        "highest": worst["priority"],
        "state": newest["state"],
        "status": _status(newest),
        "started_at": newest["started_at"],
        "at": newest["at"],
        "minutes": time_in(story, now, since),
        "actions": [
            one["action"]
            for one in story.revisions
            if one.get("action") and one["action"]["action_type"] in SHOWN_ACTION_TYPES
        ],
        "steps": (newest.get("lifecycle") or {}).get("steps", []),
    }


def _badness(alert: dict[str, Any]) -> tuple[int, int]:
    """What the next shift has to hear of an alert is how bad it was, not how it ended."""
    return PRIORITIES[alert["priority"]], (alert["news2"] or {}).get("score_min", -1)


def _status(alert: dict[str, Any]) -> str:
    return (alert.get("lifecycle") or {}).get("status") or alert["state"]


def time_in(story: Story, now: int, since: int) -> dict[str, int]:
    """How many minutes an alert spent in each status, from `since` on; rest does not count."""
    spent: dict[str, int] = {}
    ends: Sequence[int] = [one["at_ms"] for one in story.revisions[1:]] + [now]
    for one, end in zip(story.revisions, ends, strict=True):
        status = _status(one)
        length = end - max(one["at_ms"], since)
        if status not in REST and length > 0:
            spent[status] = spent.get(status, 0) + length
    return {status: round(length / MINUTE_MS) for status, length in spent.items()}


def stale_minutes(projection: Projection, patient: str, now: int, since: int) -> dict[str, int]:
    """For each vital that was streamed at all: the minutes without a valid value since it was first heard of."""
    columns = projection.columns.get(patient)
    if columns is None or not columns.minutes:
        return {}
    begin = max(since, columns.minutes[0])
    length = max(0, (now - begin) // MINUTE_MS)
    missing = {
        vital: length - columns.minutes_of(vital, begin)
        for vital in NUMBERS
        if vital in STREAMED and vital in columns.lanes
    }
    return {vital: minutes for vital, minutes in missing.items() if minutes > 1}


def as_text(said: dict[str, Any], names: dict[str, dict[str, str]]) -> str:
    """The same as plain text, for whatever takes no page."""
    lines = [
        f"Handover {said['ward'] or 'all wards'}: {_clock(said['since'])} to {_clock(said['now'])} (UTC)",
        f"Called for somebody {said['calls']} times; budget {said['budget']:g}.",
        "",
    ]
    for bed in said["beds"]:
        person = names.get(bed["patient_id"], {})
        who = ", ".join(person[field] for field in ("name", "born", "number") if field in person)
        lines.append(f"{bed['bed'] or 'no bed'}  {who}  {_score(bed)}".rstrip())
        for alert in bed["alerts"]:
            lines += _alert_lines(alert)
        stale = ", ".join(f"{vital.replace('_', ' ')} {count} min" for vital, count in bed["stale_minutes"].items())
        if stale:
            lines.append(f"    not measured: {stale}")
    lines += ["", "Not a certified alarm; look at the patient."]
    return "\n".join(lines) + "\n"


def _alert_lines(alert: dict[str, Any]) -> list[str]:
    unacknowledged = {"calling": "NOT ACKNOWLEDGED", "resolved": "RESOLVED, NOT SEEN"}.get(
        alert["status"], alert["status"]
    )
    lines = [
        f"    {alert['started_at'][11:16]} {alert['highest'].upper()}: {alert['worst']['headline']} ({unacknowledged})"
    ]
    for done in alert["actions"]:
        why = " ".join(filter(None, [(done.get("reason") or "").replace("_", " "), done.get("text") or ""]))
        lines.append(f"        {done['at'][11:16]} {done['action_type']}: {done['who']}{', ' + why if why else ''}")
    return lines


def _score(bed: dict[str, Any]) -> str:
    score = bed["news2"]
    if score is None:
        return f"NEWS2 {'not covered' if bed['coverage'] == 'not covered' else 'not known'}"
    least, most = score["score_min"], score["score_max"]
    return f"NEWS2 {least}" if score["complete"] else f"NEWS2 {least} to {most} (incomplete)"


def _clock(moment: int) -> str:
    return to_text(moment)[:16].replace("T", " ")
