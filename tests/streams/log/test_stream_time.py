"""Stream time by differences of append stamps, with ticks as witnesses."""

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control_record import Tick
from streams.log.record import ClockState, Record
from streams.log.stream_time import AT_ONCE, SILENCE_MS, WAIT_RECORDS, StreamClock
from tests.making import HOUR, MINUTE, SECOND, T0, clocks

Skew = Callable[[int], int]
never: Skew = lambda s: 0  # noqa: E731


def tick_of(record: Record) -> Tick | None:
    """These tests' ticks carry their clocks as they are: signatures are `forward`'s to judge."""
    return record[3] if isinstance(record[3], Tick) else None


def log(
    skew: Skew = never,
    seconds: int = 60,
    *,
    ticks: Callable[[int], Tick | None] = lambda s: clocks(T0 + s * SECOND + 550),
    devices: Callable[[int], bool] = lambda s: True,
) -> list[Record]:
    """Four readings and a tick each second, true times T0 + ...; the broker's clock is ahead by `skew(second)` ms."""
    records: list[tuple[int, object]] = []
    for second in range(seconds):
        true = T0 + second * SECOND
        if devices(second):
            records += [(true + 100 * n + skew(second), b"{}") for n in range(4)]
        if (told := ticks(second)) is not None:
            records.append((true + 550 + skew(second), told))
    return [(n, at, None, value, ((("forwarded", b"tick"),) if tick_of((n, at, None, value, ())) else ()))
            for n, (at, value) in enumerate(records)]  # type: ignore[misc]  # fmt: skip


def clock(state: ClockState | None = None) -> StreamClock:
    return StreamClock(0 if state is None else state.time, state, tick_of)


def placed(records: list[Record], one: StreamClock | None = None) -> list[Record]:
    return [record for stretch in (one or clock()).place(records) for record in stretch.records]


def times(records: list[Record]) -> list[int]:
    return [record[1] for record in placed(records)]


def at_end(records: list[Record]) -> float:
    """Stream time at the end, in seconds since T0."""
    return (times(records)[-1] - T0) / SECOND


def test_with_nothing_amiss_time_is_the_append_stamp():
    records = log()

    assert placed(records) == records


def test_a_false_step_ahead_is_left_out_and_leaves_no_trace():
    """An hour ahead for three seconds, then right again."""
    jumped = times(log(lambda s: HOUR if 20 <= s < 23 else 0))

    assert max(abs(a - b) for a, b in zip(jumped, times(log()), strict=True)) <= 50


def test_a_step_that_stays_is_left_out_for_good():
    assert at_end(log(lambda s: HOUR if s >= 20 else 0)) == pytest.approx(59.55, abs=0.05)


def test_a_true_silence_is_taken_whole():
    away = lambda s: not 20 <= s < 80  # noqa: E731
    records = log(seconds=120, devices=away, ticks=lambda s: clocks(T0 + s * SECOND + 550) if away(s) else None)

    assert placed(records) == records


def test_a_tick_that_waited_in_a_stalled_producer_does_not_decide():
    """The first after the stall was made before it; the second is fresh."""
    away = lambda s: not 20 <= s < 80  # noqa: E731
    made = lambda s: clocks(T0 + (20 if s == 80 else s) * SECOND + 550)  # noqa: E731
    records = log(seconds=120, devices=away, ticks=lambda s: made(s) if away(s) else None)

    assert placed(records) == records


def test_another_machine_vouches_by_its_wall_clock():
    """The boot clocks of two machines say nothing of each other."""
    told = lambda s: clocks(T0 + s * SECOND + 550, "two" if s >= 20 else "one", 7 if s < 20 else s * SECOND)  # noqa: E731

    assert at_end(log(lambda s: HOUR if s >= 20 else 0, ticks=told)) == pytest.approx(59.55, abs=0.05)


def test_the_same_machine_vouches_by_its_boot_clock_though_its_wall_clock_jumped_too():
    """Broker and worker on one machine: the clock that jumped is both theirs."""
    told = lambda s: clocks(T0 + s * SECOND + (HOUR if s >= 20 else 0), boot=s * SECOND)  # noqa: E731

    assert at_end(log(lambda s: HOUR if s >= 20 else 0, ticks=told)) == pytest.approx(59.55, abs=1)


def test_when_nobody_was_alive_to_say_a_step_is_taken_whole():
    away = lambda s: s < 20  # noqa: E731
    records = log(lambda s: HOUR if s >= 20 else 0, ticks=lambda s: clocks(T0 + s * SECOND) if away(s) else None)

    assert at_end(records) == pytest.approx(3_600 + 59.3, abs=0.1)


def test_a_wait_is_bounded_in_records_too():
    one, crowd = clock(), [(100 + n, T0 + HOUR, None, b"", ()) for n in range(WAIT_RECORDS + 1)]
    placed(log(seconds=20), one)
    assert placed(crowd[:-1], one) == [] and one.waiting == WAIT_RECORDS

    assert len(placed(crowd[-1:], one)) == WAIT_RECORDS + 1


def test_stamps_that_step_back_never_stop_time_and_are_caught_up_with():
    """A leader ten seconds ahead fails over: time goes on, a tenth slower, until the stamps are there."""
    records = log(lambda s: 10 * SECOND if s < 20 else 0, seconds=240)
    out = times(records)

    after = [(time, stamp) for time, (_, stamp, *_) in zip(out[101:], records[101:], strict=True)]
    assert all(a < b for (a, _), (b, _) in pairwise(after))
    (halfway,) = [time for time, stamp in after if stamp == T0 + 70 * SECOND]
    assert halfway - T0 == 29_550 + 45_000  # nine tenths of fifty seconds on from where the step back found it
    assert out[-1] == records[-1][1]


