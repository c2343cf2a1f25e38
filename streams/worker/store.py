"""Where patients' states are kept between a crash and the next owner: the seam for a durable state store.

The order is the proof (fence, then read, then take records; save, then commit), so it belongs behind this seam: the
worker only says when it takes a partition, when all that a stretch of the log caused is acknowledged, and when it goes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from streams.log import Checkpoint
from streams.worker.leader_epochs import UNKNOWN

if TYPE_CHECKING:
    from streams.worker.owned_partition import OwnedPartition
    from streams.worker.state_store.stored import Lost


class Place(NamedTuple):
    """Where a partition of the log goes on by the group's word, where it ends, and whether the group has a word."""

    start: int
    end: int
    committed: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a partition: the checkpoint, and one state a patient (`Partition.state`).

    `lost`: whose state could not be used as it was stored; `unsaved`: whose state must be stored anew.
    `since`: the log was made anew, or cut back, since these were saved; it names the occasion. `epoch`: of the leader
    who wrote what was taken last.
    """

    checkpoint: Checkpoint | None = None
    states: Sequence[tuple[str, int, bytes]] = ()
    lost: Sequence[Lost] = ()
    unsaved: frozenset[str] = frozenset()
    since: str | None = None
    epoch: int = UNKNOWN

    @property
    def next_offset(self) -> int | None:
        """From where the log goes on; None where nothing was kept."""
        return None if self.checkpoint is None else self.checkpoint.next_offset


class WorkerContext(Protocol):
    """The worker, as far as a store needs it."""

    def commit(self, partition: int, next_offset: int) -> None:
        """The group may go on from there."""

    def generation(self) -> int:
        """Counts the times that partitions were dealt."""

    def dropped(self, partition: int) -> None:
        """The partition is another's: what is in memory of it no longer counts."""

    def fail(self, fault: Exception) -> None:
        """The worker cannot go on."""

    async def end_of(self, partition: int) -> int:
        """Where the log ends now."""

    async def end_of_epoch(self, partition: int, epoch: int) -> int | None:
        """Up to where the log holds what was written under a leader's epoch or before; None where nobody can tell."""


class StateStore(Protocol):
    """Keeps the states of partitions."""

    durable: bool

    async def take(self, places: Mapping[int, Place]) -> Mapping[int, Kept]:
        """What was kept of partitions that are ours now. Nobody else can save them after this returned."""

    def hold(self, owned: OwnedPartition, told: Awaitable[None] | None = None) -> None:
        """Hears what is in memory of a partition that was taken; nothing of it is saved before `told` is done."""

    async def keep(self, partitions: Iterable[int]) -> set[int]:
        """Which of these, given back by a rebalance, may go on with what is in memory."""

    def settled(self, partition: int, next_offset: int) -> None:
        """All that the log before `next_offset` caused is acknowledged by the broker."""

    async def save(self) -> bool:
        """Save what changed; False if not all of it could be."""

    async def give_up(self, partitions: Iterable[int]) -> None:
        """The partitions may be another's soon: save what can be saved, and write nothing more until `keep`."""

    async def drop(self, partition: int) -> None:
        """The partition is another's."""

    def oldest_s(self) -> float:
        """How long ago the partition that waits longest was saved, in seconds."""

    async def close(self) -> None:
        """The worker ends."""


class MemoryStore:
    """Keeps nothing: what is acknowledged may be committed at once, and a restart begins without a state."""

    durable = False

    def __init__(self, commit: Callable[[int, int], None]) -> None:
        """`commit(partition, next_offset)`: the group may go on from there."""
        self._commit = commit

    async def take(self, places: Mapping[int, Place]) -> Mapping[int, Kept]:
        """Nothing was kept."""
        return {partition: Kept() for partition in places}

    def hold(self, owned: OwnedPartition, told: Awaitable[None] | None = None) -> None:
        """Nothing to keep."""

    async def keep(self, partitions: Iterable[int]) -> set[int]:
        """All of them: memory is all there is."""
        return set(partitions)

    def settled(self, partition: int, next_offset: int) -> None:
        """Commit it."""
        self._commit(partition, next_offset)

    async def save(self) -> bool:
        """Nothing to save."""
        return True

    async def give_up(self, partitions: Iterable[int]) -> None:
        """Nothing to save."""

    async def drop(self, partition: int) -> None:
        """Nothing to forget."""

    def oldest_s(self) -> float:
        """Nothing waits."""
        return 0.0

    async def close(self) -> None:
        """Nothing to end."""
