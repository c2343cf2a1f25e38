"""A notifier and its partitions: dealt, taken away, never dealt again, and made anew."""

import asyncio
import inspect
import time
from collections.abc import Iterable
from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from schemas.alert import AlertStatus
from streams.config.settings import Settings
from streams.notify import dispatch, notice
from streams.notify import notifier as module
from streams.notify.book import KEPT
from streams.notify.notice import Fate, Notice
from streams.notify.notifier import Notifier
from streams.notify.routes import Audience, Channel, Recipient
from streams.notify.same_topic import SameTopics
from streams.notify.settings import NotifySettings
from tests.streams.notify.conftest import START, Consumer, Kafka, routes_of, running


class Revoked(Consumer):
    """Its group deals anew, and it is not dealt anything after that."""

    async def getmany(self, **_: object) -> dict:
        if self.listener is not None:
            listener, self.listener = self.listener, None
            await listener.on_partitions_revoked({TopicPartition("alerts", 0)})
        await asyncio.sleep(0.001)
        return {}


@pytest.mark.parametrize("within_s", [0.05, 60.0])
def test_a_consumer_that_is_dealt_nothing_any_more_is_replaced_in_time(notifier, monkeypatch, within_s: float):
    made: list[Consumer] = []

    def consumer(*_: object, group_id: str | None = None, **__: object) -> Consumer:
        if group_id is None:
            return Consumer(kafka, False)
        made.append(Revoked(kafka, True) if not made else Consumer(kafka, True))
        return made[-1]

    kafka = Kafka()
    kafka.refused = 1
    monkeypatch.setattr(module, "AIOKafkaConsumer", consumer)
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    monkeypatch.setattr(module, "RECALLED_WITHIN_S", within_s)
    until = time.monotonic() + 0.5

    running(notifier, lambda: notifier.assigned or time.monotonic() > until)

    assert (len(made), notifier.assigned) == ((2, True) if within_s < 1 else (1, False))


def test_who_reads_back_what_was_told_is_waited_for_as_long_as_it_goes_on(notifier, monkeypatch):
    monkeypatch.setattr(module, "RECALLED_WITHIN_S", 0.1)

    async def story() -> None:
        waiting = asyncio.create_task(notifier._until_recalled())
        for _ in range(10):
            await asyncio.sleep(0.03)
            notifier._recall(SimpleNamespace(value=b"no notice"))
        assert not waiting.done()
        with pytest.raises(KafkaTimeoutError):
            await waiting

    asyncio.run(story())


def test_a_limit_on_waiting_for_partitions_is_shorter_than_kafka_waits_for_a_poll():
    longest_ms = inspect.signature(AIOKafkaConsumer).parameters["max_poll_interval_ms"].default
    assert longest_ms / 2 > module.RECALLED_WITHIN_S * 1_000


