"""Whether a vital has moved to another level and stayed there."""

from collections.abc import Sequence
from typing import Self

from river import drift

from detectors.rules import LevelShiftRules

MINUTE_MS = 60_000
CLIP = 6.0  # one wild block must not pass for a lasting change


class LevelShift:
    """A lasting change of the standardised residual (distance from the usual, in spreads), by river's Page-Hinkley
    test.

    Residuals are averaged over blocks of minutes first: neighbouring values of a vital resemble each other, and the
    test assumes that
    they do not. The score is the size of the shift in spreads once the test has found one, 0 while it has not.

    Examples
    --------
    >>> from detectors.rules import LevelShiftRules
    >>> shift = LevelShift(LevelShiftRules(5, 8, 0.25, 8, 2.5, 1.2))
    >>> shift.score_one() is None
    True
    >>> for block in range(40):
    ...     shift.learn_one(0.0 if block < 20 else 3.0, block * 300_000)
    >>> round(shift.score_one(), 1)
    3.0

    References
    ----------
    E. S. Page, Biometrika 41 (1954): continuous inspection schemes.
    """

    __slots__ = ("_began", "_count", "_level", "_shifted", "_sum", "_test", "rules")

    def __init__(self, rules: LevelShiftRules) -> None:
        self.rules = rules
        self._test = drift.PageHinkley(min_instances=rules.min_blocks, delta=rules.delta, threshold=rules.threshold)
        self._began, self._count, self._sum, self._level, self._shifted = 0, 0, 0.0, 0.0, False

    def score_one(self) -> float | None:
        """Size of the shift in spreads; 0 if none is found; None before the test has seen enough blocks."""
        if self._shifted:
            return abs(self._level)
        return 0.0 if self._test._x_mean.n >= self.rules.min_blocks else None

    @property
    def level(self) -> float:
        """Where the residual lies now, signed, in spreads."""
        return self._level

    def learn_one(self, residual: float, at: int, *, calm: bool = True) -> None:
        """Takes a residual; a block begins with its first value and speaks when the next one begins.

        Unless `calm` (an alert stands open) the test learns nothing, but the level is followed: how else would it end?
        """
        if self._count and at - self._began >= self.rules.block_minutes * MINUTE_MS:
            self._close(self._sum / self._count, calm)
            self._count, self._sum = 0, 0.0
        if not self._count:
            self._began = at
        self._count += 1
        self._sum += max(-CLIP, min(CLIP, residual))

    def _close(self, residual: float, calm: bool) -> None:
        self._level = 0.5 * self._level + 0.5 * residual
        if calm:
            self._test.update(residual)
        if calm and self._test.drift_detected:
            self._shifted = True
        elif self._shifted and abs(self._level) < self.rules.leave:
            self._shifted = False

    def state(self) -> list[object]:
        """Plain numbers."""
        test = self._test
        inner = [
            test._x_mean.n,
            test._x_mean._mean,
            test._sum_increase,
            test._sum_decrease,
            test._min_increase,
            test._max_decrease,
        ]
        return [self._began, self._count, self._sum, self._level, self._shifted, test.drift_detected, inner]

    @classmethod
    def restore(cls, state: Sequence, rules: LevelShiftRules) -> Self:
        """The detector that `state` was taken from."""
        one = cls(rules)
        one._began, one._count, one._sum, one._level, one._shifted = state[:5]
        test = one._test
        test._drift_detected = state[5]
        test._x_mean.n, test._x_mean._mean = state[6][:2]
        test._sum_increase, test._sum_decrease, test._min_increase, test._max_decrease = state[6][2:]
        return one
