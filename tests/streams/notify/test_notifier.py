"""A notifier goes on: whatever a channel meets, and though Kafka is away while partitions are dealt."""

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace

import msgspec
from aiokafka import TopicPartition

from schemas.action import Step
from schemas.alert import AlertStatus
from streams.config.settings import Settings
from streams.notify import dispatch
from streams.notify import notifier as module
from streams.notify.channels import Answer
from streams.notify.notice import Fate, Notice, short
from streams.notify.notifier import Notifier
from streams.notify.receipts import DeviceReceipt, DeviceWord
from streams.notify.routes import Channel, Recipient
from streams.notify.same_topic import SameTopics
from streams.notify.settings import NotifySettings
from tests.streams.notify.conftest import START, Consumer, Kafka, routes_of, running


def test_kafka_away_while_partitions_are_dealt_ends_no_sending(notifier, call, monkeypatch):
    kafka = Kafka()
    monkeypatch.setattr(module, "AIOKafkaConsumer", kafka)
    monkeypatch.setattr(module, "RETRY_S", 0.01)

    notifier.book.remember(call)
    notifier._partition_of[call.alert_id] = 0
    notifier.dispatch.queue(call)

    running(notifier, lambda: notifier.assigned)

    assert not notifier.dispatch.outboxes["nurse"].queue, "perhaps another has told it meanwhile"
    assert (kafka.refused, kafka.groups) == (1, 2)


def test_a_channel_that_raises_is_tried_again(notifier, call, monkeypatch):
    tries: list[str] = []
    written: list[Notice] = []

    class Channel:
        async def send(self, _: object, one: Notice) -> Answer:
            tries.append(one.id)
            if len(tries) == 1:
                raise OverflowError("port must be 0-65535")
            return Answer(ok=True)

        async def close(self) -> None:
            pass

    async def write(notices: list[Notice], _: list) -> None:
        written.extend(notices)

    kafka = Kafka()
    kafka.refused = 1
    monkeypatch.setattr(module, "AIOKafkaConsumer", kafka)
    monkeypatch.setattr(notifier, "_write", write)
    notifier.dispatch.senders = dict.fromkeys(notifier.dispatch.senders, Channel())
    notifier.dispatch.queue(call)

    running(notifier, lambda: bool(written))

    assert tries == [call.id] * 2 and written[0].fate is Fate.SENT


def test_a_call_that_ended_unsent_cannot_leave_while_its_end_is_written_down(notifier, call, revision, monkeypatch):
    """A write may take seconds, and the senders go on meanwhile."""
    waiting: list[list[str]] = []

    async def write(*_: object) -> None:
        waiting.append(list(notifier.dispatch.outboxes["nurse"].queue))

    class Committing:
        async def commit(self, _: object) -> None:
            pass

    monkeypatch.setattr(notifier, "_write", write)
    monkeypatch.setattr(module.alerts, "decode", lambda value: value)
    notifier.book.remember(call)
    notifier.dispatch.queue(call)
    ended = SimpleNamespace(value=revision(2, AlertStatus.CLEARED, minutes=4), partition=0, offset=0, timestamp=0)

    asyncio.run(notifier._take(Committing(), {TopicPartition("alerts", 0): [ended]}))

    assert waiting == [[]]


def test_what_came_of_several_partitions_is_written_and_committed_together(notifier, revision, monkeypatch):
    did: list[object] = []

    async def write(notices: list[Notice], _: list) -> None:
        did.append([one.alert_id for one in notices])

    class Committing:
        async def commit(self, offsets: dict) -> None:
            did.append({place.partition: offset for place, offset in offsets.items()})

    monkeypatch.setattr(notifier, "_write", write)
    monkeypatch.setattr(module.alerts, "decode", lambda value: value)
    records = {
        TopicPartition("alerts", number): [
            SimpleNamespace(value=revision(alert_id=f"a-{number}"), partition=number, offset=7, timestamp=0)
        ]
        for number in range(2)
    }

    asyncio.run(notifier._take(Committing(), records))

    assert did == [["a-0", "a-1"], {0: (8, ""), 1: (8, "")}]


def test_what_was_sent_is_written_down_together_and_before_what_a_device_says_of_it(notifier, revision, monkeypatch):
    """A write of its own for each message takes the broker several times as many requests."""
    written: list[list[tuple[str, Fate]]] = []

    async def write(notices: list[Notice], _: list) -> None:
        written.append([(one.alert_id, one.fate) for one in notices])

    async def story() -> None:
        outbox = notifier.dispatch.outboxes["nurse"]
        calls = [notifier.book.take(revision(alert_id=f"a-{number}"), START)[0] for number in range(3)]
        for one in calls[:2]:
            outbox.add(one, 0.0)
            await notifier.dispatch.sent(outbox, one)
        assert written == []
        await notifier.receive(DeviceReceipt(short(calls[0].id), DeviceWord.SEEN))
        await notifier.dispatch.sent(outbox, calls[2])
        await notifier.dispatch.close()

    monkeypatch.setattr(notifier, "_write", write)
    asyncio.run(story())

    assert written == [[("a-0", Fate.SENT), ("a-1", Fate.SENT)], [("a-0", Fate.SEEN)], [("a-2", Fate.SENT)]]


