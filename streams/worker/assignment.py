"""Which partitions are ours: taken at assignment, kept through a rebalance that gives them back, dropped otherwise."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from aiokafka.errors import KafkaError
from faust.types import TP

from streams.config.packaged_rules import packaged_rules_bytes
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.broker import BrokerUnreachable
from streams.log import Partition
from streams.log.newcomers import Newcomers
from streams.log.places import is_anew
from streams.worker.batches import RecordBatch
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.consumer import BatchConsumer
from streams.worker.faults import redact
from streams.worker.forwarding import Forwarder, Source
from streams.worker.identities import CUT, WATCHED, Asker, Identities, IdentityWatch
from streams.worker.leader_epochs import UNKNOWN
from streams.worker.metrics import Metrics
from streams.worker.owned_partition import OwnedPartition
from streams.worker.shadow import Shadow
from streams.worker.shedding import Shedding
from streams.worker.store import Kept, Place, StateStore

log = logging.getLogger(__name__)

TAKE_WITHIN_S = 60.0
FINISH_AT_REVOKE_S = 2.5
LOOK_EVERY_S = 1.0


class PartitionAssignment:
    """Takes and gives up partitions; says how far each was taken."""

    def __init__(
        self,
        settings: Settings,
        store: StateStore,
        new_log: Callable[[int, Kept], Partition],
        producer: BufferedProducer,
        forwarder: Forwarder | None,
        metrics: Metrics,
    ) -> None:
        self._settings, self._store, self._new_log = settings, store, new_log
        self._producer, self._forwarder, self._metrics = producer, forwarder, metrics
        self._log_topic = settings.topic(Topic.READINGS)
        self._logical = {settings.topic(topic): topic for topic in WATCHED}
        self._telling: set[asyncio.Task[None]] = set()
        self.consumer: BatchConsumer | None = None  # set before the first assignment
        self.shadow: Shadow | None = None  # a candidate's rules, where there are any
        self.lag_s: Callable[[int], float] = lambda partition: 0.0  # how far a partition is behind
        self.owned_partitions: dict[int, OwnedPartition] = {}
        self.assigned = False
        self.reading = 0  # batches of the log that are being taken
        self._given_up_at: float | None = None  # by the loop's clock; None while nothing changes hands
        self.identities: Identities | None = None  # of the topics as they were taken
        self._asked: Identities | None = None
        self._asker = Asker(settings)
        self._anew: set[int] = set()
        self.watch = IdentityWatch(
            settings, self._asker, self, lambda: self._consumer().ends(self.owned_partitions), self._rejoin
        )

    async def run(self) -> None:
        """Once a second, for ever: what was left for later goes out, though the log has fallen silent."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for owned in list(self.owned_partitions.values()):
                await owned.look()

    def expected(self, tp: TP) -> int | None:
        """The next offset of this partition, None while it is not ours."""
        if tp.topic == self._log_topic:
            owned = self.owned_partitions.get(tp.partition)
            return None if owned is None else owned.expected
        source = self._source(tp)
        return None if source is None else source.next_offset

    def _source(self, tp: TP) -> Source | None:
        return self._forwarder.sources.get(tp) if self._forwarder else None

    async def is_same(self) -> bool:
        """Whether the topics are still those that were taken."""
        return await self.watch.is_same()

    async def stands(self, tp: TP, epoch: int) -> bool:
        """Whether what was taken of the log still stands there; asked of whoever leads now, at a new leader's word."""
        owned = self.owned_partitions.get(tp.partition) if tp.topic == self._log_topic else None
        if owned is None or epoch <= owned.epoch or epoch == owned.unheard_of or not self._settings.durable:
            return True
        if tp.partition in self._anew:
            return False
        end = None
        try:
            if owned.epoch > UNKNOWN:
                end = await self._consumer().end_of_epoch(tp, owned.epoch)
            # No checksum holds the epoch in a batch: one that its leader has never heard of is damage, and would hide
            # every election to come.
            heard_of = await self._consumer().end_of_epoch(tp, epoch) is not None
            owned.unheard_of = UNKNOWN if heard_of else epoch
        except (KafkaError, TimeoutError) as refused:
            log.error("partition %d: whether its log is as it was cannot be had: %s", tp.partition, redact(refused))
            self._consumer().refetch(tp)  # and asked again, before anything more is taken
            return False
        if end is None or end >= owned.expected:
            owned.epoch = epoch if heard_of else UNKNOWN  # an older one would make what is taken now look cut off
            if not heard_of:
                log.warning("partition %d: a batch names leader epoch %d, of which none knows", tp.partition, epoch)
            return True
        log.error(
            "partition %d: the log agrees with what was taken of it up to offset %d of %d: an election cut it",
            tp.partition, end, owned.expected,
        )  # fmt: skip
        self.let_go({tp.partition})
        await self._rejoin()
        return False

    def lost(self, tp: TP, expected: int, start: int) -> None:
        """Records were deleted before they were taken: said in the log of the worker, and in the one log."""
        log.error(
            "%s/%d: offsets %d to %d were deleted before they were taken; raise VIGILWARD_MAX_OUTAGE_H, then "
            "`vigilward doctor --fix`",
            tp.topic, tp.partition, expected, start,
        )  # fmt: skip
        taking = self.owned_partitions.get(tp.partition) if tp.topic == self._log_topic else self._source(tp)
        if self._forwarder is not None and taking is not None:  # else the next owner finds it, and tells
            self._soon(self._forwarder.tell_of_loss(tp, expected, start, taking.acks))

    def patients(self) -> int:
        """How many are watched."""
        return sum(owned.patients for owned in self.owned_partitions.values())

    async def read(self, batch: RecordBatch) -> None:
        """A batch of the log."""
        owned = self.owned_partitions.get(batch.tp.partition)
        if owned is not None:
            self.reading += 1
            try:
                await owned.take(batch)
            finally:
                self.reading -= 1

    async def take(self, tps: set[TP]) -> None:
        """These partitions are ours, and no others."""
        self.assigned = False
        began = asyncio.get_running_loop().time() if self._given_up_at is None else self._given_up_at
        mine = {tp.partition for tp in tps if tp.topic == self._log_topic}
        async with asyncio.timeout(TAKE_WITHIN_S):
            await self._consumer().keep_alive()
            identities = await self._ask()
            if self.identities and identities.ids.get(Topic.READINGS) != self.identities.ids.get(Topic.READINGS):
                self._anew.update(self.owned_partitions)
            self.identities = None  # nobody compares while partitions change hands
            await self._leave((set(self.owned_partitions) - mine) | (self._anew & set(self.owned_partitions)))
            self._anew.clear()
            mine = {number for number in mine if number < self._settings.partitions}
            await self._leave(set(self.owned_partitions) - await self._store.keep(self.owned_partitions))
            tps = {tp for tp in tps if tp.partition < self._settings.partitions}  # what was added is told, not taken
            new = {tp for tp in tps if tp.topic != self._log_topic or tp.partition not in self.owned_partitions}
            places = await self._places(new)
            taken = {tp.partition: places[tp] for tp in sorted(new) if tp.topic == self._log_topic}
            for partition, kept in (await self._store.take(taken)).items():
                await self._hold(partition, taken[partition], kept)
                await asyncio.sleep(0)
        if self._forwarder is not None:
            sources = {tp for tp in tps if tp.topic != self._log_topic}
            self._forwarder.own({tp: await self._start_of(tp, places[tp], identities) for tp in sources}, identities)
        self.identities = identities
        self.assigned, self._given_up_at = True, None
        self._metrics.rebalanced(asyncio.get_running_loop().time() - began)
        log.info(
            "%d partitions of the log are ours: %s",
            len(self.owned_partitions),
            ", ".join(map(str, sorted(self.owned_partitions))),
        )

    async def give_up(self, tps: set[TP]) -> None:
        """Finishes what can be finished in a few seconds, so that the next owner repeats little."""
        self.assigned, self._given_up_at = False, asyncio.get_running_loop().time()
        mine = [tp.partition for tp in tps if tp.topic == self._log_topic]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_AT_REVOKE_S):
                await self._drain()
                await self._store.give_up(mine)
        await self._finish(0.5 if self._store.durable else FINISH_AT_REVOKE_S)

    async def finish(self, within_s: float) -> bool:
        """Sends what was said, saves the states and commits what is safe; False if not all of it."""
        saved = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._drain()
                saved = await self._store.save()
        return await self._finish(within_s / 4 if self._store.durable else within_s) and saved

    def forget(self, partition: int) -> None:
        """The partition is not ours any more: what is in memory of it does not count. (The store knows already.)"""
        owned = self.owned_partitions.pop(partition, None)
        if owned is not None:
            owned.give_up()
            if self.shadow is not None:
                self.shadow.drop(partition)
            self._metrics.retire(owned.log.tally)

    async def _drain(self) -> None:
        for owned in list(self.owned_partitions.values()):
            await owned.drain()

    async def _leave(self, partitions: set[int]) -> None:
        for partition in partitions:
            self.forget(partition)
            await self._store.drop(partition)

    async def _finish(self, within_s: float) -> bool:
        flushed = await self._producer.flushed(within_s)
        return await self._consumer().commit() and flushed

    async def _places(self, tps: set[TP]) -> dict[TP, Place]:
        places = {tp: Place(*place) for tp, place in (await self._consumer().committed_or_start(tps)).items()}
        for tp, (start, end, committed) in places.items():
            if start > end:  # the topic was made anew, or cut back: the group's word is of what is no more
                places[tp] = Place((await self._consumer().earliest_offsets(tp))[tp], end, committed)
        return places

    async def _ask(self) -> Identities:
        try:
            self._asked = await asyncio.to_thread(self._asker)
        except BrokerUnreachable as silent:
            if self._asked is None:
                raise
            # The broker is slow while partitions are dealt: what has changed is found at the next look.
            log.warning("%s; going by what it was", silent)
        return self._asked

    async def _start_of(self, tp: TP, place: Place, identities: Identities) -> int:
        """Where a source is forwarded from: its beginning, where another topic stands in its place."""
        owned = self.owned_partitions.get(tp.partition)
        now = identities.ids.get(self._logical[tp.topic], "")
        name = f"{tp.topic}/{tp.partition}"
        if owned is None or self._forwarder is None or not is_anew(owned.log.sources, name, now):
            return place.start
        log.error("%s was made anew: it is forwarded from its beginning", name)
        self.watch.changes[self._logical[tp.topic].value] += 1
        await self._forwarder.tell_of_anew(tp, f"{now}#anew", tp.partition)
        return (await self._consumer().earliest_offsets(tp))[tp]

    def taken(self) -> Mapping[int, int]:
        """Up to where each of our partitions of the log is taken."""
        return {number: owned.expected for number, owned in self.owned_partitions.items()}

    def let_go(self, partitions: set[int]) -> None:
        """These may not go on with what is in memory: they are taken anew at the next assignment."""
        self._anew |= partitions

    async def _hold(self, partition: int, place: Place, kept: Kept) -> None:
        if kept.next_offset is None and place.committed and place.start > 0:
            self._metrics.began_without_state()
            log.warning(
                "partition %d goes on at offset %d of %d without a state: what is usual for its patients is learnt "
                "anew",
                partition, place.start, place.end,
            )  # fmt: skip
        at = place.start if kept.next_offset is None else kept.next_offset
        log_of = self._new_log(partition, kept)
        log_of.dirty.update(kept.unsaved)
        told: asyncio.Future[Any] | None = None
        if kept.since is not None:
            self.watch.changes[CUT if "#cut" in kept.since else Topic.READINGS.value] += 1
        if kept.since is not None and self._forwarder is not None:
            told = await self._forwarder.tell_of_anew(TP(self._log_topic, partition), kept.since, partition)
        if kept.lost and self._forwarder is not None:
            history = await self._forwarder.tell_of_history(partition, kept.lost)
            told = history if told is None else asyncio.gather(told, history)
        owned = OwnedPartition(
            log_of, at, self._producer, self._settings.topic, self._metrics, self._store.settled, place.end
        )
        if not log_of.event_clock:
            owned.newcomers = log_of.newcomers = Newcomers(log_of)
        owned.epoch = kept.epoch
        owned.shedding = Shedding(self._settings, partition, self._metrics.shed)
        owned.lag_s = partial(self.lag_s, partition)
        if self.shadow is not None:
            self.shadow.begin(partition, log_of.checkpoint, kept.states)
            owned.shadow = self.shadow
        self.owned_partitions[partition] = owned
        if log_of.rules_bytes is None and at == 0 and self._forwarder is not None:
            await self._forwarder.enter_rules(partition, packaged_rules_bytes())
        self._store.hold(owned, told)

    async def _ends(self) -> Mapping[int, int]:
        return await self._consumer().ends(self.owned_partitions)

    async def _rejoin(self) -> None:
        await self._consumer().rejoin()

    def _consumer(self) -> BatchConsumer:
        if self.consumer is None:
            raise RuntimeError("a partition was assigned before the worker had a consumer")
        return self.consumer

    def _soon(self, telling: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
