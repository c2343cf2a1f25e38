"""What a ward system would hear: alerts and the newest status of each patient, from their topics."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, TopicPartition

from schemas.nesting import refuse_too_deep

POLL_S: Final = 0.1


class Listener:
    """Reads whole topics in a thread of its own, from their beginning; hands each decoded value on."""

    def __init__(self, client: Mapping[str, Any], topics: Mapping[str, str], partitions: int) -> None:
        self._names = {real: logical for logical, real in topics.items()}
        options = {**client, "group.id": "demo-listener", "enable.auto.commit": False, "enable.partition.eof": False}
        self._consumer = Consumer(options)
        places = [TopicPartition(real, number, 0) for real in topics.values() for number in range(partitions)]
        self._consumer.assign(places)
        self._hear: Callable[[str, dict[str, Any]], None] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)
        self.heard: dict[str, int] = dict.fromkeys(topics, 0)
        self.unreadable = 0

    def start(self, hear: Callable[[str, dict[str, Any]], None]) -> None:
        """Begins to hand on what comes, from the listener's thread."""
        self._hear = hear
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and closes the connection."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._consumer.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            for message in self._consumer.consume(500, POLL_S):
                value = message.value()
                if message.error() is not None or value is None:
                    continue
                logical = self._names[message.topic() or ""]
                self.heard[logical] += 1
                assert self._hear is not None
                try:
                    refuse_too_deep(value)
                    said = msgspec.json.decode(value)
                except (ValueError, RecursionError):  # it costs itself alone
                    self.unreadable += 1
                    continue
                self._hear(logical, said)
