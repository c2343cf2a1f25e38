"""Stored states as a whole: looked at, taken out into a file, put back, forgotten. Only while no worker runs."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from msgspec import Struct

from streams.config.settings import Settings
from streams.config.topics import FORWARDED, Topic, size_limit
from streams.installation.broker import TIMEOUT_S, admin_of
from streams.log import Checkpoint
from streams.log.beyond import NOTHING
from streams.recorded.source import Source
from streams.worker.state_store.capture import OVERHEAD
from streams.worker.state_store.fenced_producer import FencedProducer, Line
from streams.worker.state_store.identity import Identity
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    CheckpointBody,
    encode_checkpoint,
    encode_state,
    patient_key,
)
from streams.worker.state_store.stored import Stored, read_states

VERSION: Final = 1


class InUse(Exception):
    """Workers run in this group: what they hold in memory would be written over."""

    exit_code = 3


class NotTheseStates(ValueError):
    """A file whose states cannot be taken over as asked."""

    exit_code = 2


class ExportHead(Struct, frozen=True, kw_only=True):
    """The first line of an export."""

    exported_states: int = VERSION
    topic: str
    partitions: int
    cluster_id: str
    topic_id: str


class ExportCheckpoint(Struct, frozen=True, kw_only=True, tag_field="line", tag="marker"):
    """A partition's checkpoint."""

    partition: int
    body: CheckpointBody


class ExportState(Struct, frozen=True, kw_only=True, tag_field="line", tag="state"):
    """One patient's state."""

    partition: int
    patient: str
    upto: int
    snapshot: bytes
    libraries: dict[str, str]


_encode = msgspec.json.Encoder().encode
_head = msgspec.json.Decoder(ExportHead).decode
_line = msgspec.json.Decoder(ExportCheckpoint | ExportState).decode


def all_stored(settings: Settings) -> dict[int, Stored]:
    """What is stored of every partition."""
    return asyncio.run(read_states(settings, range(settings.partitions)))


def exported(settings: Settings, stored: Mapping[int, Stored], whose: Identity) -> Iterator[bytes]:
    """The export, line by line; what cannot be used is left out."""
    topic = settings.topic(Topic.READINGS)
    head = ExportHead(topic=topic, partitions=settings.partitions, cluster_id=whose.cluster_id, topic_id=whose.topic_id)
    yield _encode(head) + b"\n"
    for partition, one in sorted(stored.items()):
        if one.checkpoint is not None:
            yield _encode(ExportCheckpoint(partition=partition, body=one.checkpoint)) + b"\n"
        for patient, body in sorted(one.states.items()):
            state = ExportState(
                partition=partition, patient=patient, upto=body.upto, snapshot=body.snapshot or b"",
                libraries=body.libraries,
            )  # fmt: skip
            yield _encode(state) + b"\n"


def imported(lines: Iterable[bytes], settings: Settings, whose: Identity, start: str | None) -> dict[int, list[Line]]:
    """What an export becomes here, by partition; the checkpoint last. Raises NotTheseStates.

    `start` is `start` or `end` of this log where the states come from another one: their offsets mean nothing here.
    """
    states, limit = settings.topic(Topic.STATES), size_limit(Topic.STATES, settings) - OVERHEAD
    numbered = iter(lines)
    try:
        head = _head(next(numbered, b""))
    except msgspec.MsgspecError:
        raise NotTheseStates("this file was not written by `vigilward state export`") from None
    if head.exported_states > VERSION:
        raise NotTheseStates(f"exported by a newer version ({head.exported_states}); update vigilward")
    if head.partitions != settings.partitions:
        raise NotTheseStates(f"exported from {head.partitions} partitions, here are {settings.partitions}")
    same = head.topic_id == whose.topic_id
    if not same and start is None:
        raise NotTheseStates("exported from another log: say with --from start (or end) where they go on in this one")
    found: dict[int, list[Line]] = {partition: [] for partition in range(settings.partitions)}
    checkpoints: dict[int, CheckpointBody] = {}
    for number, line in enumerate(numbered, start=2):
        try:
            one = _line(line)
        except msgspec.MsgspecError as broken:
            raise NotTheseStates(f"line {number} cannot be read: {broken}") from None
        if isinstance(one, ExportCheckpoint):
            checkpoints[one.partition] = one.body
            continue
        upto = one.upto if same and start is None else 0
        value = encode_state(one.patient, upto, one.snapshot, limit, one.libraries)
        found[one.partition].append(Line(states, one.partition, patient_key(one.patient), value))
    if not same or start is not None:
        with Source(settings) as source:
            spans = source.spans()
        checkpoints = {
            partition: msgspec.structs.replace(
                body, next_offset=spans[partition].end if start == "end" else spans[partition].start, sources={},
                cluster_id=whose.cluster_id, topic_id=whose.topic_id, savepoint_at=None,
                leader_epoch=-1, rules=body.checkpoint.brought_up.rules, ahead=NOTHING,
            )
            for partition, body in checkpoints.items()
        }  # fmt: skip
    for partition, body in checkpoints.items():
        body = msgspec.structs.replace(body, group=settings.group)
        found[partition].append(Line(states, partition, CHECKPOINT_KEY, encode_checkpoint(body)))
    return found


