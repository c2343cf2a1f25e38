"""Asks the broker how things are: topics, their configuration, its age and its clock."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ClusterMetadata, ConfigResource, OffsetSpec, ResourceType, TopicMetadata

from streams.config.settings import Clock, Settings
from streams.config.topics import TOPICS, Topic
from streams.installation.answers import NoAnswer, Troubles, sentence, why_no_answer
from streams.installation.codecs import readable_codecs
from streams.installation.copies import INTERNAL
from streams.installation.facts import Installation, TopicFacts
from streams.installation.findings import EXACT_PACKAGES
from streams.log.control_records import tick

TIMEOUT_S = 10.0
ANSWER_S = 2.0
"""Until we look whether we were refused for good."""
LOG_APPEND_TIME = 1
FETCH = 1
"""Number of the request in the Kafka protocol. Its versions before 4 went with Kafka 4.0; version 15 came with 3.5."""


class BrokerUnreachable(Exception):
    """Nobody answers at the address, or not to us; `why` where that is known."""

    exit_code = 3

    def __init__(self, says: str, why: NoAnswer | None = None) -> None:
        super().__init__(says)
        self.why = why


def admin_of(settings: Settings, **more: Any) -> AdminClient:
    """An admin client that keeps its complaints to itself. `more`: options that are no settings of ours."""
    own = {"log_level": 0, "socket.timeout.ms": int(TIMEOUT_S * 1_000), **more}
    return AdminClient({**settings.librdkafka(), **own})


def look_at_topics(settings: Settings, *, configured: bool = True, within_s: float = TIMEOUT_S) -> Installation:
    """The topics as they are, with their configuration if `configured`. Raises BrokerUnreachable, where nobody answers
    `within_s`.
    """
    troubles = Troubles()
    admin = admin_of(settings, error_cb=troubles.heard)
    cluster = _cluster(admin, troubles, settings, within_s)
    ours = [settings.topic(topic) for topic in TOPICS]
    there = {name: cluster.topics[name] for name in ours if name in cluster.topics and not cluster.topics[name].error}
    configs = _configs(admin, list(there)) if configured else {}
    topics = {name: _facts(facts, configs.get(name)) for name, facts in there.items()}
    own = {name: cluster.topics[name] for name in INTERNAL if name in cluster.topics}
    own_configs = _configs(admin, list(own)) if configured else {}
    return Installation(
        brokers=len(cluster.brokers),
        topics=topics,
        python=sys.version_info[:2],
        packages=_packages(),
        codecs=readable_codecs(),
        broker_ids=tuple(sorted(cluster.brokers)),
        internal={name: _facts(facts, own_configs.get(name)) for name, facts in own.items()},
        broker_config=_broker_config(admin, min(cluster.brokers, default=0)) if configured else {},
    )


def _facts(topic: TopicMetadata, config: Mapping[str, str] | None) -> TopicFacts:
    holders = {number: tuple(one.replicas) for number, one in topic.partitions.items()}
    in_sync = {number: tuple(one.isrs) for number, one in topic.partitions.items()}
    headless = frozenset(number for number, one in topic.partitions.items() if one.leader < 0)
    return TopicFacts(len(topic.partitions), config, holders, in_sync, headless)


def _broker_config(admin: AdminClient, broker: int) -> Mapping[str, str]:
    """What a broker is set to; nothing where that may not be read."""
    asked = admin.describe_configs([ConfigResource(ResourceType.BROKER, str(broker))], request_timeout=TIMEOUT_S)
    try:
        return {key: entry.value for answer in asked.values() for key, entry in answer.result().items()}
    except KafkaException:
        return {}


def _cluster(
    admin: AdminClient, troubles: Troubles, settings: Settings, within_s: float = TIMEOUT_S
) -> ClusterMetadata:
    until = time.monotonic() + within_s
    while True:
        try:
            return admin.list_topics(timeout=min(ANSWER_S, within_s))
        except KafkaException:
            admin.poll(0)  # the reason comes beside the answer
            why = why_no_answer(troubles)
            if why.final or time.monotonic() > until:
                raise BrokerUnreachable(sentence(why, settings.librdkafka()), why) from None


def look(settings: Settings) -> Installation:
    """Everything: the topics, and what only a running broker tells. Raises BrokerUnreachable."""
    found = look_at_topics(settings)
    generation, skew_ms = asyncio.run(_ask(settings, found))
    return replace(found, skew_ms=skew_ms, generation=generation)


def _configs(admin: AdminClient, names: list[str]) -> Mapping[str, Mapping[str, str]]:
    read = {}
    for name in names:  # one by one: one that may not be read must not hide the others
        asked = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name)], request_timeout=TIMEOUT_S)
        for answer in asked.values():
            try:
                read[name] = {key: entry.value for key, entry in answer.result().items()}
            except KafkaException:
                continue
    return read


def _packages() -> Mapping[str, str]:
    found = {}
    for package in (*EXACT_PACKAGES, "aiokafka", "cramjam", "confluent-kafka", "pydantic", "vigilward"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


async def _ask(settings: Settings, found: Installation) -> tuple[str | None, int | None]:
    try:
        return await _generation(settings), await _skew_ms(settings, found)
    except (KafkaError, TimeoutError):
        return None, None


async def _generation(settings: Settings) -> str | None:
    client = AIOKafkaClient(**settings.aiokafka())
    await client.bootstrap()
    try:
        connection = await client._get_conn(client.get_random_node())
        oldest, newest = (connection._versions if connection else {}).get(FETCH, (0, 0))
    finally:
        await client.close()
    if not newest:
        return None
    if oldest >= 4:
        return "4.0 or newer"
    return "3.5 to 3.9" if newest >= 15 else "older than 3.5"


async def _skew_ms(settings: Settings, found: Installation) -> int | None:
    """Appends a tick, which changes nothing, and compares the moment that the broker wrote on it with ours."""
    log = settings.topic(Topic.READINGS)
    facts = found.topics.get(log)
    by_broker = facts and facts.config and facts.config.get("message.timestamp.type") == "LogAppendTime"
    if settings.clock is not Clock.ARRIVAL or not by_broker:
        return None
    producer = AIOKafkaProducer(**settings.aiokafka(), request_timeout_ms=int(TIMEOUT_S * 1_000))
    async with asyncio.timeout(TIMEOUT_S), producer:
        key, value, headers = tick()
        before = time.time()
        sent = await producer.send_and_wait(log, value, key=key, headers=list(headers), partition=0)
        between = (before + time.time()) / 2
    return None if sent.timestamp_type != LOG_APPEND_TIME else round(between * 1_000 - sent.timestamp)


def has_states(settings: Settings) -> bool:
    """Whether anything was ever stored of this log. Raises BrokerUnreachable."""
    admin = admin_of(settings)
    name = settings.topic(Topic.STATES)
    asked = {TopicPartition(name, number): OffsetSpec.latest() for number in range(settings.partitions)}
    try:
        answers = admin.list_offsets(asked, request_timeout=TIMEOUT_S)
        return any(answer.result(TIMEOUT_S).offset > 0 for answer in answers.values())
    except KafkaException as silent:
        raise BrokerUnreachable(f"{name} cannot be read: {silent.args[0].str()}") from None
