"""What people say on the board goes to Kafka, and the answer waits until the broker has it."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.simulator.publisher import REQUIRED

log = logging.getLogger(__name__)
_quiet = logging.getLogger("streams.board.librdkafka")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False

POLL_S: Final = 0.2


class NotSent(Exception):
    """The broker does not have it, or did not say so in time. The same may be sent again: a repeat is harmless."""


class Place(tuple[str, int, int]):
    """Where a record stands: topic, partition, offset."""

    __slots__ = ()


class Sender:
    """An idempotent producer, keyed by patient and placed by murmur2 as every other Kafka client does.

    A record that the broker has not taken within `within_s` is given up, and NotSent is raised: nothing stays on its
    way behind somebody's back.
    """

    def __init__(self, client: Mapping[str, Any], *, within_s: float) -> None:
        self._client, self._within_s = dict(client), within_s
        self._producer: Producer | None = None
        self._polling: asyncio.Task[None] | None = None
        self._waiting = 0

    async def start(self) -> None:
        """Connects in the background."""
        self._producer = self._new()
        self._polling = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        """Waits briefly for what is on its way."""
        if self._polling is not None:
            self._polling.cancel()
        if self._producer is not None:
            await asyncio.to_thread(self._producer.flush, 2.0)

    async def send(self, topic: str, key: str, value: bytes | None) -> Place:
        """One record; without a value it takes its key out of a compacted topic. Raises NotSent."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Place] = loop.create_future()

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            loop.call_soon_threadsafe(self._settle, told, error, message)

        producer = self._producer
        if producer is None:
            raise NotSent("the board is not connected")
        try:
            producer.produce(topic, value, key.encode(), on_delivery=on_delivery)
        except (BufferError, KafkaException) as refused:
            raise NotSent(str(refused)) from None
        self._waiting += 1
        try:
            return await asyncio.wait_for(told, self._within_s + 2.0)
        except TimeoutError:
            raise NotSent("the broker did not answer") from None
        finally:
            self._waiting -= 1

    def _settle(self, told: asyncio.Future[Place], error: KafkaError | None, message: Message) -> None:
        if error is not None and error.fatal():
            self._producer = self._new()
        if told.done():
            return
        if error is None:
            told.set_result(Place((message.topic() or "", message.partition() or 0, message.offset() or 0)))
        else:
            told.set_exception(NotSent(error.str()))

    def _new(self) -> Producer:
        return Producer(
            {
                "linger.ms": 0,
                "reconnect.backoff.ms": 100,
                "reconnect.backoff.max.ms": 1_000,
                "client.id": "vigilward-board",
                "log_level": 0,
                **self._client,
                **REQUIRED,
                "message.timeout.ms": round(self._within_s * 1000),
            },
            logger=_quiet,
        )

    async def _poll(self) -> None:
        # librdkafka hands out receipts only to who asks for them; a thread waits, the loop goes on.
        while True:
            producer = self._producer
            if producer is not None and self._waiting:
                await asyncio.to_thread(producer.poll, 0.02)
            else:
                if producer is not None:
                    producer.poll(0)
                await asyncio.sleep(0.01)
