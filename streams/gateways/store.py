"""Writes to Kafka and says when a message stands there: what a gateway's acknowledgement waits for.

One idempotent producer, polled by the event loop: no thread of ours, and no more than `max_waiting` records on their
way, so that a slow broker slows the readers down and drops nothing.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
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
AT_ONCE: Final = 1_000  # records of one message that are handed over before room is asked for again


class NotStored(RuntimeError):
    """Kafka has not taken a record: the sender has to send it again."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record for a topic; without a value it takes its key out of a compacted one."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class _Waiting:
    """A message's records on their way; `done` hears "" once Kafka has them all, else why it has not."""

    __slots__ = ("_done", "_failed", "_left", "_store")

    def __init__(self, store: "Store", left: int, done: Callable[[str], None]) -> None:
        self._store, self._left, self._done, self._failed = store, left, done, ""

    def answered(self, error: KafkaError | None, _: Message | None) -> None:
        """One record's fate."""
        self.over(error.name() if error is not None else "")

    def over(self, failed: str) -> None:
        """One record less to wait for."""
        self._left -= 1
        self._failed = self._failed or failed
        self._store.less()
        if self._left == 0:
            self._store.last_error = self._failed
            self._done(self._failed)


class Store:
    """The way to Kafka. `within_s`: after so long without an answer a message counts as not stored."""

    def __init__(self, settings: Settings, *, within_s: float, max_waiting: int, client_id: str) -> None:
        self._troubles = Troubles()
        self._max_waiting = max_waiting
        self._for_room: deque[Callable[[], object]] = deque()
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
        return self.waiting >= self._max_waiting

    def when_room(self, call: Callable[[], object]) -> None:
        """Calls once, in the loop, when there is room again."""
        self._for_room.append(call)

    async def put(self, records: Sequence[Record]) -> "asyncio.Future[None]":
        """Hands over a message's records; the future is done when Kafka has them all, or raises NotStored.

        Waits while too much is on its way: whoever calls stops reading.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def told(failed: str) -> None:
            if done.done():
                return
            if failed:
                done.set_exception(NotStored(failed))
            else:
                done.set_result(None)

        waiting = _Waiting(self, len(records), told)
        for at in range(0, len(records), AT_ONCE):
            while self.full:
                room = asyncio.Event()
                self.when_room(room.set)
                await room.wait()
            self._produce(records[at : at + AT_ONCE], waiting)
        if not records:
            told("")
        return done

    def give(self, records: Sequence[Record], done: Callable[[str], None]) -> None:
        """Hands over a message's records at once, to be asked for only while not `full`; `done` hears "" or why not."""
        if records:
            self._produce(records, _Waiting(self, len(records), done))
        else:
            done("")

    def less(self) -> None:
        """One record less is on its way."""
        self.waiting -= 1
        if self._for_room and not self.full:
            for call in self._for_room:
                asyncio.get_running_loop().call_soon(call)
            self._for_room.clear()

    def _produce(self, records: Sequence[Record], waiting: _Waiting) -> None:
        self.waiting += len(records)
        produce, answered = self._producer.produce, waiting.answered
        for record in records:
            headers: list[tuple[str, str | bytes | None]] | None = [*record.headers] or None
            try:
                produce(record.topic, record.value, record.key, headers=headers, on_delivery=answered)
            except (BufferError, KafkaException) as refused:
                name = refused.args[0].name() if isinstance(refused, KafkaException) else "queue full"
                waiting.over(name)
        self._wake.set()

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
