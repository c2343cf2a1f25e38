"""Side by side with NEWS2 at equal alert rate: how many more patients are detected, and how much earlier."""

from typing import Any, Final

import numpy as np

from streams.lab.evaluation.alerting import Alerting
from streams.lab.evaluation.definitions import Array
from streams.lab.evaluation.figures import Figures, gain
from streams.lab.evaluation.measures import Bootstrap
from streams.lab.evaluation.scores import RATES, Compared, Scored

HIGHEST: Final = 20


class News2AtAnyRate:
    """NEWS2 at every threshold, and mixed between two neighbours where a rate lies between theirs.

    A mix gives a patient the lower threshold with the share `mix`, the higher one otherwise: what is told of a patient
    is then the mean of both, and the rate is met exactly.
    """

    def __init__(self, compared: Compared) -> None:
        self.compared = compared
        news2 = compared.trace.column("news2")
        self.at = [compared.at_threshold(news2, float(points)) for points in range(1, HIGHEST + 1)]
        self.rates = np.array([compared.calls_per_day(alerting) for alerting in self.at])

    def at_rate(self, rate: float) -> tuple[str, Array, Array, Array] | None:
        """What the threshold is, whom it catches within 24 h and 12 h, and with how many hours of warning (0: none);
        None where NEWS2 cannot call so often.
        """
        if rate > self.rates[0]:
            return None
        above = int(np.flatnonzero(self.rates >= rate)[-1])
        if above + 1 >= len(self.at):
            return f"{above + 1}", *_told(self.at[above])
        high, low = self.rates[above], self.rates[above + 1]
        mix = 1.0 if high == low else (rate - low) / (high - low)
        often, seldom = _told(self.at[above]), _told(self.at[above + 1])
        mixed = [mix * a + (1 - mix) * b for a, b in zip(often, seldom, strict=True)]
        return f"{above + 1} in {mix:.0%} of patients, {above + 2} in the others", *mixed  # type: ignore[return-value]


def _told(alerting: Alerting) -> tuple[Array, Array, Array]:
    warned = np.where(alerting.detected, np.nan_to_num(alerting.lead_h), 0.0)
    return alerting.detected.astype(float), alerting.detected_short.astype(float), warned


def paired(alerting: Alerting, news2: News2AtAnyRate, draws: Bootstrap) -> dict[str, Any]:
    """The gain over NEWS2 at the very rate at which this one calls."""
    compared = news2.compared
    rate = compared.calls_per_day(alerting)
    told = Figures(interruptive_per_patient_day=round(rate, 5))
    weight = (compared.outcomes.timed & compared.kept).astype(float)
    other = news2.at_rate(rate)
    told["news2_threshold"] = None if other is None else other[0]
    names = ("detected_more", "detected_more_12h", "warned_earlier_h")
    why = compared.outcomes.why_no_onset or "nobody had the event at a known moment"
    if other is None or not rate:
        why = "it calls nobody" if not rate else "NEWS2 never calls so often"
        weight = np.zeros_like(weight)
    for name, mine, its in zip(names, _told(alerting), other[1:] if other else _told(alerting), strict=True):
        told.tell(name, *gain(mine, its, weight, draws), why)
    return told


def curve(scored: Scored, compared: Compared) -> list[dict[str, float | None]]:
    """Sensitivity, burden and warning of a score at several rates of calling; nothing where no patient counts."""
    if (
        scored.score is None
        or not compared.days
        or scored.name in ("armed", "policy", "news2_ge5", "news2_ge7", "red_score")
    ):
        return []
    timed = compared.outcomes.timed & compared.kept
    found: list[dict[str, float | None]] = []
    for rate, threshold in zip(RATES, compared.thresholds_at(scored.score, RATES), strict=True):
        alerting = compared.at_threshold(scored.score, threshold)
        met = compared.calls_per_day(alerting)
        if found and found[-1]["interruptive_per_patient_day"] == round(met, 5):
            continue
        leads = alerting.lead_h[alerting.detected & timed]
        found.append(
            {
                "asked": rate,
                "threshold": round(threshold, 5) if np.isfinite(threshold) else None,
                "interruptive_per_patient_day": round(met, 5),
                "sensitivity": round(float(alerting.detected[timed].mean()), 5) if timed.any() else None,
                "sensitivity_12h": round(float(alerting.detected_short[timed].mean()), 5) if timed.any() else None,
                "lead_time_h_median": round(float(np.median(leads)), 3) if len(leads) else None,
                "time_in_alert": round(float(alerting.on[compared.kept[compared.trace.who]].mean()), 5),
            }
        )
    return found
