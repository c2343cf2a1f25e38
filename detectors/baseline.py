"""How far a value lies from what is usual for this patient."""

import math
from collections.abc import Sequence
from typing import Self

from detectors.fading import FadingMean, FadingVar, kept
from detectors.rules import BaselineRules

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class Baseline:
    """Distance from the patient's own usual, in spreads; the usual fades with time and is held by a slower anchor.

    Values are in the vital's own unit, times in milliseconds. `floor` is the smallest spread that counts as the
    patient's own: few
    values or a flat line must not make every wiggle an alert. The spread is shrunk towards the floor with
    `prior_weight` values.

    Examples
    --------
    >>> from detectors.rules import BaselineRules
    >>> rules = BaselineRules(8, 48, 4, 1, 6, 4, 2.5, 4)
    >>> usual = Baseline(5.0, rules)
    >>> for minute, bpm in enumerate((70.0, 72.0, 71.0, 69.0)):
    ...     usual.learn_one(bpm, minute * 60_000)
    >>> usual.score_one(71.0) < 1 < 6 < usual.score_one(120.0)
    True
    >>> Baseline(5.0, rules).score_one(300.0) is None        # not warmed up: no opinion
    True

    References
    ----------
    Personal baselines in deterioration scores: M. A. F. Pimentel et al., IEEE Trans. Biomed. Eng. 60 (2013). Half-
    lives,
    thresholds and floors are ours, in the rules file.
    """

    __slots__ = ("_anchor", "_first", "_last", "_seen", "_usual", "floor", "rules", "spread", "warm")

    def __init__(self, floor: float, rules: BaselineRules) -> None:
        self.floor, self.rules = floor, rules
        self._usual, self._anchor = FadingVar(), FadingMean()
        self._seen, self._first, self._last = 0, 0, 0
        self.warm, self.spread = False, floor

    @property
    def usual(self) -> float | None:
        """What is usual, or None before the warm-up."""
        return self._usual.mean.get() if self.warm else None

    def deviation(self, value: float) -> float | None:
        """Signed distance from the usual, in spreads."""
        return (value - self._usual.mean.get()) / self.spread if self.warm else None

    def score_one(self, value: float) -> float | None:
        """Distance from the usual, in spreads."""
        return abs((value - self._usual.mean.get()) / self.spread) if self.warm else None

    def drift(self) -> float | None:
        """How far the usual itself has moved from its slow anchor, signed, in spreads: getting used to illness is
        itself seen.
        """
        return (self._usual.mean.get() - self._anchor.get()) / self.spread if self.warm else None

    def learn_one(self, value: float, at: int) -> None:
        """Takes a value as usual."""
        usual, anchor, rules = self._usual, self._anchor, self.rules
        if self._seen == 0:
            self._first = self._last = at
        elapsed = at - self._last
        if elapsed > 0:
            usual.fade(kept(elapsed, rules.half_life_h * HOUR_MS))
            anchor.fade(kept(elapsed, rules.anchor_half_life_h * HOUR_MS))
            self._last = at
        usual.update(value)
        anchor.update(value)
        self._seen += 1
        self._settle()

    def _settle(self) -> None:
        """Works out what only learning changes: whether it is warm, and one spread (shrunk to the floor, never below
        it).
        """
        usual, rules, floor = self._usual, self.rules, self.floor
        prior, n = rules.prior_weight, usual.mean.n
        self.warm = self._seen >= rules.warmup_values and self._last - self._first >= rules.warmup_minutes * MINUTE_MS
        self.spread = max(floor, math.sqrt((n * usual.get() + prior * floor * floor) / (n + prior)))

    def state(self) -> list[object]:
        """Plain numbers."""
        return [self._seen, self._first, self._last, self._usual.state(), self._anchor.state()]

    @classmethod
    def restore(cls, state: Sequence, floor: float, rules: BaselineRules) -> Self:
        """The baseline that `state` was taken from."""
        one = cls(floor, rules)
        one._seen, one._first, one._last = state[:3]
        one._usual, one._anchor = FadingVar.restore(state[3]), FadingMean.restore(state[4])
        one._settle()
        return one
