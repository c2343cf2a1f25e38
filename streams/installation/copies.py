"""How many copies of each record there are: "no alert is lost" holds only where another broker has it too.

With three brokers or more every topic has three copies, a write needs two of them, and a broker that lags never leads.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from streams.config.settings import Settings
from streams.config.topics import TOPICS
from streams.installation.facts import Installation, TopicFacts
from streams.installation.finding import Code, Finding

MOST_COPIES: Final = 3
INTERNAL: Final = ("__consumer_offsets", "__transaction_state")
"""Where the group's offsets and the fences are kept: lost, an older owner could write over a newer one."""
BROKERS_OWN: Final[Mapping[str, str]] = {
    "__consumer_offsets": "offsets.topic.replication.factor",
    "__transaction_state": "transaction.state.log.replication.factor",
}
"""Which setting of the broker says how many copies an internal topic will have, before it is first used."""
REASSIGNMENT: Final = "vigilward-reassignment.json"


def wanted_copies(brokers: int, settings: Settings) -> int:
    """How many copies each record needs.

    >>> [wanted_copies(brokers, Settings()) for brokers in (1, 2, 3, 5)]
    [1, 2, 3, 3]
    """
    return settings.replication_factor or max(1, min(MOST_COPIES, brokers))


def in_sync(copies: int) -> int:
    """How many of them a write needs: all but one.

    >>> [in_sync(copies) for copies in (1, 2, 3)]
    [1, 1, 2]
    """
    return max(1, copies - 1)


def copy_findings(found: Installation, settings: Settings) -> Iterator[Finding]:
    """Where fewer copies are kept than the brokers could."""
    wanted = wanted_copies(found.brokers, settings)
    for topic in TOPICS:
        name = settings.topic(topic)
        if facts := found.topics.get(name):
            yield from _of_topic(name, facts, wanted)
    for name in INTERNAL:
        facts = found.internal.get(name)
        if facts is not None:
            yield from _of_topic(name, facts, wanted)
        elif (says := found.broker_config.get(BROKERS_OWN[name])) is not None and int(says) < wanted:
            yield Finding(
                Code.REPLICATION,
                name,
                f"it will have {says} copies, not {wanted}, when it is first used",
                f"set {BROKERS_OWN[name]}={wanted} in every broker's server.properties, and start them anew",
            )


def _of_topic(name: str, facts: TopicFacts, wanted: int) -> Iterator[Finding]:
    copies = facts.copies
    if copies is not None and copies < wanted:
        yield Finding(
            Code.REPLICATION,
            name,
            f"{copies} copies of each record, not {wanted}: a broker that is lost takes them along",
            f"`vigilward doctor --fix` writes {REASSIGNMENT}; then `kafka-reassign-partitions.sh --execute "
            f"--bootstrap-server SERVERS --reassignment-json-file {REASSIGNMENT}`",
        )
    yield from _in_sync_now(name, facts)
    config = facts.config or {}
    needs = in_sync(min(copies or wanted, wanted))
    if (has := config.get("min.insync.replicas")) is not None and int(has) < needs:
        yield Finding(
            Code.MIN_INSYNC,
            name,
            f"min.insync.replicas is {has}, not at least {needs}: a write counts that one broker alone has",
            f"set min.insync.replicas={needs}: `vigilward doctor --fix`",
            mendable=True,
        )
    if config.get("unclean.leader.election.enable") == "true" and wanted > 1:
        yield Finding(
            Code.UNCLEAN_ELECTION,
            name,
            "unclean.leader.election.enable is true: a broker that lags may lead, and what it lacks is lost",
            "set unclean.leader.election.enable=false: `vigilward doctor --fix`",
            mendable=True,
        )


def _in_sync_now(name: str, facts: TopicFacts) -> Iterator[Finding]:
    """Brokers that should have a partition and do not follow it, or that nobody leads it."""
    if facts.headless:
        yield Finding(
            Code.NO_LEADER,
            name,
            f"no broker leads {_partitions(sorted(facts.headless))}: nothing is read or written there",
            "start the brokers that hold it; never an unclean election, which would lose records",
        )
    behind = {number: set(facts.holders.get(number, ())) - set(now) for number, now in facts.in_sync.items()}
    lagging = sorted(number for number, brokers in behind.items() if brokers)
    if lagging:
        brokers = sorted(set().union(*behind.values()))
        yield Finding(
            Code.UNDER_REPLICATED,
            name,
            f"{_partitions(lagging)}: not in sync on broker {', '.join(map(str, brokers))}",
            "start that broker, or look at its disk and network; one broker more away, and writes are refused",
        )


def _partitions(numbers: list[int]) -> str:
    return f"partition{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def reassignment(found: Installation, settings: Settings) -> str | None:
    """What `kafka-reassign-partitions.sh` reads to give every topic its copies; None where none is missing.

    Leaders stay; the brokers that are added go round, so that none gets them all.
    """
    wanted = wanted_copies(found.brokers, settings)
    moved = []
    for name, facts in sorted({**found.topics, **found.internal}.items()):
        for partition, holders in sorted(facts.holders.items()):
            if len(holders) < wanted:
                others = [one for one in sorted(found.broker_ids) if one not in holders]
                turn = partition % len(others) if others else 0
                added = (others[turn:] + others[:turn])[: wanted - len(holders)]
                moved.append({"topic": name, "partition": partition, "replicas": [*holders, *added]})
    return json.dumps({"version": 1, "partitions": moved}) if moved else None
