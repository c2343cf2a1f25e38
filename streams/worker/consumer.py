"""How record batches come out of Kafka: fetched calmly, in order, without a gap, committed only when safe.

Replaces one loop of Faust (`_drain_messages`) and keeps the rest: group, assignment, agents, life cycle. Every private
member of Faust that is touched here stands in tests/contract/test_faust_members.py.

Read uncommitted, and why: an integrator may write in transactions. Read committed, one hanging transaction (up to
15 minutes by the broker's default) would silence every patient of its partition. A reading of an aborted transaction
was measured all the same; sent again, it is a repeat (same device, sequence and time). Replay reads the log alike.
What is forwarded is taken up to its first open transaction (`transactions.py`).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

import aiokafka
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, IllegalStateError, KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.config.settings import Clock, Settings
from streams.config.topics import Topic
from streams.worker.batch_fetcher import BatchFetcher
from streams.worker.batch_view import Fetched, Passed, next_fetched
from streams.worker.batches import RecordBatch
from streams.worker.consumer_stats import ConsumerStats, Seen
from streams.worker.continuity import Continuity, judge
from streams.worker.damage import Checksums, tell_of_damage
from streams.worker.faults import redact
from streams.worker.hung_brokers import WITHIN_S, beside
from streams.worker.leader_epochs import ASKED_S, end_of_epoch
from streams.worker.membership import Coordination
from streams.worker.transactions import Transactions

log = logging.getLogger(__name__)

MAX_POLL_RECORDS = 5_000
ENOUGH_BYTES = 65_536
"""A fetch that finds as much is answered at once; less is gathered by the broker for `poll_wait_ms`.

Answering every reading by itself burnt 0.63 of a core at 1,000 readings/s; gathering for 20 ms takes a tenth."""
HASTY_WAIT_MS = 500
LOG_APPEND_TIME = 1
"""What a record's timestamp type is where the broker stamped it (Kafka protocol, record batch attributes)."""
METADATA_AGE_MS = 3_000
"""A topic that was made anew is seen by then; aiokafka's own five minutes would leave its patients unwatched."""
POLL_S = 1.0
RETRY_S = 1.0
SETTLE_CHECK_S = 1.0


class BatchThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread with a consumer of our own making."""

    app: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._checksums, self._passed = Checksums(), Passed()
        self.transactions: dict[TP, Transactions] = {}  # what is forwarded; readings are read uncommitted

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        settings: Settings = self.app.settings
        return aiokafka.AIOKafkaConsumer(
            **settings.aiokafka(),
            client_id="vigilward-worker",
            group_id=settings.group,
            # Ranges are dealt per topic: partition 3 of every topic goes to the same worker. Round robin (what Faust
            # takes without tables) splits them when the number of workers does not divide that of the partitions.
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_uncommitted",
            max_poll_records=MAX_POLL_RECORDS,
            max_partition_fetch_bytes=max(1_048_576, settings.max_inbound_bytes),
            fetch_min_bytes=ENOUGH_BYTES if settings.poll_wait_ms else 1,
            fetch_max_wait_ms=settings.poll_wait_ms or HASTY_WAIT_MS,
            session_timeout_ms=round(settings.session_timeout_s * 1_000),
            heartbeat_interval_ms=round(settings.heartbeat_s * 1_000),
            max_poll_interval_ms=300_000,
            rebalance_timeout_ms=round(max(10.0, settings.session_timeout_s) * 1_000),
            request_timeout_ms=round(max(20.0, settings.session_timeout_s) * 1_000),
            metadata_max_age_ms=METADATA_AGE_MS,
        )

    async def _fetch_records(
        self, consumer: Any, active_partitions: set[TP], timeout: float | None = None, max_records: int | None = None
    ) -> dict[TP, Any]:  # Fetched
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        with fetcher._subscriptions.fetch_context():
            most = max_records or MAX_POLL_RECORDS
            return await next_fetched(
                fetcher, active_partitions, timeout or 0.0, most, self._checksums, self._transactions_of, self._passed
            )

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Where Faust would go by the group's word, which may be ahead of a checkpoint, or set by hand: here every
        partition goes on where its taker says.
        """
        return await self.call_thread(self._seek_to_expected)

    async def _seek_to_expected(self) -> Mapping[TP, int]:
        # Nothing is waited for: asked late, it still goes to where things stand by then.
        found = {tp: self.app.positions.expected(tp) for tp in self.assignment()}
        for tp, expected in found.items():
            if expected is not None:
                self._ensure_consumer().seek(tp, expected)
        return {tp: expected for tp, expected in found.items() if expected is not None}

    def forget(self) -> None:
        """Partitions change hands."""
        self.transactions.clear()
        self._passed.forget()

    def _transactions_of(self, tp: TP) -> Transactions | None:
        settings: Settings = self.app.settings
        if tp.topic == settings.topic(Topic.READINGS):
            return None
        return self.transactions.setdefault(tp, Transactions())


