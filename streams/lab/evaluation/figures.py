"""Every figure of one score, each with its interval; what cannot be told is null, with the reason."""

from typing import Any, Final

import numpy as np

from streams.lab.evaluation.alerting import Alerting
from streams.lab.evaluation.definitions import HOUR_STRATA, LANDMARK_H, LANDMARK_MEAN_H, Array
from streams.lab.evaluation.measures import Bootstrap, RankedRows, brier, interval, reliability, widened
from streams.lab.evaluation.outcomes import Outcomes
from streams.lab.evaluation.scores import Compared, Scored
from streams.lab.evaluation.trace import Trace

NO_EVENT: Final = "the folder's labels name no event"


class Figures(dict[str, Any]):
    """Figures by stable names; `NAME_low` and `NAME_high` beside each, and `reasons` for those that are null."""

    def tell(self, name: str, value: float | None, bounds: tuple[float, float] | None, why: str = "") -> None:
        """Put down one figure; a missing one needs a reason."""
        known = value is not None and np.isfinite(value)
        self[name] = round(float(value), 5) if known else None  # type: ignore[arg-type]
        for end, bound in zip(("low", "high"), bounds or (None, None), strict=True):
            self[f"{name}_{end}"] = None if bound is None or not known else round(bound, 5)
        if not known:
            self.setdefault("reasons", {})[name] = why or "nothing to count"


def figures_of(scored: Scored, compared: Compared, draws: Bootstrap) -> Figures:
    """All figures of one score or rule."""
    told = Figures(name=scored.words, operating_point=scored.at or None)
    if scored.absent is not None:
        for name in NAMES:
            told.tell(name, None, None, scored.absent)
        return told
    _ranks(told, scored, compared, draws)
    assert scored.alerting is not None
    _alerts(told, scored.alerting, compared, draws)
    _calibration(told, scored, compared, draws)
    return told


def _ranks(told: Figures, scored: Scored, compared: Compared, draws: Bootstrap) -> None:
    trace, outcomes, score = compared.trace, compared.outcomes, scored.score
    why = NO_EVENT if outcomes.event is None else "not both kinds of patients"
    rows = outcomes.known[trace.who]
    if score is None or outcomes.event is None:
        for name in RANKS:
            told.tell(name, None, None, why)
        return
    yes, who, of_rows = compared.positive[rows], trace.who[rows], score[rows]
    told["opinion_share"] = round(float(np.mean(~np.isnan(of_rows))), 5)
    _rank(told, "row", scored.name, (of_rows, yes, who), compared, draws, why)
    for name, at in (("patient", outcomes.landmark_h), ("patient_24h", LANDMARK_H)):
        own = outcomes.landmarks_h if name == "patient" else None
        mean, eligible = at_landmark(trace, outcomes, score, at if own is None else own)
        patients = np.flatnonzero(eligible)
        absent = f"no patients with and without the event at the landmark of {at:g} h"
        columns = mean[patients], outcomes.happened[patients] == 1, patients
        _rank(told, name, scored.name, columns, compared, draws, absent)
    told["auroc_row_by_hours"] = [_stratum(low, high, compared, score, draws) for low, high in HOUR_STRATA]


def _rank(
    told: Figures,
    unit: str,
    name: str,
    columns: tuple[Array, Array, Array],
    compared: Compared,
    draws: Bootstrap,
    why: str,
) -> None:
    """AUROC and AUPRC of one unit (rows, patients at a landmark), and the gain in AUROC over NEWS2 on the same ones."""
    score, yes, who = columns
    rows = RankedRows(score, yes)
    area = rows.auroc()
    replicates, precision = draws.of_ranks(rows, who)
    compared.areas[name, unit] = area, replicates
    told.tell(f"auroc_{unit}", area, interval(replicates), why)
    told.tell(f"auprc_{unit}", rows.average_precision(), interval(precision), why)
    its, theirs = compared.areas.get(("news2", unit), (None, replicates))  # NEWS2 itself is told of first
    gained = None if area is None or its is None else area - its
    told.tell(f"auroc_{unit}_gain", gained, interval(replicates - theirs), why)


def _stratum(low: float, high: float, compared: Compared, score: Array, draws: Bootstrap) -> dict[str, Any]:
    trace = compared.trace
    rows = compared.outcomes.known[trace.who] & (trace.hours >= low) & (trace.hours < high)
    one = Figures(hours=f"{low:g}-{high:g}" if high < 1 << 20 else f"{low:g}+", rows=int(rows.sum()))
    one["positive_rows"] = int(compared.positive[rows].sum())
    by_score = RankedRows(score[rows], compared.positive[rows])
    one.tell(
        "auroc_row", by_score.auroc(), interval(draws.of_areas(by_score, trace.who[rows])), "not both kinds of rows"
    )
    return one


