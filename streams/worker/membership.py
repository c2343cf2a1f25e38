"""Whether this worker is still a member of its group, or only looks like one.

aiokafka joins the group, keeps up the heartbeats and deals the partitions in one task of its own. That task tells
nobody when it has ended; and when something is refused, it waits until somebody asks what (`check_errors`, which Faust
never calls). From outside both look alike: a worker that lives, watches nobody, and says nothing. So it is asked.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from streams.worker.faults import WorkerFault, redact

log = logging.getLogger(__name__)

WATCH_EVERY_S = 1.0
AWAY_S = 120.0
"""So long a worker may be without an assignment while the group's broker is known: a rebalance takes 10 s, reading
states at most 60 s."""


class Coordination(NamedTuple):
    """What the task that keeps us in the group is at: ended, refused something (and what), its broker known."""

    ended: bool
    refused: Exception | None
    broker_known: bool


class Coordinated(Protocol):
    """Who can be asked."""

    def coordination(self) -> Coordination | None:
        """How the group's task is; None before there is one. What was refused is tried again after this."""


class Membership:
    """Watches it from time to time. `failed` hears why only a restart helps."""

    def __init__(
        self,
        consumer: Callable[[], Coordinated | None],
        assigned: Callable[[], bool],
        failed: Callable[[Exception], None],
    ) -> None:
        self._consumer, self._assigned, self._failed = consumer, assigned, failed
        self._away_since: float | None = None
        self._refused = ""

    async def run(self) -> None:
        """Looks from time to time, for ever."""
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            self.look(asyncio.get_running_loop().time())

    def look(self, now: float) -> None:
        """How it is at `now`, by the loop's clock."""
        consumer = self._consumer()
        seen = None if consumer is None else consumer.coordination()
        if seen is None:
            return
        if seen.ended:
            self._failed(WorkerFault("this worker fell out of its group, and would never get a partition again"))
            return
        self._tell(seen.refused)
        if self._assigned() or seen.refused is not None or not seen.broker_known:
            self._away_since = None
        elif self._away_since is None:
            self._away_since = now
        elif now - self._away_since >= AWAY_S:
            self._failed(WorkerFault(f"no partitions were dealt to this worker within {AWAY_S:g} s of asking for them"))

    def _tell(self, refused: Exception | None) -> None:
        if refused is None:
            if self._assigned():
                self._refused = ""
            return
        text = redact(refused)
        if text != self._refused:
            log.error("the group refuses this worker: %s; going on trying", text)
        self._refused = text
