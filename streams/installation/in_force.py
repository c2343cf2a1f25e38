"""Which rules are in force: the workers' heartbeats name them, the rules topic and the packages hold them."""

import time
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from msgspec import DecodeError

from detectors.rules import Rules, RulesError, read_rules
from schemas.heartbeat import decode_heartbeat
from streams.config.packaged_rules import first_rules, packaged_rules
from streams.config.settings import Settings
from streams.config.topics import Topic

ANSWER_S: Final = 5.0


class RulesUnknown(Exception):
    """Kafka does not say which rules are in force."""


def rules_in_force(settings: Settings) -> list[Rules]:
    """Those that the newest heartbeats name. Where nobody has watched lately: the newest that were enacted, else the
    packaged ones, which a worker would begin with.

    While rules change, partitions may be under different ones: all of them count. Blocks for up to some seconds. Raises
    RulesUnknown while Kafka does not answer.
    """
    known = {one.sha256: one for one in (first_rules(), packaged_rules())}
    newest = packaged_rules()
    try:
        for value in _values(settings, Topic.RULES, whole=True):
            try:
                newest = read_rules(value)
            except RulesError:
                continue
            known[newest.sha256] = newest
        named = {_rules_of(value) for value in _values(settings, Topic.HEARTBEATS, whole=False)}
    except KafkaException as fault:
        raise RulesUnknown(str(fault.args[0])) from None
    return [known[name] for name in sorted(named & set(known))] or [newest]


def _rules_of(value: bytes) -> str:
    try:
        return decode_heartbeat(value).rules
    except DecodeError:
        return ""


def _values(settings: Settings, topic: Topic, *, whole: bool) -> list[bytes]:
    """The values of a topic; `whole`, or the newest of each partition. Nothing where the topic is not there. Raises
    KafkaException, also where not all of it came in time.
    """
    name = settings.topic(topic)
    consumer = Consumer(
        {
            **settings.librdkafka(),
            "group.id": "vigilward-in-force-without-a-group",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 100,
            "log_level": 0,
        }
    )
    try:
        found = consumer.list_topics(name, timeout=ANSWER_S).topics.get(name)
        places = []
        for number in sorted(found.partitions) if found is not None else []:
            start, end = consumer.get_watermark_offsets(TopicPartition(name, number), timeout=ANSWER_S)
            if end > start:
                places.append(TopicPartition(name, number, start if whole else end - 1))
        if not places:
            return []
        consumer.assign(places)
        open_, values, until = {one.partition for one in places}, [], time.monotonic() + ANSWER_S
        while open_ and time.monotonic() < until:
            for message in consumer.consume(1_000, 0.1):
                if message.error() is not None:  # the end of a partition
                    open_.discard(message.partition() or 0)
                else:
                    values.append(message.value() or b"")
        if open_:
            raise KafkaException(f"{len(open_)} partitions of {name} did not answer in time")
        return values
    finally:
        consumer.close()
