"""What is wrong with an installation: a closed list of codes, each finding with what to do about it."""

from collections.abc import Iterator

from schemas.reading import Mode
from streams.config.settings import Clock, Settings
from streams.config.topics import (
    TOPICS,
    WORKER_NEEDS,
    WORKER_NEEDS_DURABLE,
    WORKER_READS,
    Topic,
    config_of,
    partitions_of,
)
from streams.installation.codecs import codecs_that_may_come
from streams.installation.copies import copy_findings
from streams.installation.facts import Installation, TopicFacts
from streams.installation.finding import Code, Finding

MAX_SKEW_MS = 1_000
LONGEST_TRANSACTION = "transaction.max.timeout.ms"
MAX_TRANSACTION_MS = 900_000
"""Kafka's own default: for so long a hanging sender holds orders and answers up."""
PYTHON = (3, 11)
EXACT_PACKAGES = {"faust-streaming": "0.15.3", "river": "0.26.1"}
"""Versions that the code holds on to: private members of Faust, the bytes of river's states."""
AT_LEAST = "at least"
AT_MOST = {"segment.bytes", "segment.ms", "min.cleanable.dirty.ratio"}
CONFIG_CODES = {
    "cleanup.policy": "cleanup_policy",
    "retention.ms": "retention",
    "retention.bytes": "retention",
    "max.message.bytes": "message_size",
    "message.timestamp.type": "timestamp_type",
    "segment.bytes": "segment_size",
    "segment.ms": "segment_time",
    "min.cleanable.dirty.ratio": "compaction_ratio",
}


STOPS_A_WORKER = {Code.TOPIC_MISSING, Code.PARTITION_COUNT, Code.TIMESTAMP_TYPE, Code.CODEC_MISSING}
"""Findings about topics that a worker needs, with which it does not start."""


def findings(found: Installation, settings: Settings) -> list[Finding]:
    """Everything that is wrong, topics first."""
    return [*topic_findings(found, settings), *copy_findings(found, settings), *_machine(found, settings)]


def what_stops_a_worker(found: Installation, settings: Settings) -> list[Finding]:
    """What a worker must not start with.

    Partitions that were added to a log with states do not stop one: its patients are watched on, and it is unready.
    """
    needed = {settings.topic(topic) for topic in (WORKER_NEEDS_DURABLE if settings.durable else WORKER_NEEDS)}
    wrong = [one for one in topic_findings(found, settings) if one.code in STOPS_A_WORKER and one.subject in needed]
    states = found.topics.get(settings.topic(Topic.STATES))
    if not settings.durable or states is None or states.partitions != settings.partitions:
        return wrong
    grown = {name for name, facts in found.topics.items() if facts.partitions > settings.partitions}
    return [one for one in wrong if one.code is not Code.PARTITION_COUNT or one.subject not in grown]


def what_stops_a_first_start(found: Installation, settings: Settings) -> list[Finding]:
    """With what a worker of mode real does not begin a log: fewer copies than the brokers could keep.

    A log that has states is watched on, unready.
    """
    return list(copy_findings(found, settings)) if settings.mode is Mode.REAL and settings.durable else []


def topic_findings(found: Installation, settings: Settings) -> Iterator[Finding]:
    """What is wrong with the topics."""
    for topic in TOPICS:
        name = settings.topic(topic)
        facts = found.topics.get(name)
        if facts is None:
            yield Finding(
                Code.TOPIC_MISSING,
                name,
                "the topic does not exist, or this user may not see it",
                "create it (`vigilward doctor --fix`), or allow DESCRIBE",
                mendable=True,
            )
            continue
        yield from _partition_count(topic, name, facts, settings)
        yield from _config(topic, name, facts, settings)
        yield from _codec(topic, name, facts, found.codecs)


