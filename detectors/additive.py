"""A risk as a sum that can be read: one small table for each thing seen, learned one patient-hour after another."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp, isfinite, sqrt
from typing import Final

WARM_STEPS: Final = 1.0  # what the squared gradients of a weight start with: the first steps are of the size `rate`
_FAR: Final = 35.0  # log-odds beyond which a float's probability is 0 or 1


@dataclass(frozen=True, slots=True)
class Table:
    """How one feature speaks: weights at rising `knots`, straight lines between, level beyond the outer ones.

    `prior` holds the weights believed before anything was learned; `hold` says how firmly they are held (1: as a rule).
    """

    knots: tuple[float, ...]
    prior: tuple[float, ...]
    hold: float = 1.0

    def __post_init__(self) -> None:
        if len(self.knots) < 2 or any(left >= right for left, right in pairwise(self.knots)):
            raise ValueError(f"a table needs two or more rising knots, not {self.knots}")
        if len(self.prior) != len(self.knots):
            raise ValueError(f"{len(self.prior)} weights do not fit {len(self.knots)} knots")
        if not all(map(isfinite, (*self.knots, *self.prior, self.hold))) or self.hold < 0:
            raise ValueError("a table's numbers must be finite, and its hold not negative")


class Additive:
    """The log-odds of an event as a bias and one table a feature; a feature that is None or absent adds nothing.

    Learns by stochastic gradient steps on the logistic loss, each weight with its own step (AdaGrad), while every
    weight is pulled back to its prior: what the data do not move stays as it was believed. Calls are river's:
    `learn_one`, `predict_proba_one`. Features must be finite or None. `rate` is the first step, `pull` the strength of
    the prior for each example learned.

    Examples
    --------
    >>> model = Additive({"resp_rate.now": Table((12, 20, 30), (0.0, 0.0, 2.0))}, bias=-3.0, rate=0.5)
    >>> before = model.predict_proba_one({"resp_rate.now": 25.0})[True]
    >>> round(before, 3), round(model.predict_proba_one({"resp_rate.now": None})[True], 3)
    (0.119, 0.047)
    >>> for _ in range(20):
    ...     model.learn_one({"resp_rate.now": 25.0}, True)
    >>> model.predict_proba_one({"resp_rate.now": 25.0})[True] > before
    True

    References
    ----------
    T. Hastie, R. Tibshirani, Generalized additive models, Statist. Sci. 1 (1986). J. Duchi et al., Adaptive subgradient
    methods, JMLR 12 (2011). The pull towards a prior instead of zero is ours.
    """

    __slots__ = ("_first", "_last", "_priors", "_pulls", "_squares", "_steps", "_weights", "bias", "rate", "tables")

    def __init__(
        self, tables: Mapping[str, Table], *, bias: float = 0.0, rate: float = 0.05, pull: float = 0.005
    ) -> None:
        self.tables, self.bias, self.rate = dict(tables), bias, rate
        self._first: dict[str, tuple[int, tuple[float, ...]]] = {}
        self._priors: list[float] = []
        self._pulls: list[float] = []
        for name, table in self.tables.items():
            self._first[name] = len(self._priors), table.knots
            self._priors += table.prior
            self._pulls += [pull * table.hold] * len(table.knots)
        self._weights = list(self._priors)
        self._squares = [WARM_STEPS] * (len(self._weights) + 1)  # the last one is the bias's
        self._last = [0] * len(self._weights)
        self._steps = 0

    def log_odds_one(self, x: Mapping[str, float | None]) -> float:
        """The sum."""
        weights, total = self._weights, self.bias
        for place, upper in self._places(x):
            total += weights[place] * (1.0 - upper) + weights[place + 1] * upper
        return total

    def predict_proba_one(self, x: Mapping[str, float | None]) -> dict[bool, float]:
        """The probability of the event, as far as the model is calibrated."""
        p = probability(self.log_odds_one(x))
        return {False: 1.0 - p, True: p}

    def contributions_one(self, x: Mapping[str, float | None]) -> dict[str, float]:
        """What each known feature adds to the log-odds, in the tables' order; with the bias they add up to the sum."""
        weights, found = self._weights, {}
        for name in self.tables:
            value = x.get(name)
            if value is not None:
                place, upper = self._place(name, value)
                found[name] = weights[place] * (1.0 - upper) + weights[place + 1] * upper
        return found

    def learn_one(self, x: Mapping[str, float | None], y: bool) -> None:
        """Learns that the event did or did not follow `x`."""
        weights, squares, rate = self._weights, self._squares, self.rate
        places = self._places(x)
        total = self.bias
        for place, upper in places:
            self._pull_back(place)
            self._pull_back(place + 1)
            total += weights[place] * (1.0 - upper) + weights[place + 1] * upper
        wrong = probability(total) - y
        for place, upper in places:
            for at, share in ((place, 1.0 - upper), (place + 1, upper)):
                slope = wrong * share
                squares[at] += slope * slope
                weights[at] -= rate * slope / sqrt(squares[at])
        self.bias -= rate * wrong / sqrt(squares[-1])
        squares[-1] += wrong * wrong
        self._steps += 1

    def _pull_back(self, at: int) -> None:
        """Catches up with the pull of the steps in which a weight was not spoken for."""
        missed = self._steps - self._last[at]
        if missed:
            kept = exp(-missed * self._pulls[at] * self.rate / sqrt(self._squares[at]))
            self._weights[at] = self._priors[at] + (self._weights[at] - self._priors[at]) * kept
            self._last[at] = self._steps

    def learned(self, digits: int = 6) -> dict[str, Table]:
        """The tables as they are now, as priors of a model that goes on from here; rounded, so that a file of them is
        the same wherever it was made.
        """
        tables = {}
        for name, table in self.tables.items():
            first = self._first[name][0]
            now = range(first, first + len(table.knots))
            for at in now:
                self._pull_back(at)
            tables[name] = Table(table.knots, tuple(round(self._weights[at], digits) for at in now), table.hold)
        return tables

    def _place(self, name: str, value: float) -> tuple[int, float]:
        """The lower of the two weights that speak for a value, and the share of the upper one."""
        first, knots = self._first[name]
        i = bisect_right(knots, value) - 1
        if i < 0:
            return first, 0.0
        if i >= len(knots) - 1:
            return first + len(knots) - 2, 1.0
        return first + i, (value - knots[i]) / (knots[i + 1] - knots[i])

    def _places(self, x: Mapping[str, float | None]) -> list[tuple[int, float]]:
        get, place = x.get, self._place
        return [place(name, value) for name in self._first if (value := get(name)) is not None]


def probability(log_odds: float) -> float:
    """The probability of log-odds; never an error, however far they lie.

    >>> probability(0.0), probability(-1000.0) > 0.0, probability(1000.0) > 0.999
    (0.5, True, True)
    """
    bounded = max(-_FAR, min(_FAR, log_odds))
    return 1.0 / (1.0 + exp(-bounded))
