"""Which compressed record batches this installation can unpack: tried, not guessed from what is installed."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from aiokafka import codec

EXAMPLE: Final = b"one reading after another, one reading after another"

TRIED: Final[Mapping[str, tuple[Callable[[bytes], Any], Callable[[bytes], Any]]]] = {
    "gzip": (codec.gzip_encode, codec.gzip_decode),
    "snappy": (codec.snappy_encode, codec.snappy_decode),
    "lz4": (codec.lz4_encode, codec.lz4_decode),
    "zstd": (codec.zstd_encode, codec.zstd_decode),
}
"""Every codec that Kafka knows, by the name that `compression.type` gives it."""

UNCOMPRESSED: Final = ("uncompressed", "none")
PRODUCERS: Final = "producer"
"""A topic keeps what each producer sends: any codec may come."""


def readable_codecs() -> frozenset[str]:
    """The codecs whose batches can be unpacked here.

    >>> sorted(readable_codecs())
    ['gzip', 'lz4', 'snappy', 'zstd']
    """
    return frozenset(name for name in TRIED if _round_trip(name))


def _round_trip(name: str) -> bool:
    pack, unpack = TRIED[name]
    try:
        return bytes(unpack(pack(EXAMPLE))) == EXAMPLE
    except Exception:  # a library that is missing, or of another version: whatever it says, it cannot be used
        return False


def codecs_that_may_come(compression_type: str | None) -> frozenset[str]:
    """What a topic's `compression.type` lets come; all of them where it is the producers' affair or not known.

    >>> codecs_that_may_come("lz4"), codecs_that_may_come("uncompressed"), len(codecs_that_may_come("producer"))
    (frozenset({'lz4'}), frozenset(), 4)
    """
    if compression_type in UNCOMPRESSED:
        return frozenset()
    return frozenset(TRIED) if compression_type in (PRODUCERS, None) else frozenset({compression_type})
