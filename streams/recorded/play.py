"""A stretch of the log through the very same partitions again: what it says must be what was said live."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from detectors.rules import Rules
from schemas.control_record import KIND_HEADER, ControlRecordKeys
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Checkpoint, Output, Partition, Record
from streams.log.control_records import tick
from streams.log.placing import partition_of
from streams.recorded.savepoints import Savepoint, savepoint_before
from streams.recorded.source import Source
from streams.worker.state_store.identity import identity

FOREVER: Final = 1 << 62
_TICK: Final = tick()


class Start(NamedTuple):
    """From where a partition is replayed: an offset, the states in force there, and whether these are all."""

    offset: int
    savepoint: Savepoint | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is asked for: one patient or all, and the moments (ms since 1970, `until` inclusive) between which."""

    patient: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def holds(self, output: Output) -> bool:
        """Whether an output belongs to it."""
        if self.patient is not None and output.key != self.patient.encode():
            return False
        return (self.since_ms or 0) <= output.due <= (FOREVER if self.until_ms is None else self.until_ms)

    def partitions(self, settings: Settings) -> Iterable[int]:
        """The partitions that have to be read."""
        if self.patient is not None:
            return (partition_of(self.patient, settings.partitions),)
        return range(settings.partitions)


def start_of(source: Source, partition: int, stretch: Stretch, topic_id: str) -> Start:
    """Where to begin: with the savepoint before the moment asked for, else with the log's first record."""
    span = source.spans()[partition]
    if stretch.since_ms is not None:
        found = savepoint_before(source, partition, stretch.since_ms, span, topic_id)
        if found is not None:
            return Start(found.body.next_offset, found, whole=True)
    return Start(span.start, None, whole=span.start == 0)


def new_log(
    settings: Settings,
    partition: int,
    rules: Rules,
    keys: ControlRecordKeys,
    checkpoint: Checkpoint | None = None,
    states: Iterable[tuple[str, int, bytes]] = (),
    kind: type[Partition] = Partition,
) -> Partition:
    """A partition as a worker with these settings makes it."""
    return kind(
        partition, settings.partitions, clock=settings.clock.value, mode=settings.mode.value, rules=rules, keys=keys,
        topic=settings.topic(Topic.READINGS), checkpoint=checkpoint, states=states,
    )  # fmt: skip


def play(
    source: Source,
    rules: Rules,
    stretch: Stretch,
    incomplete: Callable[[int], None],
    kind: type[Partition] = Partition,
) -> Iterator[Output]:
    """What the stretch says, partition by partition. `incomplete(partition)`: its start is not all there."""
    settings = source.settings
    topic_id = identity(settings).topic_id
    for partition in stretch.partitions(settings):
        start = start_of(source, partition, stretch, topic_id)
        if not start.whole:
            incomplete(partition)
        saved = start.savepoint
        log = new_log(
            settings, partition, rules, settings.keys, saved.checkpoint if saved else None,
            saved.states if saved else (), kind,
        )  # fmt: skip
        end = source.spans()[partition].end
        portions = source.records(Topic.READINGS, partition, start.offset, end)
        yield from taken(log, portions, stretch)


def taken(log: Partition, portions: Iterable[list[Record]], stretch: Stretch) -> Iterator[Output]:
    """What a partition says to these records, as far as it belongs to the stretch."""
    glance = only(stretch.patient, log) if stretch.patient is not None else None
    for portion in portions:
        records = [glance(record) for record in portion] if glance else portion
        for output in log.run(records):
            if stretch.holds(output):
                yield output
        if stretch.until_ms is not None and log.time > stretch.until_ms:
            return


def only(patient: str, log: Partition) -> Callable[[Record], Record]:
    """Makes ticks of what cannot concern this patient: in arrival clock the others only move the time."""
    name = patient.encode()

    def glance(record: Record) -> Record:
        offset, at, key, value, headers = record
        if log.event_clock or key == name or any(header == KIND_HEADER for header, _ in headers):
            return record
        if value is not None and (name in value or b"\\" in value):  # the name may be written with escapes
            return record
        return offset, at, None, _TICK[1], _TICK[2]

    return glance
