"""One partition whose states we keep: its fenced_producer, what was written last, and when the next snapshot is due."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from streams.worker.owned_partition import OwnedPartition
from streams.worker.state_store.fenced_producer import FencedProducer
from streams.worker.state_store.state_encoding import CheckpointBody


@dataclass(slots=True, eq=False)
class Entry:
    """`saved_at` and `due_at` by the loop's clock; `told` is done when the log has what must be in it first; `last`
    is None while what is in memory was never written.
    """

    partition: int
    fenced_producer: FencedProducer
    last: CheckpointBody | None
    saved_at: float
    due_at: float
    owned: OwnedPartition | None = None
    told: Awaitable[None] | None = None
    paused: bool = False
    saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    task: asyncio.Task[None] | None = None

    def is_due(self, now: float, every_s: float, patients: int) -> bool:
        """By time, or by how many patients changed; the latter at most four times as often."""
        if self.paused or self.owned is None:
            return False
        if now >= self.due_at:
            return True
        return len(self.owned.log.dirty) >= patients and now - self.saved_at >= every_s / 4

    def next_due(self, now: float, every_s: float) -> None:
        """The next moment on this partition's own beat, so that partitions stay apart."""
        while self.due_at <= now:
            self.due_at += every_s

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        owned = self.owned
        if owned is None:
            return False
        return self.last is None or bool(owned.log.dirty) or owned.taken != self.last.next_offset
