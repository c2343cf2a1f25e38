"""Forgets made-up patients: of too many whom nobody admitted those silent longest, by a record in the log."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from schemas.control_record import ControlRecordKind
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log.control_records import forward
from streams.log.crowd import look_at_crowd, most_unadmitted
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.outgoing import OutgoingRecord
from streams.worker.owned_partition import OwnedPartition

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
AT_ONCE: Final = 250
"""Of a partition, between two looks."""
IN_A_ROW: Final = 50
"""Records that are signed between two looks at everything else: about 2 ms."""
BEYOND: Final = 500
"""So many more than a partition may have are watched; then those who wait go on waiting, until others are forgotten."""
AGAIN_AFTER_S: Final = 10.0
"""A record that was put into the log takes effect by then; else the patient is chosen again."""
BEHIND_S: Final = 1.0
"""A partition that is so far behind its log has more urgent things to do, unless somebody waits beside it."""


class Forgetter:
    """Looks at the partitions that are ours. `crowded`: how many unadmitted patients each has beyond the bound."""

    def __init__(
        self,
        settings: Settings,
        to_log: BufferedProducer,
        ours: Callable[[], Iterable[OwnedPartition]],
        most: Callable[[int], int] = most_unadmitted,
    ) -> None:
        """`most`: how many a partition may have, by how many partitions are ours."""
        self._topic, self._keys = settings.topic(Topic.READINGS), settings.keys
        self._to_log, self._ours, self._most = to_log, ours, most
        self._asked: dict[int, dict[str, float]] = {}
        self.crowded: dict[int, int] = {}

    async def run(self) -> None:
        """Each second, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look(asyncio.get_running_loop().time())

    async def look(self, now: float) -> None:
        """`now` by the loop's clock, in seconds."""
        ours = list(self._ours())
        before, self.crowded = self.crowded, {}
        most = self._most(len(ours))
        for owned in ours:
            await asyncio.sleep(0)
            asked = {who: at for who, at in self._asked.get(owned.partition, {}).items() if now - at < AGAIN_AFTER_S}
            self._asked[owned.partition] = asked
            awaited = owned.newcomers is not None and owned.newcomers.waiting > 0  # who waits may wait for just this
            busy = not self._keys or (owned.lag_s() > BEHIND_S and not awaited)
            crowd = look_at_crowd(owned.log, most, 0 if busy else AT_ONCE, asked)
            if owned.newcomers is not None:
                # Where nobody can be forgotten nobody waits for it: whoever is new has to be watched.
                waits = bool(asked or crowd.forget) or crowd.unadmitted <= most
                owned.newcomers.most_watched = crowd.others + most + BEYOND if self._keys and waits else None
            if crowd.unadmitted <= most:
                continue
            self.crowded[owned.partition] = crowd.unadmitted - most
            if owned.partition not in before:
                self._tell(owned.partition, crowd.unadmitted)
            for start in range(0, len(crowd.forget), IN_A_ROW):
                await asyncio.sleep(0)
                await self._to_log.put(self._records(owned.partition, crowd.forget[start : start + IN_A_ROW], now))

    def _records(self, partition: int, forget: list[tuple[int, str]], now: float) -> list[OutgoingRecord]:
        records = []
        for since, patient in forget:
            self._asked[partition][patient] = now
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
