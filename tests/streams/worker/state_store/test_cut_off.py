"""A write that is cut off: one that was not yet committed is taken back, of any other nobody knows what became of it.

A checkpoint that was committed and is thought not to be would be followed by an older one at the next rebalance.
"""

import asyncio

import pytest
from aiokafka.producer.transaction_manager import TransactionManager, TransactionState

from streams.worker.state_store.fenced_producer import FencedProducer


async def cut_off(settings, state):
    """The pen after a write that was cancelled while aiokafka's transaction was so far."""
    pen = FencedProducer(settings, 0)
    transaction = TransactionManager("vitals.readings-0", 60_000)
    transaction.set_pid_and_epoch(7, 0)
    transaction.begin_transaction()
    transaction.state = state
    producer = pen._producer
    producer._txn_manager, producer._closed = transaction, True  # never started

    async def ended():  # as the sender does, once the broker has answered
        while transaction.state is not TransactionState.ABORTING_TRANSACTION:
            await asyncio.sleep(0)
        transaction.complete_transaction()

    sender = asyncio.create_task(ended())
    await pen._take_back()
    sender.cancel()
    await producer.client.close()
    return pen.fenced


@pytest.mark.parametrize(
    ("state", "fenced"),
    [
        (TransactionState.IN_TRANSACTION, False),
        (TransactionState.COMMITTING_TRANSACTION, True),
        (TransactionState.READY, True),  # committed, in the very step in which it was cancelled
    ],
)
def test_a_pen_that_was_cut_off_writes_on_only_where_nothing_was_committed(settings, run, state, fenced):
    assert run(cut_off(settings, state)) is fenced