def test_what_is_long_over_takes_no_memory_and_what_is_owed_or_goes_on_stays(notifier, revision, monkeypatch):
    written: list[Notice] = []

    async def write(notices: list[Notice], _: list) -> None:
        written.extend(notices)

    def later(days: float) -> None:
        asyncio.run(notifier._forget_old(START + timedelta(days=days)))

    monkeypatch.setattr(notifier, "_write", write)
    call, ended, owed = (revision(alert_id=name) for name in ("goes on", "over", "owed"))
    for one in (call, ended):
        notifier.book.settle(notifier.book.take(one, START)[0], Fate.SENT)
    over = revision(2, AlertStatus.CLEARED, minutes=4, alert_id="over")
    notifier.book.settle(notifier.book.take(over, START)[0], Fate.SENT)
    notifier.book.take(owed, START)
    notifier._partition_of = dict.fromkeys(("goes on", "over", "owed", "shown"), 0)
    notifier.dispatch._arrived = {"some id": START.timestamp()}

    later(3)
    assert not notifier.dispatch._arrived and set(notifier._partition_of) == {"goes on", "over", "owed"} and not written
    later(4)
    assert {one.alert_id for one in written} == {"goes on", "owed"}, "before the topic forgets who was told"
    later(5)
    assert len(written) == 2
    later(8)
    assert set(notifier._partition_of) == {"goes on", "owed"}
    assert notifier.book.take(msgspec.structs.replace(call, revision=9), START) == [], "nobody is told a second time"


def test_a_wrong_key_loses_no_call_the_next_step_is_due_at_once_and_it_is_told_once_mended(
    notifier, revision, monkeypatch
):
    said: list[tuple[str, str]] = []
    mended = False

    class Channel:
        async def send(self, _: object, one: Notice) -> Answer:
            return Answer(ok=True) if mended else Answer(ok=False, answered=True, shut=True, said="HTTP 401")

        async def close(self) -> None:
            pass

    async def write(notices: list[Notice], actions: list) -> None:
        said.extend((one.action_type.value, one.alert_id) for one in actions)

    monkeypatch.setattr(notifier, "_write", write)
    ours = notifier.dispatch
    ours.senders = dict.fromkeys(ours.senders, Channel())
    box = ours.outboxes["nurse"]
    for name in ("a-1", "a-2"):
        ours.queue(notifier.book.take(revision(alert_id=name), START)[0])

    async def story() -> None:
        nonlocal mended
        now = time.monotonic()
        await ours._send(box, box.ready(now))
        await ours.overdue(box, now)
        assert said == [("undeliverable", "a-1"), ("undeliverable", "a-2")] and box.shut and len(box.queue) == 2
        assert box.ready(now) is None and box.parked == 0
        mended = True
        while (one := box.ready(now + 60)) is not None:
            await ours._send(box, one)
        await ours.close()

    asyncio.run(story())
    assert said[2:] == [("sent", "a-1"), ("sent", "a-2")] and not box.shut


def test_a_pager_that_takes_one_at_a_time_is_sent_the_next_one_as_soon_as_it_has_answered(revision, monkeypatch):
    """Without waiting for the next look at the queue."""
    pager = Recipient("pager", Channel.PCD04, role=Step.NURSE, address="127.0.0.1:1")
    notifier = Notifier(Settings(), NotifySettings(), routes_of(pager))
    sent: list[str] = []

    class OneAtATime:
        async def send(self, _: object, one: Notice) -> Answer:
            await asyncio.sleep(0)
            sent.append(one.id)
            return Answer(ok=True)

        async def close(self) -> None:
            pass

    async def write(*_: object) -> None:
        pass

    kafka = Kafka()
    kafka.refused = 1
    monkeypatch.setattr(module, "AIOKafkaConsumer", kafka)
    monkeypatch.setattr(notifier, "_write", write)
    monkeypatch.setattr(dispatch, "LOOK_EVERY_S", 60.0)
    monkeypatch.setattr(dispatch, "RETRY_S", 60.0)
    monkeypatch.setattr(notifier.dispatch, "wake", lambda: None)  # nor for the next look at Kafka
    notifier.dispatch.senders = dict.fromkeys(notifier.dispatch.senders, OneAtATime())

    def begun() -> bool:
        if (
            notifier.assigned
            and not notifier._catching_up
            and not notifier.dispatch.outboxes["pager"].queue
            and not sent
        ):
            for number in range(20):
                notifier.dispatch.queue(notifier.book.take(revision(alert_id=f"a-{number}"), START)[0])
        return len(sent) >= 20

    running(notifier, begun)
    assert len(set(sent)) == 20


def test_a_topic_is_another_only_once_the_broker_names_another_id():
    same = SameTopics(Settings(), ("alerts",))
    for topic_id in ("one", "one"):
        same.take("alerts", topic_id)
    assert not same.anew
    same.take("alerts", "two")
    assert same.anew == {"alerts"}


def test_what_comes_before_it_is_known_what_was_told_waits_for_that(notifier, revision, monkeypatch):
    """Kafka's client fetches while it still calls who is to hear of an assignment."""
    did: list[str] = []
    place = TopicPartition("alerts", 0)

    class Early(Consumer):
        async def getmany(self, **_: object) -> dict:
            if self.listener is None:
                await asyncio.sleep(0.001)
                return {}
            listener, self.listener = self.listener, None
            self.calling = asyncio.create_task(listener.on_partitions_assigned({place}))
            await asyncio.sleep(0)
            return {place: [SimpleNamespace(value=revision(), partition=0, offset=0, timestamp=0)]}

        def assignment(self) -> set[TopicPartition]:
            return {place}

    async def recall(_: list[int]) -> None:
        await asyncio.sleep(0.1)
        did.append("known")

    async def take(*_: object) -> None:
        did.append("taken")

    monkeypatch.setattr(module, "AIOKafkaConsumer", lambda *_, **__: Early(Kafka(), True))
    monkeypatch.setattr(notifier, "_recall_all", recall)
    monkeypatch.setattr(notifier, "_take", take)

    running(notifier, lambda: "taken" in did)

    assert did == ["known", "taken"]
