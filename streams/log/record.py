"""What goes into the one log and what comes out of it, without Kafka's own types."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from schemas.rejection import Header
from streams.log.beyond import NOTHING, Ahead

# offset, append time in milliseconds, key, value, headers
Record = tuple[int, int, bytes | None, bytes | None, Sequence[Header]]


class Output(NamedTuple):
    """Something to be sent: the logical topic (alerts, status, trends, rejections), key, value, headers, and the
    moment that made it.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    due: int


class Witness(NamedTuple):
    """The last signed tick: what its owner's clocks showed (`schemas.control_record.Tick`), and the stream time
    there.
    """

    clock: str
    boot_ms: int
    wall_ms: int
    time: int


class ClockState(NamedTuple):
    """Where stream time stands: it, the tenths of a millisecond that it still owes, the last append stamp, and the
    last witness.
    """

    time: int
    rest: int
    stamp: int
    witness: Witness


class Checkpoint(NamedTuple):
    """Up to where a partition's log has been taken: next offset, its time, the greatest offset seen of each forwarding
    source, the rules in force, where stream time stands (None before the log's first signed tick), how often the
    log was made anew or cut back under these states (a greater offset of an earlier log is older), and what took
    effect beyond it: the states may be newer.
    """

    next_offset: int = 0
    time: int = 0
    first_time: int | None = None
    sources: Mapping[str, int] = MappingProxyType({})
    rules: bytes | None = None
    clock: ClockState | None = None
    log_number: int = 0
    ahead: Ahead = NOTHING

    @property
    def brought_up(self) -> "Checkpoint":
        """For another log: the rules that took effect last are in force, and what stands beyond is not there."""
        rules = self.ahead.rules[max(self.ahead.rules)] if self.ahead.rules else self.rules
        return self._replace(rules=rules, ahead=NOTHING)