class BatchConsumer(driver.Consumer):
    """Hands every fetched batch to the agent of its topic and waits for it; commits what was marked safe."""

    app: Any  # a BatchApp
    _thread: BatchThread

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.consumer_stats = ConsumerStats()
        self._unread: set[TP] = set()
        self._out: list[RecordBatch] = []
        self._safe: dict[TP, int] = {}
        self._committed: dict[TP, int] = {}
        self._committing = asyncio.Lock()
        settings: Settings = self.app.settings
        self._log_topic = settings.topic(Topic.READINGS)
        self._by_arrival = settings.clock is Clock.ARRIVAL

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    # What is safe

    def mark_safe(self, tp: TP, next_offset: int) -> None:
        """All that the records before `next_offset` caused is acknowledged: the group may go on from there."""
        self._safe[tp] = next_offset

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commits what is safe; True if all of it is committed now. (Faust's own returns False, and commits nothing,
        while another commit is under way.)
        """
        async with self._committing:
            mine = self.assignment()
            offsets = {tp: at for tp, at in self._safe.items() if tp in mine and at > self._committed.get(tp, -1)}
            if offsets:
                if not await self._commit(offsets):
                    return False
                self._committed.update(offsets)
            return True

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Another generation begins: nothing that is under way counts any more."""
        await super().on_partitions_revoked(revoked)
        self._thread.forget()
        for tp in revoked:
            self._safe.pop(tp, None)
            self._committed.pop(tp, None)

    async def keep_alive(self) -> None:
        """Heartbeats from now on: aiokafka begins only when an assignment is done, and recovery may outlast a session.

        A worker that was expelled while it read its patients' states would begin anew, and again be expelled.
        """
        coordinator = self._thread._ensure_consumer()._coordinator

        async def begin() -> None:
            coordinator._start_heartbeat_task()

        await self._thread.call_thread(begin)

    def coordination(self) -> Coordination | None:
        """How the task is that keeps us in the group; None before there is one. What was refused is tried again."""
        coordinator = self._thread._consumer and self._thread._consumer._coordinator
        if not coordinator:
            return None
        refused = coordinator._pending_exception
        if refused is not None:

            def hear() -> None:
                with contextlib.suppress(KafkaError):
                    coordinator.check_errors()

            self._thread.thread_loop.call_soon_threadsafe(hear)
        return Coordination(coordinator._coordination_task.done(), refused, coordinator.coordinator_id is not None)

    async def committed_or_start(self, tps: set[TP]) -> Mapping[TP, tuple[int, int, bool]]:
        """Where each partition goes on by the group's word, where its log ends, and whether the group has a word."""
        consumer = self._thread._ensure_consumer()
        call = self._thread.call_thread
        starts = await call(consumer.beginning_offsets, list(tps))
        ends = await call(consumer.end_offsets, list(tps))
        committed = {tp: await call(consumer.committed, tp) for tp in tps}
        return {tp: (starts[tp] if at is None else at, ends[tp], at is not None) for tp, at in committed.items()}

    def open_transaction_s(self) -> float:
        """How long patient records, actions or rules have been waiting for a transaction to end, in seconds."""
        now = time.monotonic()
        return max((one.waits_s(now) for one in tuple(self._thread.transactions.values())), default=0.0)

    async def ends(self, partitions: Iterable[int]) -> Mapping[int, int]:
        """Where partitions of the log end now."""
        tps = [TP(self._log_topic, number) for number in partitions]
        found = await beside(self._thread, WITHIN_S, self._thread._ensure_consumer().end_offsets, tps)
        return {tp.partition: end for tp, end in found.items()}

    async def end_of_epoch(self, tp: TP, epoch: int) -> int | None:
        """Up to where the log holds what was written under this leader's epoch or before (`leader_epochs`)."""
        return await beside(self._thread, ASKED_S, end_of_epoch, self._thread._ensure_consumer()._client, tp, epoch)

    def refetch(self, tp: TP) -> None:
        """What was fetched of it is not taken: it is fetched again."""
        self._unread.add(tp)

    async def rejoin(self) -> None:
        """Asks the group for our partitions again: all of them are given up, and taken as they are by then."""
        coordinator = self._thread._ensure_consumer()._coordinator

        async def ask() -> None:
            coordinator.request_rejoin()

        await self._thread.call_thread(ask)

    def stop_flow(self) -> None:
        """Partitions may change hands: whoever waits for an agent waits no longer."""
        super().stop_flow()
        for batch in self._out:
            batch.settled.set()

    def seen(self, tp: TP) -> Seen | None:
        """What the last answered fetch said of a partition; None before the first."""
        subscription = self._thread._ensure_consumer()._subscription.subscription
        state = subscription.assignment.state_value(tp) if subscription and subscription.assignment else None
        if state is None or state.highwater is None or state.timestamp is None or not state.has_valid_position:
            return None
        all_taken = state.position >= state.highwater and not any(batch.tp == tp for batch in self._out)
        return Seen(state.highwater, state.timestamp, all_taken)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's guess at slow agents; `streams.worker.health` watches each partition instead."""

    async def _drain_messages(self, fetcher: Any) -> None:
        while not (self._stopped.is_set() or fetcher._stopped.is_set()):
            await asyncio.sleep(0)
            if not self.flow_active:  # the generation that counts is that of after the rebalance
                await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # as Faust itself does
                continue
            await self._fetch_again()
            generation = self.app.consumer_generation_id
            try:
                fetched, active = await self._wait_next_records(POLL_S)
            except self.consumer_stopped_errors:
                if self.app.should_stop:
                    return
                raise
            except (KafkaError, IllegalStateError) as refused:
                self._unread |= self.assignment() if isinstance(refused, CorruptRecordException) else set()
                await self._fetch_failed(refused)
                continue
            self.consumer_stats.polls += 1
            self.consumer_stats.fetch_failing = False
            if not fetched or self.should_stop:
                continue
            await self._deliver(fetched, active, generation)  # type: ignore[arg-type]  # ours: `_fetch_records`

    async def _fetch_failed(self, refused: Exception) -> None:
        counts = self.consumer_stats
        counts.fetch_errors += 1
        if not counts.fetch_failing:
            log.error("fetching from Kafka fails: %s; going on trying", redact(refused))
        counts.fetch_failing = True
        await asyncio.sleep(RETRY_S)

    async def _deliver(self, fetched: Mapping[TP, Fetched], active: set[TP] | None, generation: int) -> None:
        ready = []
        for tp, (records, stamped_by, since, unreadable, epoch) in fetched.items():
            if records and self._by_arrival and stamped_by != LOG_APPEND_TIME:
                self._tell_of_stamps(tp, len(records))
            batch = RecordBatch(tp, records, stamped_by, unreadable, epoch)
            stale = self.app.consumer_generation_id != generation or not self.flow_active
            if stale or not (active is None or tp in active):
                self._unread.add(tp)
                self.consumer_stats.dropped += 1
            elif await self._follows(batch, since, generation):
                tell_of_damage(tp, unreadable, self.app.positions.expected(tp), self.consumer_stats.unreadable)
                ready.append(batch)
            else:
                self.consumer_stats.dropped += 1
        await self._hand_over(ready, generation)

    async def _fetch_again(self) -> None:
        """Goes back to what was dropped: in a rebalance, or by aiokafka beside a batch whose checksum is wrong. It may
        be the end of its log: until the next record showed the gap, the last ones would stay unread.
        """
        for tp in tuple(self._unread):
            expected = self.app.positions.expected(tp)
            if expected is not None:
                try:
                    await self._go_back(tp, expected)
                except (KafkaError, IllegalStateError, TimeoutError) as refused:
                    await self._fetch_failed(refused)
                    return
            self._unread.discard(tp)

    def _tell_of_stamps(self, tp: TP, records: int) -> None:
        if tp.topic != self._log_topic:
            return
        if not self.consumer_stats.unstamped:
            log.error(
                "%s is not stamped by the broker, so producers' clocks move its time; `vigilward doctor --fix`",
                tp.topic,
            )
        self.consumer_stats.unstamped += records

    async def _follows(self, batch: RecordBatch, since: int, generation: int) -> bool:
        tp, first = batch.tp, batch.first_offset
        if not await self.app.positions.stands(tp, batch.epoch):
            return False
        expected = self.app.positions.expected(tp)
        verdict = judge(since, first, expected)
        if verdict is Continuity.FOLLOWS:
            # Offsets that went back are repeats, or those of a topic that was made anew.
            return expected is None or first >= expected or await self.app.positions.is_same()
        if verdict is Continuity.HOLE:
            self.consumer_stats.holes += first - (expected or 0)
            return True
        # Tried until it is done: were a batch at the end of a log dropped, only the next record would show the gap.
        while expected is not None and self.app.consumer_generation_id == generation and self.flow_active:
            try:
                return await self._fill(tp, expected, since)
            except (KafkaError, IllegalStateError, TimeoutError) as refused:
                await self._fetch_failed(refused)
        return False

    async def _fill(self, tp: TP, expected: int, since: int) -> bool:
        """Fetches what lies before a batch; True where that was deleted, so that the batch is taken as it is."""
        start = (await self.earliest_offsets(tp))[tp]
        if since > start:
            await self._go_back(tp, max(expected, start))
            return False
        self.consumer_stats.lost += since - expected
        self.app.positions.lost(tp, expected, since)
        return True

    async def _go_back(self, tp: TP, offset: int) -> None:
        self.consumer_stats.went_back += 1
        # Through the thread's queue: a seek from outside could be undone by a fetch that is just ending there.
        await self.seek_wait({tp: offset})

    async def _hand_over(self, batches: list[RecordBatch], generation: int) -> None:
        self._out = batches
        for batch in batches:
            if not self.flow_active:
                batch.settled.set()
                continue
            self.consumer_stats.batches += 1
            await self.callback(self._event_of(batch, generation))
        for batch in batches:
            while not batch.settled.is_set():
                # A stream leaves an event of an older generation aside without a word; hence the look at the clock.
                try:
                    async with asyncio.timeout(SETTLE_CHECK_S):
                        await batch.settled.wait()
                except TimeoutError:
                    if self.app.consumer_generation_id != generation or not self.flow_active or self.should_stop:
                        break
        self._out = []

    def _event_of(self, batch: RecordBatch, generation: int) -> ConsumerMessage:
        tp, stamp = batch.tp, batch.records[-1][1] if batch.records else 0
        value: Any = batch  # Faust expects bytes here; BatchSchema passes it on as it is
        return ConsumerMessage(
            tp.topic, tp.partition, batch.next_offset - 1, stamp / 1_000, batch.stamped_by, None, None, value, None,
            0, len(batch.records), tp, generation_id=generation,
        )  # fmt: skip


class BatchTransport(driver.Transport):
    """Faust's Kafka transport with our consumer."""

    Fetcher = BatchFetcher
    Consumer = BatchConsumer
