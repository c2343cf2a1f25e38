"""The same figures for parts of the patients: by age, by sex, by how much was measured. Is anyone served worse?"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from streams.lab.evaluation.alerting import Alerting
from streams.lab.evaluation.definitions import Array
from streams.lab.evaluation.figures import Figures
from streams.lab.evaluation.measures import Bootstrap, RankedRows, interval, widened
from streams.lab.evaluation.scores import Compared

AGES: Final = ((0, 45), (45, 65), (65, 80), (80, 200))
SHOWN: Final = ("news2", "last_value", "risk", "policy", "armed")


def groups(compared: Compared) -> Iterator[tuple[str, str, Array]]:
    """Each division, each of its parts, and whom it holds. `missingness` is in thirds by the share of hours and vitals
    without a valid value; those of whom age or sex is not known are in no part.
    """
    outcomes, trace = compared.outcomes, compared.trace
    for low, high in AGES:
        with np.errstate(invalid="ignore"):
            yield "age", f"{low}-{high - 1}" if high < 200 else f"{low}+", (outcomes.age >= low) & (outcomes.age < high)
    yield "sex", "female", outcomes.male == 0
    yield "sex", "male", outcomes.male == 1
    count = np.maximum(1, np.bincount(trace.who, minlength=len(trace.courses)))
    measured = np.bincount(trace.who, weights=trace.column("measured"), minlength=len(trace.courses)) / count
    lower, upper = np.quantile(measured, [1 / 3, 2 / 3]) if len(measured) else (0.0, 0.0)
    yield "missingness", "most missing", measured <= lower
    yield "missingness", "middle", (measured > lower) & (measured <= upper)
    yield "missingness", "least missing", measured > upper


def by_group(compared: Compared, draws: Bootstrap) -> dict[str, dict[str, dict[str, Any]]]:
    """`{division: {part: {score: figures}}}`, without parts that hold nobody."""
    told: dict[str, dict[str, dict[str, Any]]] = {}
    for division, part, members in groups(compared):
        if not members.any():
            continue
        ill = int((compared.outcomes.happened[members] == 1).sum())
        found: dict[str, Any] = {"patients": int(members.sum()), "patients_with_event": ill}
        for name in SHOWN:
            scored = compared.all[name]
            if scored.alerting is not None:
                found[name] = _figures(scored.score, scored.alerting, members, compared, draws)
        told.setdefault(division, {})[part] = found
    return told


def _figures(
    score: Array | None, alerting: Alerting, members: Array, compared: Compared, draws: Bootstrap
) -> dict[str, Any]:
    trace, outcomes = compared.trace, compared.outcomes
    told = Figures()
    rows = (members & outcomes.known)[trace.who]
    if score is not None:
        yes, who = compared.positive[rows], trace.who[rows]
        by_score = RankedRows(score[rows], yes)
        told.tell("auroc_row", by_score.auroc(), interval(draws.of_areas(by_score, who)), "not both kinds of rows")
    kept = compared.kept & members
    timed, days = (outcomes.timed & kept).astype(float), trace.days * kept
    for name, above, below in (
        ("sensitivity", alerting.detected * timed, timed),
        ("interruptive_per_patient_day", alerting.calls * kept, days),
        (
            "false_alerts_per_patient_day",
            alerting.calls * kept * (outcomes.happened == 0),
            days * (outcomes.happened == 0),
        ),
    ):
        total = float(below.sum())
        why = "nobody here" if name != "sensitivity" else outcomes.why_no_onset or "nobody here had the event"
        bounds = widened(draws.of_ratio(above, below), float(above.sum()), total, share=name == "sensitivity")
        told.tell(name, float(above.sum()) / total if total else None, bounds, why)
    return told
