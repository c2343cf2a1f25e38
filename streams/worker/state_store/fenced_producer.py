"""The fenced_producer with which one owner writes a partition's states: taking it up makes every older owner's
fenced_producer fenced.

One transactional producer for each partition of the log that is ours. `start` is the fence: the broker ends what an
older producer of the same id had open, and refuses it from then on. A fenced producer that was refused once, or of
whose commit nobody knows what became, is fenced for good; it is never started again, for that would fence the rightful
owner.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, KafkaError, KafkaTimeoutError

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.worker.faults import WorkerFault
from streams.worker.state_store.fault_points import Point, passed

log = logging.getLogger(__name__)

BATCH_BYTES = 262_144
TRANSACTION_TIMEOUT_MS = 60_000
"""Longer than a session timeout and the longest snapshot: else the broker fences an owner who is only slow."""
REQUEST_TIMEOUT_MS = 15_000
QUEUED_WITHIN_S = 45.0
"""A coordinator that hangs is given up after a request's time-out, and so is what waits behind it: that waits on, for
as long as a transaction may last.
"""
START_WITHIN_S = 30.0
SHUTDOWN_TIMEOUT_S = 3.0
ABORT_WITHIN_S = 1.0


class Fenced(WorkerFault):
    """Another owner has the partition, or nobody can say: what is in memory may no longer be written."""


class Line(NamedTuple):
    """One record to be written; a value of None takes the key's record away."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None


def transactional_id(settings: Settings, partition: int) -> str:
    """Of the log and its partition alone: two groups on one log have one fence.

    >>> transactional_id(Settings(group="night"), 3)
    'vitals.readings-3'
    """
    return f"{settings.topic(Topic.READINGS)}-{partition}"


async def fence_former(settings: Settings, partition: int, group: str) -> None:
    """Fences an owner of behaviour 1, whose id began with its group. Raises KafkaError or TimeoutError."""
    fenced_producer = FencedProducer(settings, partition, f"{group}-{transactional_id(settings, partition)}")
    await fenced_producer.start()
    await fenced_producer.stop()


class FencedProducer:
    """Writes whole transactions, or nothing."""

    def __init__(self, settings: Settings, partition: int, name: str | None = None) -> None:
        """`name`: another transactional id than the partition's own."""
        self._name = name or transactional_id(settings, partition)
        self._producer = AIOKafkaProducer(
            **settings.aiokafka(),
            client_id="vigilward-ledger",
            transactional_id=self._name,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            max_batch_size=BATCH_BYTES,
        )
        self._writing = asyncio.Lock()
        self.fenced = False

    async def start(self) -> None:
        """The fence: from its return on, no older owner commits anything. Raises KafkaError or TimeoutError."""
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await self._producer.start()
        except BaseException:
            await self.stop()
            raise

    async def write(self, lines: Sequence[Line]) -> None:
        """Writes all of it in one transaction. Raises Fenced if that cannot be said for certain.

        Cancelled, it takes back what it can; where that is not certain either, the fenced_producer is fenced.
        """
        async with self._writing:
            if self.fenced:
                raise Fenced(f"{self._name} belongs to another worker")
            try:
                await self._write(lines)
            except asyncio.CancelledError:
                await self._take_back()
                raise
            except (KafkaError, IllegalOperation, AssertionError, OSError) as refusal:
                # After a fencing aiokafka raises AssertionErrors, which `python -O` would remove: hence `fenced`; and
                # between two batches of one write its IllegalOperation, which is no KafkaError.
                self.fenced = True
                raise Fenced(f"{self._name} was refused: {type(refusal).__name__}") from refusal

    async def stop(self) -> None:
        """Lays the fenced_producer down for good."""
        self.fenced = True
        with contextlib.suppress(TimeoutError, KafkaError, AssertionError, OSError):
            async with asyncio.timeout(SHUTDOWN_TIMEOUT_S):
                await self._producer.stop()
                return
        # It waits for a broker that is away: cut the line, then end its sender.
        with contextlib.suppress(TimeoutError, KafkaError, AssertionError, OSError, asyncio.CancelledError):
            async with asyncio.timeout(SHUTDOWN_TIMEOUT_S):
                await self._producer.client.close()
                await self._producer._sender.close()

    async def _write(self, lines: Sequence[Line]) -> None:
        await self._producer.begin_transaction()
        passed(Point.BEFORE_SEND)
        sent: list[asyncio.Future] = []
        try:
            for topic, partition, part in self._batches(lines):
                sent.append(await self._queued(part, topic, partition))
                passed(Point.BETWEEN_SENDS)
        finally:
            # Every future is looked at before the commit: aiokafka commits although a record in it was refused.
            outcomes = await asyncio.gather(*sent, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        passed(Point.BEFORE_COMMIT)
        await self._producer.commit_transaction()
        passed(Point.AFTER_COMMIT)

    async def _queued(self, batch, topic: str, partition: int) -> asyncio.Future:  # type: ignore[no-untyped-def]  # noqa: ANN001
        loop = asyncio.get_running_loop()
        until = loop.time() + QUEUED_WITHIN_S
        while True:
            try:
                return await self._producer.send_batch(batch, topic, partition=partition)
            except KafkaTimeoutError:  # nothing of it was queued
                if loop.time() >= until:
                    raise

    def _batches(self, lines: Iterable[Line]) -> Iterator[tuple]:
        place, batch = ("", -1), None
        for topic, partition, key, value in lines:
            if batch is not None and place == (topic, partition) and _fits(batch, key, value):
                continue
            if batch is not None:
                batch.close()
                yield *place, batch
            place, batch = (topic, partition), self._producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=[])  # the first is taken whatever its size
        if batch is not None:
            batch.close()
            yield *place, batch

    async def _take_back(self) -> None:
        self.fenced = True
        with contextlib.suppress(TimeoutError, KafkaError, AssertionError, OSError):
            async with asyncio.timeout(ABORT_WITHIN_S):
                await self._producer.abort_transaction()
                self.fenced = False


def _fits(batch, key: bytes, value: bytes | None) -> bool:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return batch.append(timestamp=None, key=key, value=value, headers=[]) is not None
