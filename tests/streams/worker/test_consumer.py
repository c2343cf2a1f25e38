"""What becomes of batches that were fetched while partitions changed hands."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import CorruptRecordException, IllegalStateError
from faust.types import TP

from streams.worker import consumer
from streams.worker.batch_view import Fetched
from streams.worker.consumer import BatchConsumer, BatchThread, ConsumerStats

HERE = TP("vitals.readings", 3)
RECORDS = Fetched([(7, 0, None, b"{}", ()), (8, 0, None, b"{}", ())], 1, 7)


class Consumer(BatchConsumer):
    """The consumer's own rules without a connection: what is sought and handed over is kept."""

    flow_active = True

    def __init__(self, expected, start=0):
        async def stands(tp, epoch):
            return True

        self.lost, self.start = [], start
        positions = SimpleNamespace(
            expected=lambda tp: expected, stands=stands, lost=lambda *what: self.lost.append(what)
        )
        self.app = SimpleNamespace(consumer_generation_id=2, positions=positions)
        self.consumer_stats, self._unread, self._by_arrival = ConsumerStats(), set(), False
        self.sought, self.handed, self.refusals = [], [], 0

    async def seek_wait(self, partitions):
        if self.refusals:
            self.refusals -= 1
            raise IllegalStateError("no partition of ours")
        self.sought.append(partitions)

    async def earliest_offsets(self, tp):
        return {tp: self.start}

    async def _hand_over(self, batches, generation):
        self.handed += batches


async def fetched_in_a_rebalance(one):
    await one._deliver({HERE: RECORDS}, {HERE}, 1)
    await one._fetch_again()


def test_the_end_of_a_log_that_was_fetched_in_a_rebalance_is_fetched_again_without_waiting_for_more():
    one = Consumer(expected=7)
    asyncio.run(fetched_in_a_rebalance(one))

    assert (one.handed, one.consumer_stats.dropped) == ([], 1)
    assert one.sought == [{HERE: 7}]
    asyncio.run(one._fetch_again())
    assert one.sought == [{HERE: 7}], "once is enough"


def test_what_belongs_to_another_worker_by_now_is_left_to_it():
    one = Consumer(expected=None)
    asyncio.run(fetched_in_a_rebalance(one))

    assert one.sought == []
    assert not one._unread


def test_what_a_leader_gave_no_answer_about_is_fetched_again():
    one = Consumer(expected=7)

    async def stands(tp, epoch):
        one.refetch(tp)  # as the taker does
        return False

    one.app.positions.stands = stands

    async def fetched():
        await one._deliver({HERE: RECORDS}, {HERE}, 2)
        await one._fetch_again()

    asyncio.run(fetched())
    assert one.handed == [] and one.sought == [{HERE: 7}]


def test_what_came_along_with_a_wrong_checksum_is_fetched_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(consumer, "RETRY_S", 0)
    one, ended = Consumer(expected=7), asyncio.Event()
    one._stopped = asyncio.Event()
    one.app.should_stop, one.consumer_stopped_errors, one.assignment = False, (), lambda: {HERE}
    fails = [CorruptRecordException()]

    async def next_records(timeout):
        if fails:
            raise fails.pop()
        ended.set()
        return {}, set()

    one._wait_next_records = next_records
    asyncio.run(one._drain_messages(SimpleNamespace(_stopped=ended)))

    assert one.sought == [{HERE: 7}] and one.consumer_stats.fetch_errors == 1


def test_a_refused_step_back_is_tried_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(consumer, "RETRY_S", 0)
    one = Consumer(expected=7)
    one.refusals = 1
    asyncio.run(fetched_in_a_rebalance(one))
    assert one.sought == []

    asyncio.run(one._fetch_again())
    assert one.sought == [{HERE: 7}]


def test_a_batch_of_this_generation_is_handed_over():
    one = Consumer(expected=7)
    asyncio.run(one._deliver({HERE: RECORDS}, {HERE}, 2))

    assert [batch.records for batch in one.handed] == [RECORDS.records]
    assert not one._unread


def test_a_batch_from_wherever_somebody_sought_to_is_never_taken_for_what_comes_next():
    """As Faust's seek to the group's offset did when it came after ours: the gap passed for a hole."""
    one = Consumer(expected=5)
    for times in (1, 2, 3):
        asyncio.run(one._deliver({HERE: RECORDS}, {HERE}, 2))
        assert one.sought == [{HERE: 5}] * times

    assert (one.handed, one.lost, one.consumer_stats.holes) == ([], [], 0)


def test_offsets_that_the_broker_passed_over_are_a_hole():
    one = Consumer(expected=5)
    asyncio.run(one._deliver({HERE: RECORDS._replace(since=5)}, {HERE}, 2))

    assert len(one.handed) == 1 and one.sought == []
    assert one.consumer_stats.holes == 2


def test_what_was_deleted_is_told_up_to_where_reading_began():
    one = Consumer(expected=5, start=7)
    asyncio.run(one._deliver({HERE: RECORDS}, {HERE}, 2))

    assert one.lost == [(HERE, 5, 7)] and one.consumer_stats.lost == 2
    assert len(one.handed) == 1 and one.sought == []


def test_what_was_deleted_is_not_told_of_what_is_still_there():
    one = Consumer(expected=5, start=6)
    asyncio.run(one._deliver({HERE: RECORDS}, {HERE}, 2))

    assert one.lost == [] and one.sought == [{HERE: 6}] and one.handed == []


class Seeking(BatchThread):
    """Where Faust's seek at an assignment goes, without a connection."""

    def __init__(self, expected):
        self.app = SimpleNamespace(positions=SimpleNamespace(expected=expected.get))
        self.sought, self.expected = {}, expected

    async def call_thread(self, work, *args):
        return await work(*args)

    def assignment(self):
        return {HERE, TP("vitals.actions", 0)}

    def _ensure_consumer(self):
        return SimpleNamespace(seek=self.sought.__setitem__)


def test_fausts_own_seek_goes_where_the_taker_says_and_leaves_the_rest_alone():
    one = Seeking({HERE: 5})

    assert asyncio.run(one.seek_to_committed()) == {HERE: 5} == one.sought
