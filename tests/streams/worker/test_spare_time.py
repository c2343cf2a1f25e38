"""What waits gets a bounded share of the time while there is other work, all of it while there is none, and is told."""

import asyncio
import contextlib

import pytest

from streams.log.newcomers import MOST_BYTES, Newcomers
from streams.worker import spare_time
from streams.worker.owned_partition import OwnedPartition
from streams.worker.shedding import REFUSALS_A_SECOND, Shedding
from streams.worker.spare_time import (
    AGAIN_S,
    BUSY_FOR_S,
    LATE_S,
    LATE_SHARE,
    POISON_A_SECOND,
    SHARE,
    TOO_MANY,
    SpareTime,
)
from tests.making import SECOND, T0, new_partition, numbered, reading


@pytest.fixture
def held(make, settings, metrics):
    """A partition with 4,000 patients who wait."""
    log = new_partition()
    one = OwnedPartition(log, 0, make.Noted(), settings.topic, metrics, lambda *_: None)
    one.newcomers = log.newcomers = Newcomers(log, 0)
    one.shedding = Shedding(settings, 0, metrics.shed)
    log.run(numbered([reading(T0 + at, f"p-{at}", heart_rate=75) for at in range(4_000)]))
    return one


def somebody_known(owned):
    other = new_partition()
    other.run(numbered([reading(T0, "known", heart_rate=75)]))
    owned.log.watches |= other.watches


def test_while_there_is_other_work_it_gets_its_share_and_else_all_of_the_time(held, run, monkeypatch):
    async def slept(busy):
        spare, pauses = SpareTime(lambda: [held], lambda: busy), []

        async def pause(seconds):
            pauses.append(seconds)
            if len(pauses) == 5:
                raise asyncio.CancelledError

        monkeypatch.setattr(spare_time.asyncio, "sleep", pause)
        with contextlib.suppress(asyncio.CancelledError):
            await spare.run()
        monkeypatch.undo()
        return sum(pauses) / spare.spent_s

    assert run(slept(True)) == pytest.approx(1 / SHARE - 1), "so much of the time is others'"
    assert run(slept(False)) == 0.0
    held.lag_s = lambda: 2 * LATE_S
    assert run(slept(True)) == pytest.approx(1 / SHARE - 1) and run(slept(False)) == 0.0, "nobody is known"
    somebody_known(held)
    assert run(slept(True)) == run(slept(False)) == pytest.approx(1 / LATE_SHARE - 1), "those known before are late"
    assert held.newcomers.works


def test_while_the_next_batch_is_fetched_there_is_other_work(held):
    busy = [True]
    spare = SpareTime(lambda: [held], lambda: busy[0])
    assert spare.share(0.0) == SHARE
    busy[0] = False
    assert spare.share(BUSY_FOR_S / 2) == SHARE and spare.share(2 * BUSY_FOR_S) == 1.0


def test_where_the_log_is_held_back_the_known_wait_for_what_waits_and_it_gets_the_time(held, make, settings, metrics):
    other = OwnedPartition(new_partition(), 0, make.Noted(), settings.topic, metrics, lambda *_: None)
    for one in (held, other):
        somebody_known(one)
    spare = SpareTime(lambda: [held, other], lambda: True)
    held.lag_s = lambda: 60 * LATE_S
    assert spare.share(0.0) == LATE_SHARE

    held.newcomers.bytes = MOST_BYTES
    assert spare.share(1.0) == 1.0
    other.lag_s = lambda: 2 * LATE_S
    assert spare.share(2.0) == SHARE, "those known elsewhere are late by it"
    other.log.watches.clear()
    assert spare.share(3.0) == 1.0
    held.newcomers.bytes = 0
    assert spare.share(4.0) == LATE_SHARE


def test_what_waits_long_is_told_until_it_is_taken(held, run, caplog):
    spare = SpareTime(lambda: [held], lambda: False)
    spare.look(1.0)
    assert not caplog.records

    held.log.time = T0 + 5 * SECOND
    spare.look(2.0)
    spare.look(3.0)
    assert [line.message for line in caplog.records if "wait for" in line.message] == [
        "partition 0: 4000 records of patients who were never seen before, or that nobody can read, wait for 5 s, so "
        "that those known before are not late; nothing is dropped"
    ]

    while held.newcomers.works:
        run(held.take_newcomers(1.0))
    spare.look(4.0)
    assert "nothing waits any more" in caplog.text


def test_a_crowd_is_told_at_once_until_it_is_over(held, run):
    spare = SpareTime(lambda: [held], lambda: False)
    spare.look(1.0)
    assert spare.crowded() == {0}
    held.newcomers.came = TOO_MANY
    assert spare.crowded() == set(), "a large ward's first day is none"

    held.log.time = T0 + 5 * SECOND
    assert spare.crowded() == {0}, "but it is told that they wait"
    while held.newcomers.works:
        run(held.take_newcomers(1.0))
    held.newcomers.came = 4_000
    spare.look(2.0)
    assert spare.crowded() == {0}
    spare.look(2.0 + AGAIN_S)
    assert spare.crowded() == set()


def test_who_waited_is_known_once_nobody_new_has_come_for_a_while(held, run):
    spare = SpareTime(lambda: [held], lambda: False)
    spare.look(1.0)
    while held.newcomers.works:
        run(held.take_newcomers(1.0))
    spare.look(AGAIN_S)
    assert not held.log.watches

    spare.look(AGAIN_S + 2)
    assert len(held.log.watches) == 4_000


def test_room_is_made_as_time_goes_by(held):
    held.newcomers.most = 1_000
    spare = SpareTime(lambda: [held], lambda: False)
    spare.look(1.0)
    spare.look(3.0)

    assert held.newcomers.poison_room == 3 * POISON_A_SECOND and held.newcomers.room == 6


def test_poison_that_has_waited_long_is_told_by_its_offsets(held, run, make):
    while held.newcomers.works:
        run(held.take_newcomers(1.0))
    held._producer.records.clear()
    held.log.run([(4_000 + at, T0 + 4_000, b"k", b"{}", ()) for at in range(1_000)])
    held.log.time += 10 * SECOND

    while held.newcomers.works:
        run(held.take_newcomers(1.0))

    told = [one for one in held._producer.records if one.topic.endswith("rejections")]
    assert REFUSALS_A_SECOND <= len(told) < 500 and held.log.tally.unreadable == 1_000
    counted = sum(int(dict(one.headers).get("records", b"1")) for one in told)
    assert counted == 1_000


def test_a_partition_that_came_back_begins_to_count_anew(held):
    spare = SpareTime(lambda: [held], lambda: False)
    crowd, held.newcomers = held.newcomers, Newcomers(new_partition(), 0)
    held.newcomers.came = 9_000
    spare.look(10.0)
    spare.look(10.0 + AGAIN_S)
    assert spare.crowded() == set()

    held.newcomers = crowd
    spare.look(12.0 + AGAIN_S)
    assert crowd.came > TOO_MANY and spare.crowded() == {0}
