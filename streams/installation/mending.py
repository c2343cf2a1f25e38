"""Mends what can be mended: creates topics that are missing, sets configurations right."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from streams.config.settings import Settings
from streams.config.topics import TOPICS, config_of, partitions_of
from streams.installation.broker import TIMEOUT_S, admin_of
from streams.installation.copies import in_sync, wanted_copies
from streams.installation.finding import Code, Finding
from streams.installation.findings import CONFIG_CODES

KEYS = {Code(code): key for key, code in CONFIG_CODES.items()}


def mend(wrong: Iterable[Finding], settings: Settings) -> dict[Finding, str | None]:
    """What was tried, and why it failed where it did (None: mended)."""
    mendable = [one for one in wrong if one.mendable]
    if not mendable:
        return {}
    admin = admin_of(settings)
    cluster = admin.list_topics(timeout=TIMEOUT_S)
    return {one: _outcome(_mend_one(admin, one, cluster, settings)) for one in mendable}


def _mend_one(
    admin: AdminClient, finding: Finding, cluster: ClusterMetadata, settings: Settings
) -> Iterable[Future[Any]]:
    copies = wanted_copies(len(cluster.brokers), settings)
    if finding.code is Code.MIN_INSYNC:
        partitions = cluster.topics[finding.subject].partitions.values()
        has = min((len(one.replicas) for one in partitions), default=copies)
        return _set(admin, finding.subject, "min.insync.replicas", str(in_sync(min(has, copies))))
    if finding.code is Code.UNCLEAN_ELECTION:
        return _set(admin, finding.subject, "unclean.leader.election.enable", "false")
    topic = next(topic for topic in TOPICS if settings.topic(topic) == finding.subject)
    config = config_of(topic, settings)
    if finding.code is Code.TOPIC_MISSING:
        safe = {"min.insync.replicas": str(in_sync(copies)), "unclean.leader.election.enable": "false"}
        count, config = partitions_of(topic, settings), {**config, **safe}
        new = NewTopic(finding.subject, num_partitions=count, replication_factor=copies, config=config)
        # With an operation timeout the broker answers when the topic is there, not when it was asked for.
        return admin.create_topics([new], operation_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S).values()
    key = KEYS[finding.code]
    return _set(admin, finding.subject, key, config[key])


def _set(admin: AdminClient, topic: str, key: str, value: str) -> Iterable[Future[Any]]:
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    return admin.incremental_alter_configs([resource], request_timeout=TIMEOUT_S).values()


def _outcome(answers: Iterable[Future[Any]]) -> str | None:
    try:
        for answer in answers:
            answer.result()
    except KafkaException as refused:
        return str(refused.args[0].str())
    return None
