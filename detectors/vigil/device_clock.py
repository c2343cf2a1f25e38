"""How far one device's clock runs ahead of the log's, and how it hands its readings over: learnt from what it sends.

Both change only when a window closes, by the least delay in it, so that order within the lateness and repeats change
nothing. A delay that stays is a clock; one that shrinks is a backlog; one value of the future is neither.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Self

from detectors.vigil.unseen import Extremes
from detectors.vigil.window import WINDOW_MS
from schemas.times import HOUR_MS, MINUTE_MS, NEVER
from schemas.vitals import SPOT_LATENESS, STREAM_LATENESS

if TYPE_CHECKING:
    from detectors.vigil.lane import WindowLane

NOWHERE: Final = -NEVER
NO_SEQUENCE: Final = -1
BAND_MS: Final = STREAM_LATENESS  # a clock this near needs no correction: what differs is the way
STEADY_MS: Final = 1_000  # a least delay beyond this moves the lead, if it stays
AHEAD_AFTER_MS: Final = 10_000  # how long a run must last to be a clock: nothing but a clock names the future
BEHIND_AFTER_MS: Final = 15_000  # a delay may be a way that was blocked
AGAIN_AFTER_MS: Final = 120_000  # of readings that may be repeats of earlier ones
RUN_OF: Final = 3
TOLD_FROM: Final = 4  # two late readings, or four that may be repeats for all that can be said
RUN_BREAKS_MS: Final = 2 * HOUR_MS
BATCH_AFTER_MS: Final = 45_000  # silence before a batch
BATCH_OLD_MS: Final = 30_000  # and how old its first value is
LIVE_WINDOWS: Final = 8  # in a row with readings: it sends as it measures
GAPS_KEPT: Final = 3
CHART_AHEAD_MS: Final = 15 * MINUTE_MS  # a chart's clock may be so far ahead: then the round is of now
CHART_STEADY_MS: Final = 10 * MINUTE_MS  # how far rounds of another zone may differ in their delay
CHART_LATE_MS: Final = 45 * MINUTE_MS  # a delay that no zone explains is shorter
CHART_RUN: Final = 3
UNSEEN_QUIET_MS: Final = 30_000  # a backlog has ended when nothing old came for so long
UNSEEN_WAIT_MS: Final = 120_000  # and is told of by then at the latest

# In the order in which a snapshot holds them.
_OF_CLOCK: Final = (
    "number",
    "newest",  # the newest time it named of what was taken
    "lead",
    "sequence",  # the greatest of a row of readings; it begins anew where the device does
    "seen",  # the newest time it named at all, but for times ahead of the log's
    "seen_before",  # that, and its sequence, where the window began
    "sequence_before",
    "sure",  # whether a whole window has agreed with its lead
    "window",  # the window of the log's time that its newest reading came in
    "least",  # the least delay in that window, by the lead in force
    "count",  # readings in that window
    "ahead",  # whether all of them name the future
    "again",  # whether all of them may be repeats
    "run_lag",  # a run of windows whose least delays agree: the first, the least, when it began, was heard of last, and
    "run_least",  # of how many readings it is
    "run_at",
    "run_last",
    "run_count",
    "run_taken",
    "run_again",
    "late_since",  # since when nothing it sends has been taken, when that was last so, and how many there were
    "late_last",
    "late_count",
    "late_lag",  # and by how much, last and first
    "late_first",
    "before_newest",  # what it sent before its clock was set back: up to this time and this sequence
    "before_sequence",
    "heard",  # when it last sent anything that is no repeat
    "began",  # when the window's first reading came, how long nothing had come before, and the greatest delay in it
    "quiet",
    "most",
    "batch_at",  # when its last batch began
    "live",  # windows in a row with readings
    "delay",  # how long it keeps its readings before it hands them over, as far as that is its habit; learnt when
    "delay_at",
    "charts",  # whether people's observations come from it
    "unseen_first",  # when it first and last sent something too old to be scored, of which nothing was told yet
    "unseen_last",
)


_YES_OR_NO: Final = frozenset({"sure", "ahead", "again", "run_again", "charts"})


class DeviceClock:
    """What is known of one device's clock. All times are in milliseconds.

    `gaps`: between the beginnings of its batches.

    >>> clock = DeviceClock(0, 0)
    >>> for second in range(0, 120, 5):  # it sends every five seconds, an hour behind
    ...     clock.turn(second * 1000)
    ...     clock.note(second * 1000, second * 1000 - 3_600_000, second)
    >>> clock.lead
    -3600000
    """

    __slots__ = (*_OF_CLOCK, "floor", "gaps", "lane", "unseen", "_marks", "_new_marks")

    newest: int
    lead: int
    sequence: int
    seen: int
    seen_before: int
    sequence_before: int
    sure: bool
    window: int
    least: int
    count: int
    ahead: bool
    again: bool
    run_lag: int
    run_least: int
    run_at: int
    run_last: int
    run_count: int
    run_taken: int
    run_again: bool
    late_since: int
    late_last: int
    late_count: int
    late_lag: int
    late_first: int
    before_newest: int
    before_sequence: int
    heard: int
    began: int
    quiet: int
    most: int
    batch_at: int
    live: int
    delay: int
    delay_at: int
    charts: bool
    unseen_first: int
    unseen_last: int

    def __init__(self, number: int, taken: int) -> None:
        self.number = number
        for name in _OF_CLOCK[1:]:
            if name not in _YES_OR_NO:
                setattr(self, name, 0)
        self.newest = self.seen = self.seen_before = self.late_since = self.late_last = NOWHERE
        self.before_newest = self.before_sequence = self.heard = self.batch_at = NOWHERE
        self.run_at = self.run_last = self.run_taken = self.window = NOWHERE
        self.unseen_first = self.unseen_last = NOWHERE
        self.least, self.sequence, self.sequence_before = NEVER, NO_SEQUENCE, NO_SEQUENCE
        self.ahead = self.again = True
        self.sure = self.run_again = self.charts = False
        self.floor = NOWHERE  # as a mark, of all its vitals
        self.lane: WindowLane | None = None  # where its next reading goes if it is like the last one
        self._marks: dict[str, int] = {}
        self._new_marks: tuple[tuple[str, ...], int] = ((), NOWHERE)  # of vitals that are decided together, as yet
        self.gaps: list[int] = []
        self.unseen: dict[str, Extremes] = {}

    # ---- what comes in

    def turn(self, at: int, *, longest: int = NEVER, growth: float = 0.0, calm: bool = True) -> None:
        """Closes the window of the readings before, if `at` lies in another one: only now may anything change that is
        learnt. `longest`: no habit of delay is longer; `growth`: by how much it may grow in an hour.
        """
        window = at // WINDOW_MS
        before = self.window
        if window == before:
            return
        if self.count:
            self.live = self.live + 1 if window - before <= 2 else 0
            if self.live >= LIVE_WINDOWS and self.gaps and calm:
                self.gaps, self.delay = [], 0
            if self.quiet > BATCH_AFTER_MS and self.most > BATCH_OLD_MS:
                self._batch(longest, growth, calm)
            self._close()
        self.window, self.least, self.count, self.ahead, self.again = window, NEVER, 0, True, True
        self.seen_before, self.sequence_before = self.seen, self.sequence
        self.began, self.quiet, self.most = at, at - self.heard, 0

    def note(self, at: int, taken: int, sequence: int) -> None:
        """Takes one reading's delay into account; `turn` comes before it."""
        lag = at - taken + self.lead
        if lag >= -BAND_MS:
            again = self.may_repeat(taken, sequence)
            if lag > self.most and not again:
                self.most = lag
            if self.ahead or (self.again and not again):  # what may be a repeat says nothing where something else does
                self.least, self.count, self.ahead, self.again = NEVER, 0, False, again
            if again is self.again:
                self.least, self.run_taken = min(self.least, lag), taken
                self.count += 1
            if taken > self.seen:
                self.seen, self.sequence = taken, sequence
            elif sequence > self.sequence:
                self.sequence = sequence
        elif self.ahead:
            self.again, self.least = False, min(self.least, lag)
            self.count += 1

    def may_repeat(self, taken: int, sequence: int) -> bool:
        """Whether a reading says nothing that may not have been said in an earlier window."""
        return taken <= self.seen_before and sequence <= self.sequence_before

    def _close(self) -> None:
        least, at = self.least, self.window * WINDOW_MS
        if not self.ahead and -STEADY_MS <= least <= STEADY_MS:
            self.sure, self.run_count = True, 0
            return
        if self.again and self.run_count and not self.run_again:
            return  # what may be a repeat says nothing where something else does
        # of readings a minute apart a quarter of it: a backlog would catch up by all of it
        slack = max(BAND_MS, (at - self.run_last) // 4)
        steady = self.again is self.run_again and abs(least - self.run_lag) <= slack
        forward = self.ahead and self.run_lag < -BAND_MS  # however fast: nothing but a clock names the future for long
        if self.run_count and (steady or forward) and at - self.run_last <= RUN_BREAKS_MS:
            self.run_count += self.count
            self.run_least = min(self.run_least, least)
        else:
            self.run_lag = self.run_least = least
            self.run_at, self.run_count, self.run_again = at, self.count, self.again
        self.run_last = at
        if self.run_count >= RUN_OF and at - self.run_at >= self._needed():
            self._learn()

    def _needed(self) -> int:
        if self.ahead:
            return AHEAD_AFTER_MS
        if self.run_again and self.sequence != NO_SEQUENCE:
            return AGAIN_AFTER_MS
        return BEHIND_AFTER_MS

    def _learn(self) -> None:
        """The run is a clock: the lead follows it. What was decided before counts no more, if the clock went back."""
        if self.run_least > BAND_MS:
            self.before_newest, self.before_sequence = self.seen, self.sequence
            self.floor, self.newest, self.seen = self.run_taken, NOWHERE, self.run_taken
            self._marks, self._new_marks = {}, ((), NOWHERE)
            self.forget_unseen()  # it was of now
        self.lead -= self.run_least
        self.sure, self.run_count = True, 0

    def learn_round(self, taken: int, at: int) -> None:
        """Rounds that all lie in another zone: three in a row whose delays agree, and that no other way could be used
        (of the future, or older than rounds may be).
        """
        lag = at - taken + self.lead
        if -CHART_AHEAD_MS <= lag < CHART_LATE_MS:
            self.run_count, self.sure = 0, True
            return
        if self.run_count and self.run_taken == taken:
            return  # the same round again
        if self.run_count and abs(lag - self.run_lag) <= CHART_STEADY_MS:
            if taken < self.run_taken:
                return  # another part of a round before
            self.run_count += 1
            self.run_least = min(self.run_least, lag)
        else:
            self.run_lag = self.run_least = lag
            self.run_count = 1
        self.run_taken = taken
        if self.run_count >= CHART_RUN and (lag < -CHART_AHEAD_MS or lag >= SPOT_LATENESS):
            self.lead -= self.run_least
            self.run_count = 0

    # ---- batches

    def _batch(self, longest: int, growth: float, calm: bool) -> None:
        """The window that closes began a batch: after a silence, and with what was measured in it."""
        if self.batch_at != NOWHERE:
            self.gaps = [*self.gaps, self.began - self.batch_at][-GAPS_KEPT:]
            self._keep_pace(self.began, longest, growth, calm)
        self.batch_at, self.live = self.began, 0

    def _keep_pace(self, at: int, longest: int, growth: float, calm: bool) -> None:
        if len(self.gaps) < 2 and 4 * self.most < 3 * self.gaps[-1]:
            return  # one gap is a habit only if the batch holds all of it
        habit = min(max(self.gaps), 3 * min(self.gaps) // 2, longest)
        if habit > self.delay > 0:
            habit = min(habit, int(self.delay * (1 + growth * (at - self.delay_at) / HOUR_MS)))
        if habit <= self.delay or calm:
            self.delay, self.delay_at = habit, at

    # ---- what was decided

    @property
    def marks(self) -> dict[str, int]:
        """Up to which of its times each vital was decided."""
        if self._new_marks[0]:
            self._marks, self._new_marks = self._marked(), ((), NOWHERE)
        return self._marks

    def mark(self, names: tuple[str, ...], decided: int) -> None:
        """These vitals were decided up to that time. The same vitals window for window: only the last is written."""
        together, before = self._new_marks
        if names == together:
            self._new_marks = together, max(before, decided)
            return
        if together:
            self._marks = self._marked()
        self._new_marks = names, decided

    def _marked(self) -> dict[str, int]:
        names, decided = self._new_marks
        return self._marks | {name: max(decided, self._marks.get(name, NOWHERE)) for name in names}

    # ---- late ones

    def was_late(self, at: int, lag: int, *, counts: bool) -> None:
        """Nothing of a reading was taken, for it came too late; `counts`: it is no repeat."""
        steady = self.run_count >= RUN_OF and abs(lag - self.run_lag) <= BAND_MS
        if not counts and not steady and self.sequence != NO_SEQUENCE:
            return
        if self.late_since == NOWHERE:
            self.late_since, self.late_count, self.late_first = at, 0, lag
        self.late_count += 2 if counts else 1
        self.late_last, self.late_lag = at, lag

    @property
    def catching_up(self) -> bool:
        """Whether what is too late is a backlog: it shrinks by a good part of the time that passes."""
        return self.late_first - self.late_lag > (self.late_last - self.late_since) // 4

    def told_at(self, wait: int) -> int:
        """When it is told that a living device sends only what is too late; NEVER if there is no need."""
        if self.late_since == NOWHERE:
            return NEVER
        if self.charts:
            return self.late_since + 1_000  # somebody believes that the round is in: at once
        return self.late_since + wait if self.late_count >= TOLD_FROM else NEVER

    # ---- too old to be scored

    def remember(self, name: str, value: float, when: int, taken: int, at: int) -> None:
        """Keeps a value that is too old to be scored for what it may say later."""
        known = self.unseen.get(name)
        if known is None:
            self.unseen[name] = Extremes(value, when, value, when, taken)
        else:
            if taken <= known.newest:
                at = self.unseen_last  # it may be a repeat: what is told waits no longer for it
            known.add(value, when, taken)
        self.unseen_first = at if self.unseen_first == NOWHERE else self.unseen_first
        self.unseen_last = at

    @property
    def unseen_due(self) -> int:
        """When it is told what was measured unseen; NEVER if nothing waits."""
        if not self.unseen:
            return NEVER
        return min(self.unseen_first + UNSEEN_WAIT_MS, self.unseen_last + UNSEEN_QUIET_MS)

    def forget_unseen(self) -> None:
        """It was told, or there is nothing to tell."""
        self.unseen, self.unseen_first, self.unseen_last = {}, NOWHERE, NOWHERE

    # ---- state

    def state(self) -> list[object]:
        """Plain numbers and strings."""
        unseen = [[name, self.unseen[name]] for name in sorted(self.unseen)]
        numbers = [getattr(self, name) for name in _OF_CLOCK]
        return [numbers, self.floor, self.gaps, sorted(self._marked().items()), unseen]

    @classmethod
    def restore(cls, state: Sequence) -> Self:
        """The clock that `state` was taken from."""
        one = cls(0, 0)
        for name, value in zip(_OF_CLOCK, state[0], strict=True):
            setattr(one, name, value)
        one.floor, one.gaps, one._marks = state[1], list(state[2]), dict(state[3])
        one.unseen = {name: Extremes(*extremes) for name, extremes in state[4]}
        return one
