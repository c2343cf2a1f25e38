"""Reads the log itself from Kafka, record by record as the workers got it: append times, headers, everything."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.broker import TIMEOUT_S, BrokerUnreachable
from streams.log import Record

AT_ONCE: Final = 2_000
POLL_S: Final = 0.2


class Span(NamedTuple):
    """From where to where a partition is there now, in offsets; `end` is exclusive."""

    start: int
    end: int


class Source:
    """The topics of an installation, read without being part of any group; use it in a `with` block."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._consumers: dict[bool, Consumer] = {}

    def spans(self, topic: Topic = Topic.READINGS) -> dict[int, Span]:
        """What is there of each partition. Raises BrokerUnreachable where the broker or the topic is not."""
        name = self.settings.topic(topic)
        consumer = self._consumer(committed=False)
        try:
            found = consumer.list_topics(name, timeout=TIMEOUT_S).topics[name]
            if found.error is not None:
                raise BrokerUnreachable(f"there is no topic {name}: `vigilward doctor --fix` makes it")
            return {
                number: Span(*consumer.get_watermark_offsets(TopicPartition(name, number), timeout=TIMEOUT_S))
                for number in sorted(found.partitions)
            }
        except KafkaException as silent:
            raise BrokerUnreachable(
                f"no Kafka answers at {self.settings.bootstrap_servers} ({silent.args[0].str()}); set "
                "VIGILWARD_BOOTSTRAP_SERVERS, or see `vigilward doctor`"
            ) from None

    def offset_at(self, topic: Topic, partition: int, at_ms: int, span: Span) -> int:
        """The first offset appended at or after a moment."""
        asked = TopicPartition(self.settings.topic(topic), partition, max(0, at_ms))
        (found,) = self._consumer(committed=False).offsets_for_times([asked], timeout=TIMEOUT_S)
        return span.end if found.offset < 0 else min(max(found.offset, span.start), span.end)

    def records(
        self, topic: Topic, partition: int, start: int, end: int, *, committed: bool = False
    ) -> Iterator[list[Record]]:
        """The records from `start` up to before `end`, in portions. `committed`: those of ended transactions only.

        The log is read uncommitted, as the workers read it. Where the last offsets are transactions' markers, which
        nobody gets, the position tells that the end is reached.
        """
        if start >= end:
            return
        consumer = self._consumer(committed)
        place = TopicPartition(self.settings.topic(topic), partition, start)
        consumer.assign([place])
        try:
            while True:
                messages: list[Any] = consumer.consume(AT_ONCE, timeout=POLL_S)
                portion: list[Record] = []
                for message in messages:
                    if message.error() is not None:
                        raise BrokerUnreachable(f"{place.topic}/{partition}: {message.error().str()}")
                    if message.offset() < end:
                        stamp = message.timestamp()[1]
                        headers = message.headers() or ()
                        portion.append((message.offset(), stamp, message.key(), message.value(), tuple(headers)))
                if portion:
                    yield portion
                if consumer.position([place])[0].offset >= end:
                    return
        finally:
            consumer.unassign()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for consumer in self._consumers.values():
            consumer.close()

    def _consumer(self, committed: bool) -> Consumer:
        if committed not in self._consumers:
            self._consumers[committed] = Consumer(
                {
                    **self.settings.librdkafka(),
                    "group.id": "vigilward-reader",  # never joined
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "isolation.level": "read_committed" if committed else "read_uncommitted",
                    "log_level": 0,
                }
            )
        return self._consumers[committed]
