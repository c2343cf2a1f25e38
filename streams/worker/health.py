"""Whether a worker does its work: alive, and ready.

Ready means that every partition of ours was taken, is fetched, and is hardly behind its log, and that what was said
goes out: judged by the rule by which the board judges the same worker's heartbeats (`streams.liveness`). A spare
worker, to whom the group dealt no partition of a log that it sees, is ready and stands by; one that sees no log is not.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from faust.types import TP

from streams.config.settings import Clock, Settings
from streams.config.topics import Topic
from streams.liveness import AFTER_S, CLOCK_S, Lag, Slow, clock_off_s
from streams.worker.assignment import PartitionAssignment
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.consumer_stats import ConsumerStats, Seen
from streams.worker.faust_app import BatchApp
from streams.worker.owned_partition import OwnedPartition
from streams.worker.refusing import Refusing

log = logging.getLogger(__name__)

STALLED_S = 15.0
STUCK_S = 120.0
"""No progress for so long, and Kafka is not the reason: only a restart helps."""
UNSAVED_SPANS = 4
"""Ready no longer when a partition missed so many snapshots, and `UNSAVED_MORE_S` went by."""
UNSAVED_MORE_S = 15.0
WATCH_EVERY_S = 1.0


class Unready(StrEnum):
    """Why a worker is not ready: a closed list."""

    STARTING = "starting"
    STOPPING = "stopping"
    NOT_ASSIGNED = "not_assigned"
    OWNS_NO_PARTITION = "owns_no_partition"
    FETCH_FAILS = "fetch_fails"
    NOT_FETCHED = "not_fetched"
    STALLED = "stalled"
    BEHIND = "behind"
    CLOCK = "clock"
    REFUSES = "refuses"
    CROWDED = "crowded"
    OPEN_TRANSACTION = "open_transaction"
    CANNOT_SEND = "cannot_send"
    CANNOT_SAVE = "cannot_save"
    PARTITIONS_GROWN = "partitions_grown"
    TOO_FEW_COPIES = "too_few_copies"


@dataclass(slots=True)
class Progress:
    """Of one partition: how far it was, which fetch was answered last, and when, by the loop's clock, it last moved.

    It moves when more of it was taken, or when a fetch more was answered and nothing was left to take.
    """

    expected: int
    fetched_ms: int | None
    moved_at: float


class Health:
    """Watches each partition, not only the process."""

    def __init__(
        self, settings: Settings, app: BatchApp, assignment: PartitionAssignment, producers: dict[str, BufferedProducer]
    ) -> None:
        self._app, self._assignment, self._producers = app, assignment, producers
        self._topic = settings.topic(Topic.READINGS)
        self._by_arrival, self._mode = settings.clock is Clock.ARRIVAL, settings.mode.value
        self._progress: dict[int, Progress] = {}
        self._lags: dict[int, Lag] = {}
        self._slow: dict[int, Slow] = {}
        self._refusing = Refusing()
        self._waits_since: float | None = None
        self._stands_by = False
        self._waits_for_transaction = False
        self.phase: Unready | None = Unready.STARTING
        self.too_few_copies = False  # found at the start of a log that has states
        self.ticks: Callable[[], int] = lambda: 0
        self.heartbeats: Callable[[], int] = lambda: 0
        self.crowded: Callable[[], bool] = lambda: False
        self.unsaved_s: Callable[[], float] = lambda: 0.0
        self._unsaved_limit_s = UNSAVED_SPANS * settings.snapshot_every_s + UNSAVED_MORE_S

    async def run(self) -> None:
        """Looks from time to time, for ever."""
        while True:
            self.look(asyncio.get_running_loop().time())
            await asyncio.sleep(WATCH_EVERY_S)

    def look(self, now: float) -> None:
        """Notes how far each partition is at `now`, by the loop's clock."""
        self._tell_of_waiting(now)
        self._tell_of_transactions()
        held = self._assignment.owned_partitions
        self._look_at_refusals(now)
        self._progress = {number: at for number, at in self._progress.items() if number in held}
        self._lags = {number: lag for number, lag in self._lags.items() if number in held}
        self._slow = {number: slow for number, slow in self._slow.items() if number in held}
        for number, owned in held.items():
            before, seen = self._progress.get(number), self._seen(owned)
            # No clock is asked how old the fetch is: one that is set anew would make a fetcher that stands look well.
            fetched_ms = None if seen is None else seen.at_ms
            if before is None or before.expected != owned.expected:
                moved_at = now
            else:
                idle = seen is not None and seen.all_handed_over and seen.at_ms != before.fetched_ms
                moved_at = now if idle else before.moved_at
            self._progress[number] = Progress(owned.expected, fetched_ms, moved_at)
            if (lag := self._lags.get(number)) is None:
                lag = self._lags[number] = Lag()
                lag.see(now, end=owned.end_at_start, taken=owned.expected)
            lag.see(now, end=self._last_record(number), taken=owned.expected)
            self._slow.setdefault(number, Slow()).see(now, apart_s=self._ahead_s(owned), taken=owned.expected)

    def _look_at_refusals(self, now: float) -> None:
        before = self._refusing.why
        self._refusing.look(now, [owned.log.tally for owned in self._assignment.owned_partitions.values()])
        if (why := self._refusing.why) is not None and why != before:
            mode = self._mode
            more = f"; this worker watches patients of mode {mode} (VIGILWARD_MODE)" if why == "wrong_mode" else ""
            log.error("nearly everything that is sent is refused as %s: nobody watches these patients%s", why, more)

    def reasons(self) -> list[str]:
        """Why the worker is not ready, for its heartbeats: a refusal with its code."""
        return [f"{one}_{self._refusing.why}" if one is Unready.REFUSES else one.value for one in self.unready()]

    def _tell_of_waiting(self, now: float) -> None:
        """Faust says nothing, and waits for ever, where a user may not join the group or read the topics."""
        if self.standing_by != self._stands_by:
            self._stands_by = self.standing_by
            log.info("standing by: every partition is another worker's" if self._stands_by else "no longer standing by")
        if (
            self.phase is not None
            or self._stands_by
            or (self._assignment.assigned and self._assignment.owned_partitions)
        ):
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = now
        elif self._waits_since + STALLED_S <= now < self._waits_since + STALLED_S + WATCH_EVERY_S:
            log.warning(
                "no partition was dealt to this worker in %g s: this user may not join the group or read the topics",
                STALLED_S,
            )

    def _tell_of_transactions(self) -> None:
        if (waits := self.open_transaction_s() > AFTER_S) and not self._waits_for_transaction:
            log.error(
                "patient records, actions or rules wait behind an open transaction of their sender; the broker's "
                "transaction.max.timeout.ms bounds how long"
            )
        self._waits_for_transaction = waits

    def unready(self) -> list[Unready]:
        """Why the worker is not ready; nothing if it is."""
        if self.phase is not None:
            return [self.phase]
        if not self._assignment.assigned:
            return [Unready.NOT_ASSIGNED]
        held = self._assignment.owned_partitions
        if not held:
            return [] if self.standing_by else [Unready.OWNS_NO_PARTITION]
        now = asyncio.get_running_loop().time()
        reasons = {
            Unready.FETCH_FAILS: self.consumer_stats().fetch_failing,
            Unready.NOT_FETCHED: any(self.lag(owned) is None for owned in held.values()),
            Unready.STALLED: self._still_s(now) > STALLED_S,
            Unready.BEHIND: any(self.lag_s(number) > AFTER_S for number in held),
            Unready.CLOCK: any(self.apart_s(owned) > CLOCK_S for owned in held.values()),
            Unready.REFUSES: self._refusing.why is not None,
            Unready.CROWDED: self.crowded(),
            Unready.OPEN_TRANSACTION: self.open_transaction_s() > AFTER_S,
            Unready.CANNOT_SEND: any(producer.oldest_s() > AFTER_S for producer in self._producers.values()),
            Unready.CANNOT_SAVE: self.unsaved_s() > self._unsaved_limit_s,
            Unready.TOO_FEW_COPIES: self.too_few_copies,
            Unready.PARTITIONS_GROWN: bool(self._assignment.watch.grown),
        }
        return [reason for reason, holds in reasons.items() if holds]

    @property
    def standing_by(self) -> bool:
        """Whether this is a spare worker: in the group, the log in sight, and every partition another's."""
        seen = self._assignment.identities
        asked = self.phase is None and self._assignment.assigned and not self._assignment.owned_partitions
        return asked and seen is not None and Topic.READINGS in seen.ids

    def still_s(self, number: int) -> float:
        """Since when a partition of ours has not moved, in seconds; 0 until it was looked at."""
        seen = self._progress.get(number)
        return 0.0 if seen is None else max(0.0, asyncio.get_running_loop().time() - seen.moved_at)

    def alive(self) -> bool:
        """False if only a restart helps."""
        if self._app.crashed:
            return False
        waits_for_kafka = self.consumer_stats().fetch_failing or any(
            o.oldest_s() > 1.0 for o in self._producers.values()
        )
        return waits_for_kafka or self._still_s(asyncio.get_running_loop().time()) < STUCK_S

    def lag(self, owned: OwnedPartition) -> int | None:
        """Records in the log that were not yet taken; None until the first fetch was answered."""
        seen = self._seen(owned)
        if seen is None:
            return None
        return 0 if seen.all_handed_over else max(0, seen.end - owned.expected)

    def log_end(self, number: int) -> int | None:
        """Where the log of a partition of ours ends by the last fetch, a transaction's marker included; None until one
        was answered.
        """
        owned = self._assignment.owned_partitions.get(number)
        seen = None if owned is None else self._seen(owned)
        return None if seen is None else seen.end

    def _last_record(self, number: int) -> int | None:
        """The same without what nobody takes."""
        owned = self._assignment.owned_partitions[number]
        seen = self._seen(owned)
        return owned.expected if seen is not None and seen.all_handed_over else self.log_end(number)

    def lag_s(self, number: int) -> float:
        """How long the oldest record that was not taken of a partition of ours has been in the log, in seconds.

        0 of one that has gone: whoever still looks at it was asking when it went, and has nothing to be late with.
        """
        owned, lag = self._assignment.owned_partitions.get(number), self._lags.get(number)
        if owned is None:
            return 0.0
        seconds = 0.0 if lag is None else lag.seconds(asyncio.get_running_loop().time())
        if self._by_arrival and owned.stamp_ms and owned.expected < owned.end_at_start:
            # What lay there before us was not seen to come: the broker's stamps say how old it is.
            seconds = max(seconds, time.time() - owned.stamp_ms / 1_000)
        return seconds

    def unsent_s(self, number: int) -> float:
        """How long the oldest outgoing record of a partition waits for its acknowledgement, in seconds."""
        return max(producer.oldest_s(number) for producer in self._producers.values())

    def apart_s(self, owned: OwnedPartition) -> float:
        """How far a partition's time is from the wall's, in seconds, but for what the partition is behind."""
        ahead_s, slow = self._ahead_s(owned), self._slow.get(owned.partition)
        slow_s = 0.0 if slow is None else slow.seconds(asyncio.get_running_loop().time())
        return clock_off_s(ahead_s, lag_s=self.lag_s(owned.partition), slow_s=slow_s)

    def _ahead_s(self, owned: OwnedPartition) -> float:
        return owned.log.time / 1_000 - time.time() if self._by_arrival and owned.log.time else 0.0

    def open_transaction_s(self) -> float:
        """How long patient records, actions or rules have been waiting for a transaction to end, in seconds."""
        consumer = self._assignment.consumer
        return 0.0 if consumer is None else consumer.open_transaction_s()

    def consumer_stats(self) -> ConsumerStats:
        """What happened on the way from Kafka."""
        consumer = self._assignment.consumer
        return ConsumerStats() if consumer is None else consumer.consumer_stats

    def rebalances(self) -> int:
        """How often partitions were dealt anew."""
        return self._app.rebalancing_count

    def _still_s(self, now: float) -> float:
        return max((now - seen.moved_at for seen in self._progress.values()), default=0.0)

    def _seen(self, owned: OwnedPartition) -> Seen | None:
        consumer = self._assignment.consumer
        if consumer is None or not self._assignment.assigned:
            return None
        return consumer.seen(TP(self._topic, owned.partition))
