"""Ticks: a record that carries nothing, appended where a partition was quiet, so that silence there is noticed.

Only in arrival clock, where the append time moves the partition's time. One at most is under way for each partition.
"""

import asyncio
from collections.abc import Callable, Iterable

from streams.log.forward import tick
from streams.settings import Clock, Settings
from streams.topics import Topic
from streams.worker.letters import Letter, Receipts, under
from streams.worker.outlet import Outlet
from streams.worker.partitions import Holding

LOOKS_A_SPAN = 4
"""How often we look within `tick_after_s`: a quiet partition waits at most a quarter longer."""


class Ticker:
    """Appends ticks to the partitions that are ours."""

    def __init__(self, settings: Settings, to_log: Outlet, ours: Callable[[], Iterable[Holding]]) -> None:
        self._after_s = settings.tick_after_s
        self._on = settings.clock is Clock.ARRIVAL
        self._topic = settings.topic(Topic.READINGS)
        self._to_log, self._ours = to_log, ours
        self.ticks = 0

    async def run(self) -> None:
        """Looks from time to time, for ever; ends at once in event clock."""
        while self._on:
            await asyncio.sleep(self._after_s / LOOKS_A_SPAN)
            await self.look(asyncio.get_running_loop().time())

    async def look(self, now: float) -> None:
        """`now` by the loop's clock, in seconds."""
        for holding in list(self._ours()):
            if now - holding.heard_at >= self._after_s and not holding.tick_under_way:
                holding.tick_under_way = True
                self.ticks += 1
                await self._to_log.put([self._tick(holding)])

    def _tick(self, holding: Holding) -> Letter:
        def arrived(_: int) -> None:
            holding.tick_under_way = False

        key, value, headers = tick()
        letter = Letter(self._topic, holding.partition, key, value, headers)
        under(Receipts(arrived).open(0, letters=1), [letter])
        return letter
