"""Which way a vital is going, and when it would meet a limit at this pace."""

from collections.abc import Sequence
from typing import Self

from detectors.fading import kept
from detectors.rules import TrendRules
from schemas.times import HOUR_MS, MINUTE_MS

EVERY_MS = 45_000


class Trend:
    """The slope between a fast and a slow fading mean, each with the mean time of its values in hours since the first:
    exact for a ramp, whatever the pace.

    It describes the last half hour (stretched by `spot_factor` for spot checks) and has no notion of what is usual; so
    it goes on while an alert stands open, but never sees suspect values. The score is how far the two means lie apart,
    in floors.

    Examples
    --------
    >>> from detectors.rules import TrendRules
    >>> trend = Trend(5.0, TrendRules(8, 40, 12, 2.5, 1.2, 60))
    >>> trend.score_one(0) is None
    True
    >>> for minute in range(60):
    ...     _ = trend.learn_one(80.0 + minute / 2, minute * 60_000)
    >>> round(trend.per_hour(59 * 60_000))
    30

    References
    ----------
    Difference of exponentially weighted means as a slope: C. C. Holt, 1957 (Int. J. Forecasting 20, 2004).
    """

    __slots__ = (
        "_fast",
        "_fast_at",
        "_fast_n",
        "_last",
        "_slow",
        "_slow_at",
        "_slow_n",
        "_start",
        "floor",
        "rules",
        "stretch",
    )

    def __init__(self, floor: float, rules: TrendRules, stretch: float = 1.0) -> None:
        self.floor, self.rules, self.stretch = floor, rules, stretch
        self._fast_n = self._fast = self._fast_at = 0.0  # weight, mean value, mean time
        self._slow_n = self._slow = self._slow_at = 0.0
        self._start, self._last = 0, 0

    def learn_one(self, value: float, at: int) -> bool:
        """Takes a value at a time in milliseconds; of values less than `EVERY_MS` apart only the first. Says whether
        it was taken.
        """
        elapsed = at - self._last
        if 0 < elapsed < EVERY_MS and self._fast_n:
            return False
        if self._fast_n == 0:
            self._start, self._last, elapsed = at, at, 0
        if elapsed > 0:
            self._fast_n *= kept(elapsed, self.rules.fast_minutes * self.stretch * MINUTE_MS)
            self._slow_n *= kept(elapsed, self.rules.slow_minutes * self.stretch * MINUTE_MS)
            self._last = at
        hours = (at - self._start) / HOUR_MS
        self._fast_n += 1.0
        self._slow_n += 1.0
        share = 1.0 / self._fast_n
        self._fast += share * (value - self._fast)
        self._fast_at += share * (hours - self._fast_at)
        share = 1.0 / self._slow_n
        self._slow += share * (value - self._slow)
        self._slow_at += share * (hours - self._slow_at)
        return True

    def _warm(self, at: int) -> bool:
        slow = self.rules.slow_minutes * self.stretch * MINUTE_MS
        return self._fast_n > 0 and self._last - self._start >= slow / 2 and at - self._last <= slow / 2

    def per_hour(self, at: int) -> float | None:
        """The slope in units an hour, signed."""
        if not self._warm(at):
            return None
        apart = self._fast_at - self._slow_at
        return (self._fast - self._slow) / apart if apart > 1e-6 else None

    def score_one(self, at: int) -> float | None:
        """How far the two means lie apart, in floors; None before half a slow half-life, or after a gap of as long."""
        return abs(self._fast - self._slow) / self.floor if self._warm(at) else None

    def is_steep(self, at: int) -> bool:
        """Whether the two means lie as far apart as the rules ask for."""
        return self._warm(at) and abs(self._fast - self._slow) / self.floor >= self.rules.enter

    def minutes_to(self, value: float, low: float | None, high: float | None, at: int) -> float | None:
        """Minutes until the limit that it heads for is met at this pace; None if it heads for none."""
        slope = self.per_hour(at)
        if slope is None or slope == 0:
            return None
        limit = high if slope > 0 else low
        if limit is None:
            return None
        return max(0.0, (limit - value) / slope * 60)

    def state(self) -> list[object]:
        """Plain numbers."""
        fast = [self._fast_n, self._fast], [self._fast_n, self._fast_at]
        slow = [self._slow_n, self._slow], [self._slow_n, self._slow_at]
        return [self.stretch, self._start, self._last, *fast, *slow]

    @classmethod
    def restore(cls, state: Sequence, floor: float, rules: TrendRules) -> Self:
        """The trend that `state` was taken from."""
        one = cls(floor, rules, state[0])
        one._start, one._last = state[1:3]
        (one._fast_n, one._fast), (_, one._fast_at) = state[3:5]
        (one._slow_n, one._slow), (_, one._slow_at) = state[5:7]
        return one
