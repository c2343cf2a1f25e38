"""Tells people and machines of alerts, and writes down what is owed before anything is sent.

Alerts come from Kafka by a group of their own, so that of several notifiers one tells. What a revision asks for is
written to the notifications topic first; then the offset of the alert moves; then it is sent, and what became of it is
written. After a kill the next one reads what was owed: a notice may arrive twice with the same id and words, and never
with two contents.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError, KafkaTimeoutError
from aiokafka.structs import ConsumerRecord

from schemas.action import Action, ActionType
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.gateways.store import NotStored, Record, Store
from streams.notify import alerts, notice
from streams.notify.book import KEPT, Book
from streams.notify.channels.webpush import WebPush
from streams.notify.devices import Devices
from streams.notify.dispatch import Dispatch
from streams.notify.metrics import NotifyMetrics
from streams.notify.notice import Fate, Notice, calls_of_notice
from streams.notify.reach import Gap
from streams.notify.receipts import (
    FATES,
    DeviceReceipt,
    ReceiptRefused,
    actions_of,
    dumped,
    rises,
)
from streams.notify.routes import Channel, Recipient, Routes
from streams.notify.same_topic import SameTopics
from streams.notify.settings import NotifySettings
from streams.web_push.identity import Identity
from streams.web_push.subscription import Subscription

log = logging.getLogger(__name__)
MAX_WAITING: Final = 20_000
RETRY_S: Final = 1.0
RECALLED_WITHIN_S: Final = 120.0
"""Well below the `max_poll_interval_ms` of aiokafka, 300 s: who has not polled for so long never joins again."""
DEVICES_WITHIN_S: Final = 10.0
FORGET_EVERY_S: Final = 600.0
AGAIN: Final = (
    "what was told of partition %d is not whole in %s, which was made anew or cut: what is owed is found again in %s; "
    "a call that goes on may be told a second time"
)


def _not_cut_before_ms() -> float:
    """A topic whose beginning is gone, and that begins later than this, has lost more than its time took."""
    return 1_000 * (time.time() - (KEPT - timedelta(days=1)).total_seconds())


class TopicAnew(Exception):
    """The alerts' topic is another than before."""


