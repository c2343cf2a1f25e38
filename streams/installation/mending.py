"""Mends what can be mended: creates topics that are missing, sets configurations right."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from streams.config.settings import Settings
from streams.config.topics import TOPICS, Topic, config_of, partitions_of
from streams.installation.broker import TIMEOUT_S, admin_of
from streams.installation.findings import CONFIG_CODES, Code, Finding

BROKERS_DEFAULT = -1
KEYS = {Code(code): key for key, code in CONFIG_CODES.items()}


def mend(wrong: Iterable[Finding], settings: Settings) -> dict[Finding, str | None]:
    """What was tried, and why it failed where it did (None: mended)."""
    topics = {settings.topic(topic): topic for topic in TOPICS}
    admin = admin_of(settings)
    return {one: _outcome(_mend_one(admin, one, topics[one.subject], settings)) for one in wrong if one.mendable}


def _mend_one(admin: AdminClient, finding: Finding, topic: Topic, settings: Settings) -> Iterable[Future[Any]]:
    config = config_of(topic, settings)
    if finding.code is Code.TOPIC_MISSING:
        partitions, replicas = partitions_of(topic, settings), settings.replication_factor or BROKERS_DEFAULT
        new = NewTopic(finding.subject, num_partitions=partitions, replication_factor=replicas, config=config)
        # With an operation timeout the broker answers when the topic is there, not when it was asked for.
        return admin.create_topics([new], operation_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S).values()
    key = KEYS[finding.code]
    entry = ConfigEntry(key, config[key], incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, finding.subject, incremental_configs=[entry])
    return admin.incremental_alter_configs([resource], request_timeout=TIMEOUT_S).values()


def _outcome(answers: Iterable[Future[Any]]) -> str | None:
    try:
        for answer in answers:
            answer.result()
    except KafkaException as refused:
        return str(refused.args[0].str())
    return None
