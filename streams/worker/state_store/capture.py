"""What a snapshot holds: one moment of a partition, exactly, and the lines that write it."""

import asyncio
from collections.abc import Iterator, Set
from dataclasses import dataclass

import msgspec

from streams.config.settings import Settings
from streams.config.topics import Topic, size_limit
from streams.worker.owned_partition import OwnedPartition
from streams.worker.state_store.fenced_producer import Line
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    END_KEY,
    CheckpointBody,
    encode_checkpoint,
    encode_state,
    patient_key,
    seal,
)

AT_ONCE = 100
"""Patients between two looks at everything else: about 4 ms."""
OVERHEAD = 256


@dataclass(slots=True)
class Captured:
    """One moment of a partition: the checkpoint, the states that changed (None: forgotten), and all of them if
    asked.
    """

    checkpoint: CheckpointBody
    changed: dict[str, bytes | None]
    everyone: dict[str, bytes] | None = None

    @property
    def size(self) -> int:
        """Bytes of the states that changed."""
        return sum(len(value) for value in self.changed.values() if value is not None)


async def capture(owned: OwnedPartition, checkpoint_of, settings: Settings, everyone: bool) -> Captured:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """One moment of the partition: states are written down ahead, while the log goes on; then the partition is held
    still, and whoever was touched meanwhile is written anew. Held still for all of them, alerts waited for that long.

    `checkpoint_of(checkpoint, patients)` gives the checkpoint's body. The dirty set is emptied: whoever cannot commit
    this must put `changed` back.
    """
    limit = size_limit(Topic.STATES, settings) - OVERHEAD
    log = owned.log
    dirty: set[str] = set()
    written: dict[str, bytes] = {}

    async def write(patients: Set[str]) -> None:
        for number, patient in enumerate(sorted(patients)):
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            written.pop(patient, None)
            if log.find(patient) is not None:
                _, upto, snapshot = log.state(patient)
                written[patient] = encode_state(patient, upto, snapshot, limit)

    def touched() -> set[str]:
        now = set(log.dirty)
        log.dirty.clear()
        dirty.update(now)
        return now

    try:
        ahead = touched()
        await write(ahead | dict(log.watched).keys() if everyone else ahead)
        async with owned.still:
            body = checkpoint_of(log.checkpoint._replace(next_offset=owned.taken), len(dict(log.watched)))
            await write(touched())
    except BaseException:
        log.dirty.update(dirty)
        raise
    return Captured(body, {patient: written.get(patient) for patient in sorted(dirty)}, written if everyone else None)


def lines(captured: Captured, settings: Settings, partition: int) -> list[Line]:
    """The records of a snapshot; the checkpoint comes last."""
    states, savepoints = settings.topic(Topic.STATES), settings.topic(Topic.SAVEPOINTS)
    body = captured.checkpoint
    written = [Line(states, partition, patient_key(patient), value) for patient, value in captured.changed.items()]
    if captured.everyone is not None:
        body = msgspec.structs.replace(body, savepoint_at=body.time)
        written += savepoint(captured.everyone, body, savepoints, partition)
    return [*written, Line(states, partition, CHECKPOINT_KEY, encode_checkpoint(body))]


def savepoint(everyone: dict[str, bytes], body: CheckpointBody, topic: str, partition: int) -> Iterator[Line]:
    """The records of a savepoint: every patient's state, the checkpoint, and an end that counts them."""
    for patient, value in everyone.items():
        yield Line(topic, partition, patient_key(patient), value)
    yield Line(topic, partition, CHECKPOINT_KEY, encode_checkpoint(body))
    yield Line(topic, partition, END_KEY, seal(END_KEY, [len(everyone), body.next_offset]))
