"""A compressed record batch may not unpack to more than a limit: a kilobyte must not fill the memory.

aiokafka unpacks whatever it is sent. Its decoders are replaced for the whole process, where it looks them up
(tests/contract/test_faust_members.py); beyond the limit they refuse, and the batch costs itself alone.
"""

import io
import struct
from collections.abc import Callable
from gzip import GzipFile
from typing import Final

import cramjam
from aiokafka import codec
from aiokafka.protocol import message
from aiokafka.record import default_records, legacy_records
from aiokafka.record._crecords import default_records as compiled
from aiokafka.record._crecords import legacy_records as compiled_legacy

MOST_BYTES: Final = 64 * 1_048_576
"""A constant, not a setting: it decides what is refused, and a replay must decide the same. Sixty-four times what a
producer gathers by default."""

XERIAL_HEADER: Final = 16
GREATEST_OF_LZ4: Final = 255
"""No more bytes than that come out of one of LZ4's."""

FIRST_ROOM: Final = 65_536
NO_ROOM: Final = "failed to write whole buffer"
"""What cramjam says then; tests/streams/worker/test_unpacking.py holds it to that."""

MODULES: Final = (codec, message, default_records, legacy_records, compiled, compiled_legacy)

Decode = Callable[[bytes], bytes]


class TooMuch(Exception):
    """It would unpack to more than may be."""


def unpack_gzip(payload: bytes) -> bytes:
    """By `gzip`. Raises TooMuch, and what `gzip` raises."""
    with GzipFile(fileobj=io.BytesIO(payload)) as packed:
        out = packed.read(MOST_BYTES + 1)
    if len(out) > MOST_BYTES:
        raise TooMuch
    return out


def unpack_snappy(payload: bytes) -> bytes:
    """Raw, or in the blocks of the Java library. Raises TooMuch, and what cramjam raises."""
    view, blocks = memoryview(payload), []
    if codec._detect_xerial_stream(payload):
        at = XERIAL_HEADER
        while at < len(view):
            (size,) = struct.unpack_from("!i", view, at)
            if size < 0:
                raise OSError("a block of less than nothing")
            blocks.append(view[at + 4 : at + 4 + size])
            at += 4 + size
    else:
        blocks.append(view)
    if sum(cramjam.snappy.decompress_raw_len(block) for block in blocks) > MOST_BYTES:
        raise TooMuch
    return b"".join(bytes(cramjam.snappy.decompress_raw(block)) for block in blocks)


def unpack_lz4(payload: bytes) -> bytes:
    """Frames. Raises TooMuch, and what cramjam raises."""
    if len(payload) * GREATEST_OF_LZ4 <= MOST_BYTES:
        return bytes(cramjam.lz4.decompress(payload))
    return _into(cramjam.lz4.decompress_into, payload)


def unpack_zstd(payload: bytes) -> bytes:
    """Frames. Raises TooMuch, and what cramjam raises."""
    return _into(cramjam.zstd.decompress_into, payload)


def _into(unpack: Callable[[bytes, bytearray], int], payload: bytes) -> bytes:
    """Into rooms of more and more bytes, up to the limit: to make one costs what it holds."""
    size = FIRST_ROOM + 16 * len(payload)
    while True:
        room = bytearray(min(size, MOST_BYTES))
        try:
            return bytes(memoryview(room)[: unpack(payload, room)])
        except cramjam.DecompressionError as refused:
            if str(refused) != NO_ROOM:
                raise
        if size >= MOST_BYTES:
            raise TooMuch
        size *= 16


DECODERS: Final[dict[str, Decode]] = {
    "gzip_decode": unpack_gzip,
    "snappy_decode": unpack_snappy,
    "lz4_decode": unpack_lz4,
    "zstd_decode": unpack_zstd,
}


def guard() -> None:
    """From here on nothing in this process unpacks more."""
    for module in MODULES:
        for name, decode in DECODERS.items():
            if hasattr(module, name):
                setattr(module, name, decode)
