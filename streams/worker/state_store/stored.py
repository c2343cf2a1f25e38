"""Reading back what was stored: every committed state of a partition, up to the end, and nothing uncommitted."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    PATIENT_KEY,
    CheckpointBody,
    StateBody,
    Unusable,
    Why,
    decode_checkpoint,
    decode_state,
)

FETCH_BYTES = 4 * 1_048_576
POLL_MS = 200
AT_ONCE = 20_000


class Lost(NamedTuple):
    """A patient whose stored state cannot be used: where the record stands, and why. `patient` "" is the checkpoint."""

    patient: str
    offset: int
    why: Why


@dataclass(slots=True)
class Stored:
    """What stands in one partition of the states topic.

    `end`: the offset after the last record; `size`: bytes of the states in force; `records`: how many were read.
    """

    checkpoint: CheckpointBody | None = None
    states: dict[str, StateBody] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    end: int = 0
    size: int = 0
    records: int = 0

    @property
    def taken(self) -> int:
        """The offset up to which the log was taken, as far as is known: states are newer than a checkpoint that stays
        before those who wait beside the log.
        """
        uptos = [body.upto for body in self.states.values()]
        if self.checkpoint is not None:
            uptos += [self.checkpoint.next_offset, *self.checkpoint.ahead.over.values()]
        return max(uptos, default=0)

    @property
    def checkpoint_lost(self) -> bool:
        """Whether there is a checkpoint that cannot be used."""
        return any(not one.patient for one in self.lost)


class StatesReader:
    """Reads what is stored of these partitions, and later what came since; use it in an `async with` block.

    The end is compared with the position, never with the last record's offset: transactions end in markers, and an
    open one hides what lies behind it.
    """

    def __init__(self, settings: Settings, partitions: Iterable[int]) -> None:
        topic = settings.topic(Topic.STATES)
        self._places = {TopicPartition(topic, partition) for partition in partitions}
        self._newest: dict[int, dict[bytes, tuple[int, bytes]]] = {place.partition: {} for place in self._places}
        self._counts = dict.fromkeys(self._newest, 0)
        self._consumer = AIOKafkaConsumer(
            **settings.aiokafka(),
            client_id="vigilward-ledger",
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # where records before were deleted; never at the end, over all that is left
            max_partition_fetch_bytes=max(FETCH_BYTES, settings.max_outbound_bytes),
            fetch_max_bytes=8 * FETCH_BYTES,
            fetch_max_wait_ms=POLL_MS,
        )

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
            self._consumer.assign(self._places)
            await self._consumer.seek_to_beginning(*self._places)
        except BaseException:
            await self._consumer.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def read(self) -> dict[int, Stored]:
        """What is stored now, up to the end. Raises KafkaError."""
        consumer, reading = self._consumer, set(self._places)
        ends = await consumer.end_offsets(self._places)
        consumer.resume(*self._places)
        while True:
            for place in list(reading):
                if await consumer.position(place) >= ends[place]:
                    reading.discard(place)
                    consumer.pause(place)
            if not reading:
                break
            fetched = await consumer.getmany(*reading, timeout_ms=POLL_MS, max_records=AT_ONCE)
            for place, records in fetched.items():
                keys = self._newest[place.partition]
                self._counts[place.partition] += len(records)
                for record in records:
                    if record.value is None:
                        keys.pop(record.key, None)
                    else:
                        keys[record.key] = record.offset, record.value
        found = {}
        for place in self._places:
            found[place.partition] = stored = understood(self._newest[place.partition])
            stored.end, stored.records = ends[place], self._counts[place.partition]
            await asyncio.sleep(0)
        return found

    def markers(self) -> dict[int, CheckpointBody | None]:
        """The markers as they were read last; None where there is none that can be used."""
        return {partition: _checkpoint_of(newest.get(CHECKPOINT_KEY)) for partition, newest in self._newest.items()}


def _checkpoint_of(found: tuple[int, bytes] | None) -> CheckpointBody | None:
    try:
        return None if found is None else decode_checkpoint(found[1])
    except Unusable:
        return None


async def read_states(settings: Settings, partitions: Iterable[int]) -> dict[int, Stored]:
    """What is stored of these partitions. Raises KafkaError."""
    numbers = list(partitions)
    if not numbers:
        return {}
    async with StatesReader(settings, numbers) as reader:
        return await reader.read()


def understood(newest: dict[bytes, tuple[int, bytes]]) -> Stored:
    """The newest records by key, decoded; what cannot be used is named, in the order of the offsets."""
    stored = Stored()
    for key, (offset, value) in newest.items():
        stored.size += len(value)
        patient = key[len(PATIENT_KEY) :].decode("utf-8", "replace") if key.startswith(PATIENT_KEY) else ""
        try:
            if key == CHECKPOINT_KEY:
                stored.checkpoint = decode_checkpoint(value)
            elif patient:
                stored.states[patient] = decode_state(key, value)
        except Unusable as unusable:
            stored.lost.append(Lost(patient, offset, unusable.why))
    stored.lost.sort(key=lambda one: one.offset)
    return stored
