"""The canary: one made-up patient a partition, by whom a ward learns that nobody watches there.

Her observations are signed control records, sick and then well, made by a process of their own (`streams.canary`). A
Vigil judges them by the rules in force, as anybody's; what it says goes to the topic `canary`, with the round that
caused it. She is in no state, count, bound or expiry: each sick observation begins a new Vigil, so that an answer hangs
on that record and the rules alone, whatever was restarted before it. Her id is refused from everybody else.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from detectors.vigil import Said
from schemas.control_record import ControlRecord
from schemas.decode import FastReading, decode
from schemas.reading import Mode
from schemas.reasons import Unreadable
from schemas.rejection import Header
from streams.log.record import Output
from streams.log.watch import Watch

RESERVED: Final = "vigilward-canary"
TOPIC: Final = "canary"
SICK, WELL = "canary/sick", "canary/well"
"""Sources of her control records, whose source offset is the round: when it was due, in milliseconds since 1970."""
LEFT_AFTER_MS: Final = 600_000
"""So long after her last observation nothing more is said of her: nobody feeds her any more."""
OF_HEADER, ROUND_HEADER, SICK_HEADER = "of", "round", "sick"
"""Headers of what she causes: the topic of anybody else's, the round, and whether its observation was the sick one."""


def canary_of(partition: int) -> str:
    """Her id on a partition; where her id's own hash points does not count.

    >>> canary_of(3)
    'vigilward-canary-3'
    """
    return f"{RESERVED}-{partition}"


def is_reserved(patient: str | None) -> bool:
    """Whether the id is no patient's.

    >>> is_reserved("vigilward-canary-3"), is_reserved("p-7f3a")
    (True, False)
    """
    return patient is not None and patient.startswith(RESERVED)


def observation(record: ControlRecord, partition: int, mode: Mode) -> FastReading | None:
    """Her observation in a verified control record; None where it is not hers of this partition, or of another mode."""
    if record.source_topic not in (SICK, WELL) or record.key != canary_of(partition):
        return None
    try:
        reading = decode(record.body)
    except Unreadable:
        return None
    if not isinstance(reading, FastReading) or reading.patient_id != record.key or reading.mode is not mode:
        return None
    return reading


class CanaryWatch(Watch):
    """Her Vigil, and the round that it answers."""

    __slots__ = ("fed_at", "round", "sick")

    def begin(self, record: ControlRecord, at: int) -> None:
        """What is said from now on answers this observation; `at` in milliseconds of stream time."""
        self.fed_at, self.round, self.sick = at, b"%d" % record.source_offset, record.source_topic == SICK

    def outputs(self, said: Sequence[Said]) -> Iterator[Output]:
        """What she caused, all of it to her own topic."""
        for topic, value, at in said:
            headers: tuple[Header, ...] = (
                (OF_HEADER, topic.encode()),
                (ROUND_HEADER, self.round),
                (SICK_HEADER, b"1" if self.sick else b"0"),
            )
            yield Output(TOPIC, self.key, value, headers, at)
