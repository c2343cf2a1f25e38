"""A bounded share of a worker's time for what waits beside its partitions; all of it while nothing else is to be done.

Who comes in a crowd, seen for the first time, and what nobody can read wait (`streams.log.newcomers`), so that the
alerts of the patients known before are not late. What waits longer than 4 s is told (`crowded`).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from streams.worker.owned_partition import OwnedPartition

log = logging.getLogger(__name__)

SHARE: Final = 0.25
"""Of the time in which there is other work."""
LATE_SHARE: Final = 0.05
"""Of the time in which records of those known before wait longer than `LATE_S`, unless the log itself is held back."""
LATE_S: Final = 0.5
BUSY_FOR_S: Final = 0.25
"""So long after other work there is other work: what comes next is being fetched."""

PORTION_S: Final = 0.004
"""Between two looks at everything else."""

IDLE_S: Final = 0.05
AGAIN_S: Final = 30.0
"""So long nobody new has had to wait, then those who did are known like others."""

ROOM_A_SECOND: Final = 2
POISON_A_SECOND: Final = 100
"""So many may be taken at once in a second, of each partition."""

TOLD_AFTER_S: Final = 4.0
TOO_MANY: Final = 500
"""So many new patients of one partition who had to wait are told, however soon they are taken."""


class SpareTime:
    """Looks after what waits beside the partitions that are ours. `busy()`: whether there is other work."""

    def __init__(self, ours: Callable[[], Iterable[OwnedPartition]], busy: Callable[[], bool]) -> None:
        self._ours, self._busy = ours, busy
        self._busy_at = -BUSY_FOR_S
        self._calm: dict[int, tuple[int, float]] = {}  # how many had come, and since when no more have
        self._begun: dict[int, int] = {}  # how many had come when the last crowd began
        self._refilled = 0.0
        self._told: set[int] = set()
        self.spent_s = 0.0

    async def run(self) -> None:
        """For ever."""
        while True:
            self.look(time.monotonic())
            waits = [owned for owned in self._ours() if owned.newcomers is not None and owned.newcomers.works]
            if not waits:
                await asyncio.sleep(IDLE_S)
            for owned in waits:
                took = await owned.take_newcomers(PORTION_S)
                self.spent_s += took
                await asyncio.sleep(took * (1 / self.share(time.monotonic()) - 1))

    def share(self, now: float) -> float:
        """Of the time, by what else there is to do; `now` in seconds of a monotonic clock."""
        if self._busy():
            self._busy_at = now
        ours = list(self._ours())
        held_back = [owned for owned in ours if owned.newcomers is not None and owned.newcomers.full]
        late = any(owned.lag_s() > LATE_S and owned.log.watches for owned in ours if owned not in held_back)
        if held_back:  # those known there wait for just this
            return SHARE if late else 1.0
        if late:
            return LATE_SHARE
        return SHARE if now - self._busy_at < BUSY_FOR_S else 1.0

    def look(self, now: float) -> None:
        """Makes room as time goes by, tells who waits long, and lets those be known who have waited."""
        by_s = now - self._refilled
        if by_s < 1.0:
            return
        self._refilled = now
        for owned in self._ours():
            newcomers = owned.newcomers
            if newcomers is None:
                continue
            newcomers.refill(round(min(by_s, 60.0) * ROOM_A_SECOND), round(min(by_s, 60.0) * POISON_A_SECOND))
            self._tell(owned.partition, newcomers.behind_ms / 1_000, newcomers.waiting)
            if newcomers.came < self._begun.get(owned.partition, 0):  # it was another worker's, and is ours anew
                self._begun[owned.partition] = 0
            came, since = self._calm.get(owned.partition, (-1, now))
            if came != newcomers.came:
                self._calm[owned.partition] = newcomers.came, now
            elif now - since >= AGAIN_S and newcomers.join():
                self._begun[owned.partition] = came

    def crowded(self) -> set[int]:
        """The partitions of which it is told that too many come, or that what waits has waited long."""
        return {
            one.partition
            for one in self._ours()
            if (here := one.newcomers) is not None
            and (here.behind_ms > TOLD_AFTER_S * 1_000 or here.came - self._begun.get(one.partition, 0) > TOO_MANY)
        }

    def _tell(self, partition: int, behind_s: float, records: int) -> None:
        if behind_s > TOLD_AFTER_S and partition not in self._told:
            self._told.add(partition)
            log.error(
                "partition %d: %d records of patients who were never seen before, or that nobody can read, wait for "
                "%.0f s, so that those known before are not late; nothing is dropped",
                partition, records, behind_s,
            )  # fmt: skip
        elif not records and partition in self._told:
            self._told.discard(partition)
            log.warning("partition %d: nothing waits any more", partition)
