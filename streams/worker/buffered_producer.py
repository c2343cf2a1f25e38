"""How alerts and everything else leave the worker: in order, acknowledged, and never quietly dropped.

Each topic and partition is a queue with one batch under way; what waits meanwhile makes the next batch. An idempotent
producer carries them all. It never gives up by itself (a broker may be away for minutes), so the age of the oldest
record is the alarm, and a bounded buffer (`producer_buffer_bytes`) holds back the log. A refused record poisons
aiokafka's idempotent producer for its partition (every later send: OutOfOrderSequenceNumber), so a refusal replaces the
producer.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidMessageError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from streams.config.settings import Settings
from streams.worker.faults import redact
from streams.worker.outgoing import OutgoingRecord

log = logging.getLogger(__name__)

BATCH_BYTES = 262_144
MAX_QUEUED_RECORDS = 50_000
TELL_AFTER_S = 1.0
RETRY_S = 0.5
STOP_S = 2.0
REQUEST_S = 20
QUEUED_WITHIN_S = REQUEST_S + 1.0
"""By then a producer has taken a batch, or said why not; one that was ended meanwhile never does."""
REFUSED_FOR_GOOD = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidMessageError)
"""The broker will never take this record, however often it is sent."""

OnOversize = Callable[[OutgoingRecord], "OutgoingRecord | None"]


class PartitionQueue:
    """The records to one partition of one topic, in their order; those of the batch under way stand first."""

    __slots__ = ("alone", "partition", "records", "task", "topic")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic, self.partition = topic, partition
        self.records: deque[OutgoingRecord] = deque()
        self.alone = 0  # so many are sent one by one: among them is one that the broker refuses
        self.task: asyncio.Task[None] | None = None


class BufferedProducer:
    """Takes records, and tells each one's ack when Kafka has it.

    `limit(topic)` is the largest record in bytes; `refused(record)` gives what to send in place of one that is too
    large, or None. `arrived(records)` hears of every acknowledged batch, `failed(fault)` of a fault of our own.
    """

    def __init__(
        self,
        settings: Settings,
        limit: Callable[[str], int],
        refused: OnOversize,
        failed: Callable[[Exception], None],
        arrived: Callable[[Sequence[OutgoingRecord]], None] = lambda records: None,
    ) -> None:
        self._settings, self._limit, self._refused, self._arrived = settings, limit, refused, arrived
        self._failed = failed
        self._queues: dict[tuple[str, int], PartitionQueue] = {}
        self._producer: AIOKafkaProducer | None = None
        self._replacing = asyncio.Lock()
        self._room = asyncio.Condition()
        self._stopping = False
        self.waiting = 0
        self.waiting_bytes = 0
        self.refusals = 0
        self.replaced = 0
        self.blocked_count = 0  # times that whoever reads the log had to wait for room
        self.blocked = 0  # so many wait now
        self.troubled = False

    async def start(self) -> None:
        """Connects. Raises KafkaError where there is no broker."""
        self._producer = await self._new_producer()

    async def put(self, records: Iterable[OutgoingRecord]) -> None:
        """Queues records in their order; waits first while the buffer is full: whoever reads the log waits here."""
        if self.blocked or self._full(1.0):  # nobody overtakes one who waits
            await self._wait_for_room()
        now = asyncio.get_running_loop().time()
        for record in records:
            record.entered = now
            self._enqueue(record)

    def oldest_s(self, partition: int | None = None) -> float:
        """How long the oldest record (of one partition) has been waiting for its acknowledgement, in seconds; 0 where
        none waits.
        """
        queues = (queue for queue in self._queues.values() if queue.records and partition in (None, queue.partition))
        oldest = min((queue.records[0].entered for queue in queues), default=None)
        return 0.0 if oldest is None else max(0.0, asyncio.get_running_loop().time() - oldest)

    async def flushed(self, within_s: float) -> bool:
        """Waits until nothing is on its way; False if that took too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._room:
                await self._room.wait_for(lambda: not self.waiting)
        return not self.waiting

    async def stop(self) -> None:
        """Ends at once; what is not acknowledged was not committed either, and comes again."""
        self._stopping = True
        tasks = [queue.task for queue in self._queues.values() if queue.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._producer is not None:
            await _end(self._producer)
            self._producer = None

    def _full(self, share: float) -> bool:
        most = self._settings.producer_buffer_bytes
        return self.waiting_bytes >= share * most or self.waiting >= share * MAX_QUEUED_RECORDS

    async def _wait_for_room(self) -> None:
        self.blocked_count += 1
        self.blocked += 1
        try:
            async with self._room:
                try:
                    async with asyncio.timeout(TELL_AFTER_S):
                        await self._room.wait_for(self._has_room)
                except TimeoutError:
                    log.warning(
                        "%d bytes in %d records wait for Kafka, and no more may: the log is held back",
                        self.waiting_bytes, self.waiting,
                    )  # fmt: skip
                    await self._room.wait_for(self._has_room)
                    log.warning("what waited for Kafka goes out again: the log goes on")
        finally:
            self.blocked -= 1

    def _has_room(self) -> bool:
        return not self._full(0.5)

    def _enqueue(self, record: OutgoingRecord) -> None:
        if record.size > self._limit(record.topic):
            self._replace_record(record)
            return
        queue = self._queues.get((record.topic, record.partition))
        if queue is None:
            queue = self._queues[record.topic, record.partition] = PartitionQueue(record.topic, record.partition)
        queue.records.append(record)
        self.waiting += 1
        self.waiting_bytes += record.size
        if queue.task is None and not self._stopping:
            queue.task = asyncio.get_running_loop().create_task(self._drive(queue))

    def _replace_record(self, record: OutgoingRecord) -> None:
        self.refusals += 1
        instead = self._refused(record)
        if instead is not None and instead.size <= self._limit(instead.topic):
            instead.ack, instead.entered = record.ack, record.entered
            self._enqueue(instead)
            return
        log.error("a record of %d bytes for %s is too large to be sent and was given up", record.size, record.topic)
        if record.ack is not None:
            record.ack.arrived()

    async def _drive(self, queue: PartitionQueue) -> None:
        try:
            while queue.records:
                await self._send_next(queue)
        except Exception as fault:
            self._failed(fault)
        finally:
            queue.task = None

    async def _send_next(self, queue: PartitionQueue) -> None:
        producer = self._producer or await self._replace(None)
        sent = 0
        try:
            batch = producer.create_batch()
            for record in queue.records:
                if sent and (queue.alone or batch.size() + record.size > BATCH_BYTES):
                    break
                batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers))
                sent += 1
            batch.close()
            async with asyncio.timeout(QUEUED_WITHIN_S):
                under_way = await producer.send_batch(batch, queue.topic, partition=queue.partition)
            await under_way
        except REFUSED_FOR_GOOD as refusal:
            self._take_out_refused(queue, sent, refusal)
            await self._replace(producer)
            await self._notify_room()
        except (KafkaTimeoutError, TimeoutError) as late:  # nothing was queued in the producer
            self._say(queue, late)
        except (KafkaError, ValueError) as failure:  # ValueError: the topic has no such partition
            self._say(queue, failure)
            await asyncio.sleep(RETRY_S)
            await self._replace(producer)
        else:
            self.troubled = False
            await self._acknowledge(queue, sent)

    async def _acknowledge(self, queue: PartitionQueue, sent: int) -> None:
        queue.alone = max(0, queue.alone - sent)
        records = [self._pop(queue) for _ in range(sent)]
        self._arrived(records)
        for record in records:
            if record.ack is not None:
                record.ack.arrived()
        await self._notify_room()

    async def _notify_room(self) -> None:
        async with self._room:
            self._room.notify_all()

    def _pop(self, queue: PartitionQueue) -> OutgoingRecord:
        record = queue.records.popleft()
        self.waiting -= 1
        self.waiting_bytes -= record.size
        return record

    def _take_out_refused(self, queue: PartitionQueue, sent: int, refusal: KafkaError) -> None:
        if sent > 1:
            queue.alone = sent
            return
        queue.alone = max(0, queue.alone - 1)
        log.error("%s refused a record for %s", type(refusal).__name__, queue.topic)
        self._replace_record(self._pop(queue))

    def _say(self, queue: PartitionQueue, trouble: Exception) -> None:
        if not self.troubled:
            log.error("sending to %s fails: %s; going on trying", queue.topic, redact(trouble))
        self.troubled = True

    async def _replace(self, broken: AIOKafkaProducer | None) -> AIOKafkaProducer:
        async with self._replacing:
            if self._producer is None or self._producer is broken:
                self._producer = None
                if broken is not None:
                    self.replaced += 1
                    await _end(broken)
                while self._producer is None:
                    try:
                        self._producer = await self._new_producer()
                    except KafkaError:
                        await asyncio.sleep(RETRY_S)
            return self._producer

    async def _new_producer(self) -> AIOKafkaProducer:
        options: dict[str, Any] = self._settings.aiokafka()
        producer = AIOKafkaProducer(
            **options,
            client_id="vigilward-worker",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=REQUEST_S * 1_000,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer


async def _end(producer: AIOKafkaProducer) -> None:
    """Stops a producer for good: nothing that it still holds may be sent after this."""
    try:
        async with asyncio.timeout(STOP_S):
            await producer.stop()
    except TimeoutError:  # it waits for a broker that is away: cut the line, then end its sender
        await producer.client.close()
        await producer._sender.close()
    # A sender that was ended tells nobody: whoever waits for what it held would wait for ever.
    producer._message_accumulator.fail_all(KafkaError("the producer was ended"))
