"""Transactions on the topics that are forwarded: what was rolled back does not count, and the order stays the log's.

Patient records and actions are taken up to the first open transaction, strictly in order; aborted ones are left out.
The readings are not: one hanging transaction would silence every patient of its partition. aiokafka asks the broker
only for what was aborted when it reads committed, and then for all topics of a consumer; the record batches themselves
say all that is needed: whether they are of a transaction, whose, and how it ended.

What waits is bounded. Beyond that only the markers are looked for that end what waits; what lies behind comes again.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from aiokafka.record.control_record import ABORT_MARKER, COMMIT_MARKER, ControlRecord

from streams.log import Record
from streams.worker.damage import Damage, Unreadable, damage_of

MOST_BYTES: Final = 4 * 1_048_576
"""What may wait of one partition, beside its first record batch."""
BYTES_A_RECORD: Final = 300
_ENDS: Final = (ABORT_MARKER.type_, COMMIT_MARKER.type_)


class Released(NamedTuple):
    """What may be taken now, in the order of the log."""

    records: list[Record]
    unreadable: list[Unreadable]


@dataclass(slots=True)
class _Block:
    """A record batch that waits: its producer while its transaction is open, else None."""

    producer: int | None
    records: Sequence[Record]
    unreadable: Sequence[Unreadable]
    since: float

    @property
    def size(self) -> int:
        """About what it takes, in bytes."""
        return BYTES_A_RECORD + sum(BYTES_A_RECORD + len(one[2] or b"") + len(one[3] or b"") for one in self.records)


class Transactions:
    """Of one partition that is read up to its first open transaction.

    Each record batch comes in the order of the log: `take`, or `end` where it is a transaction's marker. `begin` tells
    where a fetch begins: what waits is forgotten unless the fetch goes on behind it, for it will be fetched again.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Block] = deque()
        self._next_offset: int | None = None
        self._bytes = 0
        self._left_at: int | None = None  # from there on nothing is kept: there was no room

    def begin(self, offset: int) -> None:
        """The next record batch is read from there."""
        if offset != self._next_offset:
            self._waiting.clear()
            self._bytes, self._left_at = 0, None
        self._next_offset = offset

    @property
    def bytes(self) -> int:
        """About what waits."""
        return self._bytes

    def go_back(self) -> int | None:
        """Where the fetch goes on instead, once nothing waits any more and some of what came was left; else None."""
        if self._left_at is None or self._waiting:
            return None
        self._next_offset, self._left_at = self._left_at, None
        return self._next_offset

    def take(
        self,
        batch: Any,
        records: Sequence[Record],
        unreadable: Sequence[Unreadable],
        now: float,
    ) -> Released:
        """One record batch: its records, or why it has none. `now` in seconds."""
        here, self._next_offset = self._next_offset, batch.next_offset
        # What its header says of one that is damaged may be wrong: nobody waits for an end that may never come.
        producer = batch.producer_id if batch.is_transactional and not unreadable else None
        self._keep(_Block(producer, records, unreadable, now), here)
        return self._release()

    def end(self, batch: Any, unreadable: Sequence[Unreadable], now: float) -> Released:
        """The marker that ends a transaction. One that is damaged is told, and ends it all the same: by what can be
        read of it, else as committed; if its header names nobody who is waited for, the first that is open.
        """
        here, self._next_offset = self._next_offset, batch.next_offset
        kind, broken = _kind_of(batch)
        open_ones = [block.producer for block in self._waiting if block.producer is not None]
        ended = batch.producer_id
        if kind not in _ENDS and ended in open_ones:  # of somebody else it is a kind that clients leave aside
            kind, broken = COMMIT_MARKER.type_, True
        if broken and not unreadable:
            unreadable = [Unreadable(batch.base_offset, batch.next_offset, Damage.RECORDS)]
        if unreadable and open_ones and ended not in open_ones:
            ended = open_ones[0]
        for block in self._waiting:
            if block.producer != ended:
                continue
            if kind == ABORT_MARKER.type_:
                self._bytes -= block.size
                block.records, block.unreadable = (), ()
                self._bytes += block.size
            if kind in _ENDS:
                block.producer = None
        if unreadable:
            self._keep(_Block(None, (), unreadable, now), here)
        return self._release()

    def waits_s(self, now: float) -> float:
        """How long the first open transaction has been waited for, in seconds; 0 where none is."""
        return max(0.0, now - self._waiting[0].since) if self._waiting else 0.0

    def _keep(self, block: _Block, here: int | None) -> None:
        size = block.size
        if self._left_at is None and self._waiting and self._bytes + size > MOST_BYTES:
            self._left_at = here
        if self._left_at is None:
            self._waiting.append(block)
            self._bytes += size

    def _release(self) -> Released:
        out = Released([], [])
        while self._waiting and self._waiting[0].producer is None:
            block = self._waiting.popleft()
            self._bytes -= block.size
            out.records.extend(block.records)
            out.unreadable.extend(block.unreadable)
        return out


def _kind_of(batch: Any) -> tuple[int, bool]:
    """How a marker ends its transaction, and whether that cannot be read. Compaction takes a marker away once nothing
    is left of what it rolled back.
    """
    try:
        marker = next(batch, None)
        kind = COMMIT_MARKER.type_ if marker is None else ControlRecord.parse(marker.key).type_
    except BaseException as refused:  # a Rust library's panic is no Exception
        damage_of(refused)
        return COMMIT_MARKER.type_, True
    return kind, False
