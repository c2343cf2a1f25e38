"""Heartbeats: what each partition of ours is at, told once a second beside everything else that leaves the worker.

They go by a producer of their own, acknowledged by one broker and never queued behind anything: a worker that cannot
send its alerts can still say so. Who hears nothing knows that nobody watches.
"""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.heartbeat import Heartbeat, encode_heartbeat
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.liveness import EVERY_S
from streams.worker.assignment import PartitionAssignment
from streams.worker.faults import redact

log = logging.getLogger(__name__)

WITHIN_S: Final = 3.0
"""A heartbeat that was not acknowledged by then is given up: the next says more."""


class Heartbeats:
    """Sends them. `generation`: that in which the partitions were taken; `lag_s`, `log_end` and `unsent_s` are asked by
    partition; `reasons`: why this worker is not ready.
    """

    def __init__(
        self,
        settings: Settings,
        assignment: PartitionAssignment,
        *,
        generation: Callable[[], int],
        lag_s: Callable[[int], float],
        log_end: Callable[[int], int | None],
        unsent_s: Callable[[int], float],
        reasons: Callable[[], Iterable[str]],
    ) -> None:
        self._settings, self._assignment = settings, assignment
        self._generation, self._lag_s, self._log_end = generation, lag_s, log_end
        self._unsent_s, self._reasons = unsent_s, reasons
        self._topic = settings.topic(Topic.HEARTBEATS)
        self.owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._away_since: float | None = None
        self.sent = 0

    async def run(self) -> None:
        """Once a second, for ever."""
        loop = asyncio.get_running_loop()
        producer = await self._connect()
        due = loop.time()
        try:
            while True:
                self.send(producer, self.beats(time.time()))
                due = max(due + EVERY_S, loop.time())
                await asyncio.sleep(due - loop.time())
        finally:
            for task in self._under_way.values():
                task.cancel()
            await _end(producer)

    def beats(self, wall: float) -> Mapping[int, Heartbeat]:
        """One for each partition of ours; `wall` in seconds since 1970."""
        reasons = tuple(str(reason) for reason in self._reasons())
        return {
            number: Heartbeat(
                partition=number,
                owner=self.owner,
                generation=self._generation(),
                next_offset=owned.expected,
                log_end=self._log_end(number),
                lag_s=round(self._lag_s(number), 3),
                stream_time=owned.log.time,
                wall_time=int(wall * 1_000),
                unsent_s=round(self._unsent_s(number), 3),
                reasons=reasons,
                mode=self._settings.mode.value,
                rules=owned.log.rules.sha256,
            )
            for number, owned in self._assignment.owned_partitions.items()
        }

    def send(self, producer: AIOKafkaProducer, beats: Mapping[int, Heartbeat]) -> None:
        """Sends those whose predecessor is through; none is queued behind one that is stuck."""
        for number, beat in beats.items():
            before = self._under_way.get(number)
            if before is None or before.done():
                self._under_way[number] = asyncio.create_task(self._send(producer, beat))

    async def _send(self, producer: AIOKafkaProducer, beat: Heartbeat) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                await producer.send_and_wait(
                    self._topic, encode_heartbeat(beat), key=str(beat.partition).encode(), partition=beat.partition
                )
        except (KafkaError, OSError, TimeoutError, AssertionError) as failure:  # the last: there is no such partition
            self._say(failure)
        else:
            self.sent += 1
            self._back()

    async def _connect(self) -> AIOKafkaProducer:
        while True:
            producer = AIOKafkaProducer(
                **self._settings.aiokafka(),
                client_id="vigilward-heartbeats",
                acks=1,
                request_timeout_ms=int(WITHIN_S * 1_000),
                retry_backoff_ms=100,
            )
            try:
                await producer.start()
            except KafkaError as failure:
                self._say(failure)
                await _end(producer)
                await asyncio.sleep(EVERY_S)
            except BaseException:
                await _end(producer)
                raise
            else:
                return producer

    def _say(self, failure: Exception) -> None:
        if self._away_since is None:
            self._away_since = asyncio.get_running_loop().time()
            log.error("Kafka is away: heartbeats cannot be sent: %s; going on trying", redact(failure))

    def _back(self) -> None:
        if self._away_since is not None:
            log.warning("Kafka is back after %.0f s", asyncio.get_running_loop().time() - self._away_since)
            self._away_since = None


async def _end(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(1.0):
            await producer.stop()
    except (KafkaError, TimeoutError):
        await producer.client.close()
