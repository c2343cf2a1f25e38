"""A worker put together: the app and its agents, what leaves it, its health, and how it starts and stops."""

import asyncio
import contextlib
import logging
import math
import signal
from collections.abc import Awaitable, Callable
from typing import cast

from aiokafka.errors import KafkaError
from faust import Stream, StreamT
from faust.types import TP

from detectors.rules import Rules
from streams.config.packaged_rules import first_rules
from streams.config.rotation import rotating_keys
from streams.config.settings import Clock, Settings
from streams.config.topics import FORWARDED, TOPICS, Topic, partitions_of, size_limit
from streams.installation.broker import BrokerUnreachable, has_states, look_at_topics
from streams.installation.findings import what_stops_a_first_start, what_stops_a_worker
from streams.log import Partition
from streams.worker.assignment import PartitionAssignment
from streams.worker.batches import RecordBatch, each
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.collector import WorkerCollector
from streams.worker.consumer import BatchConsumer
from streams.worker.faults import SPOKEN, Unsound, WorkerFault, place, redact
from streams.worker.faust_app import BatchApp
from streams.worker.forgetting import Forgetter
from streams.worker.forwarding import Forwarder
from streams.worker.gc_tuning import GcTuning
from streams.worker.health import Health, Unready
from streams.worker.heartbeats import Heartbeats
from streams.worker.http import HealthServer
from streams.worker.membership import Membership
from streams.worker.metrics import Metrics
from streams.worker.oversize import OversizeSubstitute
from streams.worker.process_metrics import ProcessMetrics
from streams.worker.shadow import Shadow
from streams.worker.shutdown_watchdog import MARGIN_S, ShutdownWatchdog
from streams.worker.spare_time import SpareTime
from streams.worker.store import Kept, MemoryStore, StateStore
from streams.worker.ticks import Ticker

log = logging.getLogger(__name__)

CRASH_CHECK_S = 0.2
ASK_WITHIN_S, RETRY_S = 1.0, 1.0
COPIES_EVERY_S = 30.0
CLEAN, FAILED = 0, 3


