"""Whole batches of records as the events of a Faust agent.

Stock Faust makes four asyncio tasks a message (80-120 us each); an agent that gets one batch of one partition an event
pays that once for hundreds of readings. `streams.worker.consumer` makes the batches, `each` is the loop of every agent.
"""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from faust import Schema, Stream
from faust.types import TP

from streams.log import Record
from streams.worker.damage import Unreadable
from streams.worker.leader_epochs import UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class RecordBatch:
    """Records of one partition in the order of their offsets, and the record batches among them that cannot be read.

    One of both at least is there.

    `stamped_by` is the timestamp type of the last (0: the producer's clock, 1: the broker's); `epoch` is that of the
    leader who wrote it.
    `settled` is set when the agent is done with the batch, taken or not, or when the partition may be another's by now.
    What was taken is the taker's to know: it says by its next expected offset (`streams.worker.positions.Positions`).
    """

    tp: TP
    records: Sequence[Record]
    stamped_by: int
    unreadable: Sequence[Unreadable] = ()
    epoch: int = UNKNOWN
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def next_offset(self) -> int:
        """The offset after the last record."""
        last = self.records[-1][0] + 1 if self.records else 0
        return max(last, self.unreadable[-1].next_offset) if self.unreadable else last

    @property
    def first_offset(self) -> int:
        """The first offset that it tells of."""
        offsets = [one.first for one in self.unreadable[:1]] + [record[0] for record in self.records[:1]]
        return min(offsets)


class BatchSchema(Schema):
    """A topic whose events hold a `RecordBatch` as it is: nothing is decoded on the way."""

    def compile(self, app: Any, **_: Any) -> Callable[..., Awaitable[Any]]:
        """The function by which Faust makes an event of what the consumer hands over."""
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return create_event(None, message.value, None, message)

        return decode


async def each(stream: Stream, take: Callable[[RecordBatch], Awaitable[None]]) -> None:
    """The body of every agent: take batch by batch. Faust commits nothing (`noack`): that is the consumer's."""
    batches: AsyncIterable[RecordBatch] = stream.noack()
    async for batch in batches:
        try:
            await take(batch)
        finally:
            batch.settled.set()