def test_partitions_that_another_reads_are_not_read_from_their_beginning_when_they_come_back(notifier, monkeypatch):
    kafka = Kafka()
    kafka.refused = 1
    sought: list[int] = []

    class Sought(Consumer):
        async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
            return dict.fromkeys(places, 0)

        def seek(self, place: TopicPartition, _: int) -> None:
            sought.append(place.partition)

    monkeypatch.setattr(module, "AIOKafkaConsumer", lambda *_, **__: Sought(kafka, False))
    notifier._consumer = Sought(kafka, True)
    notifier._from_start = {0, 1, 2}

    async def story() -> None:
        for dealt in ([0, 1], [0], [0, 1, 2], [], [0]):
            await notifier.on_partitions_assigned({TopicPartition("alerts", number) for number in dealt})

    asyncio.run(story())
    assert sought == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("mark", "begins", "oldest_days", "again"),
    [("one", 0, 0, False), ("", 0, 0, False), ("two", 0, 0, True), ("one", 7, 6.5, False), ("one", 7, 1, True)],
    ids=["whole", "written before there were marks", "made anew", "its time is over", "cut"],
)
def test_alerts_are_read_again_where_what_was_told_of_them_is_not_whole(
    notifier, call, monkeypatch, mark: str, begins: int, oldest_days: float, again: bool
):
    """The offset was committed in view of a topic (its id is the mark) in which what it owes stands."""
    sought: list[int] = []
    at = time.time() - oldest_days * 86_400

    class Notes(Consumer):
        read = 0

        async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
            return {place: begins if "notifications" in place.topic else 0 for place in places}

        async def end_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
            return {place: begins + 1 if "notifications" in place.topic else 0 for place in places}

        async def position(self, place: TopicPartition) -> int:
            return begins + self.read

        async def getmany(self, *places: TopicPartition, **_: object) -> dict:
            self.read = 1
            value = notice.encode(msgspec.structs.replace(call, fate=Fate.SENT))
            return {place: [SimpleNamespace(value=value, timestamp=at * 1_000, partition=0)] for place in places}

        def seek(self, place: TopicPartition, _: int) -> None:
            sought.append(place.partition)

    async def marks(*_: object) -> dict[int, str]:
        return {0: mark}

    kafka = Kafka()
    kafka.refused = 1
    monkeypatch.setattr(SameTopics, "marks", marks)
    monkeypatch.setattr(module, "AIOKafkaConsumer", lambda *_, **__: Notes(kafka, False))
    notifier._consumer = Notes(kafka, True)
    asyncio.run(notifier.on_partitions_assigned({TopicPartition("alerts", 0)}))

    assert notifier.assigned and sought == [0] * again


def test_what_was_told_is_written_again_to_a_topic_that_was_made_anew(notifier, call, monkeypatch):
    written: list[Notice] = []

    async def write(notices: list[Notice], _: list) -> None:
        written.extend(notices)

    monkeypatch.setattr(notifier, "_write", write)
    notifier.book.remember(call)
    notifier._same.anew.add(notifier._notes)
    asyncio.run(notifier._write_again())

    assert written == [call] and not notifier._same.anew and notifier._mark == "one"


def test_what_was_sent_is_written_down_once_a_write_under_way_is_done(notifier, call, monkeypatch):
    """Whoever has its partition next reads it: to say that all is written is to have waited for it."""
    written: list[str] = []

    async def write(notices: list[Notice], _: list) -> None:
        await asyncio.sleep(0.1)
        written.extend(one.id for one in notices)

    monkeypatch.setattr(notifier, "_write", write)

    async def story() -> None:
        notifier.dispatch._keep_soon([call], [])
        await asyncio.sleep(dispatch.GROUPED_S + 0.03)
        assert not written
        await notifier.on_partitions_revoked(set())
        assert written == [call.id]
        await notifier.dispatch.close()

    asyncio.run(story())
    assert written == [call.id]


def test_a_call_that_is_withdrawn_among_the_same_records_is_not_queued(revision, monkeypatch):
    machine = Recipient("gateway", Channel.PCD04, Audience.MACHINE, address="127.0.0.1:1")
    notifier = Notifier(Settings(), NotifySettings(), routes_of(machine))
    revisions = [revision(1, AlertStatus.SHOWN), revision(2, AlertStatus.RESOLVED, minutes=1)]
    monkeypatch.setattr(module.alerts, "decode", lambda value: revisions[int(value)])

    async def write(*_: object) -> None:
        pass

    async def commit(_: object) -> None:
        pass

    monkeypatch.setattr(notifier, "_write", write)
    place = TopicPartition("alerts", 0)
    records = [SimpleNamespace(value=b"%d" % number, partition=0, offset=number, timestamp=0) for number in range(2)]
    for at, queued in ((START + KEPT + timedelta(hours=1), []), (START, ["a-1:1:gateway", "a-1:2:gateway"])):
        monkeypatch.setattr(module, "datetime", SimpleNamespace(now=lambda _, at=at: at))
        notifier.book.forget(["a-1"])
        asyncio.run(notifier._take(SimpleNamespace(commit=commit), {place: records}))
        assert list(notifier.dispatch.outboxes["gateway"].queue) == queued
