"""Fetched records as the log takes them: unpacked by whole record batches, without an object for each record.

aiokafka makes a `ConsumerRecord` of every record, one at a time: 2.1 us, and kilobytes that the cache would rather have
for patients. A record batch unpacked at once takes 0.4 us a record. aiokafka goes on deciding what may be returned at
all (who is assigned, where the position stands, which error is told): only its unpacking is replaced, by
`RecordBatchView`. Every private member that is touched here stands in tests/contract/test_faust_members.py.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.consumer.fetcher import FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from faust.types import TP

from streams.log import Record
from streams.worker.damage import Checksums, Damage, Unreadable, damage_of
from streams.worker.leader_epochs import UNKNOWN
from streams.worker.transactions import Transactions
from streams.worker.unpacking import guard

guard()

PORTION: Final = 200
"""Records that are handed on together, at least: record batches of producers that do not gather hold one each."""


class Fetched(NamedTuple):
    """Records of one partition in the order of their offsets, the timestamp type of the last (0: the producer's clock,
    1: the broker's), the record batches that cannot be read, and the epoch of the leader who wrote the last. One of
    records and unreadable batches at least is there.

    `since`: from which offset on this is all there is, by the broker's own answers: what lies between it and the first
    record does not exist (markers of transactions, what compaction removed, what was rolled back).
    """

    records: list[Record]
    stamped_by: int
    since: int
    unreadable: Sequence[Unreadable] = ()
    epoch: int = UNKNOWN


class Passed:
    """Of each partition the last stretch of offsets that was fetched to its end and in which nothing came: a fetch that
    goes on behind it need not be made again to show that nothing was left out.

    >>> passed = Passed()
    >>> passed.ends("p0", since=10, at=12)
    >>> passed.begins("p0", 12), passed.begins("p0", 12)
    (10, 12)
    """

    def __init__(self) -> None:
        self._last: dict[Any, tuple[int, int]] = {}

    def begins(self, partition: Any, at: int) -> int:
        """A fetch begins at this offset: since when there was nothing."""
        since, until = self._last.pop(partition, (at, at))
        return since if until == at else at

    def ends(self, partition: Any, since: int, at: int) -> None:
        """A fetch ended there, and nothing came since."""
        self._last[partition] = since, at

    def forget(self) -> None:
        """Partitions change hands."""
        self._last.clear()


class RecordBatchView:
    """The records of one fetched partition in portions, in the place of aiokafka's `PartitionRecords`.

    `next_fetch_offset` is up to where the portions given so far reach, records that do not exist among them: aiokafka
    moves the position there. Markers of transactions are passed over, and so is what lies before the offset asked for
    (a fetch begins with a whole record batch). Read uncommitted, unless `transactions` holds back what is open.

    A record batch that cannot be unpacked (a codec that nobody knows, compressed bytes or record headers that are
    damaged, more inside than may be) costs itself alone: its checksum is right, so it comes like that at every fetch.
    """

    def __init__(
        self,
        found: PartitionRecords,
        checksums: Checksums | None = None,
        transactions: Transactions | None = None,
        passed: Passed | None = None,
    ) -> None:
        self._tp, self._batches = found._tp, found._records
        self._checksums = checksums or Checksums()
        self.next_fetch_offset: int = found.next_fetch_offset
        self._passed = passed or Passed()
        self._since = self._passed.begins(self._tp, self.next_fetch_offset)
        self._transactions = transactions
        if transactions is not None:
            transactions.begin(self.next_fetch_offset)
        self._portions = self._unpack()

    def __iter__(self) -> Iterator[Fetched]:
        return self._portions

    def _unpack(self) -> Iterator[Fetched]:
        batches, stamped_by = self._batches, 0
        portion: list[Record] = []
        unreadable: list[Unreadable] = []
        while batches.has_next():
            batch = batches.next_batch()
            damage = self._checked(batch)
            found: list[Record] = []
            told: list[Unreadable] = []
            if damage is None and not batch.is_control_batch:
                try:
                    found = [(one.offset, one.timestamp, one.key, one.value, one.headers or ()) for one in batch]
                except BaseException as refused:  # a Rust library's panic is no Exception
                    damage = damage_of(refused)
                else:
                    if found and found[0][0] < self.next_fetch_offset:
                        found = [record for record in found if record[0] >= self.next_fetch_offset]
                    stamped_by = batch.timestamp_type
            if damage is not None:
                first = max(batch.base_offset, self.next_fetch_offset)
                told = [Unreadable(first, batch.next_offset, damage)]
            back = None
            if self._transactions is not None:
                now, ours = time.monotonic(), self._transactions
                ends = batch.is_control_batch
                found, told = ours.end(batch, told, now) if ends else ours.take(batch, found, told, now)
                back = ours.go_back()
            portion += found
            unreadable += told
            # beyond the last record where that was removed (compaction), or no fetch would ever get past the batch
            self.next_fetch_offset = batch.next_offset if back is None else back
            if back is not None:
                break
            if len(portion) >= PORTION:
                yield self._told(portion, stamped_by, unreadable)
                portion, unreadable = [], []
        if portion or unreadable:
            yield self._told(portion, stamped_by, unreadable)
        self._passed.ends(self._tp, self._since, self.next_fetch_offset)

    def _told(self, portion: list[Record], stamped_by: int, unreadable: list[Unreadable]) -> Fetched:
        epoch = getattr(self._batches, "epoch", UNKNOWN)
        told = Fetched(portion, stamped_by, self._since, unreadable, epoch)
        ends = [record[0] + 1 for record in portion[-1:]] + [one.next_offset for one in unreadable[-1:]]
        self._since = max(ends)
        return told

    def _checked(self, batch: Any) -> Damage | None:
        if batch.validate_crc():
            return None
        if not self._checksums.is_lasting(self._tp, batch.base_offset):
            raise CorruptRecordException(f"Invalid CRC - {self._tp}")
        return Damage.CHECKSUM


async def next_fetched(
    fetcher: Any,
    partitions: set[TP],
    timeout: float,
    max_records: int,
    checksums: Checksums | None = None,
    transactions: Callable[[TP], Transactions | None] = lambda _: None,
    passed: Passed | None = None,
) -> dict[TP, Fetched]:
    """What was fetched of these partitions, after waiting for it at most `timeout` seconds; moves their positions.

    `max_records` is about how many at most. `transactions(partition)`: where what is open is held back. Raises
    KafkaError where the broker refused.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout
    while True:
        if fetcher._subscriptions.reassignment_in_progress:
            await fetcher._subscriptions.wait_for_assignment()
        # From here to the answer nothing is waited for, so no result can come in that is not replaced.
        for result in fetcher._records.values():
            if type(result) is FetchResult and type(result._partition_records) is PartitionRecords:
                own = transactions(result._topic_partition)
                result._partition_records = RecordBatchView(result._partition_records, checksums, own, passed)
        found = await fetcher.fetched_records(partitions, timeout=0, max_records=max(1, max_records // PORTION))
        left = until - loop.time()
        if found or left <= 0:
            return {tp: _joined(portions) for tp, portions in found.items()}
        waiter = fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=left)
        if not done or fetcher._closed:
            waiter.cancel()
            return {}
        waiter.result()  # a refusal, if that is what came


def _joined(portions: list[Fetched]) -> Fetched:
    if len(portions) == 1:
        return portions[0]
    records = [record for portion in portions for record in portion.records]
    unreadable = [one for portion in portions for one in portion.unreadable]
    return Fetched(records, portions[-1].stamped_by, portions[0].since, unreadable, portions[-1].epoch)
