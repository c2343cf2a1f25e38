"""Ticks: a record each second to every partition of ours, so that silence there is noticed and time has a witness.

Each says what this machine's clocks show, signed; from the second after a step of the append stamps the log knows what
the step is worth. Without VIGILWARD_CONTROL_RECORD_KEY a tick is bare: it moves time, and vouches for nothing. Only in
arrival clock, where the append time moves stream time. One at most is under way for each partition.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from schemas.control_record import Tick
from streams.config.settings import Clock, Settings
from streams.config.topics import Topic
from streams.log.control_records import Sendable, signed_tick, tick
from streams.log.stream_time import TICK_EVERY_S
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.outgoing import AckTracker, OutgoingRecord, under
from streams.worker.owned_partition import OwnedPartition

BOOT_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Ticker:
    """Appends ticks to the partitions that are ours."""

    def __init__(
        self, settings: Settings, to_log: BufferedProducer, ours: Callable[[], Iterable[OwnedPartition]]
    ) -> None:
        self._on = settings.clock is Clock.ARRIVAL
        self._topic, self._keys = settings.topic(Topic.READINGS), settings.keys
        self._to_log, self._ours = to_log, ours
        self._under_way: set[int] = set()
        self.ticks = 0

    async def run(self) -> None:
        """Each second, for ever; ends at once in event clock."""
        loop = asyncio.get_running_loop()
        next_at = loop.time()
        while self._on:
            await self.look()
            next_at = max(next_at + TICK_EVERY_S, loop.time())
            await asyncio.sleep(next_at - loop.time())

    async def look(self) -> None:
        """One tick to each partition, but for those whose last has not arrived."""
        for partition in [owned.partition for owned in self._ours()]:
            if partition not in self._under_way:
                self._under_way.add(partition)
                self.ticks += 1
                await self._to_log.put([self._tick(partition)])

    def _tick(self, partition: int) -> OutgoingRecord:
        key, value, headers = self._says(partition)
        record = OutgoingRecord(self._topic, partition, key, value, headers)
        under(AckTracker(lambda _: self._under_way.discard(partition)).open(0, records=1), [record])
        return record

    def _says(self, partition: int) -> Sendable:
        if not self._keys:
            return tick()
        clocks = Tick(this_clock(), time.clock_gettime_ns(BOOT_CLOCK) // 1_000_000, time.time_ns() // 1_000_000)
        return signed_tick(clocks, self._keys, self._topic, partition)


@cache
def this_clock() -> str:
    """Names this machine's boot clock; where nothing names it, this process's.

    A container shares the kernel's boot, and its boot clock too unless it has a time namespace of its own.

    >>> this_clock() == this_clock()
    True
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = str(Path("/proc/self/ns/time").readlink())
    except OSError:
        boot, space = uuid.uuid4().hex, ""
    return blake2b(f"{boot} {space}".encode(), digest_size=6).hexdigest()
