"""Where patients' states are kept between a crash and the next owner: the seam for a durable ledger.

The order is the proof (fence, then read, then take records; save, then commit), so it belongs behind this seam: the
worker only says when it takes a partition, when all that a stretch of the log caused is acknowledged, and when it goes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.log import Marker


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a partition: the marker, and one state a patient (`Partition.state`)."""

    marker: Marker | None = None
    states: Sequence[tuple[str, int, bytes]] = ()

    @property
    def next_offset(self) -> int | None:
        """From where the log goes on; None where nothing was kept."""
        return None if self.marker is None else self.marker.next_offset


class StateStore(Protocol):
    """Keeps the states of partitions."""

    durable: bool

    async def take(self, partition: int) -> Kept:
        """What was kept of a partition that is ours now. Nobody else can save it after this returned."""

    def settled(self, partition: int, next_offset: int) -> None:
        """All that the log before `next_offset` caused is acknowledged by the broker."""

    async def give_up(self, partition: int) -> None:
        """The partition may be another's soon: save what can be saved."""


class MemoryStore:
    """Keeps nothing: what is acknowledged may be committed at once, and a restart begins without a state."""

    durable = False

    def __init__(self, commit: Callable[[int, int], None]) -> None:
        """`commit(partition, next_offset)`: the group may go on from there."""
        self._commit = commit

    async def take(self, partition: int) -> Kept:
        """Nothing was kept."""
        return Kept()

    def settled(self, partition: int, next_offset: int) -> None:
        """Commit it."""
        self._commit(partition, next_offset)

    async def give_up(self, partition: int) -> None:
        """Nothing to save."""
