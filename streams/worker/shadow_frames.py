"""What a worker and its shadow say to each other over two pipes: frames in, lines of counts out."""

import struct
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import msgspec

from streams.log import Checkpoint, Record
from streams.log.beyond import Ahead
from streams.log.shadow import Hello

_LENGTH: Final = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_lines = msgspec.json.Encoder().encode


class Begin(msgspec.Struct, frozen=True, array_like=True, tag="begin"):
    """A partition from this state on."""

    partition: int
    next_offset: int
    time: int
    first_time: int | None
    sources: dict[str, int]
    states: list[tuple[str, int, bytes]]
    over: dict[str, int]

    @classmethod
    def of(cls, partition: int, checkpoint: Checkpoint, states: Sequence[tuple[str, int, bytes]]) -> "Begin":
        """As the armed partition began."""
        where = (checkpoint.next_offset, checkpoint.time, checkpoint.first_time, dict(checkpoint.sources))
        return cls(partition, *where, list(states), dict(checkpoint.ahead.over))

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint again; the rules in force are left out: a shadow has its own."""
        where = self.next_offset, self.time, self.first_time, self.sources
        return Checkpoint(*where, None, ahead=Ahead({}, self.over))


class Take(msgspec.Struct, frozen=True, array_like=True, tag="take"):
    """Records of a partition at their stream times, and the alerts that the armed rules said to them."""

    partition: int
    records: list[tuple[int, int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]]
    armed: list[bytes]
    back_ms: int = 0

    @classmethod
    def of(cls, partition: int, records: Sequence[Record], armed: Sequence[bytes], back_ms: int = 0) -> "Take":
        """As the armed partition took them."""
        plain: list[Any] = [(offset, at, key, value, list(headers)) for offset, at, key, value, headers in records]
        return cls(partition, plain, list(armed), back_ms)


class Drop(msgspec.Struct, frozen=True, array_like=True, tag="drop"):
    """Another worker has the partition."""

    partition: int


Frame = Begin | Take | Drop
_frame = msgspec.msgpack.Decoder(Frame).decode
_hello = msgspec.msgpack.Decoder(Hello).decode


def frame_of(message: Frame | Hello) -> bytes:
    """A message with its length before it."""
    body = _encode(message)
    return _LENGTH.pack(len(body)) + body


def hello_from(pipe: BinaryIO) -> Hello:
    """The first frame. Raises EOFError."""
    body = _next(pipe)
    if body is None:
        raise EOFError
    return _hello(body)


def frames_from(pipe: BinaryIO) -> Iterator[Frame]:
    """Every further frame until the pipe ends."""
    while (body := _next(pipe)) is not None:
        yield _frame(body)


def _next(pipe: BinaryIO) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return pipe.read(_LENGTH.unpack(head)[0])


def line_of(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """The counts so far as a line."""
    return _lines(rows) + b"\n"


rows_of = msgspec.json.Decoder(list[tuple[str, str, str, int, int]]).decode
