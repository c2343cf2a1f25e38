"""FIT files: header, definitions and data messages, checked by their CRC. Garmin's FIT protocol, version 2.

A file may hold several FIT files after one another. A broken CRC makes a file unreadable: what stands behind a flipped
bit would be read as other fields.
"""

import struct
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_CRC: Final = _table()
# base type: struct letter, size, invalid value
_TYPES: Final = {
    0x00: ("B", 1, 0xFF), 0x01: ("b", 1, 0x7F), 0x02: ("B", 1, 0xFF), 0x83: ("h", 2, 0x7FFF), 0x84: ("H", 2, 0xFFFF),
    0x85: ("i", 4, 0x7FFFFFFF), 0x86: ("I", 4, 0xFFFFFFFF), 0x88: ("f", 4, None), 0x89: ("d", 8, None),
    0x0A: ("B", 1, 0), 0x8B: ("H", 2, 0), 0x8C: ("I", 4, 0), 0x8E: ("q", 8, 2**63 - 1), 0x8F: ("Q", 8, 2**64 - 1),
    0x90: ("Q", 8, 0),
}  # fmt: skip
TIMESTAMP: Final = 253


class FitError(ValueError):
    """What cannot be read as FIT, and where."""


@dataclass(frozen=True, slots=True)
class FitMessage:
    """One data message: its global number and the valid values by field number; arrays and text are left out."""

    number: int
    fields: dict[int, float]


@dataclass(frozen=True, slots=True)
class _Definition:
    number: int
    order: str
    fields: tuple[tuple[int, int, int], ...]
    extra: int  # bytes of developer fields


def crc(data: bytes | memoryview) -> int:
    """FIT's CRC-16.

    >>> crc(b"123456789")
    47933
    """
    value = 0
    for byte in bytes(data):
        value = (value >> 8) ^ _CRC[(value ^ byte) & 0xFF]
    return value


def messages(data: bytes) -> Iterator[FitMessage]:
    """The data messages of every FIT file in some bytes. Raises FitError."""
    at = 0
    while at < len(data):
        at = yield from _file(data, at)


def _file(data: bytes, start: int) -> Generator[FitMessage, None, int]:
    if len(data) - start < 14:
        raise FitError(f"byte {start}: the header is cut off")
    size, _, _, length, mark = struct.unpack_from("<BBHI4s", data, start)
    end = start + size + length
    if size not in (12, 14) or mark != b".FIT":
        raise FitError(f"byte {start}: no FIT header")
    if end + 2 > len(data):
        raise FitError(f"byte {start}: shorter than its header says")
    if crc(memoryview(data)[start:end]) != int.from_bytes(data[end : end + 2], "little"):
        raise FitError(f"byte {start}: the check sum is wrong")
    definitions: dict[int, _Definition] = {}
    at, clock = start + size, 0
    while at < end:
        head = data[at]
        at += 1
        if head & 0xC0 == 0x40:
            definitions[head & 0xF], at = _definition(data, at, end, bool(head & 0x20))
            continue
        local = (head >> 5) & 0x3 if head & 0x80 else head & 0xF
        known = definitions.get(local)
        if known is None:
            raise FitError(f"byte {at - 1}: a message without its definition")
        message, at = _data(data, at, end, known)
        if head & 0x80:  # five bits of time, carried on from the last full one
            clock += ((head & 0x1F) - clock) & 0x1F
            message.fields[TIMESTAMP] = clock
        else:
            clock = int(message.fields.get(TIMESTAMP, clock))
        yield message
    return end + 2


def _definition(data: bytes, at: int, end: int, developer: bool) -> tuple[_Definition, int]:
    if at + 5 > end:
        raise FitError(f"byte {at}: a definition is cut off")
    order = ">" if data[at + 1] == 1 else "<"
    number = int.from_bytes(data[at + 2 : at + 4], "big" if order == ">" else "little")
    count = data[at + 4]
    at += 5
    fields = tuple((data[i], data[i + 1], data[i + 2]) for i in range(at, min(at + 3 * count, end - 2), 3))
    at += 3 * count
    extra = 0
    if developer:
        if at >= end:
            raise FitError(f"byte {at}: a definition is cut off")
        extra = sum(data[i + 1] for i in range(at + 1, min(at + 1 + 3 * data[at], end - 2), 3))
        at += 1 + 3 * data[at]
    if at > end or len(fields) != count:
        raise FitError(f"byte {at}: a definition is cut off")
    return _Definition(number, order, fields, extra), at


def _data(data: bytes, at: int, end: int, known: _Definition) -> tuple[FitMessage, int]:
    found: dict[int, float] = {}
    for number, size, base in known.fields:
        kind = _TYPES.get(base)
        if at + size > end:
            raise FitError(f"byte {at}: a message is cut off")
        if kind is not None and size == kind[1]:
            (value,) = struct.unpack_from(known.order + kind[0], data, at)
            if value != kind[2] and value == value:
                found[number] = value
        at += size
    if at + known.extra > end:
        raise FitError(f"byte {at}: a message is cut off")
    return FitMessage(known.number, found), at + known.extra
