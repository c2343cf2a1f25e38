"""Everything that a run left in Kafka, as plain lists: what went in, what was said, what was stored."""

from dataclasses import dataclass, field
from typing import NamedTuple

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Record
from streams.recorded.source import Source


class Said(NamedTuple):
    """One record of an output topic."""

    partition: int
    offset: int
    at_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Write(NamedTuple):
    """One committed record of the states topic."""

    offset: int
    key: bytes
    value: bytes | None


@dataclass(slots=True)
class History:
    """By partition the log and the committed writes of states; by topic what was said, and the rules that were sent."""

    log: dict[int, list[Record]] = field(default_factory=dict)
    writes: dict[int, list[Write]] = field(default_factory=dict)
    alerts: list[Said] = field(default_factory=list)
    status: list[Said] = field(default_factory=list)
    rejections: list[Said] = field(default_factory=list)
    rules: list[Said] = field(default_factory=list)
    delivered: int | None = None


def read_history(settings: Settings, delivered: int | None = None) -> History:
    """All of it, as it is now."""
    history = History(delivered=delivered)
    with Source(settings) as source:
        for partition, (start, end) in source.spans().items():
            portions = source.records(Topic.READINGS, partition, start, end)
            history.log[partition] = [record for portion in portions for record in portion]
        for partition, (start, end) in source.spans(Topic.STATES).items():
            portions = source.records(Topic.STATES, partition, start, end, committed=True)
            history.writes[partition] = [
                Write(offset, key or b"", value) for portion in portions for offset, _, key, value, _ in portion
            ]
        for topic, said in (
            (Topic.ALERTS, history.alerts),
            (Topic.STATUS, history.status),
            (Topic.REJECTIONS, history.rejections),
            (Topic.RULES, history.rules),
        ):
            for partition, (start, end) in source.spans(topic).items():
                for portion in source.records(topic, partition, start, end):
                    said += [Said(partition, *record) for record in portion]
    return history
