"""From a figure to its cause: who was missed, which calls were useless, and the command that explains each."""

from math import ceil
from shlex import quote
from typing import Any, Final

from streams.lab.evaluation.alerting import Alerting
from streams.lab.evaluation.definitions import HOUR_S
from streams.lab.evaluation.scores import Compared
from streams.lab.evaluation.timelines import misses, useless
from streams.lab.evaluation.trace import Course
from streams.recordings.tables import Tables

CALLS_EACH: Final = 3
WHOSE: Final = {"policy": "the learned rules", "armed": "everything armed"}


def judged(compared: Compared) -> str:
    """Whose misses and useless calls are told: the learned rules where they call at all, else everything armed."""
    policy = compared.all["policy"].alerting
    return "policy" if policy is not None and policy.calls.any() else "armed"


def causes(compared: Compared, tables: Tables, rules_file: str | None = None) -> dict[str, Any] | None:
    """The worst misses and the most useless calls, each with its alert, if one stood open, and the command."""
    if compared.outcomes.event is None:
        return None
    name = judged(compared)
    alerting = compared.all[name].alerting
    assert alerting is not None

    def cause(patient: int, hour: float) -> dict[str, Any]:
        course = compared.trace.courses[patient]
        alert = open_alert(course, hour)
        return {
            "patient": course.patient,
            "hour": round(hour, 4),
            "alert_id": alert,
            "explain": command(tables, course.patient, hour, rules_file),
        }

    return {
        "of": WHOSE[name],
        "misses": [
            {**cause(one.patient, _last_chance(compared, one.patient)), "words": one.words}
            for one in misses(compared, alerting)
        ],
        "useless": [
            {
                "patient": compared.trace.courses[one.patient].patient,
                "words": one.words,
                "calls": [cause(one.patient, hour) for hour in _calls(alerting, one.patient)],
            }
            for one in useless(compared, alerting)
        ],
    }


def _last_chance(compared: Compared, patient: int) -> float:
    """The last hour at which a call would have counted, as far as there is a record."""
    outcomes, last = compared.outcomes, compared.trace.courses[patient].last_s / HOUR_S
    return min(float(outcomes.onset_h[patient]) - outcomes.horizon.lead_h, last)


def _calls(alerting: Alerting, patient: int) -> list[float]:
    return alerting.raised_h[alerting.raised_by == patient].tolist()[:CALLS_EACH]


def open_alert(course: Course, hour: float) -> str | None:
    """The alert about the patient that stood open at an hour, as `evaluate` streamed it; None if there was none."""
    found: str | None = None
    for one in course.revisions:
        if one.at_s > hour * HOUR_S + 0.5:
            break
        if one.kind == "physiological":
            found = None if one.state in ("cleared", "resolved") else one.alert_id
    return found


def command(tables: Tables, patient: str, hour: float, rules_file: str | None = None) -> str | None:
    """What to type to have a moment explained; None for tables that were read from nowhere."""
    if tables.path is None:
        return None
    at = f"hour {ceil(hour * 10_000) / 10_000:g}" if hour < 10_000 else f"hour {hour:.4f}"
    told = (
        f"vigilward explain --patient {quote(patient)} --at {quote(at)} --in {quote(str(tables.path))} --as-evaluated"
    )
    told += "" if tables.source is None else f" --source {tables.source}"
    return told if rules_file is None else f"{told} --rules {quote(rules_file)}"
