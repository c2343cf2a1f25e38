"""Everything that is compared: its score on each row, and where it is in alert at its operating point."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from detectors.rules import OF_ONE_VITAL, Rules
from streams.lab.evaluation import baselines
from streams.lab.evaluation.alerting import Alerting, armed_spans, of_rows, of_turns, policy_spans
from streams.lab.evaluation.definitions import HEADS, Array, Event, raises
from streams.lab.evaluation.outcomes import Outcomes
from streams.lab.evaluation.trace import Trace

SEED: Final = 20260101
NEWS2_URGENT, NEWS2_EMERGENCY = 5.0, 7.0  # RCP 2017, chart 4
CRITERIA_NEEDED: Final = 2.0  # qSOFA and SIRS are positive with two (Sepsis-3, JAMA 2016;315:801; Chest 1992;101:1644)
RATES: Final = (0.2, 0.3, 0.41, 0.45, 0.53, 0.6, 0.68, 0.8, 1.0, 1.2, 1.4)


@dataclass(frozen=True, slots=True)
class Scored:
    """One thing compared. `score` ranks the rows (None: it has none), `alerting` is what it raises, `at` says at which
    operating point; `probability` only where it claims to be one. `absent` says why there is nothing.
    """

    name: str
    words: str
    score: Array | None = None
    alerting: Alerting | None = None
    at: str = ""
    probability: Array | None = None
    absent: str | None = None
    learned: bool = False


class Compared:
    """All scores of a folder, worked out once."""

    def __init__(self, trace: Trace, outcomes: Outcomes, rules: Rules) -> None:
        self.trace, self.outcomes, self.rules = trace, outcomes, rules
        self.kept = ~outcomes.censored
        self.days = float(trace.days[self.kept].sum())
        self.positive = row_labels(trace, outcomes)
        self.all: dict[str, Scored] = {}
        self.areas: dict[tuple[str, str], tuple[float | None, Array]] = {}  # AUROC of a score and its replicates
        self._book()
        self.rate = self.calls_per_day(self.all["news2_ge5"].alerting)
        self._baselines()
        self._learned()
        self._vigil()

    def calls_per_day(self, alerting: Alerting | None) -> float:
        """Interrupting alerts a patient-day."""
        assert alerting is not None
        return float(alerting.calls[self.kept].sum()) / self.days if self.days else 0.0

    def at_threshold(self, score: Array, threshold: float) -> Alerting:
        """The alerts where a score reaches a threshold."""
        with np.errstate(invalid="ignore"):
            return of_rows(self.trace, score >= threshold, self.outcomes.onset_h, self.outcomes.horizon)

    def thresholds_at(self, score: Array, rates: Sequence[float]) -> list[float]:
        """For each rate the lowest threshold at which a score calls at most so many times a patient-day."""
        rows = np.flatnonzero(self.kept[self.trace.who] & ~np.isnan(score))
        values, who, hours = score[rows], self.trace.who[rows], self.trace.hours[rows]
        levels = np.unique(values)

        @cache
        def calls(place: int) -> float:
            on = values >= levels[place]
            return len(raises(who[on], hours[on])) / self.days if self.days else np.inf

        found = []
        for rate in rates:
            low, high = 0, len(levels)  # the rate is above `rate` below `low`, and at most `rate` from `high` on
            while low < high:
                middle = (low + high) // 2
                if calls(middle) <= rate:
                    high = middle
                else:
                    low = middle + 1
            found.append(float(levels[high]) if high < len(levels) else np.inf)
        return found

    def at_rate(self, score: Array, rate: float) -> tuple[Alerting, float]:
        """The alerts at the threshold that keeps a rate, and the threshold."""
        (threshold,) = self.thresholds_at(score, [rate])
        return self.at_threshold(score, threshold), threshold

    def _add(self, name: str, words: str, **facts: object) -> None:
        self.all[name] = Scored(name, words, **facts)  # type: ignore[arg-type]

    def _at(self, name: str, words: str, score: Array, threshold: float) -> None:
        self._add(
            name,
            words,
            score=score,
            alerting=self.at_threshold(score, threshold),
            at=f"{name} of {threshold:g} or more",
        )

    def _equal(self, name: str, words: str, score: Array | None, why: str = "", **facts: object) -> None:
        if score is None or np.isnan(score).all():
            self._add(name, words, absent=why or "it has no opinion on any row of this folder")
            return
        alerting, threshold = self.at_rate(score, self.rate)
        told = f"{threshold:.4g} or more: as many alerts as NEWS2 of 5 or more"
        self._add(name, words, score=score, alerting=alerting, at=told, **facts)

    def _book(self) -> None:
        trace = self.trace
        news2 = trace.column("news2")
        self._at("news2", "NEWS2 (what is certain of it)", news2, NEWS2_URGENT)
        self._at("news2_ge5", "NEWS2 of 5 or more", (news2 >= NEWS2_URGENT).astype(float), 1.0)
        self._at("news2_ge7", "NEWS2 of 7 or more", (news2 >= NEWS2_EMERGENCY).astype(float), 1.0)
        self._at("red_score", "a red score in any item", trace.column("red"), 1.0)
        self._at("qsofa", "qSOFA", trace.column("qsofa"), CRITERIA_NEEDED)
        self._at("sirs", "SIRS, without a blood count", trace.column("sirs"), CRITERIA_NEEDED)

    def _baselines(self) -> None:
        trace = self.trace
        self._equal("shock_index", "shock index", trace.column("shock_index"))
        clock = baselines.clock(trace, self.positive, self.outcomes.happened, SEED)
        self._equal("clock", "hours since admission alone, fitted as the last values are", clock)
        self._equal("random", "chance", baselines.chance(trace, SEED))
        if self.outcomes.event is None:
            self._equal("last_value", "last values alone", None, "no event to fit a model to")
        elif self.outcomes.event == Event.HYPOTENSION:
            self._equal("last_value", "last mean pressure alone, negated", -trace.column("mean_bp"))
        else:
            fitted = baselines.last_values(trace, self.positive, self.outcomes.happened, SEED)
            self._equal(
                "last_value",
                "last values alone (logistic model, fitted on other patients of this folder)",
                fitted,
                "fewer than 20 patients with or without the event: no model is fitted",
                probability=fitted,
            )

    def _learned(self) -> None:
        for name in OF_ONE_VITAL:
            score, on = self.trace.column(name), self.trace.column(f"{name}_on")
            if name not in self.rules.armed or np.isnan(score).all():
                self._add(name, name.replace("_", " "), absent="it is not armed, or has no opinion on any row")
                continue
            alerting = of_rows(self.trace, on > 0, self.outcomes.onset_h, self.outcomes.horizon)
            words = f"{name.replace('_', ' ')}, the greatest of all vitals"
            self._add(name, words, score=score, alerting=alerting, at="its own limits, without persistence")
        self._equal(
            "pattern",
            "vitals that do not go together (not armed)",
            self.trace.column("pattern"),
            "never were four vitals known for long enough while all was calm",
        )
        self._risk()

    def _risk(self) -> None:
        head = HEADS.get(self.outcomes.event) if self.outcomes.event else None
        weights = next((one for one in self.rules.risk.heads if one.head == head), None)
        score = None if head is None else self.trace.column(f"risk_{head}").astype(float)
        if score is None or weights is None or np.isnan(score).all():
            why = "no event names a head" if head is None else f"the armed rules hold no weights for the head `{head}`"
            self._add("risk", "learned risk", absent=why, learned=True)
            return
        words = f"learned risk: {weights.event}"
        said = probability(weights.calibration, score)
        crossing = next((one for one in self.rules.risk.crossings if one.head == head), None)
        if crossing is None:
            self._equal("risk", words, score, probability=said, learned=True)
            return
        alerting = self.at_threshold(score, crossing.enter)
        told = f"log-odds of {crossing.enter:g} or more, as shipped, without persistence"
        self._add("risk", words, score=score, alerting=alerting, at=told, probability=said, learned=True)

    def _vigil(self) -> None:
        onset = self.outcomes.onset_h
        for name, words, spans in (
            ("policy", "the learned rules alone, as shipped", policy_spans),
            ("armed", "everything armed, as shipped", armed_spans),
        ):
            alerting = of_turns(self.trace, onset, spans, self.outcomes.horizon)
            score = alerting.on.astype(float)
            self._add(name, words, score=score, alerting=alerting, at="as shipped", learned=name == "policy")


def probability(calibration: Sequence[tuple[float, float]], log_odds: Array) -> Array:
    """The probability that a head gives, as calibrated where it was learned: straight lines between the pairs, going on
    with the slope one beyond them.

    >>> probability(((-1.0, -2.0), (1.0, 2.0)), np.array([0.0, np.nan, 3.0])).round(3).tolist()
    [0.5, nan, 0.982]
    """
    at, meant = np.array(calibration).T
    moved = np.interp(log_odds, at, meant) + np.minimum(0, log_odds - at[0]) + np.maximum(0, log_odds - at[-1])
    return 1 / (1 + np.exp(-moved))


def row_labels(trace: Trace, outcomes: Outcomes) -> Array:
    """Which rows are positive."""
    with np.errstate(invalid="ignore"):
        return trace.hours >= np.where(np.isnan(outcomes.positive_from_h), np.inf, outcomes.positive_from_h)[trace.who]