def _partition_count(topic: Topic, name: str, facts: TopicFacts, settings: Settings) -> Iterator[Finding]:
    wanted = partitions_of(topic, settings)
    if facts.partitions != wanted:
        remedy = (
            "recreate it with one partition"
            if TOPICS[topic].single
            else f"set VIGILWARD_PARTITIONS={facts.partitions} if every topic has as many, else recreate the topic: "
            "a patient must have the same partition in all of them, and the count is fixed for a log's life"
        )
        yield Finding(Code.PARTITION_COUNT, name, f"{facts.partitions} partitions, not {wanted}", remedy)


def _config(topic: Topic, name: str, facts: TopicFacts, settings: Settings) -> Iterator[Finding]:
    if facts.config is None:
        if settings.clock is Clock.ARRIVAL or topic is not Topic.READINGS:
            yield Finding(
                Code.CONFIG_UNREADABLE, name, "its configuration may not be read", "allow DESCRIBE_CONFIGS to this user"
            )
        return
    for key, wanted in config_of(topic, settings).items():
        has = facts.config.get(key)
        if has is None or _suits(key, has, wanted):
            continue
        limit = AT_LEAST + " " if key in ("retention.ms", "max.message.bytes") else ""
        limit = "at most " if key in AT_MOST else limit
        yield Finding(
            Code(CONFIG_CODES[key]),
            name,
            f"{key} is {has}, not {limit}{wanted}",
            f"set {key}={wanted}: `vigilward doctor --fix`",
            mendable=True,
        )


def _codec(topic: Topic, name: str, facts: TopicFacts, readable: frozenset[str]) -> Iterator[Finding]:
    if topic not in WORKER_READS:
        return
    compression = (facts.config or {}).get("compression.type")
    if missing := sorted(codecs_that_may_come(compression) - readable):
        yield Finding(
            Code.CODEC_MISSING,
            name,
            f"compression.type is {compression or 'not known'}, and {', '.join(missing)} cannot be unpacked here: such "
            "record batches would be lost",
            "make the environment anew: `make setup` (package cramjam)",
        )


def _suits(key: str, has: str, wanted: str) -> bool:
    if key == "max.message.bytes":
        return int(has) >= int(wanted)
    if key == "retention.ms":
        return int(has) < 0 or 0 <= int(wanted) <= int(has)
    if key in AT_MOST:
        return float(has) <= float(wanted)
    if key == "message.timestamp.type" and wanted == "CreateTime":
        return True  # times on the record are not looked at there
    return has == wanted


def _machine(found: Installation, settings: Settings) -> Iterator[Finding]:
    if found.skew_ms is not None and abs(found.skew_ms) > MAX_SKEW_MS:
        ahead = "ahead of" if found.skew_ms > 0 else "behind"
        yield Finding(
            Code.CLOCK_SKEW,
            "this machine",
            f"its clock runs {abs(found.skew_ms)} ms {ahead} the broker's",
            "set both clocks by the network (NTP); delays shown are wrong by as much",
        )
    longest = found.broker_config.get(LONGEST_TRANSACTION)
    if longest is not None and int(longest) > MAX_TRANSACTION_MS:
        yield Finding(
            Code.TRANSACTION_TIMEOUT,
            "broker",
            f"a transaction left open holds patient records and actions up for {int(longest) // 1_000} s",
            f"set {LONGEST_TRANSACTION}={MAX_TRANSACTION_MS} or less on every broker",
        )
    if found.generation is not None and found.generation.startswith("older"):
        yield Finding(Code.BROKER_OLD, "broker", found.generation, "use Apache Kafka 4 (tested: 4.1 and 4.4)")
    if found.python < PYTHON:
        version = ".".join(map(str, found.python))
        yield Finding(Code.PYTHON_OLD, "python", f"version {version}", "use Python 3.11 or newer")
    for package, wanted in EXACT_PACKAGES.items():
        has = found.packages.get(package)
        if has != wanted:
            yield Finding(
                Code.PACKAGE_VERSION,
                package,
                f"version {has or 'none'}, not {wanted}",
                "make the environment: `make setup`",
            )
    if not settings.keys:
        yield Finding(
            Code.NO_LOG_KEY,
            "VIGILWARD_CONTROL_RECORD_KEY",
            "no key: patient records, actions and rules are not forwarded into the log",
            "give every worker the same secret",
        )
