"""An explanation in lines for people: values, opinions, what was decided and why, and what it would have taken."""

from collections.abc import Iterator
from typing import Any

from detectors.vigil.why_not import WORDS, WhyNot
from detectors.vigil.wording import capital, value_words, vital_words
from schemas.vitals import LETTERS
from streams.lab.explain.opinions import FINDING


def in_words(found: dict[str, Any]) -> Iterator[str]:
    """The explanation, line by line."""
    rules = found["rules"]
    named = f"{rules['name']} {rules['version']} ({rules['sha256'][:12]})"
    yield f"{found['patient_id']}, decided at {found['decided_at']}, rules {named}"
    yield from _decision(found)
    yield "Values in force:"
    for row in found["inputs"]:
        yield f"  {_input(row)}"
    yield "Opinions:"
    with_score = [row for row in found["opinions"] if row.get("score", row.get("value")) is not None]
    for row in sorted(with_score, key=lambda row: row["verdict"] != FINDING):
        yield f"  {_opinion(row)}"
    yield from _without_score([row for row in found["opinions"] if row not in with_score])
    if found["why_not"]:
        yield "Nobody is called newly, because:"
        for reason in found["why_not"]:
            yield f"  {reason['reason']}: {reason['words']}"
    if found["spared_by"]:
        yield "Nothing would have been said now with:"
        for row in found["spared_by"]:
            yield f"  {_value(row)}"
    if found["needed"]:
        yield "What it would take from here, tried on a copy:"
        calls = [{**row, "outcome": "shown"} for row in found["needed"] if row["outcome"] == "calls"]
        for row in found["needed"]:
            if row not in calls:  # what calls is shown as well
                yield f"  {_needed(row)}"


def _decision(found: dict[str, Any]) -> Iterator[str]:
    for alert in found["decision"]["said"]:
        why = f" ({alert['suppressed_by']})" if alert["suppressed_by"] else ""
        calls = "calls" if alert["interrupts"] else f"is shown{why}"
        yield f"{capital(alert['state'])}: {alert['kind']} {alert['priority']}, {calls}: {alert['headline']}"
    asked, status = found["asked_for"], found["decision"]["open_alert"]
    if asked is not None:
        yield f"Asked for: {asked['priority'] or 'nothing'} (without persistence {asked['now'] or 'nothing'})"
    yield f"Decided: {found['decision']['reason']}"
    if status is not None:
        facts = ", ".join((status["priority"], status["status"]))
        yield f"Open: alert {status['alert_id']}, {facts}, since {status['since']}"


def _input(row: dict[str, Any]) -> str:
    name, value = row["vital"], row["value"]
    if value is None:
        return f"{capital(vital_words(name))}: no value"
    number = float(LETTERS.index(value)) if name == "consciousness" else float(value)
    doubts = [word for word in ("suspect", "stale") if row[word]]
    usual = "" if row["usual"] is None else f", usual {value_words(name, row['usual'])}"
    told = f"{capital(vital_words(name))} {value_words(name, number)}{usual}, {_age(row['age_s'])} old"
    return ", ".join((told, row["source"], *doubts))


def _without_score(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Those that had no opinion, together by why."""
    together: dict[str, list[str]] = {}
    for row in rows:
        together.setdefault(row["verdict"], []).append(_name(row))
    for verdict, names in together.items():
        why = f" ({WORDS[WhyNot(verdict)]})" if verdict != FINDING else ""
        yield f"  {verdict}{why}: {', '.join(names)}"


def _name(row: dict[str, Any]) -> str:
    about = row.get("head") or row.get("subject") or row.get("priority") or ""
    if row.get("vital"):
        about = vital_words(row["vital"])
    return f"{row['detector'].replace('_', ' ')} {about}".rstrip()


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _opinion(row: dict[str, Any]) -> str:
    parts = [_name(row)]
    score = row.get("score", row.get("value"))
    if score is not None:
        parts.append(f"{score:.3g}" if isinstance(score, float) else str(score))
    begins = row.get("begins_at")
    if isinstance(begins, dict):
        ends = ((begins[end], sign) for end, sign in (("low", "<="), ("high", ">=")))
        begins = " or ".join(f"{sign} {limit:g}" for limit, sign in ends if limit is not None)
    elif begins is not None:
        begins = f"{begins:.3g}"
    if begins:
        parts.append(f"begins at {begins}")
    if row.get("extreme") or row.get("observed"):
        parts.append("extreme: at once" if row["extreme"] else "observed by a person: at once")
    elif row.get("needed"):
        parts.append(f"lasted {row['lasted']} of {row['needed']}")
    return f"{', '.join(parts)}: {row['verdict']}"


def _value(row: dict[str, Any]) -> str:
    sign = "<=" if row["side"] == "at_most" else ">="
    return f"{capital(vital_words(row['vital']))} {sign} {value_words(row['vital'], row['value'])}"


def _needed(row: dict[str, Any]) -> str:
    of = row["of"] if row["after"] != 1 else row["of"].removesuffix("s")
    what = "the same values" if row["vital"] is None else _value(row)
    return f"{what} for {row['after']} more {of}: {row['outcome']}"
