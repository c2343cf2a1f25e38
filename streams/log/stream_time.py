"""Stream time: how far a partition's time has come, by differences of append stamps, with its owner's ticks as witness.

From one stamp a true outage and a false jump of a broker's clock look alike. So a forward step is not believed at once:
the records from there wait for the second signed tick after it, and the owner's boot clock says what the step is worth.
Stamps that step back never stop time: it goes on by differences, a tenth slower until they have caught up with it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from schemas.base import END_MS
from schemas.control_record import Tick
from schemas.times import EPOCH
from streams.log.record import ClockState, Record, Witness

TICK_EVERY_S: Final = 1.0
"""Each partition's owner appends a signed tick so often."""

STEP_MS: Final = 3_000
"""By so much stamps may go on at once without a question: ticks come each second, and one may be late."""

WAIT_MS: Final = 5_000
WAIT_RECORDS: Final = 20_000
"""If so much goes by without two ticks, nobody was alive who could say what a step is worth: it is taken whole."""

SLOWER: Final = 10
"""Time that is ahead of the stamps goes on by a tenth less: no window holds less than nine tenths of its span."""

AT_ONCE: Final = 1_000
"""Records between two looks at everything else: about 10 ms."""

SILENCE_MS: Final = 10_000
"""After a silence as long, what was due in it is worth a place to yield."""


def just_after(time: int) -> datetime:
    """The first moment that the log's time has not reached: asked of every reading, for less than its milliseconds."""
    return EPOCH + timedelta(milliseconds=min(time + 1, END_MS))


class Stretch(NamedTuple):
    """Records that go on together, each with its stream time in the place of its stamp: at most 1,000, with no long
    silence among them. `after` is where stream time stands after them. `back_ms`: the stamps stepped back by so much
    before the first, and left time ahead of them.
    """

    records: Sequence[Record]
    after: ClockState | None
    back_ms: int = 0


