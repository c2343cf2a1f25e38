"""What becomes of batches that were fetched while partitions changed hands."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import IllegalStateError
from faust.types import TP

from streams.worker import consumer
from streams.worker.batch_view import Fetched
from streams.worker.consumer import BatchConsumer, ConsumerStats
from streams.worker.offset_tracker import OffsetTracker

HERE = TP("vitals.readings", 3)
RECORDS = Fetched([(7, 0, None, b"{}", ()), (8, 0, None, b"{}", ())], 1)


class Consumer(BatchConsumer):
    """The consumer's own rules without a connection: what is sought and handed over is kept."""

    flow_active = True

    def __init__(self, expected):
        positions = SimpleNamespace(expected=lambda tp: expected)
        self.app = SimpleNamespace(consumer_generation_id=2, positions=positions)
        self.consumer_stats, self._offset_tracker, self._unread, self._by_arrival = (
            ConsumerStats(),
            OffsetTracker(),
            set(),
            False,
        )
        self.sought, self.handed, self.refusals = [], [], 0

    async def seek_wait(self, partitions):
        if self.refusals:
            self.refusals -= 1
            raise IllegalStateError("no partition of ours")
        self.sought.append(partitions)

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
