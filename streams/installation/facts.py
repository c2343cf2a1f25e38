"""What was found of an installation, as plain facts; nothing here asks anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic as it is. `config` is None where it may not be read; `holders`: which brokers have each partition;
    `in_sync`: which of them have all of it; `headless`: partitions that no broker leads.
    """

    partitions: int
    config: Mapping[str, str] | None = None
    holders: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    in_sync: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    headless: frozenset[int] = frozenset()

    @property
    def copies(self) -> int | None:
        """Of the partition that has fewest; None where that is not known."""
        return min(map(len, self.holders.values()), default=None)


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that `doctor` looks at.

    `topics` holds what exists, by real name. `skew_ms`: how far this machine's clock runs ahead of the broker's, None
    where that could not be measured. `generation`: the broker's, as far as its requests tell ("4.0 or newer").
    `codecs`: those whose record batches this environment unpacks. `internal`: Kafka's own topics of offsets and
    transactions, where they are there already; `broker_config`: what one broker says it would make them with.
    """

    brokers: int
    topics: Mapping[str, TopicFacts]
    skew_ms: int | None = None
    generation: str | None = None
    python: tuple[int, int] = (0, 0)
    packages: Mapping[str, str] = field(default_factory=dict)
    codecs: frozenset[str] = frozenset()
    broker_ids: tuple[int, ...] = ()
    internal: Mapping[str, TopicFacts] = field(default_factory=dict)
    broker_config: Mapping[str, str] = field(default_factory=dict)
