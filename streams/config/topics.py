"""Every topic there is: who writes it, who reads it, how it is keyed, and how long it is kept.

The one table behind `doctor`, the worker's own checks and the documents. Topics keyed by patient have the log's
partition count and the same partition for the same patient: one worker owns a patient whole.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from streams.config.settings import Clock, Settings

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
FOREVER: Final = -1
LONGEST_STAY: Final = 400 * DAY_MS
"""Dates of birth, and the names of those who ordered something; a worker that begins anew needs who is still there."""


class Topic(StrEnum):
    """The logical names; `Settings.topic` gives the real ones."""

    READINGS = "readings"
    PATIENTS = "patients"
    ACTIONS = "actions"
    RULES = "rules"
    ALERTS = "alerts"
    STATUS = "status"
    TRENDS = "trends"
    REJECTIONS = "rejections"
    STATES = "states"
    SAVEPOINTS = "savepoints"
    HEARTBEATS = "heartbeats"
    CANARY = "canary"
    NOTIFICATIONS = "notifications"
    SUBSCRIPTIONS = "subscriptions"
    JOURNAL = "journal"


class Cleanup(StrEnum):
    """How a topic forgets."""

    DELETE = "delete"
    COMPACT = "compact"


class Facts(NamedTuple):
    """What is true of a topic. `retention_ms`: the least it is kept; -1: for good. `inbound`: the smaller size limit
    holds. `single`: one partition, not the log's count. `log`: its time is the log's own.
    """

    holds: str
    key: str
    written_by: str
    read_by: str
    cleanup: Cleanup
    retention_ms: int
    inbound: bool
    single: bool = False
    log: bool = False


TOPICS: Final[Mapping[Topic, Facts]] = MappingProxyType(
    {
        Topic.READINGS: Facts(
            "the one log: readings, and what workers forward into it",
            "patient",
            "devices, gateways, board, canary; workers (forwarded)",
            "worker, replay",
            Cleanup.DELETE,
            7 * DAY_MS,
            inbound=True,
            log=True,
        ),
        Topic.PATIENTS: Facts(
            "admissions, orders, attached devices, limits",
            "patient",
            "admission system, gateways, board",
            "worker, board",
            Cleanup.DELETE,
            LONGEST_STAY,
            inbound=True,
        ),
        Topic.ACTIONS: Facts(
            "what people did about alerts, and what became of calls",
            "patient",
            "board, notifiers",
            "worker",
            Cleanup.DELETE,
            30 * DAY_MS,
            inbound=True,
        ),
        Topic.RULES: Facts(
            "clinical rules put into force",
            "rules name",
            "`vigilward rules`",
            "worker, board, notifiers",
            Cleanup.DELETE,
            FOREVER,
            inbound=True,
            single=True,
        ),
        Topic.ALERTS: Facts(
            "alerts, every revision",
            "patient",
            "worker",
            "board, notifiers, ward systems",
            Cleanup.DELETE,
            30 * DAY_MS,
            inbound=False,
        ),
        Topic.STATUS: Facts(
            "the newest status of each patient", "patient", "worker", "board", Cleanup.COMPACT, FOREVER, inbound=False
        ),
        Topic.TRENDS: Facts(
            "one record a patient and minute, for charts",
            "patient",
            "worker",
            "board",
            Cleanup.DELETE,
            72 * HOUR_MS,
            inbound=False,
        ),
        Topic.REJECTIONS: Facts(
            "refused messages as they came, the reason in headers",
            "as refused",
            "worker, gateways",
            "integrators, `doctor`",
            Cleanup.DELETE,
            14 * DAY_MS,
            inbound=False,
        ),
        Topic.STATES: Facts(
            "each patient's state, and up to where the log was taken",
            "patient, marker",
            "worker (fenced)",
            "worker, `vigilward state`",
            Cleanup.COMPACT,
            FOREVER,
            inbound=False,
        ),
        Topic.SAVEPOINTS: Facts(
            "all states of a partition, once an hour, to replay from",
            "patient, marker",
            "worker (fenced)",
            "`vigilward replay --from-kafka --since`",
            Cleanup.DELETE,
            7 * DAY_MS,
            inbound=False,
        ),
        Topic.HEARTBEATS: Facts(
            "one record a partition and second: who watches it, and how far behind",
            "partition",
            "worker",
            "board, notifiers, `doctor`",
            Cleanup.DELETE,
            DAY_MS,
            inbound=False,
        ),
        Topic.CANARY: Facts(
            "what the canary of each partition caused; never a patient's",
            "canary",
            "worker",
            "`vigilward canary`, `doctor`",
            Cleanup.DELETE,
            DAY_MS,
            inbound=False,
        ),
        Topic.NOTIFICATIONS: Facts(
            "what a notifier owes, and what became of it",
            "patient",
            "`vigilward notify`",
            "`vigilward notify`",
            Cleanup.DELETE,
            7 * DAY_MS,
            inbound=False,
        ),
        Topic.SUBSCRIPTIONS: Facts(
            "browsers that people have put under their names, to be called by Web Push",
            "browser",
            "board, notifiers (removals)",
            "notifiers, board",
            Cleanup.COMPACT,
            FOREVER,
            inbound=False,
            single=True,
        ),
        Topic.JOURNAL: Facts(
            "what people entered at boards: sets of observations, and orders that a prescriber has to confirm",
            "patient",
            "board",
            "board",
            Cleanup.DELETE,
            31 * DAY_MS,
            inbound=False,
        ),
    }
)

FORWARDED: Final = (Topic.PATIENTS, Topic.ACTIONS, Topic.RULES)
"""What workers forward into the log."""

KEEPS_PATIENTS: Final = (
    Topic.READINGS,
    Topic.PATIENTS,
    Topic.ACTIONS,
    Topic.ALERTS,
    Topic.TRENDS,
    Topic.REJECTIONS,
    Topic.SAVEPOINTS,
    Topic.NOTIFICATIONS,
    Topic.JOURNAL,
)
"""Where what was written of a patient stays until its time is over; `status` and `states` lose it by a tombstone."""

GOES_ON_FROM: Final = (Topic.READINGS, *FORWARDED, Topic.SAVEPOINTS)
"""Where a worker goes on after an outage, and a replay begins: no shorter kept than the longest outage."""

WORKER_NEEDS: Final = (
    Topic.READINGS,
    *FORWARDED,
    Topic.ALERTS,
    Topic.STATUS,
    Topic.TRENDS,
    Topic.REJECTIONS,
    Topic.HEARTBEATS,
    Topic.CANARY,
)
"""What a worker cannot do without."""


WORKER_NEEDS_DURABLE: Final = (*WORKER_NEEDS, Topic.STATES, Topic.SAVEPOINTS)
"""And without which states are not kept."""

WORKER_READS: Final = (Topic.READINGS, *FORWARDED, Topic.STATES)
"""Whose record batches a worker unpacks."""

COMPACTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        # What a new owner reads is what compaction has left and the newest segment, which is never compacted: small
        # segments, cleaned early. (1 MiB is the least that Kafka 4 takes.)
        "segment.bytes": str(16 * 1_048_576),
        "segment.ms": str(HOUR_MS),
        "min.cleanable.dirty.ratio": "0.1",
    }
)
"""How the states topic is compacted: so that a partition's states are read back within a second or two."""

