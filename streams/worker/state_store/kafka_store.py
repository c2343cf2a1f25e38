"""Every patient's state and the offset up to which it holds, kept in Kafka so that nobody can tell where a worker died.

The order is the proof: fence (`FencedProducer.start`), read what is committed, take records; write states and
checkpoint in one transaction after all that they caused is acknowledged. The group's offset follows the
acknowledgements by itself: it may be ahead of the checkpoint or behind it, and a new owner goes on from the checkpoint.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from aiokafka.errors import TransactionalIdAuthorizationFailed

from detectors.rules import Rules
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Checkpoint
from streams.log.behaviour import BEHAVIOUR, FIRST
from streams.worker.faults import WorkerFault
from streams.worker.metrics import Metrics
from streams.worker.owned_partition import OwnedPartition
from streams.worker.state_store.authority import (
    refuse_another_behaviour,
    refuse_another_group,
    refuse_another_mode,
    tell_of_succession,
)
from streams.worker.state_store.capture import capture, lines
from streams.worker.state_store.entry import Entry
from streams.worker.state_store.fault_points import Point, passed
from streams.worker.state_store.fenced_producer import Fenced, FencedProducer, Line, fence_former
from streams.worker.state_store.identity import Identity, identity
from streams.worker.state_store.rebuild import reach
from streams.worker.state_store.recovery import in_doubt, recover
from streams.worker.state_store.state_encoding import CHECKPOINT_KEY, CheckpointBody, encode_checkpoint
from streams.worker.state_store.store_metrics import StoreMetrics
from streams.worker.state_store.stored import StatesReader, Stored
from streams.worker.store import Kept, Place, WorkerContext

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.05


class KafkaStateStore:
    """Keeps states in Kafka (`streams.worker.store.StateStore`)."""

    durable = True

    def __init__(self, settings: Settings, rules: Rules, metrics: Metrics, context: WorkerContext) -> None:
        """`context`: the worker, as far as the state store needs it."""
        self._settings, self._rules, self._context = settings, rules, context
        self._entries: dict[int, Entry] = {}
        self._identity: Identity | None = None
        self._waiting: set[asyncio.Task[None]] = set()
        self.figures = StoreMetrics(metrics.registry, self.oldest_s)

    # ---- taking and giving up

    async def take(self, places: Mapping[int, Place]) -> Mapping[int, Kept]:
        """Fences every former owner of these partitions, then reads what they committed."""
        if not places:
            return {}
        began = asyncio.get_running_loop().time()
        self._identity = await asyncio.to_thread(identity, self._settings)
        fenced_producers = {partition: FencedProducer(self._settings, partition) for partition in places}
        try:
            passed(Point.IN_ASSIGNMENT)
            async with StatesReader(self._settings, places) as reader:
                await reader.read()
                former = reader.markers()
                await self._refuse(former)  # before anything is fenced
                await every(self._fence(number, fenced_producers[number], former[number]) for number in places)
                passed(Point.IN_RECOVERY)
                stored = await reader.read()
                await self._refuse(reader.markers())  # another may have come first
            self.figures.tell_of_gaps(tell_of_succession(reader.markers()))
            back = reach(sum(map(in_doubt, stored.values())))
            kept = {
                number: await self._recover(number, place, stored[number], back) for number, place in places.items()
            }
            await every(
                self._enter(number, fenced_producers[number], stored[number], kept[number], places) for number in places
            )
        except BaseException:
            await asyncio.gather(*(fenced_producer.stop() for fenced_producer in fenced_producers.values()))
            raise
        took = asyncio.get_running_loop().time() - began
        self.figures.recovery.observe(took)
        states, size = sum(len(one.states) for one in kept.values()), sum(one.size for one in stored.values())
        log.info("%d partitions recovered in %.2f s: %d states, %d bytes", len(kept), took, states, size)
        return kept

    def hold(self, owned: OwnedPartition, told: Awaitable[None] | None = None) -> None:
        """From now on this partition's states are kept; not before `told` is done."""
        entry = self._entries[owned.partition]
        entry.owned, entry.told, entry.paused = owned, told, False
        # Each partition has its place within the span, so that they do not all write at once.
        share = (owned.partition + 1) / self._settings.partitions if entry.last is not None else 0.0
        entry.due_at = asyncio.get_running_loop().time() + self._settings.snapshot_every_s * share
        entry.task = asyncio.create_task(self._keep(entry))

    async def keep(self, partitions: Iterable[int]) -> set[int]:
        """Which of these may go on with what is in memory: those whose fenced_producer still writes a checkpoint."""
        entries = [entry for number in partitions if (entry := self._entries.get(number))]
        proofs = await asyncio.gather(*(self._prove(entry) for entry in entries))
        return {entry.partition for entry, proved in zip(entries, proofs, strict=True) if proved}

    async def give_up(self, partitions: Iterable[int]) -> None:
        """They may be another's soon: save them and wait."""
        entries = [entry for number in partitions if (entry := self._entries.get(number))]
        for entry in entries:
            entry.paused = True
        await asyncio.gather(*(self._drain(entry) for entry in entries))

    async def drop(self, partition: int) -> None:
        """It is another's: forget it, and never write it again."""
        entry = self._entries.pop(partition, None)
        if entry is not None:
            await self._end(entry)

    async def _end(self, entry: Entry) -> None:
        if entry.task is not None and entry.task is not asyncio.current_task():
            entry.task.cancel()
            await asyncio.gather(entry.task, return_exceptions=True)
        await entry.fenced_producer.stop()

    async def save(self) -> bool:
        """Saves everything that changed; False if not all of it could be."""
        saved = await asyncio.gather(*(self._drain(entry) for entry in list(self._entries.values())))
        return all(saved)

    async def close(self) -> None:
        """The worker ends."""
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*(self.drop(partition) for partition in list(self._entries)))

    def settled(self, partition: int, next_offset: int) -> None:
        """The group's offset follows, for whoever looks at it from outside; what counts is the checkpoint."""
        self._context.commit(partition, next_offset)

    def oldest_s(self) -> float:
        """How long ago the partition that waits longest was saved, in seconds."""
        if not self._entries:
            return 0.0
        now = asyncio.get_running_loop().time()
        return max(now - entry.saved_at for entry in self._entries.values())

    # ---- recovery

    async def _recover(self, partition: int, place: Place, stored: Stored, back: int) -> Kept:
        assert self._identity is not None
        for one in stored.lost:
            self.figures.unusable.labels(one.why.value).inc()
        if stored.checkpoint is not None and stored.taken > place.end:
            # The former owner went on while we were told where the log ends.
            place = place._replace(end=await self._context.end_of(partition))
        place = place._replace(end=min(place.end, await self._agreed(partition, stored, place.end)))
        return await recover(self._settings, self._rules, partition, place, stored, self._identity, back)

    async def _agreed(self, partition: int, stored: Stored, end: int) -> int:
        """Up to where the log is the one that was taken, as far as its leaders' epochs tell."""
        assert self._identity is not None
        last = stored.checkpoint
        if last is None or last.leader_epoch < 0 or last.topic_id != self._identity.topic_id:
            return end  # in a log made anew epochs begin again
        agreed = await self._context.end_of_epoch(partition, last.leader_epoch)
        return end if agreed is None else agreed

    async def _enter(
        self, partition: int, fenced_producer: FencedProducer, stored: Stored, kept: Kept, places: Mapping[int, Place]
    ) -> None:
        now = asyncio.get_running_loop().time()
        last = stored.checkpoint
        if last is not None:
            last = self._owned(last)
        elif kept.checkpoint is None:
            last = self._body(Checkpoint(places[partition].start), 0)
        if last is not None:
            await fenced_producer.write([self._checkpoint_line(partition, last)])
        if kept.since is not None:
            last = None  # all states are saved at once, and a savepoint with them
        self._entries[partition] = Entry(partition, fenced_producer, last, saved_at=now, due_at=now)

    async def _prove(self, entry: Entry) -> bool:
        async with (
            entry.saving
        ):  # a snapshot that is under way moves the checkpoint on: the older one may not follow it
            if entry.last is None:  # worked out from the log and not yet saved
                return False
            try:
                entry.last = self._owned(entry.last)
                await entry.fenced_producer.write([self._checkpoint_line(entry.partition, entry.last)])
            except Fenced:
                return False
        entry.paused = False
        return True

    async def _refuse(self, found: Mapping[int, CheckpointBody | None]) -> None:
        refuse_another_group(found, self._settings)
        refuse_another_mode(found, self._settings)
        await refuse_another_behaviour(found, self._settings)

    async def _fence(self, partition: int, fenced_producer: FencedProducer, former: CheckpointBody | None) -> None:
        await fenced_producer.start()
        if former is None or former.behaviour == FIRST:
            try:
                await fence_former(self._settings, partition, self._settings.group)
            except TransactionalIdAuthorizationFailed:
                if former is not None:  # in a log without states there was none
                    raise

    def _owned(self, body: CheckpointBody) -> CheckpointBody:
        """The same checkpoint, ours from now on; no longer drained, for we go on from it."""
        mode = self._settings.mode.value
        return msgspec.structs.replace(body, group=self._settings.group, behaviour=BEHAVIOUR, drained=False, mode=mode)

    async def _drain(self, entry: Entry) -> bool:
        """Saves, and says in the checkpoint that nothing was said beyond it; False if it could not be."""
        if not await self._save(entry):
            return False
        async with entry.saving:
            if entry.last is None or entry.changed:
                return True
            entry.last = msgspec.structs.replace(entry.last, drained=True)
            try:
                await entry.fenced_producer.write([self._checkpoint_line(entry.partition, entry.last)])
            except Fenced:
                return False
        return True

    # ---- snapshots

    async def _keep(self, entry: Entry) -> None:
        loop, every_s = asyncio.get_running_loop(), self._settings.snapshot_every_s
        try:
            while True:
                await asyncio.sleep(min(LOOK_EVERY_S, every_s / 4))
                if not entry.is_due(loop.time(), every_s, self._settings.snapshot_patients):
                    continue
                entry.next_due(loop.time(), every_s)
                if not await self._save(entry):
                    return
        except Exception as fault:
            self._context.fail(fault)

    async def _save(self, entry: Entry) -> bool:
        """One snapshot, if anything changed; False if the partition is not ours any more."""
        async with entry.saving:
            owned = entry.owned
            if owned is None or not entry.changed:
                entry.saved_at = asyncio.get_running_loop().time()
                return not entry.fenced_producer.fenced
            try:
                if entry.told is not None:
                    await asyncio.shield(entry.told)
                    entry.told = None
                await self._write(entry, owned)
            except Fenced as fenced:
                self._lost(entry, fenced)
                return False
        return True

    async def _write(self, entry: Entry, owned: OwnedPartition) -> None:
        loop = asyncio.get_running_loop()
        body_of = self._body_of(entry.last, owned)
        began = loop.time()
        captured = await capture(owned, body_of, self._settings, self._wants_savepoint(entry.last, owned))
        try:
            await owned.acks.all_acknowledged()
            await entry.fenced_producer.write(lines(captured, self._settings, entry.partition))
        except BaseException:
            owned.log.dirty.update(captured.changed)
            raise
        entry.last = captured.checkpoint
        if captured.everyone is not None:
            entry.last = msgspec.structs.replace(captured.checkpoint, savepoint_at=captured.checkpoint.time)
            self.figures.savepoints.inc()
        entry.saved_at = loop.time()
        self.figures.snapshots.labels("committed").inc()
        self.figures.states.inc(len(captured.changed))
        self.figures.bytes.inc(captured.size)
        self.figures.seconds.observe(entry.saved_at - began)

    def _lost(self, entry: Entry, fenced: Fenced) -> None:
        if self._entries.get(entry.partition) is not entry:
            return  # said already, or taken anew since
        self.figures.snapshots.labels("refused").inc()
        log.warning("partition %d: %s; what is in memory of it is dropped", entry.partition, fenced)
        generation = self._context.generation()
        del self._entries[entry.partition]
        self._context.dropped(entry.partition)
        self._soon(self._end(entry))
        self._soon(self._unless_another_has_it(entry.partition, generation))

    async def _unless_another_has_it(self, partition: int, generation: int) -> None:
        """Fenced, and a session later still of the same generation: nobody took it over. Only a new start helps."""
        await asyncio.sleep(self._settings.session_timeout_s)
        if self._context.generation() == generation and partition not in self._entries:
            self._context.fail(WorkerFault(f"partition {partition} was taken from this worker, and nobody has it"))

    def _wants_savepoint(self, last: CheckpointBody | None, owned: OwnedPartition) -> bool:
        since = None if last is None else last.savepoint_at
        return since is None or owned.log.time - since >= self._settings.savepoint_every_s * 1_000

    def _body_of(
        self, last: CheckpointBody | None, owned: OwnedPartition
    ) -> Callable[[Checkpoint, int], CheckpointBody]:
        since = None if last is None else last.savepoint_at

        def body_of(checkpoint: Checkpoint, patients: int) -> CheckpointBody:
            body = self._body(checkpoint, patients)
            return msgspec.structs.replace(body, savepoint_at=since, leader_epoch=owned.epoch)

        return body_of

    def _body(self, checkpoint: Checkpoint, patients: int) -> CheckpointBody:
        assert self._identity is not None
        whose = self._settings.group, self._settings.mode.value
        return CheckpointBody.of(checkpoint, *self._identity, self._context.generation(), patients, *whose)

    def _checkpoint_line(self, partition: int, body: CheckpointBody) -> Line:
        return Line(self._settings.topic(Topic.STATES), partition, CHECKPOINT_KEY, encode_checkpoint(body))

    def _soon(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)


async def every(works: Iterable[Awaitable[Any]]) -> Sequence[Any]:
    """All of them side by side, to their ends; then the first failure, if there was one."""
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes
