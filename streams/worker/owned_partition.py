"""One partition of the log that is ours: its Vigils, how far it was taken, and what it caused."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from streams.config.topics import Topic
from streams.log import Output, Partition, Record
from streams.log.damage import pass_over
from streams.log.newcomers import Newcomers
from streams.log.placing import partition_of
from streams.log.stream_time import SILENCE_MS, Stretch
from streams.worker.batches import RecordBatch
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.damage import Unreadable
from streams.worker.leader_epochs import UNKNOWN
from streams.worker.metrics import Metrics
from streams.worker.outgoing import AckTracker, OutgoingRecord, under
from streams.worker.shadow import Shadow
from streams.worker.shedding import Shedding

log = logging.getLogger(__name__)

NEWCOMERS_AT_ONCE = 8
FULL_CHECK_S = 0.05
MOMENTS_AT_ONCE = 2_000
"""Due moments between two looks at everything else (about 20 ms): after minutes of silence all patients fall due."""

Said = TypeVar("Said")


class OwnedPartition:
    """A partition of ours, from its assignment until another worker has it."""

    def __init__(
        self,
        log: Partition,
        start: int,
        producer: BufferedProducer,
        topic_of: Callable[[str], str],
        metrics: Metrics,
        settled: Callable[[int, int], None],
        end: int = 0,
    ) -> None:
        """`start`: the offset at which taking begins; `end`: where the log ended then. `settled(partition,
        next_offset)` hears what is acknowledged.
        """
        self.end_at_start, self.stamp_ms = end, 0  # the broker's stamp on what was taken last
        self.partition, self.log = log.partition, log
        self._start, self._producer, self._topic_of, self._metrics = start, producer, topic_of, metrics
        self._given_up = False
        self.epoch = UNKNOWN  # of the leader who wrote what was taken last, as a leader confirmed it
        self.unheard_of = UNKNOWN  # an epoch that a batch named, and no leader knows
        self.still = asyncio.Lock()  # held while the Vigils take something, or while their states are written down
        # The same through a rebalance that gives the partition back: what is under way still holds back the commit.
        self.acks = AckTracker(lambda next_offset: settled(log.partition, next_offset))
        self.shadow: Shadow | None = None  # hears, after it was said, what was taken and said
        self.shedding: Shedding | None = None  # leaves unsent what may be, where the partition is behind
        self.lag_s: Callable[[], float] = lambda: 0.0
        self.newcomers: Newcomers | None = None  # who waits beside the log

    @property
    def patients(self) -> int:
        """How many are watched."""
        return len(self.log.watches) + (0 if self.newcomers is None else len(self.newcomers.watches))

    @property
    def expected(self) -> int:
        """The offset that comes next."""
        return max(self._start, self.log.expected)

    @property
    def taken(self) -> int:
        """The offset that a checkpoint goes on from: before what waits until its time is known."""
        return max(self._start, self.log.checkpoint_offset)

    async def take(self, batch: RecordBatch) -> None:
        """Hands the records to the Vigils and sends what they say; returns when all of it is queued."""
        records = batch.records
        for damaged in batch.unreadable:
            before = [record for record in records if record[0] < damaged.first]
            records = records[len(before) :]
            await self._take_records(before)
            await self._pass_over(damaged)
        await self._take_records(records)

    async def _take_records(self, records: Sequence[Record]) -> None:
        expected = self.expected
        if records and records[0][0] < expected:
            records = [record for record in records if record[0] >= expected]
        if not records:
            return
        self._metrics.age_of(records[0][1])
        self.stamp_ms = records[0][1]
        before = self.log.tally.steps_absorbed
        stretches = self.log.place(records)
        if self.log.tally.steps_absorbed > before:
            log.warning(
                "partition %d: the broker's clock stepped ahead, its owner's did not: stream time leaves the step out",
                self.partition,
            )
        for number, stretch in enumerate(stretches):
            if number:
                await asyncio.sleep(0)
            while self.newcomers is not None and self.newcomers.full and not self._given_up:
                await asyncio.sleep(FULL_CHECK_S)
            await self._let_time_pass(stretch.records[0][1])
            if not await self._take_stretch(stretch):
                return

    async def _let_time_pass(self, until_ms: int) -> None:
        """Arrival clock: fires what is due by then, in portions. In event clock each reading moves the time itself."""
        if self.log.event_clock or until_ms - self.log.time < SILENCE_MS:
            return
        done = False
        while not done:
            async with self.still:
                if self._given_up:  # while it waited for the states to be written down
                    return
                outputs, done = self._timed(lambda: self.log.advance(until_ms, MOMENTS_AT_ONCE))
                outgoing = self._outgoing(outputs)
            await self._producer.put(outgoing)
            if self.shadow is not None:
                self.shadow.take(self.partition, (), outputs)
            await asyncio.sleep(0)

    async def look(self) -> None:
        """Sends what was left for later, where its time has come and no record came to bring it along."""
        if self.shedding is not None and self.shedding.waiting:
            self.shedding.look(self.lag_s())
            if self.shedding.due(asyncio.get_running_loop().time()):
                await self.drain()

    async def take_newcomers(self, most_s: float) -> float:
        """Takes some of what waits, for about so long; gives how long it took, in seconds."""
        newcomers, outputs = self.newcomers, list[Output]()
        async with self.still:
            began = time.perf_counter()
            if newcomers is None or self._given_up:
                return 0.0
            waited_s = newcomers.behind_ms / 1_000
            while newcomers.works and time.perf_counter() - began < most_s:
                outputs += newcomers.go_on(NEWCOMERS_AT_ONCE)
            outgoing = self._outgoing(outputs, waited_s)
            took = time.perf_counter() - began
        await self._producer.put(outgoing)
        if self.shadow is not None:
            self.shadow.take(self.partition, (), outputs)
        return took

    async def drain(self) -> None:
        """Sends what was left for later. Cancelled while it waits for room, it leaves all of it for another time."""
        if self.shedding is None:
            return
        async with self.still:  # whoever takes meanwhile says newer statuses, which must not come first
            if not self._given_up:
                waiting = self.shedding.waiting
                await self._producer.put(waiting)
                self.shedding.sent()

    def give_up(self) -> None:
        """Another worker has it: nothing of ours is committed any more."""
        self._given_up = True
        self.acks.close()

    def _timed(self, think: Callable[[], Said]) -> Said:
        began = time.perf_counter()
        said = think()
        self._metrics.processed(time.perf_counter() - began)
        return said

    async def _take_stretch(self, stretch: Stretch) -> bool:
        async with self.still:
            if self._given_up:
                return False
            outputs = self._timed(partial(self.log.take, stretch))
            outgoing = self._outgoing(outputs)
        await self._producer.put(outgoing)
        if self.shadow is not None:
            self.shadow.take(self.partition, stretch.records, outputs, stretch.back_ms)
        return True

    async def _pass_over(self, damaged: Unreadable) -> None:
        """A record batch that cannot be read: its offsets are told among the rejections."""
        async with self.still:
            if self._given_up or damaged.next_offset <= self.expected:
                return
            outputs = pass_over(self.log, max(damaged.first, self.expected), damaged.next_offset)
            outgoing = self._outgoing(outputs)
        await self._producer.put(outgoing)

    def _partition_for(self, output: Output) -> int:
        """Where it belongs: here, but for what a merged patient's watch hands on to another's."""
        if output.topic == Topic.READINGS.value and output.key is not None:
            return partition_of(output.key.decode(), self.log.partitions)
        return self.partition

    def _outgoing(self, outputs: Sequence[Output], waited_s: float = 0.0) -> Sequence[OutgoingRecord]:
        outgoing = [
            OutgoingRecord(
                self._topic_of(output.topic),
                self._partition_for(output),
                output.key,
                output.value,
                output.headers,
                output.due,
            )
            for output in outputs
        ]
        now = asyncio.get_running_loop().time()
        if self.shedding is not None:
            self.shedding.look(self.lag_s())
            outgoing = self.shedding.sift(outgoing, now, waited_s)
        # Opened before anything is awaited: what was caused stands between the log and the commit from here on.
        ack = self.acks.open(self.taken, len(outgoing))
        self._metrics.said(outgoing)
        sent = under(ack, outgoing)
        return sent if self.shedding is None else self.shedding.release(sent, now)
