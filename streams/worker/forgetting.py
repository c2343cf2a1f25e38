"""Forgets made-up patients: of too many whom nobody admitted those silent longest, by a record in the log."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from schemas.forwarded import ForwardedKind
from streams.log.crowd import MOST_UNADMITTED, look_at_crowd
from streams.log.forward import forward
from streams.settings import Settings
from streams.topics import Topic
from streams.worker.letters import Letter
from streams.worker.outlet import Outlet
from streams.worker.partitions import Holding

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
AT_ONCE: Final = 5_000
AGAIN_AFTER_S: Final = 10.0
"""A record that was put into the log takes effect by then; else the patient is chosen again."""


class Forgetter:
    """Looks at the partitions that are ours. `crowded`: how many unadmitted patients each has beyond the bound."""

    def __init__(
        self,
        settings: Settings,
        to_log: Outlet,
        ours: Callable[[], Iterable[Holding]],
        most: int = MOST_UNADMITTED,
    ) -> None:
        self._topic, self._keys = settings.topic(Topic.READINGS), settings.keys
        self._to_log, self._ours, self._most = to_log, ours, most
        self._asked: dict[tuple[int, str], float] = {}
        self.crowded: dict[int, int] = {}

    async def run(self) -> None:
        """Each second, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look(asyncio.get_running_loop().time())

    async def look(self, now: float) -> None:
        """`now` by the loop's clock, in seconds."""
        self._asked = {who: at for who, at in self._asked.items() if now - at < AGAIN_AFTER_S}
        before, self.crowded = self.crowded, {}
        for holding in list(self._ours()):
            crowd = look_at_crowd(holding.log, self._most)
            if crowd.unadmitted <= self._most:
                continue
            self.crowded[holding.partition] = crowd.unadmitted - self._most
            if holding.partition not in before:
                self._tell(holding.partition, crowd.unadmitted)
            if self._keys:
                await self._to_log.put(self._letters(holding.partition, crowd.forget, now))
            await asyncio.sleep(0)

    def _letters(self, partition: int, forget: list[tuple[int, str]], now: float) -> list[Letter]:
        letters = []
        for since, patient in forget[:AT_ONCE]:
            if (partition, patient) in self._asked:
                continue
            self._asked[partition, patient] = now
            key, value, headers = forward(
                ForwardedKind.FORGET, self._topic, partition, since, patient, b"", self._keys, self._topic, partition
            )
            letters.append(Letter(self._topic, partition, key, value, headers))
        return letters

    def _tell(self, partition: int, unadmitted: int) -> None:
        log.error(
            "partition %d: readings of %d patients whom nobody admitted; those silent longest are forgotten%s",
            partition, unadmitted, "" if self._keys else ", but not without VIGILWARD_LOG_KEY",
        )  # fmt: skip
