"""How far a value lies from what is usual for this patient."""

from collections.abc import Sequence
from math import inf, sqrt
from typing import Self

from detectors.fading import FadingMean, FadingVar, kept
from detectors.rules import BaselineRules
from schemas.times import HOUR_MS, MINUTE_MS

SURELY = 1 - 1e-9  # a hair inside a threshold, so that rounding is left to the exact question


class Baseline:
    """Distance from the patient's own usual, in spreads; the usual fades with time, beside a much slower anchor.

    Values are in the vital's own unit, times in milliseconds. `floor` is the smallest spread that counts as the
    patient's own: few values or a flat line must not make every wiggle an alert. The spread is shrunk towards the floor
    with `prior_weight` values.

    A usual that fades gets used to a slow illness, and its spread widens with it: a heart rate creeping from 80 to 115
    in a day never lies two spreads off. `drift` sees that: it measures from the anchor, in units of how much
    neighbouring values differ, which a creep does not widen.

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
    Personal baselines in deterioration scores: M. A. F. Pimentel et al., IEEE Trans. Biomed. Eng. 60 (2013). Noise
    from successive differences: J. von Neumann, Ann. Math. Statist. 12 (1941). Half-lives, thresholds and floors are
    ours, in the rules file.
    """

    __slots__ = (
        "_anchor",
        "_anchored",
        "_centre",
        "_first",
        "_jitter",
        "_last",
        "_newest",
        "_seen",
        "_usual",
        "floor",
        "noise",
        "rules",
        "spread",
        "usual_from",
        "usual_to",
        "warm",
    )

    def __init__(self, floor: float, rules: BaselineRules) -> None:
        self.floor, self.rules = floor, rules
        self._usual, self._anchor, self._jitter = FadingVar(), FadingMean(), FadingMean()
        self._seen, self._first, self._last, self._newest = 0, 0, 0, 0.0
        self.warm, self.spread, self.noise = False, floor, floor
        self._centre = self._anchored = 0.0
        self.usual_from, self.usual_to = -inf, inf  # `is_usual` for every value between them, without being asked

    @property
    def usual(self) -> float | None:
        """What is usual, or None before the warm-up."""
        return self._centre if self.warm else None

    @property
    def anchor(self) -> float | None:
        """What was usual long ago, or None before the warm-up."""
        return self._anchored if self.warm else None

    def deviation(self, value: float) -> float | None:
        """Signed distance from the usual, in spreads."""
        return (value - self._centre) / self.spread if self.warm else None

    def score_one(self, value: float) -> float | None:
        """Distance from the usual, in spreads."""
        return abs((value - self._centre) / self.spread) if self.warm else None

    def drift(self, value: float) -> float | None:
        """Signed distance from the anchor, in units of the noise: getting used to illness is itself seen."""
        return (value - self._anchored) / self.noise if self.warm else None

    def is_usual(self, value: float) -> bool:
        """Whether neither the distance from the usual nor that from the anchor reaches its threshold."""
        if not self.warm:
            return True
        far, drifted = self.rules.enter, self.rules.drift
        near = -far < (value - self._centre) / self.spread < far
        return near and -drifted < (value - self._anchored) / self.noise < drifted

    def learn_one(self, value: float, at: int) -> None:
        """Takes a value as usual."""
        usual, jitter, half_life = self._usual, self._jitter, self.rules.half_life_h * HOUR_MS
        if self._seen == 0:
            self._first = self._last = at
        elapsed = at - self._last
        if elapsed > 0:
            left = kept(elapsed, half_life)
            usual.fade(left)
            jitter.fade(left)
            self._last = at
        if self._seen:
            apart = value - self._newest
            jitter.update(apart * apart / 2)
        self._newest = value
        usual.update(value)
        self._pull(value, elapsed, half_life)
        self._seen += 1
        self._settle()

    def _pull(self, value: float, elapsed: int, half_life: float) -> None:
        """Moves the anchor: a plain mean at first, later by the time that passed. A gap counts no more than one half-
        life of the usual, so that the first value after it does not become the anchor.
        """
        anchor = self._anchor
        if self._last - self._first <= half_life:
            anchor.update(value)
            return
        moves = 1.0 - kept(int(min(elapsed, half_life)), self.rules.anchor_half_life_h * HOUR_MS)
        anchor.n = 1.0 - moves
        anchor.update(value, moves)

    def _settle(self) -> None:
        """Works out what only learning changes: whether it is warm, the usual, the anchor, one spread, and the noise
        (both shrunk to the floor, never below it).
        """
        usual, rules = self._usual, self.rules
        self._centre, self._anchored = usual.mean.get(), self._anchor.get()
        self.warm = self._seen >= rules.warmup_values and self._last - self._first >= rules.warmup_minutes * MINUTE_MS
        self.spread = self._shrunk(usual.get(), usual.mean.n)
        self.noise = self._shrunk(self._jitter.get(), self._jitter.n)
        if self.warm:
            near, still = SURELY * rules.enter * self.spread, SURELY * rules.drift * self.noise
            self.usual_from = max(self._centre - near, self._anchored - still)
            self.usual_to = min(self._centre + near, self._anchored + still)

    def _shrunk(self, variance: float, n: float) -> float:
        floor, prior = self.floor, self.rules.prior_weight
        shrunk = sqrt((n * variance + prior * floor * floor) / (n + prior))
        return shrunk if shrunk > floor else floor

    def state(self) -> list[object]:
        """Plain numbers."""
        means = (self._usual, self._anchor, self._jitter)
        return [self._seen, self._first, self._last, self._newest, *(mean.state() for mean in means)]

    @classmethod
    def restore(cls, state: Sequence, floor: float, rules: BaselineRules) -> Self:
        """The baseline that `state` was taken from."""
        one = cls(floor, rules)
        one._seen, one._first, one._last, one._newest = state[:4]
        one._usual, one._anchor = FadingVar.restore(state[4]), FadingMean.restore(state[5])
        one._jitter = FadingMean.restore(state[6])
        one._settle()
        return one
