"""What the board hears: whole topics from their beginning, every partition, read in a thread of its own."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from streams.board.sending import _quiet
from streams.config.topics import Topic
from streams.installation.answers import Troubles, sentence, why_no_answer

log = logging.getLogger(__name__)

POLL_S: Final = 0.05
BATCH: Final = 1_000
RETRY_S: Final = 0.5
MOST_WAITING: Final = 4  # batches


class Heard(NamedTuple):
    """One record: its logical topic, where it stands, and what it holds. `at` is the broker's time in milliseconds."""

    topic: Topic
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    at: int


def in_turn(loop: asyncio.AbstractEventLoop, take: Callable[[list[Heard]], None]) -> Callable[[list[Heard]], None]:
    """Hands batches from the listener's thread to the loop's, and waits while `MOST_WAITING` of them lie there.

    Whole topics are read faster than they are understood: without an end to it they would all lie in projection.
    """
    room = threading.Semaphore(MOST_WAITING)

    def taken(batch: list[Heard]) -> None:
        room.release()
        take(batch)

    def hand_on(batch: list[Heard]) -> None:
        while not room.acquire(timeout=RETRY_S):
            if loop.is_closed():
                return
        with contextlib.suppress(RuntimeError):  # the loop has just ended
            loop.call_soon_threadsafe(taken, batch)

    return hand_on


class BoardConsumer:
    """Reads the topics and hands batches on, from its own thread. `caught_up` once all that stood there was read.

    `topics` are real names by logical one; those of `without` it can do without, and `lacks` says which are not there.
    No group, no commits: whoever restarts reads everything again.
    """

    def __init__(
        self,
        client: Mapping[str, Any],
        topics: Mapping[Topic, str],
        hear: Callable[[list[Heard]], None],
        without: Container[Topic] = (),
    ) -> None:
        self._client, self._topics, self._hear, self._without = dict(client), dict(topics), hear, without
        self.lacks: set[Topic] = set()
        self._logical = {real: topic for topic, real in topics.items()}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board-listener", daemon=True)
        self._unread: set[tuple[str, int]] = set()
        self._troubles = Troubles()
        self._told = ""
        self._failed: set[str] = set()
        self.caught_up = threading.Event()

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    @property
    def goes_on(self) -> bool:
        """False once the thread has ended: nothing more is heard."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._listen()
        except Exception as fault:
            log.error("nothing more is heard from Kafka (%s): start the board again", type(fault).__name__)

    def _listen(self) -> None:
        consumer = Consumer(
            {
                "group.id": "vigilward-board-without-a-group",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "fetch.error.backoff.ms": 200,
                "reconnect.backoff.ms": 100,
                "reconnect.backoff.max.ms": 1_000,
                "topic.metadata.refresh.interval.ms": 30_000,
                "queued.max.messages.kbytes": 65_536,
                "log_level": 0,
                "error_cb": self._troubles.heard,
                **self._client,
            },
            logger=_quiet,
        )
        try:
            self._assign(consumer)
            while not self._stop.is_set():
                self._take(consumer.consume(BATCH, POLL_S))
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer) -> None:
        while not self._stop.is_set():
            try:
                found = consumer.list_topics(timeout=3).topics
            except KafkaException:
                consumer.poll(0)  # the reason comes beside the answer
                self._tell_why()
                self._stop.wait(RETRY_S)
                continue
            missing = [real for real in self._logical if real not in found or not found[real].partitions]
            for real in [real for real in missing if self._logical[real] in self._without]:
                log.warning("going on without the topic %s: `vigilward doctor --fix` makes it", real)
                missing.remove(real)
                self.lacks.add(self._logical.pop(real))
            if not missing:
                break
            log.warning("waiting for topics: %s", ", ".join(missing))
            self._stop.wait(RETRY_S)
        else:
            return
        places = [(real, number) for real in self._logical for number in found[real].partitions]
        self._unread = set(places)
        consumer.assign([TopicPartition(real, number, OFFSET_BEGINNING) for real, number in places])

    def _tell_why(self) -> None:
        says = sentence(why_no_answer(self._troubles), self._client)
        if says != self._told:
            log.error("%s; going on trying", says)
        self._told = says

    def _tell_of(self, topic: str | None, error: KafkaError) -> None:
        """A topic that may not be read, or was deleted, says so with every fetch: told once."""
        says = f"{topic or 'Kafka'} cannot be read: {error.str()}"
        if says not in self._failed:
            log.error("%s; going on trying", says)
            self._failed.add(says)

    def _take(self, messages: list[Any]) -> None:
        batch: list[Heard] = []
        ended: list[tuple[str, int]] = []
        for message in messages:
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    ended.append((message.topic(), message.partition()))
                else:
                    self._tell_of(message.topic(), error)
                continue
            topic = self._logical[message.topic()]
            batch.append(
                Heard(
                    topic,
                    message.partition(),
                    message.offset(),
                    message.key(),
                    message.value(),
                    message.headers() or (),
                    message.timestamp()[1],
                )
            )
        if batch:
            self._hear(batch)
        if ended and self._unread:
            self._unread.difference_update(ended)
            if not self._unread:
                self.caught_up.set()
                self._hear([])
