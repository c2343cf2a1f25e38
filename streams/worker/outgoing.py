"""What is on its way to Kafka, and up to which offset everything that was caused has arrived."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Headers = tuple[tuple[str, bytes], ...]

RECORD_OVERHEAD = 128
"""Room for a record's lengths and a batch's header, in bytes (61 for the batch, at most 5 a length)."""


class BatchAck:
    """Of one batch of records: how many of the records that it caused are still on their way."""

    __slots__ = ("_acks", "next_offset", "outstanding")

    def __init__(self, acks: "AckTracker", next_offset: int, outstanding: int) -> None:
        self._acks, self.next_offset, self.outstanding = acks, next_offset, outstanding

    def arrived(self) -> None:
        """One record more was acknowledged (or refused for good, and counted)."""
        self.outstanding -= 1
        if not self.outstanding:
            self._acks.settle()


class AckTracker:
    """Of one partition: says `safe(next_offset)` as soon as all that came before it is acknowledged.

    >>> acks = AckTracker(print)
    >>> first, second = acks.open(10, records=1), acks.open(20, records=1)
    >>> second.arrived()
    >>> first.arrived()
    20
    """

    def __init__(self, safe: Callable[[int], None]) -> None:
        self._safe: Callable[[int], None] | None = safe
        self._open: deque[BatchAck] = deque()
        self._waiting: dict[asyncio.Future[None], BatchAck] = {}

    def open(self, next_offset: int, records: int) -> BatchAck:
        """A batch ending before `next_offset` caused so many records; none is fine."""
        if not records and self._open and not self._open[-1].outstanding:
            self._open[-1].next_offset = next_offset
            return self._open[-1]
        ack = BatchAck(self, next_offset, records)
        self._open.append(ack)
        if not records:
            self.settle()
        return ack

    def settle(self) -> None:
        """Says what became safe."""
        safe = None
        while self._open and not self._open[0].outstanding:
            settled = self._open.popleft()
            safe = settled.next_offset
            for waiter in [waiter for waiter, last in self._waiting.items() if last is settled]:
                del self._waiting[waiter]
                if not waiter.done():
                    waiter.set_result(None)
        if safe is not None and self._safe is not None:
            self._safe(safe)

    async def all_acknowledged(self) -> None:
        """Waits until all that was caused up to now is acknowledged; cancelled if the partition becomes another's."""
        if self._open:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting[waiter] = self._open[-1]
            await waiter

    def close(self) -> None:
        """The partition is another's: say nothing more."""
        self._safe = None
        for waiter in self._waiting:
            waiter.cancel()

    @property
    def outstanding(self) -> int:
        """Letters still on their way."""
        return sum(ack.outstanding for ack in self._open)


@dataclass(slots=True, eq=False)
class OutgoingRecord:
    """One record to be sent: to a real topic and a certain partition.

    `due` is the moment that caused it, in milliseconds (0: none); `entered` when it was queued, by the loop's clock;
    `size` about what it takes in a batch, in bytes, never less.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    due: int = 0
    ack: BatchAck | None = None
    entered: float = 0.0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        headers = sum(len(name) + len(fact) + 10 for name, fact in self.headers)
        self.size = RECORD_OVERHEAD + len(self.key or b"") + len(self.value or b"") + headers


def under(ack: BatchAck, records: Sequence[OutgoingRecord]) -> Sequence[OutgoingRecord]:
    """The records of one batch, each of which answers to its ack."""
    for record in records:
        record.ack = ack
    return records
