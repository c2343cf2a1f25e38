"""Whether a vital has moved to another level and stayed there."""

from collections.abc import Sequence
from functools import lru_cache
from math import inf
from typing import Final, Self

from detectors.page_hinkley import PageHinkley
from detectors.rules import LevelShiftRules
from schemas.times import MINUTE_MS

CLIP = 6.0  # one wild block must not pass for a lasting change
# What a Page-Hinkley test remembers: blocks, their mean, the two sums, their extremes, whether it has just found one.
_Memory = tuple[float, float, float, float, float, float, bool]
_NEW: Final[_Memory] = (0.0, 0.0, 0.0, 0.0, inf, -1, False)


@lru_cache(maxsize=16)
def _test_of(rules: LevelShiftRules) -> PageHinkley:
    """One test for all patients under the same rules, lent out for a block: river's object is ten times its memory."""
    return PageHinkley(min_instances=rules.min_blocks, delta=rules.delta, threshold=rules.threshold)


def _update(rules: LevelShiftRules, memory: _Memory, residual: float) -> _Memory:
    """What the test remembers after one block more."""
    test = _test_of(rules)
    test._x_mean.n, test._x_mean._mean, test._drift_detected = memory[0], memory[1], memory[6]
    test._sum_increase, test._sum_decrease, test._min_increase = memory[2:5]
    test._max_decrease = memory[5]  # type: ignore[assignment]  # -1 at first, by river's own hand
    test.update(residual)
    return (
        test._x_mean.n,
        test._x_mean._mean,
        test._sum_increase,
        test._sum_decrease,
        test._min_increase,
        test._max_decrease,
        test.drift_detected,
    )


class LevelShift:
    """A lasting change of the standardised residual (distance from the usual, in spreads), by river's Page-Hinkley
    test.

    Residuals are averaged over blocks of minutes first: neighbouring values of a vital resemble each other, and the
    test assumes that they do not. The score is the size of the shift in spreads once the test has found one, 0 while it
    has not.

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

    __slots__ = ("_began", "_count", "_level", "_memory", "_sum", "found", "rules")

    def __init__(self, rules: LevelShiftRules) -> None:
        self.rules = rules
        self._memory = _NEW
        self._began, self._count, self._sum, self._level = 0, 0, 0.0, 0.0
        self.found = False  # whether a shift holds

    def score_one(self) -> float | None:
        """Size of the shift in spreads; 0 if none is found; None before the test has seen enough blocks."""
        if self.found:
            return abs(self._level)
        return 0.0 if self._memory[0] >= self.rules.min_blocks else None

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
        self._sum += -CLIP if residual < -CLIP else min(CLIP, residual)

    def _close(self, residual: float, calm: bool) -> None:
        self._level = 0.5 * self._level + 0.5 * residual
        if calm:
            self._memory = _update(self.rules, self._memory, residual)
        if calm and self._memory[-1]:
            self.found = True
        elif self.found and abs(self._level) < self.rules.leave:
            self.found = False

    def state(self) -> list[object]:
        """Plain numbers."""
        *inner, detected = self._memory
        return [self._began, self._count, self._sum, self._level, self.found, detected, inner]

    @classmethod
    def restore(cls, state: Sequence, rules: LevelShiftRules) -> Self:
        """The detector that `state` was taken from."""
        one = cls(rules)
        one._began, one._count, one._sum, one._level, one.found = state[:5]
        one._memory = (*state[6], state[5])
        return one
