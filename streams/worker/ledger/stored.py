"""Reading back what was stored: every committed state of a partition, up to the end, and nothing uncommitted."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.settings import Settings
from streams.topics import Topic
from streams.worker.ledger.record import (
    MARKER_KEY,
    PATIENT_KEY,
    MarkerBody,
    StateBody,
    Unusable,
    Why,
    decode_marker,
    decode_state,
)

FETCH_BYTES = 4 * 1_048_576
POLL_MS = 200
AT_ONCE = 20_000


class Lost(NamedTuple):
    """A patient whose stored state cannot be used: where the record stands, and why. `patient` "" is the marker."""

    patient: str
    offset: int
    why: Why


@dataclass(slots=True)
class Stored:
    """What stands in one partition of the states topic.

    `end`: the offset after the last record; `size`: bytes of the states in force; `records`: how many were read.
    """

    marker: MarkerBody | None = None
    states: dict[str, StateBody] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    end: int = 0
    size: int = 0
    records: int = 0

    @property
    def marker_lost(self) -> bool:
        """Whether there is a marker that cannot be used."""
        return any(not one.patient for one in self.lost)


async def read_states(settings: Settings, partitions: Iterable[int]) -> dict[int, Stored]:
    """What is stored of these partitions. Raises KafkaError.

    The end is compared with the position, never with the last record's offset: transactions end in markers, and an
    open one hides what lies behind it.
    """
    topic = settings.topic(Topic.STATES)
    newest: dict[int, dict[bytes, tuple[int, bytes]]] = {partition: {} for partition in partitions}
    counts = dict.fromkeys(newest, 0)
    if not newest:
        return {}
    consumer = AIOKafkaConsumer(
        **settings.aiokafka(),
        client_id="vigilward-ledger",
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=max(FETCH_BYTES, settings.max_outbound_bytes),
        fetch_max_bytes=8 * FETCH_BYTES,
        fetch_max_wait_ms=POLL_MS,
    )
    await consumer.start()
    try:
        places = {TopicPartition(topic, partition) for partition in newest}
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        reading = set(places)
        while True:
            for place in list(reading):
                if await consumer.position(place) >= ends[place]:
                    reading.discard(place)
                    consumer.pause(place)
            if not reading:
                break
            fetched = await consumer.getmany(*reading, timeout_ms=POLL_MS, max_records=AT_ONCE)
            for place, records in fetched.items():
                keys = newest[place.partition]
                counts[place.partition] += len(records)
                for record in records:
                    if record.value is None:
                        keys.pop(record.key, None)
                    else:
                        keys[record.key] = record.offset, record.value
    finally:
        await consumer.stop()
    found = {}
    for place in places:
        found[place.partition] = stored = understood(newest[place.partition])
        stored.end, stored.records = ends[place], counts[place.partition]
        await asyncio.sleep(0)
    return found


def understood(newest: dict[bytes, tuple[int, bytes]]) -> Stored:
    """The newest records by key, decoded; what cannot be used is named, in the order of the offsets."""
    stored = Stored()
    for key, (offset, value) in newest.items():
        stored.size += len(value)
        patient = key[len(PATIENT_KEY) :].decode("utf-8", "replace") if key.startswith(PATIENT_KEY) else ""
        try:
            if key == MARKER_KEY:
                stored.marker = decode_marker(value)
            elif patient:
                stored.states[patient] = decode_state(key, value)
        except Unusable as unusable:
            stored.lost.append(Lost(patient, offset, unusable.why))
    stored.lost.sort(key=lambda one: one.offset)
    return stored
