"""All states of a partition as they were at one moment, written once an hour: from there a replay may begin."""

from typing import NamedTuple

import msgspec

from streams.config.topics import HOUR_MS, Topic
from streams.log import Checkpoint
from streams.recorded.source import Source, Span
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    END_KEY,
    PATIENT_KEY,
    CheckpointBody,
    Unusable,
    decode_checkpoint,
    decode_state,
    unseal,
)


class Savepoint(NamedTuple):
    """Whole and undamaged: the checkpoint's body and every patient's state."""

    body: CheckpointBody
    states: tuple[tuple[str, int, bytes], ...]

    @property
    def checkpoint(self) -> Checkpoint:
        """What the log goes on from."""
        return self.body.checkpoint


def savepoint_before(source: Source, partition: int, at_ms: int, span: Span, topic_id: str) -> Savepoint | None:
    """The newest savepoint at or before a moment of the stream time from which the log is still there."""
    there = source.spans(Topic.SAVEPOINTS).get(partition, Span(0, 0))
    start = there.start
    if source.settings.durable and source.settings.clock.value == "arrival":
        every_ms = round(source.settings.savepoint_every_s * 1_000)
        near = source.offset_at(Topic.SAVEPOINTS, partition, at_ms - 3 * max(every_ms, HOUR_MS), there)
        start = near if near < there.end else there.start
    best = None
    collected: dict[bytes, bytes] = {}
    for portion in source.records(Topic.SAVEPOINTS, partition, start, there.end, committed=True):
        for _, _, key, value, _ in portion:
            if key is None or value is None:
                continue
            collected[key] = value
            if key != END_KEY:
                continue
            found = _whole(collected)
            collected = {}
            if found is None or found.body.topic_id != topic_id or found.body.next_offset < span.start:
                continue
            if found.body.time > at_ms:
                return best
            best = found
    return best


def _whole(collected: dict[bytes, bytes]) -> Savepoint | None:
    """The savepoint that these records are; None where one is missing or damaged."""
    try:
        patients, _ = msgspec.msgpack.decode(unseal(END_KEY, collected.pop(END_KEY)))
        body = decode_checkpoint(collected.pop(CHECKPOINT_KEY))
        states = []
        for key, value in collected.items():
            state = decode_state(key, value)
            states.append((key.removeprefix(PATIENT_KEY).decode(), state.upto, state.snapshot or b""))
    except (Unusable, KeyError, ValueError, UnicodeDecodeError):
        return None
    return Savepoint(body, tuple(states)) if len(states) == patients else None
