"""A partition that a rebalance gives back: its fenced_producer proves itself, and the checkpoint never goes back."""

import asyncio
from types import SimpleNamespace

from streams.config.packaged_rules import packaged_rules
from streams.worker.state_store.entry import Entry
from streams.worker.state_store.fenced_producer import Fenced
from streams.worker.state_store.kafka_store import KafkaStateStore
from streams.worker.state_store.state_encoding import CheckpointBody, decode_checkpoint


def checkpoint(next_offset):
    return CheckpointBody(next_offset, 0, None, {}, None, "", "", 0, 0)


class FencedProducer:
    """Writes into a list, or is fenced."""

    def __init__(self, fenced=False):
        self.written, self.fenced = [], fenced

    async def write(self, lines):
        if self.fenced:
            raise Fenced("another's")
        self.written += lines


def state_store_of(settings, metrics, fenced_producer, last):
    state_store = KafkaStateStore(settings, packaged_rules(), metrics, SimpleNamespace())
    entry = Entry(0, fenced_producer, last, saved_at=0.0, due_at=0.0, paused=True)
    state_store._entries[0] = entry
    return state_store, entry


def test_a_proof_waits_for_the_snapshot_that_is_under_way_and_never_writes_an_older_checkpoint_after_it(
    settings, metrics, run
):
    async def story():
        state_store, entry = state_store_of(settings, metrics, FencedProducer(), checkpoint(5))
        async with entry.saving:  # a snapshot is being written when the partition is given back
            proof = asyncio.create_task(state_store.keep([0]))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            entry.last = checkpoint(9)

        assert await proof == {0}
        [line] = entry.fenced_producer.written
        assert decode_checkpoint(line.value).next_offset == 9
        assert not entry.paused

    run(story())


def test_what_a_dry_pen_held_and_what_was_never_written_do_not_go_on(settings, metrics, run):
    async def story():
        state_store, entry = state_store_of(settings, metrics, FencedProducer(fenced=True), checkpoint(5))
        assert await state_store.keep([0]) == set()
        assert entry.paused
        entry.fenced_producer, entry.last = FencedProducer(), None
        assert await state_store.keep([0]) == set()
        assert entry.fenced_producer.written == []

    run(story())
