"""Sends readings to Kafka, each patient's in order and on the patient's own partition, and counts what arrived."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.installation.answers import Troubles, sentence, why_no_answer

REQUIRED: Final[Mapping[str, Any]] = {
    # Without it readings overtook each other on a topic that had just been created (1,881 of 100,000).
    "enable.idempotence": True,
    # librdkafka's own default puts three quarters of the patients where no other client would.
    "partitioner": "murmur2_random",
}
"""What every publisher of readings must set; nothing that is passed in replaces it."""

# librdkafka tells of every attempt to connect: for those who configured logging, not for a terminal.
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
_LINGER_MS: Final = 20
_RECONNECT_MS: Final = 500
_ROOM_WAIT_S: Final = 0.1


class CannotPublish(RuntimeError):
    """The broker cannot be reached, or refuses for good; the message says what to do."""

    exit_code = 3


@dataclass(slots=True)
class Counts:
    """What became of the records: `delivered` and `failed` add up to `sent` once all is flushed."""

    sent: int = 0
    delivered: int = 0
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


class Publisher:
    """An idempotent producer with murmur2 placement, like every other Kafka client's.

    `client`: connection settings as librdkafka names them (`Settings.librdkafka()`). Leaving the `with` block waits for
    what is on its way.
    """

    def __init__(self, client: Mapping[str, Any], *, linger_ms: int = _LINGER_MS, **more: Any) -> None:
        options = {name.replace("_", "."): value for name, value in more.items()}
        self.counts = Counts()
        self._fatal: KafkaError | None = None
        self._client, self._troubles = client, Troubles()
        self._producer = Producer(
            {
                "linger.ms": linger_ms,
                "reconnect.backoff.ms": _RECONNECT_MS,
                "client.id": "vigilward-ward",
                **client,
                **options,
                **REQUIRED,
                "error_cb": self._on_error,
            },
            logger=_log,
        )

    def require_topics(self, *topics: str, timeout_s: float = 6.0) -> None:
        """Refuse to begin where the broker or a topic is missing. (All are listed: asking for one might create it.)"""
        try:
            found = self._producer.list_topics(timeout=timeout_s).topics
        except KafkaException as problem:
            self._producer.poll(0)  # the reason comes beside the answer
            raise CannotPublish(sentence(why_no_answer(self._troubles), self._client)) from problem
        if missing := [topic for topic in topics if topic not in found]:
            raise CannotPublish(
                f"there is no topic {', '.join(missing)}: `vigilward doctor --fix` creates what is missing"
            )

    def send(self, topic: str, key: str, value: bytes) -> None:
        """Hand over one record, keyed by patient; waits while the queue is full. Raises CannotPublish for good."""
        if self._fatal is not None:
            raise CannotPublish(f"the broker refuses this producer for good: {self._fatal.str()}")
        self.counts.sent += 1
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=self._on_delivery)
                break
            except BufferError:
                self._producer.poll(_ROOM_WAIT_S)
            except KafkaException as refused:  # too large, for instance: this record is lost, the next one is not
                self._count_failure(refused.args[0])
                break
        self._producer.poll(0)

    def send_all(self, topic: str, readings: Iterable[tuple[int, str, bytes]]) -> int:
        """Hand over readings `(taken_at, patient, bytes)` in their order; returns how many."""
        count = 0
        for _, patient, value in readings:
            self.send(topic, patient, value)
            count += 1
        return count

    def flush(self, timeout_s: float = 30.0) -> int:
        """Wait for what is on its way; returns how many records still are."""
        return int(self._producer.flush(timeout_s))

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    def _on_delivery(self, error: KafkaError | None, _: Message) -> None:
        if error is None:
            self.counts.delivered += 1
        else:
            self._count_failure(error)

    def _count_failure(self, error: KafkaError) -> None:
        self.counts.failed += 1
        self.counts.reasons[error.name()] += 1

    def _on_error(self, error: KafkaError) -> None:
        self._troubles.heard(error)
        if error.fatal():
            self._fatal = error
