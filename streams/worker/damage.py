"""Record batches that cannot be read: each costs itself alone, and its offsets are told."""

import logging
import zlib
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

import cramjam
from aiokafka.errors import UnsupportedCodecError
from faust.types import TP

from streams.worker.unpacking import TooMuch

log = logging.getLogger(__name__)

CHECKSUM_ATTEMPTS: Final = 3
"""Fetches of a record batch whose checksum is wrong before it is passed over: on its way it may have been damaged once,
on the broker's disk it stays so.
"""


class Damage(StrEnum):
    """Why a record batch cannot be read: a closed list."""

    CHECKSUM = "checksum"
    CODEC = "codec"
    RECORDS = "records"
    SIZE = "size"


class Unreadable(NamedTuple):
    """A record batch that cannot be read: its first offset, the offset after its last, and why."""

    first: int
    next_offset: int
    damage: Damage


class Checksums:
    """Counts how often the record batch at one offset of a partition came with a wrong checksum.

    >>> seen = Checksums()
    >>> [seen.is_lasting("p0", 7) for _ in range(3)]
    [False, False, True]
    """

    def __init__(self) -> None:
        self._failed: dict[Any, tuple[int, int]] = {}

    def is_lasting(self, partition: Any, offset: int) -> bool:
        """Notes one more; whether fetching it again is of no use."""
        at, times = self._failed.get(partition, (offset, 0))
        times = times + 1 if at == offset else 1
        self._failed[partition] = offset, times
        return times >= CHECKSUM_ATTEMPTS


def damage_of(refused: BaseException) -> Damage:
    """What it means that a batch could not be unpacked; raises what is not the batch's doing."""
    if isinstance(refused, TooMuch):
        return Damage.SIZE
    if isinstance(refused, UnsupportedCodecError | cramjam.DecompressionError | zlib.error | EOFError | OSError):
        return Damage.CODEC
    if isinstance(refused, Exception) or type(refused).__name__ == "PanicException":
        return Damage.RECORDS
    raise refused


def tell_of_damage(tp: TP, unreadable: Sequence[Unreadable], expected: int | None, counts: Counter[str]) -> None:
    """Says what is passed over from `expected` on, and counts it; what lies before was told earlier."""
    for one in unreadable:
        if expected is not None and one.next_offset > expected:
            counts[one.damage.value] += 1
            log.error(
                "%s/%d: offsets %d to %d are a record batch that cannot be read (%s); it is passed over: its sender "
                "must send these records again",
                tp.topic, tp.partition, one.first, one.next_offset - 1, one.damage,
            )  # fmt: skip