SEGMENTS: Final[Mapping[Topic, Mapping[str, str]]] = MappingProxyType(
    {Topic.STATES: COMPACTED, Topic.HEARTBEATS: MappingProxyType({"segment.ms": str(HOUR_MS)})}
)
"""What else is set of a topic: a whole segment is deleted at once, and a week of heartbeats serves nobody."""


def partitions_of(topic: Topic, settings: Settings) -> int:
    """How many partitions the topic has."""
    return 1 if TOPICS[topic].single else settings.partitions


def size_limit(topic: Topic, settings: Settings) -> int:
    """The largest batch in bytes that the topic takes."""
    return settings.max_inbound_bytes if TOPICS[topic].inbound else settings.max_outbound_bytes


def retention_ms(topic: Topic, settings: Settings) -> int:
    """How long the topic is kept: what a worker goes on from, for the longest outage and the span between snapshots.

    Seven days are what the default comes to.

    >>> retention_ms(Topic.READINGS, Settings(max_outage_h=500, snapshot_every_s=15)) / HOUR_MS
    500.004...
    """
    least = TOPICS[topic].retention_ms
    if least == FOREVER or topic not in GOES_ON_FROM:
        return least
    return max(least, round(settings.max_outage_h * HOUR_MS + settings.snapshot_every_s * 1_000))


def config_of(topic: Topic, settings: Settings) -> dict[str, str]:
    """The topic's configuration on the broker.

    >>> config_of(Topic.READINGS, Settings())["message.timestamp.type"]
    'LogAppendTime'
    """
    facts = TOPICS[topic]
    by_append = facts.log and settings.clock is Clock.ARRIVAL
    more = SEGMENTS.get(topic, {})
    return {
        "cleanup.policy": facts.cleanup.value,
        "retention.ms": str(retention_ms(topic, settings)),
        "retention.bytes": "-1",  # a limit of bytes would delete readings before their time
        "max.message.bytes": str(size_limit(topic, settings)),
        "message.timestamp.type": "LogAppendTime" if by_append else "CreateTime",
        **more,
    }
