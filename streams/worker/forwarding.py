"""Patient records, actions and rules, put into the one log strictly in the order in which they came.

A source's offset is committed only after the control record is acknowledged, so a crash repeats some; the log keeps
the greatest offset per source and leaves repeats aside. Without VIGILWARD_CONTROL_RECORD_KEY nothing is forwarded: the
records wait in their topics for a worker that has the key.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from faust.types import TP

from schemas.control_record import ControlRecordKind
from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.config.packaged_rules import PACKAGED_SOURCE
from streams.config.settings import Settings
from streams.config.topics import Topic, size_limit
from streams.log import Record
from streams.log.control_records import forward
from streams.worker.batches import RecordBatch
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.identities import NOT_ASKED, Identities
from streams.worker.outgoing import AckTracker, OutgoingRecord, under

if TYPE_CHECKING:
    from streams.worker.state_store.stored import Lost

log = logging.getLogger(__name__)

KINDS = {
    Topic.PATIENTS: ControlRecordKind.PATIENT,
    Topic.ACTIONS: ControlRecordKind.ACTION,
    Topic.RULES: ControlRecordKind.RULES,
}


@dataclass(slots=True, eq=False)
class Source:
    """One partition of a topic that is forwarded."""

    kind: ControlRecordKind
    next_offset: int
    acks: AckTracker


class Forwarder:
    """Forwards the partitions that are ours. `rejections` takes what cannot be forwarded."""

    def __init__(
        self,
        settings: Settings,
        to_log: BufferedProducer,
        rejections: BufferedProducer,
        safe: Callable[[TP, int], None],
    ) -> None:
        self._settings, self._to_log, self._rejections, self._safe = settings, to_log, rejections, safe
        self._kinds = {settings.topic(topic): kind for topic, kind in KINDS.items()}
        self._log_topic = settings.topic(Topic.READINGS)
        self._limit = size_limit(Topic.READINGS, settings)
        self._keys = settings.keys
        self._ids: dict[str, str] = {}
        self._approvers = settings.approvers
        self.sources: dict[TP, Source] = {}
        self.forwarded = 0

    def own(self, starts: dict[TP, int], identities: Identities = NOT_ASKED) -> None:
        """These partitions are ours, from these offsets, and no others; their topics have these ids."""
        self._ids = {self._settings.topic(topic): now for topic, now in identities.ids.items()}
        for source in self.sources.values():
            source.acks.close()
        self.sources = {
            tp: Source(self._kinds[tp.topic], start, AckTracker(partial(self._safe, tp)))
            for tp, start in starts.items()
        }

    async def take(self, batch: RecordBatch) -> None:
        """Forwards a batch; returns when all of it is queued."""
        source = self.sources.get(batch.tp)
        if source is None:
            return
        forwarded: list[OutgoingRecord] = []
        refused: list[OutgoingRecord] = []
        for record in batch.records:
            if record[0] < source.next_offset:
                continue
            patient, refusal = self._patient_of(record, source.kind)
            approver = ""
            if refusal is None and source.kind is ControlRecordKind.RULES:
                approver = self._approvers.who_approved(record[3] or b"", dict(record[4])) or ""
                refusal = None if approver else Refusal.NOT_APPROVED
            outgoing = [] if refusal else self._to_partitions(batch.tp, record, source.kind, patient, approver)
            if any(one.size > self._limit for one in outgoing):
                refusal = Refusal.TOO_LARGE
            if refusal is not None:
                refused.append(self._refusal(batch.tp, record, refusal))
            else:
                forwarded += outgoing
        for damaged in batch.unreadable:
            if damaged.next_offset > source.next_offset:
                refused.append(self._unreadable(batch.tp, max(damaged.first, source.next_offset), damaged.next_offset))
        ack = source.acks.open(batch.next_offset, len(forwarded) + len(refused))
        source.next_offset = batch.next_offset
        self.forwarded += len(forwarded)
        await self._to_log.put(under(ack, forwarded))
        await self._rejections.put(under(ack, refused))

    def tell_of_loss(self, tp: TP, expected: int, start: int, acks: AckTracker) -> Coroutine[Any, Any, None]:
        """Says in the log that records were deleted before they were taken; the Vigils make an alert of it.

        Counted among the `acks` of what was lost at once, so that nothing beyond the loss is safe, committed or
        saved before Kafka has this: a crash would pass over it in silence. Queued when it is awaited.
        """
        body = b'{"from":%d,"to":%d}' % (expected, start)
        outgoing = [
            self._control_record(ControlRecordKind.LOSS, tp.topic, tp.partition, start - 1, "", body, partition)
            for partition in self._targets(tp)
        ]
        return self._to_log.put(under(acks.open(expected, len(outgoing)), outgoing))

    async def tell_of_history(self, partition: int, lost: "Sequence[Lost]") -> asyncio.Future[None]:
        """Says in the log whose history was lost; the future is done when Kafka has it."""
        states = self._settings.topic(Topic.STATES)
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        outgoing = [
            self._control_record(
                ControlRecordKind.HISTORY, states, partition, one.offset, one.patient, b"{}", partition
            )
            for one in lost
        ]
        acks = AckTracker(lambda _: _settle(told))
        await self._to_log.put(under(acks.open(0, len(outgoing)), outgoing))
        return told

    async def tell_of_anew(self, tp: TP, mark: str, partition: int) -> asyncio.Future[None]:
        """Says in a partition of the log that a topic was made anew, or the log cut back: what was there is lost. The
        future is done when Kafka has it. `mark` tells it from the next time: said again, it changes nothing.
        """
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        record = self._control_record(ControlRecordKind.LOSS, tp.topic, tp.partition, 0, "", b"{}", partition, mark)
        acks = AckTracker(lambda _: _settle(told))
        await self._to_log.put(under(acks.open(0, 1), [record]))
        return told

    async def enter_rules(self, partition: int, rules: bytes) -> None:
        """Puts the packaged rules into a partition whose log begins; where rules are named they change nothing."""
        named = sha256(rules).hexdigest()
        record = self._control_record(ControlRecordKind.RULES, PACKAGED_SOURCE, 0, 0, "", rules, partition, named)
        await self._to_log.put([record])

    def _targets(self, tp: TP) -> range:
        if self._kinds.get(tp.topic) is ControlRecordKind.RULES:
            return range(self._settings.partitions)
        return range(tp.partition, tp.partition + 1)

    def _to_partitions(
        self, tp: TP, record: Record, kind: ControlRecordKind, patient: str, approver: str
    ) -> list[OutgoingRecord]:
        offset, _, _, value, _ = record
        return [
            self._control_record(kind, tp.topic, tp.partition, offset, patient, value or b"", to, approver=approver)
            for to in self._targets(tp)
        ]

    def _control_record(
        self,
        kind: ControlRecordKind,
        topic: str,
        partition: int,
        offset: int,
        patient: str,
        body: bytes,
        to: int,
        topic_id: str | None = None,
        approver: str = "",
    ) -> OutgoingRecord:
        whose = self._ids.get(topic, "") if topic_id is None else topic_id
        place = topic, partition, offset
        key, value, headers = forward(kind, *place, patient, body, self._keys, self._log_topic, to, whose, approver)
        return OutgoingRecord(self._log_topic, to, key, value, headers)

    def _patient_of(self, record: Record, kind: ControlRecordKind) -> tuple[str, Refusal | None]:
        _, _, key, value, _ = record
        if not value:
            return "", Refusal.EMPTY
        if kind is ControlRecordKind.RULES:
            return "", None
        try:
            patient = (key or b"").decode()
        except UnicodeDecodeError:
            return "", Refusal.BAD_FIELD
        return patient, None if patient else Refusal.MISSING_FIELD

    def _unreadable(self, tp: TP, first: int, next_offset: int) -> OutgoingRecord:
        place = tp.topic, tp.partition, first
        facts = Rejection.of(Refusal.UNREADABLE_BATCH, None, *place, last_offset=next_offset - 1)
        return OutgoingRecord(self._settings.topic(Topic.REJECTIONS), tp.partition, None, None, facts.headers())

    def _refusal(self, tp: TP, record: Record, code: Refusal) -> OutgoingRecord:
        offset, _, key, value, _ = record
        field = "key" if code in (Refusal.BAD_FIELD, Refusal.MISSING_FIELD) else None
        facts = Rejection.of(code, field, tp.topic, tp.partition, offset)
        return OutgoingRecord(self._settings.topic(Topic.REJECTIONS), tp.partition, key, value, facts.headers())


def _settle(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)