def test_a_step_back_that_leaves_time_ahead_is_told_once_where_it_is():
    records = log(lambda s: 10 * SECOND if s < 20 else 0)
    stretches = clock().place(records)

    (back,) = [stretch for stretch in stretches if stretch.back_ms]
    assert back.back_ms == pytest.approx(10 * SECOND, abs=600)
    assert back.records[0][0] == 100


def test_before_the_first_signed_tick_time_is_the_greatest_stamp():
    records = log(lambda s: HOUR if 20 <= s < 23 else 0, ticks=lambda s: None)
    out = times(records)

    assert out == [max(r[1] for r in records[: n + 1]) for n in range(len(records))]


def test_a_tick_that_a_former_owner_sent_too_late_is_no_witness():
    """A worker that was stopped for a minute sends its old tick; a step in the very next second is judged right."""
    told = lambda s: clocks(T0 + (s - 60 if s == 20 else s) * SECOND + 550)  # noqa: E731

    assert at_end(log(lambda s: HOUR if s >= 21 else 0, ticks=told)) == pytest.approx(59.55, abs=0.05)


def test_how_far_time_is_from_its_owners_clock_is_told_and_one_stale_tick_is_not_believed():
    one = clock()
    assert one.skew_ms is None
    placed(log(ticks=lambda s: clocks(T0 + s * SECOND + 550 - 7 * SECOND, boot=s)), one)
    assert one.skew_ms == 7 * SECOND

    stale = clock()
    placed(log(ticks=lambda s: clocks(T0 + s * SECOND + 550 - (MINUTE if s == 59 else 0), boot=s)), stale)
    assert stale.skew_ms == 0


def test_stretches_hold_no_silence_and_are_short():
    """Between them there is room for everything else."""
    one = clock()
    quiet = one.place([(0, T0, None, b"", ()), (1, T0 + 3 * SILENCE_MS, None, b"", ())])
    crowd = one.place([(n, T0 + MINUTE, None, b"", ()) for n in range(2, 2 * AT_ONCE + 3)])

    assert [len(stretch.records) for stretch in quiet] == [1, 1]
    assert [len(stretch.records) for stretch in crowd] == [AT_ONCE, AT_ONCE, 1]


faults = st.lists(
    st.tuples(st.integers(5, 80), st.integers(1, 30), st.sampled_from((-600, -8, -2, 2, 4, 8, 600, 3_600))), max_size=3
)
owners = st.lists(st.tuples(st.integers(0, 80), st.sampled_from(("one", "two", None))), max_size=3)


@st.composite
def troubled(draw: st.DrawFn) -> list[Record]:
    """A log whose broker's clock steps, whose owners change and are away, whose devices are silent."""
    steps, changes = draw(faults), sorted(draw(owners), key=lambda change: change[0])
    quiet = draw(st.tuples(st.integers(0, 80), st.integers(0, 40)))

    def skew(second: int) -> int:
        return sum(by * SECOND for begin, span, by in steps if begin <= second < begin + span)

    def ticks(second: int) -> Tick | None:
        owner = next((name for since, name in reversed(changes) if since <= second), "one")
        ahead = 5 * HOUR if owner == "two" else 0
        return None if owner is None else clocks(T0 + second * SECOND + 550, owner, second * SECOND + ahead)

    return log(skew, 90, ticks=ticks, devices=lambda s: not quiet[0] <= s < sum(quiet))


@given(troubled(), st.integers(0, 1_000_000))
def test_cut_anywhere_it_gives_the_same_and_never_goes_back(records, seed):
    whole = clock()
    want = placed(records, whole)
    cut, got, at, chance = clock(), [], 0, random.Random(seed)
    while at < len(records):
        size = chance.randint(1, 60)
        got += placed(records[at : at + size], cut)
        at += size

    assert got == want and (cut.state, cut.waiting) == (whole.state, whole.waiting)
    assert all(a[1] <= b[1] for a, b in pairwise(want))
    assert [record[0] for record in want] == list(range(len(want)))


@given(troubled(), st.integers(0, 449))
def test_restarted_anywhere_inside_a_wait_too_it_gives_the_same(records, stop):
    """What waits is not in the checkpoint: it is read again."""
    whole = clock()
    want = placed(records, whole)
    before = clock()
    got = placed(records[:stop], before)
    unarmed = before.state is None
    back = StreamClock(before.time, before.state, tick_of) if unarmed else clock(before.state)

    assert got + placed(records[len(got) :], back) == want and back.state == whole.state


@given(troubled())
def test_after_each_stretch_its_state_is_all_that_a_restart_needs(records):
    """A snapshot may fall between two stretches of one batch."""
    stretches = clock().place(records)
    want = [record for stretch in stretches for record in stretch.records]
    for stretch in stretches:
        if stretch.after is not None:
            taken = stretch.records[-1][0] + 1
            assert placed(records[taken:], clock(stretch.after)) == want[taken:]


@given(troubled(), st.sets(st.integers(0, 449)))
def test_what_the_others_send_only_tells_the_time(records, others):
    """One patient replayed alone, the others' readings made bare ticks, has the same times."""
    bare = [(r[0], r[1], None, b"{}", (("forwarded", b"tick"),)) if r[0] in others and tick_of(r) is None else r
            for r in records]  # fmt: skip

    assert times(bare) == times(records)
