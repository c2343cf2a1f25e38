"""Writes to Kafka and says when a message stands there: what a gateway's acknowledgement waits for.

One idempotent producer, polled by the event loop: no thread of ours, and no more than `max_waiting` records on their
way, so that a slow broker slows the readers down and drops nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.config.settings import Settings
from streams.installation.answers import Troubles
from streams.simulator.publisher import REQUIRED

log = logging.getLogger(__name__)
_kafka_log = logging.getLogger(f"{__name__}.kafka")
_kafka_log.addHandler(logging.NullHandler())
_POLL_S: Final = 0.002


class NotStored(RuntimeError):
    """Kafka has not taken a record: the sender has to send it again."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record for a topic; without a value it takes its key out of a compacted one."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(slots=True, eq=False)
class _Waiting:
    """A message's records on their way."""

    left: int
    done: "asyncio.Future[None]"
    failed: str = ""


class Store:
    """The way to Kafka. `within_s`: after so long without an answer a message counts as not stored."""

    def __init__(self, settings: Settings, *, within_s: float, max_waiting: int, client_id: str) -> None:
        self._troubles = Troubles()
        self._room = asyncio.Semaphore(max_waiting)
        self._max_waiting = max_waiting
        self._polling: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self.waiting = 0
        self.last_error = ""
        self._producer = Producer(
            {
                "client.id": client_id,
                "linger.ms": 1,
                "reconnect.backoff.ms": 500,
                "delivery.timeout.ms": round(within_s * 1_000),
                "queue.buffering.max.messages": 2 * max_waiting + 100_000,
                **settings.librdkafka(),
                **REQUIRED,
                "error_cb": self._on_error,
            },
            logger=_kafka_log,
        )

    def start(self) -> None:
        """Begins to poll for answers."""
        self._polling = asyncio.create_task(self._poll(), name="kafka answers")

    async def stop(self) -> None:
        """Waits for what is on its way, for five seconds at most."""
        for _ in range(500):
            if not self.waiting:
                break
            await asyncio.sleep(0.01)
        if self._polling is not None:
            self._polling.cancel()

    @property
    def full(self) -> bool:
        """Whether nothing more is taken until Kafka answers."""
        return self._room.locked()

    async def put(self, records: Sequence[Record]) -> "asyncio.Future[None]":
        """Hands over a message's records; the future is done when Kafka has them all, or raises NotStored.

        Waits while too much is on its way: whoever calls stops reading.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not records:
            done.set_result(None)
            return done
        waiting = _Waiting(len(records), done)
        for record in records:
            await self._room.acquire()
            self.waiting += 1
            self._produce(record, waiting)
        self._wake.set()
        return done

    def _produce(self, record: Record, waiting: _Waiting) -> None:
        def answered(error: KafkaError | None, _: Message) -> None:
            self._answered(waiting, error.name() if error is not None else "")

        try:
            self._producer.produce(
                record.topic, record.value, record.key, headers=list(record.headers) or None, on_delivery=answered
            )
        except (BufferError, KafkaException) as refused:
            name = refused.args[0].name() if isinstance(refused, KafkaException) else "queue full"
            self._answered(waiting, name)

    def _answered(self, waiting: _Waiting, failed: str) -> None:
        self.waiting -= 1
        self._room.release()
        waiting.left -= 1
        waiting.failed = waiting.failed or failed
        if waiting.left == 0 and not waiting.done.done():
            if waiting.failed:
                self.last_error = waiting.failed
                waiting.done.set_exception(NotStored(waiting.failed))
            else:
                self.last_error = ""
                waiting.done.set_result(None)

    async def _poll(self) -> None:
        while True:
            if self.waiting:
                while self._producer.poll(0):
                    pass
                await asyncio.sleep(_POLL_S)
            else:
                self._wake.clear()
                try:
                    await asyncio.wait_for(self._wake.wait(), 1.0)
                except TimeoutError:
                    self._producer.poll(0)  # errors and log lines come beside the answers

    def _on_error(self, error: KafkaError) -> None:
        self._troubles.heard(error)
        if error.fatal():
            log.error("Kafka refuses this producer for good: %s", error.name())
            self.last_error = error.name()