def forgotten(
    settings: Settings, stored: Mapping[int, Stored], whose: Identity, offsets: Mapping[int, int]
) -> dict[int, list[Line]]:
    """The checkpoints with which every partition goes on at these offsets knowing nobody, under the rules in force."""
    states = settings.topic(Topic.STATES)
    written = {}
    for partition, one in stored.items():
        rules = one.checkpoint.checkpoint.brought_up.rules if one.checkpoint else None
        body = CheckpointBody.of(Checkpoint(offsets[partition], rules=rules), *whose, 0, 0, settings.group)
        written[partition] = [Line(states, partition, CHECKPOINT_KEY, encode_checkpoint(body))]
    return written


def put(settings: Settings, lines: Mapping[int, list[Line]], stored: Mapping[int, Stored], keep: bool = False) -> None:
    """Fences each partition and writes its lines in one transaction; patients who are not among them are taken away,
    unless all are to be kept.
    """
    states = settings.topic(Topic.STATES)

    async def write(partition: int, written: list[Line]) -> None:
        named = {line.key for line in written}
        gone = [] if keep else [patient_key(patient) for patient in _patients(stored[partition])]
        away = [Line(states, partition, key, None) for key in gone if key not in named]
        fenced_producer = FencedProducer(settings, partition)
        await fenced_producer.start()
        try:
            await fenced_producer.write([*away, *written])
        finally:
            await fenced_producer.stop()

    async def write_all() -> None:
        for partition, written in lines.items():
            await write(partition, written)

    asyncio.run(write_all())


def handed_over(settings: Settings, stored: Mapping[int, Stored], whose: Identity, group: str) -> dict[int, list[Line]]:
    """The checkpoints with which another group goes on from the very same states. Raises NotTheseStates."""
    states, written = settings.topic(Topic.STATES), {}
    for partition, one in stored.items():
        body = one.checkpoint
        if body is None:
            raise NotTheseStates(f"partition {partition} has no checkpoint that can be used")
        if body.group not in ("", settings.group):
            raise NotTheseStates(f"partition {partition} belongs to group {body.group}, not {settings.group}")
        if body.topic_id != whose.topic_id:
            raise NotTheseStates(
                f"the states of partition {partition} belong to another log: see `vigilward state show`"
            )
        body = msgspec.structs.replace(body, group=group)
        kept = [Line(states, partition, CHECKPOINT_KEY, encode_checkpoint(body))]
        written[partition] = kept
    return written


def refuse_while_workers_run(settings: Settings, *more_groups: str) -> None:
    """Raises InUse unless these groups are empty."""
    admin = admin_of(settings)  # held until the answer: a client that goes away takes its requests with it
    for name in (settings.group, *more_groups):
        asked = admin.describe_consumer_groups([name], request_timeout=TIMEOUT_S)
        try:
            group = asked[name].result(TIMEOUT_S)
        except KafkaException:  # there never was one
            continue
        if group.members:
            raise InUse(f"{len(group.members)} workers run in group {name}: stop them first")


def copy_offsets(settings: Settings, group: str) -> None:
    """Another group goes on where this one is, in the log and in everything that is forwarded."""
    admin = admin_of(settings)
    topics = [settings.topic(topic) for topic in (Topic.READINGS, *FORWARDED)]
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(settings.group)], request_timeout=TIMEOUT_S)
    found = asked[settings.group].result(TIMEOUT_S).topic_partitions
    places = [TopicPartition(one.topic, one.partition, one.offset) for one in found if one.topic in topics]
    if places:
        to = ConsumerGroupTopicPartitions(group, places)
        for answer in admin.alter_consumer_group_offsets([to], request_timeout=TIMEOUT_S).values():
            answer.result(TIMEOUT_S)


def set_offsets(settings: Settings, offsets: Mapping[int, int]) -> None:
    """The group goes on from these offsets of the log."""
    topic = settings.topic(Topic.READINGS)
    places = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
    asked = ConsumerGroupTopicPartitions(settings.group, places)
    admin = admin_of(settings)
    for answer in admin.alter_consumer_group_offsets([asked], request_timeout=TIMEOUT_S).values():
        answer.result(TIMEOUT_S)


def _patients(stored: Stored) -> set[str]:
    return {*stored.states, *(one.patient for one in stored.lost if one.patient)}
