"""Who watches a partition, and how far behind: the one rule by which board, `doctor` and readiness judge a heartbeat.

Pure: moments come in as arguments, in seconds of a monotonic clock.
"""

from collections import deque
from enum import StrEnum
from math import inf
from typing import Final, NamedTuple

from schemas.heartbeat import Heartbeat

EVERY_S: Final = 1.0
"""A heartbeat a partition, as often."""
AFTER_S: Final = 4.0
"""Silence, lag or an unsent record as old is told: with a look and a heartbeat more, within 6 s of the last
progress."""
CLOCK_S: Final = 5.0
"""Stream time and wall time may differ by as much."""
MOVES_S: Final = 3 * EVERY_S
"""Its owner's ticks move a log each second: one that has stood still for so long has an early time because of that."""
SUPERSEDED_S: Final = 15.0
"""The heartbeats of a later generation have been missing for so long that an earlier one counts again: the group was
made anew, and its generations begin again. A zombie notices within a session (8 s) that it is none of the group."""


class Trouble(StrEnum):
    """What is wrong with the watch over a partition: a closed list, the worst first."""

    SILENT = "silent"
    CANNOT_SEND = "cannot_send"
    BEHIND = "behind"
    CLOCK = "clock"
    NOT_READY = "not_ready"


TOLD_OTHERWISE: Final = frozenset({"cannot_send", "behind", "clock"})
"""Reasons of a worker that have a word of their own here."""


ANOTHER_MODE: Final = "another_mode"
"""A reason that only whoever looks from outside can have: the worker watches other patients than are meant."""

NO_LOG: Final = "no_log"
"""Another: the topic of the readings is gone, or was never made."""


class Finding(NamedTuple):
    """One thing that is wrong with one partition. `seconds`: of silence, of lag, unsent, or between the two clocks
    (0 for `not_ready`); `reasons`: the owner's own, for `not_ready`.
    """

    trouble: Trouble
    partition: int
    seconds: float = 0.0
    reasons: tuple[str, ...] = ()


class Lag:
    """How long the oldest record that was not taken has been in the log, told from where the log was seen to end.

    >>> lag = Lag()
    >>> lag.see(0.0, end=10, taken=10), lag.see(1.0, end=12, taken=10), lag.see(4.0, end=19, taken=11)
    (None, None, None)
    >>> lag.seconds(4.0)
    3.0
    >>> lag.see(5.0, end=19, taken=12)
    >>> lag.seconds(5.0)
    1.0
    """

    __slots__ = ("_untaken",)

    def __init__(self) -> None:
        self._untaken: deque[tuple[float, int]] = deque()

    def see(self, now: float, *, end: int | None, taken: int) -> None:
        """The log ended there, and all before `taken` was taken. An end that is not known leaves what was seen."""
        untaken = self._untaken
        if end is not None:
            while untaken and untaken[-1][1] > end:  # the log was cut back or made anew
                untaken.pop()
            if end > taken and (not untaken or end > untaken[-1][1]):
                untaken.append((now, end))
        while untaken and untaken[0][1] <= taken:
            untaken.popleft()

    def seconds(self, now: float) -> float:
        """The lag; 0 where all was taken."""
        return now - self._untaken[0][0] if self._untaken else 0.0


class Slow:
    """For how long a partition's time has been behind the wall's by more than it may, though it takes what comes.

    One that was not read for a while, or is taken over, has an earlier time until it has caught up: no clock is wrong.

    >>> slow = Slow()
    >>> for second in range(6):
    ...     slow.see(float(second), apart_s=-9.0, taken=100 + second)
    >>> slow.seconds(5.0)
    5.0
    >>> slow.see(9.0, apart_s=-13.0, taken=105)
    >>> slow.seconds(9.0)
    0.0
    """

    __slots__ = ("_moved_at", "_since", "_taken")

    def __init__(self) -> None:
        self._taken, self._moved_at = -1, -inf
        self._since: float | None = None

    def see(self, now: float, *, apart_s: float, taken: int) -> None:
        """The partition's time is ahead of the wall's by so much (less than 0: behind), and all before `taken` is
        taken.
        """
        if now - self._moved_at > MOVES_S:
            self._since = None
        if taken != self._taken:
            self._taken, self._moved_at = taken, now
        if apart_s >= -CLOCK_S:
            self._since = None
        elif self._since is None and now - self._moved_at <= MOVES_S:
            self._since = now

    def seconds(self, now: float) -> float:
        """So long; 0 where it is not."""
        return 0.0 if self._since is None or now - self._moved_at > MOVES_S else now - self._since