class Worker:
    """One worker. `run` works until `stop` is called or a signal comes, and gives the exit code."""

    def __init__(self, settings: Settings, *, rules: Rules | None = None, store: StateStore | None = None) -> None:
        self.settings = settings
        self.rules = rules or first_rules()
        self.metrics = Metrics(settings)
        self._stop = asyncio.Event()
        self._fault: Exception | None = None
        limits = {settings.topic(topic): size_limit(topic, settings) for topic in TOPICS}
        substitutes = OversizeSubstitute(settings)
        self.said = BufferedProducer(settings, limits.__getitem__, substitutes, self._fail, self.metrics.arrived)
        self.to_log = BufferedProducer(settings, limits.__getitem__, substitutes, self._fail)
        self.app = BatchApp(settings)
        forwarder = Forwarder(settings, self.to_log, self.said, self._safe) if settings.keys else None
        self.store = store or self._new_store()
        self.assignment = PartitionAssignment(settings, self.store, self._new_log, self.said, forwarder, self.metrics)
        self.app.owner = self.assignment
        self.shadow = Shadow(settings) if settings.shadow_rules is not None else None
        if self.shadow is not None:
            self.assignment.shadow = self.shadow
            self.metrics.registry.register(self.shadow)
        producers = {"said": self.said, "log": self.to_log}
        self.health = Health(settings, self.app, self.assignment, producers)
        self.membership = Membership(lambda: self.assignment.consumer, lambda: self.assignment.assigned, self._fail)
        self.assignment.lag_s = self.health.lag_s
        self.ticker = Ticker(settings, self.to_log, self.assignment.owned_partitions.values)
        self.forgetter = Forgetter(settings, self.to_log, self.assignment.owned_partitions.values)
        self.spare_time = SpareTime(self.assignment.owned_partitions.values, lambda: self.assignment.reading > 0)
        self.health.crowded = lambda: bool(self.forgetter.crowded or self.spare_time.crowded())
        self.health.ticks = lambda: self.ticker.ticks
        self.health.unsaved_s = self.store.oldest_s
        self.heartbeats = Heartbeats(
            settings,
            self.assignment,
            generation=lambda: self.app.taken_generation,
            lag_s=self.health.lag_s,
            log_end=self.health.log_end,
            unsent_s=self.health.unsent_s,
            reasons=self.health.reasons,
        )
        self.health.heartbeats = lambda: self.heartbeats.sent
        self.metrics.registry.register(WorkerCollector(settings, self.metrics, self.assignment, producers, self.health))
        self.process_metrics = ProcessMetrics(settings, self.rules.sha256, self.health.unready)
        self.process_metrics.register(self.metrics.registry)
        self.http = HealthServer(settings, self.metrics.registry, self.health)
        self._add_agents(forwarder)

    async def run(self, *, signals: bool = True) -> int:
        """Starts, works, stops. `signals`: the process is its own: SIGTERM and SIGINT end it in good order."""
        if signals:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        await self.http.start()
        tuning = GcTuning(self.generation, self.assignment.patients)
        watches = self.health.run(), self.membership.run(), self.process_metrics.run(), tuning.run()
        works = (
            *watches,
            self.ticker.run(),
            self.assignment.run(),
            self.assignment.watch.run(),
            self._watch_copies(),
            self.heartbeats.run(),
            self.forgetter.run(),
            self.spare_time.run(),
            rotating_keys(self.settings.keys, self.settings.secret_files().path_of("control_record_key")).run(),
        )
        helpers = [asyncio.create_task(work) for work in works]
        logging.root.addHandler(self.process_metrics.log_lines)
        for helper in helpers:
            helper.add_done_callback(self._helper_ended)
        try:
            if await self._start():
                await self._until_told()
        except (KafkaError, OSError, BrokerUnreachable, Unsound) as fault:
            self._fail(fault)
        finally:
            if signals:
                ShutdownWatchdog(self.settings.shutdown_timeout_s + MARGIN_S, FAILED).arm()
            await self._end(helpers)
            logging.root.removeHandler(self.process_metrics.log_lines)
        return FAILED if self._fault is not None or self.app.crashed else CLEAN

    def _helper_ended(self, helper: asyncio.Task[None]) -> None:
        # Without ticks nobody notices a quiet partition, and without a watch nobody a worker out of its group.
        if not helper.cancelled() and isinstance(fault := helper.exception(), Exception):
            self._fail(fault)

    def stop(self) -> None:
        """Ends `run` in good order."""
        self.health.phase = Unready.STOPPING
        self._stop.set()

    async def _start(self) -> bool:
        """False if it was told to stop before the first partitions were dealt."""
        self._say_what_this_is()
        if not await self._kafka_answers():
            return False
        await self._refuse_what_is_unsound()
        await asyncio.gather(self.said.start(), self.to_log.start())
        if self.shadow is not None:
            await self.shadow.start()
        self.assignment.consumer = self._consumer()
        if self.health.phase is Unready.STARTING:
            self.health.phase = None
        # Returns with the first assignment; one that may not join the group waits for ever.
        starting = asyncio.create_task(self.app.start())
        told = asyncio.create_task(self._until_told())
        await asyncio.wait({starting, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not starting.done():
            starting.cancel()
            return False
        starting.result()
        return True

    async def _kafka_answers(self) -> bool:
        """Waits for Kafka as long as it is away; False if the worker was told to stop meanwhile. Raises
        BrokerUnreachable where waiting does not help: a wrong login, an unknown authority.
        """
        loop, told = asyncio.get_running_loop(), False
        began = loop.time()
        while not self._stop.is_set():
            try:
                await asyncio.to_thread(look_at_topics, self.settings, configured=False, within_s=ASK_WITHIN_S)
            except BrokerUnreachable as away:
                if away.why is None or away.why.final:
                    raise
                if not told:
                    log.error("Kafka is away: %s; waiting for it", redact(away))
                told = True
                await self._until_told(RETRY_S)
            else:
                if told:
                    log.warning("Kafka is there after %.0f s", loop.time() - began)
                return True
        return False

    async def _refuse_what_is_unsound(self) -> None:
        # In event clock no broker's configuration can change an alert; the embedded broker could not be asked for it.
        configured = self.settings.clock is Clock.ARRIVAL
        found = await asyncio.to_thread(look_at_topics, self.settings, configured=configured)
        if wrong := what_stops_a_worker(found, self.settings):
            lines = [f"{one.subject}: {one.says}; {one.remedy}" for one in wrong]
            raise Unsound("\n".join(lines))
        if wrong := what_stops_a_first_start(found, self.settings):
            lines = [f"{one.subject}: {one.says}; {one.remedy}" for one in wrong]
            if not await asyncio.to_thread(has_states, self.settings):
                raise Unsound(
                    "a log of mode real begins only where no broker's loss takes records along\n" + "\n".join(lines)
                )
            log.error("this log is watched on with fewer copies than the brokers could keep: %s", "; ".join(lines))
            self.health.too_few_copies = True

    async def _watch_copies(self) -> None:
        """Ready again, once the copies that were missing at the start are there."""
        while True:
            await asyncio.sleep(COPIES_EVERY_S)
            if self.health.too_few_copies:
                with contextlib.suppress(BrokerUnreachable):
                    found = await asyncio.to_thread(look_at_topics, self.settings)
                    self.health.too_few_copies = bool(what_stops_a_first_start(found, self.settings))

    async def _until_told(self, within_s: float = math.inf) -> None:
        until = asyncio.get_running_loop().time() + within_s
        while not (self._stop.is_set() or self.app.crashed or self._fault or asyncio.get_running_loop().time() > until):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CRASH_CHECK_S):
                    await self._stop.wait()

    async def _end(self, helpers: list[asyncio.Task[None]]) -> None:
        self.health.phase = Unready.STOPPING
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        try:
            async with asyncio.timeout(self.settings.shutdown_timeout_s):
                if self.app.started:
                    await self.app.stop()
        except TimeoutError:
            log.error("Kafka did not let go within %g s; leaving", self.settings.shutdown_timeout_s)
        await asyncio.gather(self.said.stop(), self.to_log.stop(), self.store.close())
        if self.shadow is not None:
            await self.shadow.close()
        await self.http.stop()

    def _add_agents(self, forwarder: Forwarder | None) -> None:
        takers: dict[Topic, Callable[[RecordBatch], Awaitable[None]]] = {Topic.READINGS: self.assignment.read}
        if forwarder is not None:
            takers |= dict.fromkeys(FORWARDED, forwarder.take)
        for topic, take in takers.items():
            self._add_agent(topic, take)

    def _add_agent(self, topic: Topic, take: Callable[[RecordBatch], Awaitable[None]]) -> None:
        source = self.app.batches_of(self.settings.topic(topic), partitions_of(topic, self.settings))

        @self.app.agent(source, name=f"vigilward.{topic}")
        async def agent(stream: StreamT) -> None:
            try:
                await each(cast(Stream, stream), take)
            except Exception as fault:
                self._fail(fault)
                raise WorkerFault(f"the agent of {topic} ended") from None

    def _new_store(self) -> StateStore:
        if not self.settings.durable:
            return MemoryStore(self.commit)
        from streams.worker.state_store import KafkaStateStore

        return KafkaStateStore(self.settings, self.rules, self.metrics, self)

    # What a store needs of the worker (`streams.worker.store.WorkerContext`)

    def commit(self, partition: int, next_offset: int) -> None:
        """The group may go on from there."""
        self._safe(TP(self.settings.topic(Topic.READINGS), partition), next_offset)

    def generation(self) -> int:
        """Counts the times that partitions were dealt."""
        return int(self.app.consumer_generation_id)

    def dropped(self, partition: int) -> None:
        """The partition is another's."""
        self.assignment.forget(partition)

    def fail(self, fault: Exception) -> None:
        """The worker cannot go on."""
        self._fail(fault)

    async def end_of(self, partition: int) -> int:
        """Where the log ends now."""
        tp = TP(self.settings.topic(Topic.READINGS), partition)
        return (await self._consumer().committed_or_start({tp}))[tp][1]

    async def end_of_epoch(self, partition: int, epoch: int) -> int | None:
        """Up to where the log holds what was written under a leader's epoch or before."""
        return await self._consumer().end_of_epoch(TP(self.settings.topic(Topic.READINGS), partition), epoch)

    def _new_log(self, partition: int, kept: Kept) -> Partition:
        settings = self.settings
        return Partition(
            partition,
            settings.partitions,
            clock=settings.clock.value,
            mode=settings.mode.value,
            rules=self.rules,
            keys=settings.keys,
            topic=settings.topic(Topic.READINGS),
            checkpoint=kept.checkpoint,
            states=kept.states,
        )

    def _safe(self, tp: TP, next_offset: int) -> None:
        self._consumer().mark_safe(tp, next_offset)

    def _consumer(self) -> BatchConsumer:
        return cast(BatchConsumer, self.app.consumer)

    def _fail(self, fault: Exception) -> None:
        if self._fault is None:
            log.error("the worker cannot go on: %s", redact(fault))
            if not isinstance(fault, SPOKEN):
                log.error("it happened here:\n%s", place(fault))
            self._fault = fault

    def _say_what_this_is(self) -> None:
        settings = self.settings
        log.info("worker of group %s, clock %s, mode %s", settings.group, settings.clock, settings.mode)
        if not self.store.durable:
            log.warning("state is kept in memory only: after a restart what is usual for each patient is learnt anew")
        if not settings.keys:
            log.warning(
                "without VIGILWARD_CONTROL_RECORD_KEY patient records, actions and rules are not forwarded; "
                "readings flow on"
            )
