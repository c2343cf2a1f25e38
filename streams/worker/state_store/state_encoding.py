"""How one patient's state, or a partition's checkpoint, is written down: versioned, checksummed, never unpickled.

A value is `VW`, the format's version (1 byte), a CRC-32 of key and body (4 bytes, big endian), and a msgpack body of
numbers, strings and bytes. The checksum covers the key, so that a state under another patient's name is damage too:
river's own bytes, damaged, either panic or are taken as they are, and are therefore never handed on unchecked.
"""

import zlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib.metadata import version
from typing import Any, Final

import msgspec
from msgspec import Struct

from detectors.vigil.vigil import SNAPSHOT_VERSION
from streams.log import Checkpoint
from streams.log.behaviour import BEHAVIOUR, FIRST
from streams.log.beyond import NOTHING, Ahead
from streams.log.record import ClockState

MAGIC: Final = b"VW"
FORMAT: Final = 1
HEAD: Final = len(MAGIC) + 1 + 4
CHECKPOINT_KEY: Final = b"marker"
END_KEY: Final = b"end"
PATIENT_KEY: Final = b"patient/"
NEEDS: Final = "of a newer vigilward (behaviour {}), which alone may go on with these states"
LIBRARIES: Final = {name: version(name) for name in ("river", "msgspec", "vigilward")}


class Why(StrEnum):
    """Why a record cannot be used: a closed list."""

    DAMAGED = "damaged"
    NEWER = "newer"
    TOO_LARGE = "too_large"


class Unusable(ValueError):
    """A record that cannot be used, and why. The text holds no name and no value."""

    def __init__(self, why: Why) -> None:
        super().__init__(f"a stored record is {why.replace('_', ' ')}")
        self.why = why


class StateBody(Struct, array_like=True, frozen=True):
    """A patient's state: the offset up to which it holds, what wrote it, and the snapshot (None: it did not fit)."""

    upto: int
    snapshot_version: int
    libraries: dict[str, str]
    snapshot: bytes | None


class CheckpointBody(Struct, array_like=True, frozen=True):
    """Up to where a partition's log was taken, whose log it is, and who wrote it.

    Times in milliseconds. `savepoint_at`: the stream time at its last savepoint, None before the first. `clock`:
    where stream time stands, None before the log's first signed tick. `group`: whose workers own it ("": written before
    groups were kept); `behaviour`: of the build that wrote it (`streams.log.behaviour`); `drained`: everything that was
    said is acknowledged, and nothing was said since; `mode`: of the patients ("": written before modes were kept);
    `leader_epoch`: of the leader who wrote what was taken last, -1 where it is not known; `ahead`: what took effect
    beyond it (`streams.log.beyond`).
    """

    next_offset: int
    time: int
    first_time: int | None
    sources: dict[str, int]
    rules: bytes | None
    cluster_id: str
    topic_id: str
    generation: int
    patients: int
    savepoint_at: int | None = None
    clock: ClockState | None = None
    log_id: str = ""
    group: str = ""
    behaviour: int = FIRST
    drained: bool = False
    mode: str = ""
    log_number: int = 0
    leader_epoch: int = -1
    ahead: Ahead = NOTHING

    @property
    def checkpoint(self) -> Checkpoint:
        """What the log goes on from."""
        where = self.next_offset, self.time, self.first_time, dict(self.sources), self.rules
        return Checkpoint(*where, self.clock, self.log_number, self.ahead)

    @classmethod
    def of(
        cls,
        checkpoint: Checkpoint,
        cluster_id: str,
        topic_id: str,
        generation: int,
        patients: int,
        group: str = "",
        mode: str = "",
    ) -> "CheckpointBody":
        """The body for a checkpoint, by this build."""
        return cls(
            checkpoint.next_offset,
            checkpoint.time,
            checkpoint.first_time,
            dict(checkpoint.sources),
            checkpoint.rules,
            cluster_id,
            topic_id,
            generation,
            patients,
            clock=checkpoint.clock,
            log_number=checkpoint.log_number,
            group=group,
            behaviour=BEHAVIOUR,
            mode=mode,
            ahead=checkpoint.ahead,
        )


_pack = msgspec.msgpack.Encoder().encode
_state = msgspec.msgpack.Decoder(StateBody).decode
_checkpoint = msgspec.msgpack.Decoder(CheckpointBody).decode


def patient_key(patient: str) -> bytes:
    """The key of a patient's state."""
    return PATIENT_KEY + patient.encode()


def seal(key: bytes, body: object) -> bytes:
    """A value that `unseal` takes under the same key only."""
    packed = _pack(body)
    return MAGIC + bytes((FORMAT,)) + zlib.crc32(packed, zlib.crc32(key)).to_bytes(4) + packed


def unseal(key: bytes, value: bytes) -> bytes:
    """The packed body. Raises Unusable.

    >>> unseal(b"one", seal(b"other", [1]))
    Traceback (most recent call last):
    streams.worker.state_store.state_encoding.Unusable: a stored record is damaged
    """
    if len(value) < HEAD or value[:2] != MAGIC:
        raise Unusable(Why.DAMAGED)
    if value[2] > FORMAT:  # its checksum may be another
        raise Unusable(Why.NEWER)
    packed = value[HEAD:]
    if value[2] < 1 or value[3:HEAD] != zlib.crc32(packed, zlib.crc32(key)).to_bytes(4):
        raise Unusable(Why.DAMAGED)
    return packed


def encode_state(
    patient: str, upto: int, snapshot: bytes, limit: int, libraries: Mapping[str, str] = LIBRARIES
) -> bytes:
    """A patient's state as a value of at most `limit` bytes; one that does not fit says only that."""
    key = patient_key(patient)
    value = seal(key, StateBody(upto, SNAPSHOT_VERSION, dict(libraries), snapshot))
    if len(key) + len(value) <= limit:
        return value
    return seal(key, StateBody(upto, SNAPSHOT_VERSION, dict(libraries), None))


def decode_state(key: bytes, value: bytes) -> StateBody:
    """A patient's state. Raises Unusable."""
    body: StateBody = _decode(_state, key, value)
    if body.snapshot is None:
        raise Unusable(Why.TOO_LARGE)
    if body.snapshot_version > SNAPSHOT_VERSION:
        raise Unusable(Why.NEWER)
    return body


def encode_checkpoint(body: CheckpointBody) -> bytes:
    """A checkpoint as a value.

    A build of behaviour 1 reads no number, and compares the topic's id: it finds words there, which it prints as it
    refuses the partition. The id itself stands in `log_id`.
    """
    if body.behaviour != FIRST:
        body = msgspec.structs.replace(body, topic_id=NEEDS.format(body.behaviour), log_id=body.topic_id)
    return seal(CHECKPOINT_KEY, body)


def decode_checkpoint(value: bytes) -> CheckpointBody:
    """A checkpoint. Raises Unusable."""
    body: CheckpointBody = _decode(_checkpoint, CHECKPOINT_KEY, value)
    return msgspec.structs.replace(body, topic_id=body.log_id, log_id="") if body.log_id else body


def _decode(read: Callable[[bytes], Any], key: bytes, value: bytes) -> Any:
    packed = unseal(key, value)
    try:
        return read(packed)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Unusable(Why.DAMAGED) from None
