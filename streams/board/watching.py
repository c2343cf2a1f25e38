"""Is anybody watching? Whether the broker answers, and whether a worker takes what is in the log.

A worker shows that it lives by what it commits: with ticks in the log even a quiet partition moves every few seconds
(in arrival clock). Where the log goes on and the group's position does not, or the log itself stands still although a
worker would tick, nobody is watching that partition's patients.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.board.sending import _quiet

LOOK_S: Final = 0.5
ANSWER_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen last. `silent`: partitions of the log that no worker takes."""

    broker: bool = False
    silent: tuple[int, ...] = ()
    partitions: int = 0
    looked_at: float = 0.0


@dataclass(slots=True)
class Progress:
    """How one partition of the log moves. Times are seconds of a monotonic clock."""

    end: int = -1
    taken: int = -1
    moved_at: float = 0.0
    grew_at: float = 0.0
    first: bool = field(default=True)

    def see(self, end: int, taken: int, now: float) -> None:
        """Take a look's two numbers: the log's end, and how far the group has come."""
        if self.first or taken != self.taken or taken >= end:
            self.moved_at = now
        if self.first or end != self.end:
            self.grew_at = now
        self.first, self.end, self.taken = False, end, taken

    def is_silent(self, now: float, after_s: float, *, ticks: bool, tick_s: float) -> bool:
        """Whether nobody takes it: it lies there untaken, or no tick came although one was due.

        >>> one = Progress()
        >>> one.see(10, 4, 0.0), one.see(12, 4, 5.0)
        (None, None)
        >>> one.is_silent(5.0, 4.0, ticks=False, tick_s=2.0)
        True
        """
        if self.taken < self.end and now - self.moved_at > after_s:
            return True
        # A worker looks four times within a span: a tick comes at the latest a quarter late.
        return ticks and now - self.grew_at > max(after_s, 1.25 * tick_s + 1.0)


class Watcher:
    """Looks twice a second, in a thread of its own, and tells what it sees."""

    def __init__(
        self,
        client: Mapping[str, Any],
        *,
        group: str,
        log_topic: str,
        silent_after_s: float,
        ticks: bool,
        tick_s: float,
        tell: Callable[[Watch], None],
    ) -> None:
        self._client, self._group, self._log = dict(client), group, log_topic
        self._after_s, self._ticks, self._tick_s, self._tell = silent_after_s, ticks, tick_s, tell
        self._seen: dict[int, Progress] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board-watcher", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        # The worker's group is only asked about, never joined: a member without a subscription takes nothing.
        consumer = Consumer(
            {
                "group.id": self._group,
                "enable.auto.commit": False,
                "reconnect.backoff.ms": 100,
                "reconnect.backoff.max.ms": 500,
                "socket.timeout.ms": 3_000,
                "log_level": 0,
                **self._client,
            },
            logger=_quiet,
        )
        partitions: list[int] = []
        silent: tuple[int, ...] = ()
        try:
            while not self._stop.is_set():
                try:
                    if not partitions:
                        found = consumer.list_topics(self._log, timeout=ANSWER_S).topics.get(self._log)
                        partitions = sorted(found.partitions) if found is not None else []
                    silent = self._look(consumer, partitions)
                    self._tell(Watch(True, silent, len(partitions), time.time()))
                except KafkaException:
                    # While the broker is away nothing is known of the workers; their time counts anew afterwards.
                    self._seen.clear()
                    self._tell(Watch(False, silent, len(partitions), time.time()))
                self._stop.wait(LOOK_S)
        finally:
            consumer.close()

    def _look(self, consumer: Consumer, partitions: list[int]) -> tuple[int, ...]:
        places = [TopicPartition(self._log, number) for number in partitions]
        taken = {place.partition: max(0, place.offset) for place in consumer.committed(places, timeout=ANSWER_S)}
        now = time.monotonic()
        silent = []
        for place in places:
            _, end = consumer.get_watermark_offsets(place, timeout=ANSWER_S)
            progress = self._seen.setdefault(place.partition, Progress())
            progress.see(end, taken[place.partition], now)
            if progress.is_silent(now, self._after_s, ticks=self._ticks, tick_s=self._tick_s):
                silent.append(place.partition)
        return tuple(silent)
