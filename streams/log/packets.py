"""What waits beside the log lies in packets: in order, each with the checkpoint before its first record, and small."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import cramjam
import msgspec

from streams.log.record import Checkpoint, Record

PACKED_TOGETHER: Final = 500
PACKED_BYTES: Final = 1_048_576
"""A packet is closed at so many records, or bytes: one is open while it is filled, and one while it is taken."""

BYTES_A_RECORD: Final = 250
"""What it costs to know who waits where."""


class Waits(NamedTuple):
    """One record that waits: whose it is ("": everybody's, None: nobody's), and by how much stamps stepped back before
    it, in milliseconds; a step back alone has no record of its own, only a place.
    """

    patient: str | None
    record: Record
    back_ms: int = 0


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Waits]).decode


def _packed(waits: Iterable[Waits]) -> bytes:
    return bytes(cramjam.lz4.compress_block(_pack(list(waits))))


def _unpacked(packed: bytes) -> list[Waits]:
    return _unpack(bytes(cramjam.lz4.decompress_block(packed)))


class Packet:
    """Some of what waits, in order, and the checkpoint before the first of it."""

    __slots__ = ("_open", "_packed", "_raw", "added", "before", "count", "patients", "since")

    def __init__(self, before: Checkpoint) -> None:
        self.before, self.count, self.since = before, 0, 0
        self.added = 0  # never lowered: a packet that is taken while it is filled has to close, for the checkpoint
        self.patients: list[str] = []
        self._open: deque[Waits] | None = deque()
        self._packed = b""
        self._raw = 0  # bytes of what lies open

    @property
    def size(self) -> int:
        """What it takes, in bytes."""
        return BYTES_A_RECORD * self.count + (len(self._packed) if self._open is None else self._raw)

    @property
    def is_full(self) -> bool:
        """Whether no more should be added."""
        return self.added >= PACKED_TOGETHER or self._raw >= PACKED_BYTES

    def add(self, one: Waits) -> None:
        """Takes one more."""
        assert self._open is not None
        if not self._open:
            self.since = one.record[1]
        self._open.append(one)
        self.count += 1
        self.added += 1
        self._raw += len(one.record[3] or b"")

    def close(self) -> None:
        """Nothing more is added: kept small."""
        if self._open is not None:
            self._packed, self._open, self._raw = _packed(self._open), None, 0

    def look(self) -> Iterable[Waits]:
        """What is in it; it stays as it is."""
        return _unpacked(self._packed) if self._open is None else self._open

    def take(self, most: int) -> list[Waits]:
        """Takes the first out of it, and leaves the rest open."""
        if self._open is None:
            self._open, self._packed = deque(_unpacked(self._packed)), b""
            self._raw = sum(len(one.record[3] or b"") for one in self._open)
        taken = [self._open.popleft() for _ in range(min(most, len(self._open)))]
        self.count -= len(taken)
        self._raw -= sum(len(one.record[3] or b"") for one in taken)
        if self._open:
            self.since = self._open[0].record[1]
        return taken

    def leave(self, rest: Sequence[Waits]) -> None:
        """Only these stay; as small as it was."""
        self.count, closed = len(rest), self._open is None
        self._open, self._packed = deque(rest), b""
        self._raw = sum(len(one.record[3] or b"") for one in rest)
        if closed:
            self.close()
