"""How often one vital comes from one device, and for how long a value of it therefore counts."""

from statistics import median_low
from typing import Final

from msgspec import Struct

from detectors.intake_rules import IntakeRules
from schemas.times import NEVER

FIRST: Final = 3  # intervals before anything is known
OF: Final = 20  # the median of so many; it can only move when half of them are unlike it
LIKE: Final = 1.5  # within this factor an interval is like the learnt one
SLOW_FOR: Final = 3  # intervals in a row, much slower than learnt, before that is told


class Cadence(Struct, array_like=True):
    """The median of the last twenty intervals of one vital of one device, in milliseconds.

    Kept as the intervals that are unlike it and the number of those that are like it: of a steady device nothing but a
    count changes.

    >>> rules = IntakeRules({}, 2.5, {}, 0.25, 3, 10)
    >>> cadence = Cadence()
    >>> for minute in range(6):
    ...     cadence.note(0, minute * 300_000, 1, True, rules)
    >>> cadence.every
    300000
    """

    device: int = -1
    every: int = 0  # 0: not known yet
    last: int = -NEVER
    changed: int = 0  # when it became longer, or was learnt
    like: int = 0
    slow: int = 0
    unlike: list[int] = []

    def goes_on(self, device: int, at: int, samples: int) -> bool:
        """The short way of `note`: takes a value into account that comes as all of the last twenty intervals say; of
        any other nothing is noted.
        """
        every = self.every
        interval = (at - self.last) // samples
        if (
            device != self.device
            or self.like < OF
            or self.slow
            or self.unlike
            or interval <= 0
            or not (every and every <= LIKE * interval and interval <= LIKE * every)
        ):
            return False
        self.last = at
        return True

    def note(self, device: int, at: int, samples: int, calm: bool, rules: IntakeRules) -> None:
        """Takes a decided value of so many samples into account; nothing becomes longer unless all is `calm`."""
        if device != self.device:
            self.device, self.every, self.like, self.slow, self.unlike = device, 0, 0, 0, []
            self.last = at
            return
        interval = (at - self.last) // samples
        if at > self.last:
            self.last = at
        if interval <= 0:
            return
        every = self.every
        if every and every <= LIKE * interval and interval <= LIKE * every:
            if self.slow:
                self.slow = 0
            if self.like < OF:
                self.like += 1
            if self.unlike and self.like >= OF // 2:
                self.unlike = self.unlike[1:]
            return
        self.slow = self.slow + 1 if every and interval >= rules.slower_told * every else 0
        self.unlike = [*self.unlike, interval][-OF:]
        self.like = max(0, self.like - 1) if len(self.unlike) + self.like > OF else self.like
        if not every:
            if len(self.unlike) >= FIRST:
                self.every, self.changed = median_low(self.unlike), at
                self.unlike, self.like = [], FIRST
        elif len(self.unlike) > self.like:
            self._move(median_low(self.unlike), at, calm, rules)

    def _move(self, to: int, at: int, calm: bool, rules: IntakeRules) -> None:
        if to > self.every:
            if not calm:
                return
            to = min(to, rules.longest(self.every, at - self.changed))
            if to <= self.every * LIKE:  # not enough time has passed to become so much longer: it goes on step by step
                self.every, self.changed = max(to, self.every), at
                return
        self.every, self.changed = to, at
        self.unlike, self.like = [], FIRST
