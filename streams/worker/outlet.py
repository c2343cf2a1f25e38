"""How alerts and everything else leave the worker: in order, acknowledged, and never quietly dropped.

Each topic and partition is a lane with one batch under way; what waits meanwhile makes the next batch. An idempotent
producer carries them all. It never gives up by itself (a broker may be away for minutes), so the age of the oldest
letter is the alarm, and a bounded buffer (`max_waiting_bytes`) holds back the log. A refused record poisons aiokafka's
idempotent producer for its partition (every later send: OutOfOrderSequenceNumber), so a refusal replaces the producer.
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

from streams.settings import Settings
from streams.worker.faults import said
from streams.worker.letters import Letter

log = logging.getLogger(__name__)

BATCH_BYTES = 262_144
MAX_WAITING_LETTERS = 50_000
TELL_AFTER_S = 1.0
RETRY_S = 0.5
STOP_S = 2.0
REFUSED_FOR_GOOD = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidMessageError)
"""The broker will never take this record, however often it is sent."""

Refused = Callable[[Letter], "Letter | None"]


class Lane:
    """The letters to one partition of one topic, in their order; those of the batch under way stand first."""

    __slots__ = ("alone", "letters", "partition", "task", "topic")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic, self.partition = topic, partition
        self.letters: deque[Letter] = deque()
        self.alone = 0  # so many are sent one by one: among them is one that the broker refuses
        self.task: asyncio.Task[None] | None = None


class Outlet:
    """Takes letters, and tells each one's receipt when Kafka has it.

    `limit(topic)` is the largest letter in bytes; `refused(letter)` gives what to send in place of one that is too
    large, or None. `arrived(letters)` hears of every acknowledged batch, `failed(fault)` of a fault of our own.
    """

    def __init__(
        self,
        settings: Settings,
        limit: Callable[[str], int],
        refused: Refused,
        failed: Callable[[Exception], None],
        arrived: Callable[[Sequence[Letter]], None] = lambda letters: None,
    ) -> None:
        self._settings, self._limit, self._refused, self._arrived = settings, limit, refused, arrived
        self._failed = failed
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._producer: AIOKafkaProducer | None = None
        self._replacing = asyncio.Lock()
        self._ebb = asyncio.Condition()
        self._stopping = False
        self.waiting = 0
        self.waiting_bytes = 0
        self.refusals = 0
        self.replaced = 0
        self.held_back = 0  # times that whoever reads the log had to wait for room
        self.holding_back = 0  # so many wait now
        self.troubled = False

    async def start(self) -> None:
        """Connects. Raises KafkaError where there is no broker."""
        self._producer = await self._new_producer()

    async def put(self, letters: Iterable[Letter]) -> None:
        """Queues letters in their order; waits first while the buffer is full: whoever reads the log waits here."""
        if self._full(1.0):
            await self._until_ebb()
        now = asyncio.get_running_loop().time()
        for letter in letters:
            letter.entered = now
            self._queue(letter)

    def oldest_s(self, partition: int | None = None) -> float:
        """How long the oldest letter (of one partition) has been waiting for its acknowledgement, in seconds; 0 where
        none waits.
        """
        lanes = (lane for lane in self._lanes.values() if lane.letters and partition in (None, lane.partition))
        oldest = min((lane.letters[0].entered for lane in lanes), default=None)
        return 0.0 if oldest is None else max(0.0, asyncio.get_running_loop().time() - oldest)

    async def flushed(self, within_s: float) -> bool:
        """Waits until nothing is on its way; False if that took too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._ebb:
                await self._ebb.wait_for(lambda: not self.waiting)
        return not self.waiting

    async def stop(self) -> None:
        """Ends at once; what is not acknowledged was not committed either, and comes again."""
        self._stopping = True
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._producer is not None:
            await _end(self._producer)
            self._producer = None

    def _full(self, share: float) -> bool:
        most = self._settings.max_waiting_bytes
        return self.waiting_bytes >= share * most or self.waiting >= share * MAX_WAITING_LETTERS

    async def _until_ebb(self) -> None:
        self.held_back += 1
        self.holding_back += 1
        try:
            async with self._ebb:
                try:
                    async with asyncio.timeout(TELL_AFTER_S):
                        await self._ebb.wait_for(self._has_room)
                except TimeoutError:
                    log.warning(
                        "%d bytes in %d records wait for Kafka, and no more may: the log is held back",
                        self.waiting_bytes, self.waiting,
                    )  # fmt: skip
                    await self._ebb.wait_for(self._has_room)
                    log.warning("what waited for Kafka goes out again: the log goes on")
        finally:
            self.holding_back -= 1

    def _has_room(self) -> bool:
        return not self._full(0.5)

    def _queue(self, letter: Letter) -> None:
        if letter.size > self._limit(letter.topic):
            self._replace_letter(letter)
            return
        lane = self._lanes.get((letter.topic, letter.partition))
        if lane is None:
            lane = self._lanes[letter.topic, letter.partition] = Lane(letter.topic, letter.partition)
        lane.letters.append(letter)
        self.waiting += 1
        self.waiting_bytes += letter.size
        if lane.task is None and not self._stopping:
            lane.task = asyncio.get_running_loop().create_task(self._drive(lane))

    def _replace_letter(self, letter: Letter) -> None:
        self.refusals += 1
        instead = self._refused(letter)
        if instead is not None and instead.size <= self._limit(instead.topic):
            instead.receipt, instead.entered = letter.receipt, letter.entered
            self._queue(instead)
            return
        log.error("a record of %d bytes for %s is too large to be sent and was given up", letter.size, letter.topic)
        if letter.receipt is not None:
            letter.receipt.arrived()

    async def _drive(self, lane: Lane) -> None:
        try:
            while lane.letters:
                await self._send_next(lane)
        except Exception as fault:
            self._failed(fault)
        finally:
            lane.task = None

    async def _send_next(self, lane: Lane) -> None:
        producer = self._producer or await self._replace(None)
        sent = 0
        try:
            batch = producer.create_batch()
            for letter in lane.letters:
                if sent and (lane.alone or batch.size() + letter.size > BATCH_BYTES):
                    break
                batch.append(timestamp=None, key=letter.key, value=letter.value, headers=list(letter.headers))
                sent += 1
            batch.close()
            await (await producer.send_batch(batch, lane.topic, partition=lane.partition))
        except REFUSED_FOR_GOOD as refusal:
            self._take_out_refused(lane, sent, refusal)
            await self._replace(producer)
            await self._tell_of_ebb()
        except KafkaTimeoutError as late:  # nothing was queued in the producer
            self._say(lane, late)
        except (KafkaError, ValueError) as failure:  # ValueError: the topic has no such partition
            self._say(lane, failure)
            await asyncio.sleep(RETRY_S)
            await self._replace(producer)
        else:
            self.troubled = False
            await self._acknowledge(lane, sent)

    async def _acknowledge(self, lane: Lane, sent: int) -> None:
        lane.alone = max(0, lane.alone - sent)
        letters = [self._pop(lane) for _ in range(sent)]
        self._arrived(letters)
        for letter in letters:
            if letter.receipt is not None:
                letter.receipt.arrived()
        await self._tell_of_ebb()

    async def _tell_of_ebb(self) -> None:
        async with self._ebb:
            self._ebb.notify_all()

    def _pop(self, lane: Lane) -> Letter:
        letter = lane.letters.popleft()
        self.waiting -= 1
        self.waiting_bytes -= letter.size
        return letter

    def _take_out_refused(self, lane: Lane, sent: int, refusal: KafkaError) -> None:
        if sent > 1:
            lane.alone = sent
            return
        lane.alone = max(0, lane.alone - 1)
        log.error("%s refused a record for %s", type(refusal).__name__, lane.topic)
        self._replace_letter(self._pop(lane))

    def _say(self, lane: Lane, trouble: Exception) -> None:
        if not self.troubled:
            log.error("sending to %s fails: %s; going on trying", lane.topic, said(trouble))
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
            request_timeout_ms=20_000,
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