class Owned:
    """One partition as its heartbeats tell: whose word counts, and when it was heard last."""

    __slots__ = ("beat", "heard_at", "lag", "place", "slow")

    def __init__(self, now: float) -> None:
        """`now`: silence counts from here until the first heartbeat."""
        self.beat: Heartbeat | None = None
        self.place = (-1, -1)
        self.heard_at = now
        self.lag, self.slow = Lag(), Slow()

    def hear(self, beat: Heartbeat, offset: int, now: float) -> bool:
        """Takes a heartbeat that stands at `offset` of its topic; False if it is a zombie's, or not the newest."""
        place = (beat.generation, offset)
        if place <= self.place and now - self.heard_at < SUPERSEDED_S:
            return False
        self.beat, self.place, self.heard_at = beat, place, now
        self.slow.see(now, apart_s=apart_s(beat), taken=beat.next_offset)
        return True

    def away(self, now: float) -> None:
        """Nothing can be heard: silence and lag count anew from here."""
        self.heard_at = now
        self.lag, self.slow = Lag(), Slow()

    def see(self, end: int, now: float) -> None:
        """The log ends there, by another's word than the owner's.

        An owner that has seen this end and has no lag has taken all: the last offsets may be a transaction's marker,
        which nobody takes.
        """
        if (beat := self.beat) is None:
            return
        knows_it = beat.log_end is not None and beat.log_end >= end and not beat.lag_s
        self.lag.see(now, end=end, taken=end if knows_it else beat.next_offset)


def apart_s(beat: Heartbeat) -> float:
    """By how much the partition's time is ahead of its owner's clock, in seconds; 0 while it has none."""
    return (beat.stream_time - beat.wall_time) / 1_000 if beat.stream_time else 0.0


def clock_off_s(apart: float, *, lag_s: float, slow_s: float, after_s: float = AFTER_S) -> float:
    """By how much a partition's time is off because of a clock, in seconds; `apart`: ahead of its owner's (less than
    0: behind it).

    One that is behind the log, or has only just been, has an earlier time because of that; ahead it never should be.

    >>> clock_off_s(7.0, lag_s=0.0, slow_s=0.0), clock_off_s(-7.0, lag_s=0.0, slow_s=9.0)
    (7.0, 7.0)
    >>> clock_off_s(-7.0, lag_s=9.0, slow_s=9.0), clock_off_s(-7.0, lag_s=0.0, slow_s=1.0)
    (0.0, 0.0)
    """
    return abs(apart) if lag_s <= after_s < slow_s else max(0.0, apart)


def judge(
    beat: Heartbeat,
    *,
    silent_s: float = 0.0,
    lag_s: float = 0.0,
    slow_s: float = 0.0,
    by_arrival: bool,
    mode: str | None = None,
    after_s: float = AFTER_S,
) -> list[Finding]:
    """What is wrong, the worst first. `silent_s`: since the heartbeat came; `lag_s`: seen from outside; `slow_s`: how
    long its time has been behind though it moves; `mode`: of the patients who are to be watched (None: whichever).

    >>> beat = Heartbeat(3, "w-1", 7, 120, 900, 31.0, 1_764_000_000_000, 1_764_000_031_000, 0.0)
    >>> [(one.trouble.value, one.seconds) for one in judge(beat, by_arrival=True)]
    [('behind', 31.0)]
    >>> [(one.trouble.value, one.seconds) for one in judge(beat, silent_s=5.0, by_arrival=True)]
    [('silent', 5.0)]
    """
    number = beat.partition
    if silent_s > after_s:
        return [Finding(Trouble.SILENT, number, silent_s)]
    found = []
    lag_s = max(lag_s, beat.lag_s)
    apart = apart_s(beat)
    if beat.unsent_s > after_s:
        found.append(Finding(Trouble.CANNOT_SEND, number, beat.unsent_s))
    if lag_s > after_s:
        found.append(Finding(Trouble.BEHIND, number, lag_s))
    if by_arrival and clock_off_s(apart, lag_s=lag_s, slow_s=slow_s, after_s=after_s) > CLOCK_S:
        found.append(Finding(Trouble.CLOCK, number, apart))
    reasons = tuple(one for one in beat.reasons if one not in TOLD_OTHERWISE)
    if mode is not None and beat.mode != mode:
        reasons = (*reasons, ANOTHER_MODE)
    if reasons:
        found.append(Finding(Trouble.NOT_READY, number, reasons=reasons))
    return found


def judge_owned(
    owned: Owned, partition: int, now: float, *, by_arrival: bool, after_s: float, mode: str | None = None
) -> list[Finding]:
    """What is wrong with a partition, also while nobody has said anything of it yet."""
    silent_s = now - owned.heard_at
    if owned.beat is None:
        return [Finding(Trouble.SILENT, partition, silent_s)] if silent_s > after_s else []
    # Of an owner that has just fallen silent nobody knows yet what it has taken since.
    lag_s = owned.lag.seconds(now) if silent_s <= 2 * EVERY_S else 0.0
    slow_s = owned.slow.seconds(now)
    return judge(
        owned.beat, silent_s=silent_s, lag_s=lag_s, slow_s=slow_s, by_arrival=by_arrival, mode=mode, after_s=after_s
    )