class Notifier(ConsumerRebalanceListener):
    """One notifier. `run` works until it is cancelled."""

    def __init__(
        self, settings: Settings, own: NotifySettings, routes: Routes, identity: Identity | None = None
    ) -> None:
        self.settings, self.own, self.routes = settings, own, routes
        self.metrics = NotifyMetrics()
        self.devices = Devices(own.push_services)
        self.book = Book(routes, settings.mode, self.devices.expand)
        self.dispatch = Dispatch(
            settings, own, routes, self.book, self.metrics,
            lambda notices, actions: self._write(notices, actions),
            lambda: self.assigned and not self._catching_up,
        )  # fmt: skip
        self._store = Store(
            settings, within_s=own.store_within_s, max_waiting=MAX_WAITING, client_id="vigilward-notify"
        )
        self._alerts, self._notes = settings.topic(Topic.ALERTS), settings.topic(Topic.NOTIFICATIONS)
        self._actions = settings.topic(Topic.ACTIONS)
        self._subscriptions = settings.topic(Topic.SUBSCRIPTIONS)
        if identity is not None:
            self.dispatch.senders[Channel.WEBPUSH] = WebPush(identity, self.devices.find, self._gone)
        self._same = SameTopics(settings, (self._alerts, self._notes))
        self._mark = ""
        self._from_start: set[int] = set()
        self._recalled = asyncio.Event()
        self._read_back = 0
        self._partition_of: dict[str, int] = {}
        self._catching_up: dict[int, int] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._not_recalled: KafkaError | NotStored | None = None
        self._forgot_at = time.monotonic()
        self.assigned = False
        self.gaps: list[Gap] = []
        """Calls of the rules in force that would reach nobody, as they were last known."""
        self.rules_known = True

    @property
    def unready(self) -> list[str]:
        """Why nobody would be told now; nothing if all is well."""
        reasons = {
            "not_assigned": not self.assigned,
            "catching_up": bool(self._catching_up),
            "cannot_store": bool(self._store.last_error),
            "reaches_nobody": bool(self.gaps),
            "rules_unknown": not self.rules_known,
            "devices_unknown": self.routes.pushes and not self.devices.read_whole,
        }
        return [name for name, holds in reasons.items() if holds]

    async def run(self) -> None:
        """Reads, writes down and sends, for ever."""
        self._store.start()
        works = [
            asyncio.create_task(self._read(), name="notify reads"),
            asyncio.create_task(self.dispatch.run(), name="notify sends"),
            asyncio.create_task(self._same.watch(), name="notify looks whether topics are those it read"),
        ]
        if self.routes.pushes:
            works.append(asyncio.create_task(self.devices.follow(self.settings), name="notify follows devices"))
        try:
            await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)  # none ends: what did has failed
            for task in works:
                if task.done():
                    task.result()
        finally:
            for task in works:
                task.cancel()
            await asyncio.gather(*works, return_exceptions=True)
            await self.dispatch.keep_sent()  # before another has its partitions
            if self._consumer is not None:
                await self._consumer.stop()
            await self.dispatch.close()
            await self._store.stop()

    # ---- reading

    async def _read(self) -> None:
        await self._devices_known()
        while True:
            consumer = self._consumer = AIOKafkaConsumer(
                **self.settings.aiokafka(),
                group_id=f"{self.settings.group}-notify",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                session_timeout_ms=int(self.settings.session_timeout_s * 1_000),
                heartbeat_interval_ms=int(self.settings.heartbeat_s * 1_000),
            )
            try:
                consumer.subscribe([self._alerts], listener=self)
                await consumer.start()
                while True:
                    fetched = await consumer.getmany(timeout_ms=100, max_records=500)
                    await self._until_recalled()  # records may come before it is known what was told
                    if self._not_recalled is not None:
                        raise self._not_recalled
                    ours = {place: records for place, records in fetched.items() if place in consumer.assignment()}
                    if ours:
                        await self._take(consumer, ours)
                    if self._alerts in self._same.anew:
                        raise TopicAnew
                    if self._notes in self._same.anew:
                        await self._write_again()
                    await self._end_of_catching_up(consumer)
                    if time.monotonic() - self._forgot_at >= FORGET_EVERY_S:
                        await self._forget_old(datetime.now(UTC))
            except (KafkaError, NotStored, TopicAnew) as fault:
                log.error("alerts cannot be read or notices written: %s; going on trying", type(fault).__name__)
                await consumer.stop()
                if self._alerts in self._same.anew:  # the group's offsets are of the one before
                    self._same.anew.discard(self._alerts)
                    self._from_start = set(range(self.settings.partitions))
                self._forget(set(self._partition_of.values()) | set(self._catching_up))
                self._not_recalled = None
                self._recalled.clear()
                await asyncio.sleep(RETRY_S)

    async def _write_again(self) -> None:
        """The notifications' topic is another: what was told and is owed stands in it too, before it counts as read."""
        self._same.anew.discard(self._notes)
        log.error("%s was made anew: what was told and is owed is written to it again", self._notes)
        await self._write(self.book.everything(), [])
        self._mark = await self._same.known(self._notes)

    async def _until_recalled(self) -> None:
        """Waits for the partitions and for what was told of theirs. Raises KafkaTimeoutError where neither goes on: a
        consumer that nobody polls meanwhile neither joins again nor says why it could not.
        """
        while not self._recalled.is_set():
            read_back = self._read_back
            try:
                async with asyncio.timeout(RECALLED_WITHIN_S):
                    await self._recalled.wait()
            except TimeoutError as late:
                if self._read_back == read_back:
                    raise KafkaTimeoutError(f"no partitions after {RECALLED_WITHIN_S:.0f} s") from late

    async def _devices_known(self) -> None:
        """Who can be pushed to is known before anybody is told; for so long, lest others wait for it."""
        until = time.monotonic() + DEVICES_WITHIN_S
        while self.routes.pushes and not self.devices.read_whole and time.monotonic() < until:
            await asyncio.sleep(0.05)

    async def _gone(self, device: Subscription) -> None:
        """Its push service says that a device is no more: so does the topic."""
        self.devices.drop(device)
        log.warning("a device of %s is no more", device.login)
        try:
            await (await self._store.put([Record(self._subscriptions, device.id.encode(), None)]))
        except NotStored:
            log.error("that a device of %s is no more was not written down", device.login)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Another notifier tells of these now: what was sent of them stands in Kafka before it reads."""
        self._recalled.clear()
        await self.dispatch.keep_sent()
        self._forget({partition.partition for partition in revoked})

    def _forget(self, gone: set[int]) -> None:
        """Whoever has these next reads from Kafka what was told and owed."""
        self.assigned = False
        lost = {alert for alert, partition in self._partition_of.items() if partition in gone}
        self.book.forget(lost)
        self.dispatch.forget(lost)
        self._partition_of = {alert: number for alert, number in self._partition_of.items() if alert not in lost}
        self._catching_up = {number: end for number, end in self._catching_up.items() if number not in gone}

    async def _forget_old(self, now: datetime) -> None:
        """What is long over takes no memory; who was told of what goes on is written again, before Kafka forgets it."""
        self._forgot_at = time.monotonic()
        stay = self.book.forget_before(now - KEPT)
        self._partition_of = {alert: number for alert, number in self._partition_of.items() if alert in stay}
        self.dispatch.forget_old(now)
        if again := self.book.written_before(now - KEPT / 2):
            await self._write(again, [])
            self.book.written(again, now)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Reads what was told and owed of these, and how far their alerts go, before anything is sent."""
        self._recalled.clear()
        try:
            if ours := sorted(partition.partition for partition in assigned):
                await self._recall_all(ours)
            self._from_start.intersection_update(ours)  # another reads the others now
        except (KafkaError, NotStored) as fault:  # raised here it would be swallowed, and nothing ever sent again
            self._not_recalled = fault
        finally:
            self._recalled.set()

    async def _recall_all(self, ours: list[int]) -> None:
        reader = AIOKafkaConsumer(**self.settings.aiokafka(), enable_auto_commit=False)
        await reader.start()
        try:
            notes = [TopicPartition(self._notes, number) for number in ours]
            self._mark = await self._same.known(self._notes)
            marks = await self._same.marks(f"{self.settings.group}-notify", self._alerts, ours)
            begins = await reader.beginning_offsets(notes)
            oldest: dict[int, int] = {}
            ends = await reader.end_offsets([*notes, *(TopicPartition(self._alerts, number) for number in ours)])
            reader.assign(notes)
            await reader.seek_to_beginning(*notes)
            for place in notes:
                while await reader.position(place) < ends[place]:
                    for record in (await reader.getmany(place, timeout_ms=200)).get(place, []):
                        oldest.setdefault(place.partition, record.timestamp)
                        self._recall(record)
            for place in notes:
                whole = begins[place] == 0 or oldest.get(place.partition, time.time() * 1_000) < _not_cut_before_ms()
                other = self._mark and marks.get(place.partition) not in ("", None, self._mark)
                if not whole or other:
                    self._from_start.add(place.partition)
                    log.error(AGAIN, place.partition, self._notes, self._alerts)
            anew = [TopicPartition(self._alerts, number) for number in ours if number in self._from_start]
            starts = await reader.beginning_offsets(anew) if anew else {}
        finally:
            await reader.stop()
        if moved := [*self.book.absorbed(), *self.book.rerouted(datetime.now(UTC))]:
            lost = [one for one in moved if one.fate is Fate.UNDELIVERABLE]
            if lost:
                names = ", ".join(sorted({one.recipient for one in lost}))
                log.error("%d calls were owed to %s, whom the routes no longer name", len(lost), names)
            said = [action for one in lost for action in self.dispatch.said(one, ActionType.UNDELIVERABLE)]
            await self._write(moved, said)
        for one in self.book.owed():
            if self._partition_of.get(one.alert_id) in ours:
                self.dispatch.queue(one)
        self._catching_up |= {number: ends[TopicPartition(self._alerts, number)] for number in ours}
        for place, start in starts.items():  # last: from here on records come
            assert self._consumer is not None
            self._consumer.seek(place, start)
        self.assigned = True

    def _recall(self, record: ConsumerRecord[bytes, bytes]) -> None:
        self._read_back += 1
        try:
            one = notice.decode(record.value or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.metrics.unreadable.inc()
            return
        self.book.remember(one, datetime.fromtimestamp(record.timestamp / 1_000, UTC))
        self._partition_of[one.alert_id] = record.partition
        if one.fate is Fate.OWED:
            self.book.attempted.add(one.id)  # nobody knows whether it left: its words stay as they are

    async def _end_of_catching_up(self, consumer: AIOKafkaConsumer) -> None:
        for number, end in list(self._catching_up.items()):
            if await consumer.position(TopicPartition(self._alerts, number)) >= end:
                del self._catching_up[number]
        if not self._catching_up:
            self.dispatch.wake()

    async def _take(
        self,
        consumer: AIOKafkaConsumer,
        taken: dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]],
    ) -> None:
        asked = [one for records in taken.values() for record in records for one in self._asked_by(record)]
        for one in asked:
            if one.fate is Fate.SUPERSEDED:  # now: while it is written down the senders go on
                self.dispatch.drop(one)
        await self._write(asked, [])
        try:
            mark = self._mark or self._same.last_said(self._notes)
            await consumer.commit({place: (records[-1].offset + 1, mark) for place, records in taken.items()})
        except CommitFailedError:  # dealt to another meanwhile: it takes them again, with the same ids
            return
        self._from_start -= {partition.partition for partition in taken}
        for one in {one.id: one for one in asked}.values():  # the last word of each
            if one.fate is not Fate.SUPERSEDED:
                self.dispatch.queue(one)

    def _asked_by(self, record: ConsumerRecord[bytes, bytes]) -> list[Notice]:
        try:
            revision = alerts.decode(record.value or b"")
            before = self.book.nobody
            new = self.book.take(revision, datetime.now(UTC))
        except (alerts.UnreadableAlert, OverflowError):  # a year that no zone has
            self.metrics.unreadable.inc()
            log.error("the alert at offset %d of partition %d cannot be read", record.offset, record.partition)
            return []
        self._partition_of[revision.alert_id] = record.partition
        self.metrics.nobody.inc(self.book.nobody - before)
        self.dispatch.arrived(new, record.timestamp / 1_000)
        return new

    async def _write(self, notices: list[Notice], actions: list[Action]) -> None:
        """Actions first: what the log has not heard is not said to be done."""
        records = [
            *(Record(self._actions, one.patient_id.encode(), dumped(one)) for one in actions),
            *(Record(self._notes, one.patient_id.encode(), notice.encode(one)) for one in notices),
        ]
        for one in notices:
            self.metrics.notices.labels(one.fate.value).inc()
        await (await self._store.put(records))

    # ---- receipts

    def recipient_of(self, receipt: DeviceReceipt) -> Recipient:
        """Whose receipt it is. Raises ReceiptRefused: perhaps another notifier has told it."""
        known = self.book.find(receipt.notice)
        if known is None or known.recipient not in self.dispatch.recipients or not calls_of_notice(known):
            raise ReceiptRefused(
                404, "unknown_notice", "id", "no call of this id is known here: try the other notifiers"
            )
        return self.dispatch.recipients[known.recipient]

    async def receive(self, receipt: DeviceReceipt) -> None:
        """Puts what a device says into the log; done when Kafka has it. Raises ReceiptRefused, NotStored."""
        self.recipient_of(receipt)
        known = self.book.find(receipt.notice)
        assert known is not None
        actions = actions_of(known, receipt, datetime.now(UTC), self.settings.mode)
        fate = FATES[receipt.word]
        await self.dispatch.keep_sent()
        await self._write([self.book.settle(known, fate)] if rises(known.fate, fate) else [], actions)