def at_landmark(trace: Trace, outcomes: Outcomes, score: Array, at_h: float | Array) -> tuple[Array, Array]:
    """The mean score over the six hours up to a landmark, and which patients count there: those who still have a
    record in that time, whose outcome is known, and whose event has not come yet.
    """
    patients = len(trace.courses)
    at_h = np.broadcast_to(at_h, patients)
    rows = (trace.hours <= at_h[trace.who]) & (trace.hours > at_h[trace.who] - LANDMARK_MEAN_H)
    present = np.bincount(trace.who[rows], minlength=patients) > 0
    rows &= ~np.isnan(score)
    count = np.bincount(trace.who[rows], minlength=patients)
    total = np.bincount(trace.who[rows], weights=score[rows], minlength=patients)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
        over = outcomes.onset_h <= at_h if outcomes.cut_at_s is None else np.zeros(patients, dtype=bool)
    return mean, present & outcomes.known & ~over


def _alerts(told: Figures, alerting: Alerting, compared: Compared, draws: Bootstrap) -> None:
    trace, outcomes, kept = compared.trace, compared.outcomes, compared.kept
    days = trace.days * kept

    def ratio(name: str, above: Array, below: Array, why: str = "", *, share: bool | None = False) -> None:
        count, total = float(above.sum()), float(below.sum())
        bounds = draws.of_ratio(above, below)
        if share is not None:  # a share of time has no number of which none was seen
            bounds = widened(bounds, count, total, share=share)
        told.tell(name, count / total if total else None, bounds, why)

    ratio("alerts_per_patient_day", np.maximum(alerting.shown, alerting.calls) * kept, days)
    ratio("interruptive_per_patient_day", alerting.calls * kept, days)
    on = np.bincount(trace.who, weights=alerting.on, minlength=len(kept)) * trace.grid_s / 86_400
    ratio("time_in_alert", on * kept, days, share=None)
    timed = (outcomes.timed & kept).astype(float)
    free = (outcomes.happened == 0) & kept
    ratio("false_alerts_per_patient_day", alerting.calls * free, days * free, "no patient is known to be free of it")
    why = outcomes.why_no_onset or "nobody had the event at a known moment"
    ratio("sensitivity", alerting.detected * timed, timed, why, share=True)
    ratio("sensitivity_12h", alerting.detected_short * timed, timed, why, share=True)
    ratio("sensitivity_shown", alerting.detected_shown * timed, timed, why, share=True)
    calls = alerting.calls * kept if timed.any() else np.zeros(len(kept))
    ratio("ppv", alerting.hits * timed, calls, why if not timed.any() else "it raised no alert", share=True)
    ill = (outcomes.happened == 1) & kept
    ratio("alerted_with_event", (alerting.calls > 0) * ill, ill.astype(float), "nobody had the event", share=True)
    ratio("alerted_without_event", (alerting.calls > 0) * free, free.astype(float), "nobody was free of it", share=True)
    detected = np.flatnonzero(alerting.detected & (timed > 0))
    leads = alerting.lead_h[detected]
    bounds = draws.of_quantiles(leads, detected, (0.25, 0.5, 0.75))
    for name, share, bound in zip(LEADS, (0.25, 0.5, 0.75), bounds, strict=True):
        value = float(np.quantile(leads, share)) if len(leads) else None
        told.tell(name, value, bound, why if not timed.any() else "it detected nobody")


def _calibration(told: Figures, scored: Scored, compared: Compared, draws: Bootstrap) -> None:
    said = scored.probability
    if said is None:
        told.tell("brier", None, None, "it claims no probability")
        told["reliability"] = None
        return
    rows = compared.outcomes.known[compared.trace.who] & ~np.isnan(said)
    yes, who, given = compared.positive[rows].astype(float), compared.trace.who[rows], said[rows]
    size = draws.patients
    wrong = np.bincount(who, weights=(given - yes) ** 2, minlength=size)
    told.tell("brier", brier(given, yes), draws.of_ratio(wrong, np.bincount(who, minlength=size)))
    share = float(yes.mean())
    told["brier_of_the_mean"] = round(share * (1 - share), 5)
    told["reliability"] = [
        {"said": round(one.said, 5), "happened": round(one.happened, 5), "rows": one.count}
        for one in reliability(given, yes)
    ]


def gain(
    model: Array, news2: Array, weight: Array, draws: Bootstrap
) -> tuple[float | None, tuple[float, float] | None]:
    """The mean difference between two columns over the patients with a weight, and its interval: paired, for each
    replicate draws the same patients for both.
    """
    total = float(weight.sum())
    if not total:
        return None, None
    return float(((model - news2) * weight).sum()) / total, draws.of_ratio((model - news2) * weight, weight)


RANKS: Final = tuple(
    f"{figure}_{unit}{gain}"
    for unit in ("row", "patient", "patient_24h")
    for figure, gain in (("auroc", ""), ("auprc", ""), ("auroc", "_gain"))
)
LEADS: Final = ("lead_time_h_q1", "lead_time_h_median", "lead_time_h_q3")
NAMES: Final = (
    *RANKS,
    "alerts_per_patient_day",
    "interruptive_per_patient_day",
    "time_in_alert",
    "false_alerts_per_patient_day",
    "sensitivity",
    "sensitivity_12h",
    "sensitivity_shown",
    "ppv",
    "alerted_with_event",
    "alerted_without_event",
    *LEADS,
    "brier",
)
