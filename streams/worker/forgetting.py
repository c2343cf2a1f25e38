"""Forgets made-up patients: of too many whom nobody admitted those silent longest, by a record in the log."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from schemas.control_record import ControlRecordKind
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log.control_records import forward
from streams.log.crowd import MOST_UNADMITTED, look_at_crowd
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.outgoing import OutgoingRecord
from streams.worker.owned_partition import OwnedPartition

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
AT_ONCE: Final = 1_000
IN_A_ROW: Final = 100
"""Records that are signed between two looks at everything else: about 3 ms."""
CROWD_EVERY_S: Final = 5.0
"""To look through tens of thousands takes a tenth of a second."""
AGAIN_AFTER_S: Final = 10.0
"""A record that was put into the log takes effect by then; else the patient is chosen again."""


class Forgetter:
    """Looks at the partitions that are ours. `crowded`: how many unadmitted patients each has beyond the bound."""

    def __init__(
        self,
        settings: Settings,
        to_log: BufferedProducer,
        ours: Callable[[], Iterable[OwnedPartition]],
        most: int = MOST_UNADMITTED,
    ) -> None:
        self._topic, self._keys = settings.topic(Topic.READINGS), settings.keys
        self._to_log, self._ours, self._most = to_log, ours, most
        self._asked: dict[tuple[int, str], float] = {}
        self._looked: dict[int, float] = {}
        self.crowded: dict[int, int] = {}

    async def run(self) -> None:
        """Each second, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look(asyncio.get_running_loop().time())

    async def look(self, now: float) -> None:
        """`now` by the loop's clock, in seconds."""
        ours = list(self._ours())
        waits = {one.partition for one in ours if one.newcomers is not None and one.newcomers.waiting}
        self._asked = {who: at for who, at in self._asked.items() if now - at < AGAIN_AFTER_S or who[0] in waits}
        before, self.crowded = self.crowded, {}
        for owned in ours:
            if owned.partition in before and now - self._looked.get(owned.partition, -CROWD_EVERY_S) < CROWD_EVERY_S:
                self.crowded[owned.partition] = before[owned.partition]
                continue
            await asyncio.sleep(0)
            self._looked[owned.partition] = now
            crowd = look_at_crowd(owned.log, self._most)
            if crowd.unadmitted <= self._most:
                continue
            self.crowded[owned.partition] = crowd.unadmitted - self._most
            if owned.partition not in before:
                self._tell(owned.partition, crowd.unadmitted)
            chosen = [one for one in crowd.forget if (owned.partition, one[1]) not in self._asked][:AT_ONCE]
            for start in range(0, len(chosen) if self._keys else 0, IN_A_ROW):
                await asyncio.sleep(0)
                await self._to_log.put(self._records(owned.partition, chosen[start : start + IN_A_ROW], now))

    def _records(self, partition: int, forget: list[tuple[int, str]], now: float) -> list[OutgoingRecord]:
        records = []
        for since, patient in forget:
            self._asked[partition, patient] = now
            key, value, headers = forward(
                ControlRecordKind.FORGET,
                self._topic,
                partition,
                since,
                patient,
                b"",
                self._keys,
                self._topic,
                partition,
            )
            records.append(OutgoingRecord(self._topic, partition, key, value, headers))
        return records

    def _tell(self, partition: int, unadmitted: int) -> None:
        log.error(
            "partition %d: readings of %d patients whom nobody admitted; those silent longest are forgotten%s",
            partition, unadmitted, "" if self._keys else ", but not without VIGILWARD_CONTROL_RECORD_KEY",
        )  # fmt: skip