class StreamClock:
    """Gives each record of one partition its stream time. Pure: cut or restarted anywhere, it gives the same.

    `tick_of(record)` gives the clocks in a rightly signed tick, None in anything else. Until the first such tick a
    record's time is its stamp, and stands still where stamps go back. `state` belongs in the checkpoint; the records
    that wait do not: the checkpoint stays before them.

    >>> clock = StreamClock(0, None, lambda record: None)
    >>> [stretch.records for stretch in clock.place([(0, 40, None, b"", ()), (1, 30, None, b"", ())])]
    [[(0, 40, None, b'', ()), (1, 40, None, b'', ())]]
    """

    def __init__(self, time: int, state: ClockState | None, tick_of: Callable[[Record], Tick | None]) -> None:
        self._tick_of = tick_of
        self._witness: Witness | None = None
        self.time, self._rest, self._stamp = time, 0, time
        if state is not None:
            self.time, self._rest, self._stamp, self._witness = state
        self._hold: _Hold | None = None
        self._skews: tuple[int, ...] = ()
        self.went_back = self.absorbed = 0

    @property
    def state(self) -> ClockState | None:
        """Where stream time stands, before what waits; None before the first signed tick."""
        return None if self._witness is None else ClockState(self.time, self._rest, self._stamp, self._witness)

    @property
    def waiting(self) -> int:
        """Records that wait until it is known what a step is worth."""
        return 0 if self._hold is None else len(self._hold.records)

    @property
    def skew_ms(self) -> int | None:
        """How far stream time was ahead of its owner's wall clock at the last signed tick; None before there was one
        since the start. The better of the last two counts: one may have waited in a stalled producer.
        """
        return min(self._skews, key=abs, default=None)

    def place(self, records: Sequence[Record]) -> list[Stretch]:
        """The records that may go on, in stretches; those that have to wait come out of a later call."""
        out: list[Stretch] = []
        while records:
            if self._hold is None:
                records = records[self._go_on(records, out) :]
                if not records:
                    break
                self._hold = _Hold(self._witness)
            records = self._wait(self._hold, records, out)
        return out

    def release(self) -> list[Stretch]:
        """What waits, its step taken whole: no tick of this log will come."""
        out: list[Stretch] = []
        while (hold := self._hold) is not None:
            self._hold = None
            self._step(hold.records[0], None, out)
            out += self.place(hold.records[1:])
        return out

    def _go_on(self, records: Sequence[Record], out: list[Stretch]) -> int:
        """Places the records before the next forward step; says how many."""
        filling: list[Record] = []
        done = back = 0
        while done < len(records):
            plain = self._in_step(records, done, AT_ONCE - len(filling))
            if plain:
                filling += records[done : done + plain]
                done += plain
                continue
            record = records[done]
            stamp = record[1]
            if stamp != self._stamp or len(filling) >= AT_ONCE:
                gone = stamp - self._stamp
                if gone > STEP_MS and self._witness is not None:
                    break
                time, rest = self._after(stamp)
                fell = min(-gone, time - stamp) if self._witness is not None else 0
                if filling and (fell > STEP_MS or time - self.time >= SILENCE_MS or len(filling) >= AT_ONCE):
                    out.append(Stretch(filling, self.state, back))
                    filling, back = [], 0
                if fell > STEP_MS:
                    back = fell
                if gone < 0 and (self._witness is not None or stamp < time):
                    self.went_back += 1
                self.time, self._rest, self._stamp = time, rest, stamp
            filling.append(self._placed(record))
            done += 1
        if filling:
            out.append(Stretch(filling, self.state, back))
        return done

    def _in_step(self, records: Sequence[Record], start: int, most: int) -> int:
        """Takes time along with the stamps of records of which nothing has to be asked, as nearly all are: they say
        nothing of clocks, and go on by no step from where time and stamps agree. Says how many these are.
        """
        last = self._stamp
        if self.time != last:
            return 0
        count = 0
        for _, stamp, _, _, headers in islice(records, start, start + most):
            if headers or not 0 <= stamp - last <= STEP_MS:
                break
            last = stamp
            count += 1
        if last != self._stamp:
            self.time = self._stamp = last
            self._rest = self._rest if self._witness is not None else 0
        return count

    def _after(self, stamp: int) -> tuple[int, int]:
        """Time, and what it then owes, at a stamp that lies no step ahead."""
        time, rest, gone = self.time, self._rest, stamp - self._stamp
        if self._witness is None:
            return max(time, stamp), 0
        if gone > 0 and time > self._stamp:
            rest += gone
            time, rest = time + gone - rest // SLOWER, rest % SLOWER
            return (time, rest) if time > stamp else (stamp, 0)
        time += max(0, gone)
        return (stamp if time < stamp <= time + STEP_MS else time), rest  # what lies behind by less than a step is none

    def _placed(self, record: Record) -> Record:
        if record[4] and (tick := self._tick_of(record)) is not None and _fresh(tick, self._witness):
            self._witness = Witness(tick.clock, tick.boot_ms, tick.wall_ms, self.time)
            self._skews = (*self._skews[-1:], self.time - tick.wall_ms)
        return record if record[1] == self.time else (record[0], self.time, *record[2:])

    def _wait(self, hold: "_Hold", records: Sequence[Record], out: list[Stretch]) -> Sequence[Record]:
        """Takes records into the hold up to the one that decides; gives those that are to be placed then."""
        for number, record in enumerate(records):
            decided = hold.take(record, self._tick_of(record) if record[4] else None)
            if decided:
                self._hold = None
                self._step(hold.records[0], self._worth(hold), out)
                return [*hold.records[1:], *records[number + 1 :]]
        return ()

    def _worth(self, hold: "_Hold") -> int | None:
        """What the step before the hold is worth, in milliseconds; None for all of it."""
        known = self._witness
        if len(hold.ticks) < 2 or known is None:
            return None
        by_first, by_second = (known.time + _passed(known, tick) - gone - self.time for tick, gone in hold.ticks)
        # The first may have waited in a stalled producer. If it did not it is nearer to the step, and a step back
        # after it hides nothing of what went by.
        worth = max(0, by_first if by_second - by_first <= STEP_MS else by_second)
        return worth if hold.records[0][1] - self._stamp - worth > STEP_MS else None

    def _step(self, record: Record, worth: int | None, out: list[Stretch]) -> None:
        stamp = record[1]
        if worth is None:
            self.time, self._rest = self._after(stamp)
        else:
            self.time += worth
            self.absorbed += 1
        self._stamp = stamp
        out.append(Stretch([self._placed(record)], self.state))


class _Hold:
    """The records from a forward step on, and what they say of it."""

    __slots__ = ("_went_on_ms", "gone_ms", "last", "records", "ticks")

    def __init__(self, witness: Witness | None) -> None:
        self.records: list[Record] = []
        self.last: Witness | Tick | None = witness
        self.ticks: list[tuple[Tick, int]] = []  # and what the stamps had gone on by, since the first, without steps
        self.gone_ms = 0  # what the stamps went on by, since the first
        self._went_on_ms = 0

    def take(self, record: Record, tick: Tick | None) -> bool:
        """Whether the step can be decided with this record."""
        if self.records:
            gone = max(0, record[1] - self.records[-1][1])
            self.gone_ms += gone
            self._went_on_ms += gone if gone <= STEP_MS else 0
        self.records.append(record)
        if tick is not None and _fresh(tick, self.last):
            self.last = tick
            self.ticks.append((tick, self._went_on_ms))
        return len(self.ticks) >= 2 or self.gone_ms > WAIT_MS or len(self.records) > WAIT_RECORDS


def _passed(known: Witness, tick: Tick) -> int:
    """What went by between two ticks, in milliseconds: by the boot clock if it is one, else by two wall clocks."""
    return tick.boot_ms - known.boot_ms if tick.clock == known.clock else tick.wall_ms - known.wall_ms


def _fresh(tick: Tick, last: Witness | Tick | None) -> bool:
    """Whether a tick is news: one that a former owner's producer held back is older than the last of that clock."""
    return last is None or tick.clock != last.clock or tick.boot_ms > last.boot_ms
