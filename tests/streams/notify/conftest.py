"""Alerts and recipients for the notifier's tests."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from schemas.action import Step
from schemas.alert import AlertStatus, Kind, Priority, State
from schemas.reading import Mode
from streams.config.settings import Settings
from streams.notify.alerts import Lifecycle, Person, Revision, StepReached
from streams.notify.book import Book
from streams.notify.notice import Notice
from streams.notify.notifier import Notifier
from streams.notify.routes import Audience, Channel, Recipient, Routes
from streams.notify.same_topic import SameTopics
from streams.notify.settings import NotifySettings

START = datetime(2026, 11, 22, 3, 10, tzinfo=UTC)


def person(role: Step, name: str | None = None, **more: Any) -> Recipient:
    return Recipient(name or role.value, Channel.WEBHOOK, role=role, key_id="k", key=b"0" * 16, **more)


MACHINE = Recipient("gateway", Channel.PCD04, Audience.MACHINE, address="127.0.0.1:2576")


def routes_of(*recipients: Recipient, zone: str = "UTC") -> Routes:
    return Routes(recipients, ZoneInfo(zone))


@pytest.fixture
def revision() -> Callable[..., Revision]:
    def revision(
        number: int = 1,
        status: AlertStatus = AlertStatus.CALLING,
        *,
        minutes: float = 0,
        steps: tuple[tuple[Step, float], ...] = ((Step.NURSE, 0),),
        repeats: int = 0,
        who: str | None = None,
        **more: Any,
    ) -> Revision:
        at = START + timedelta(minutes=minutes)
        reached = tuple(StepReached(step, START + timedelta(minutes=after)) for step, after in steps)
        facts: dict[str, Any] = {
            "alert_id": "a-1", "state": State.RAISED, "kind": Kind.PHYSIOLOGICAL, "subject": "deterioration",
            "priority": Priority.HIGH, "patient_id": "p-secret", "mode": Mode.REAL, "ward": "A", "bed": "A01",
            "headline": "SpO2 84 %", "reason": "red_score",
        }  # fmt: skip
        answered = Person(who) if who else None
        return Revision(
            revision=number, started_at=START, at=at,
            lifecycle=Lifecycle(status, reached, repeats, owner=answered), **(facts | more),
        )  # fmt: skip

    return revision


class Kafka:
    """One partition without a record; the first connection to read back what is owed fails."""

    def __init__(self) -> None:
        self.groups, self.refused = 0, 0

    def __call__(self, *_: object, group_id: str | None = None, **__: object) -> "Consumer":
        self.groups += group_id is not None
        return Consumer(self, group_id is not None)


class Consumer:
    def __init__(self, kafka: Kafka, dealt: bool) -> None:
        self.kafka, self.dealt, self.listener = kafka, dealt, None

    def subscribe(self, _: list[str], listener: Notifier) -> None:
        self.listener = listener

    def assign(self, places: Iterable[TopicPartition]) -> None:
        pass

    async def start(self) -> None:
        if not self.dealt and not self.kafka.refused:
            self.kafka.refused += 1
            raise KafkaConnectionError("away")

    async def stop(self) -> None:
        pass

    async def seek_to_beginning(self, *_: TopicPartition) -> None:
        pass

    async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def position(self, _: TopicPartition) -> int:
        return 0

    async def getmany(self, **_: object) -> dict:
        if self.dealt and self.listener is not None:
            listener, self.listener = self.listener, None
            with contextlib.suppress(Exception):  # as aiokafka does
                await listener.on_partitions_assigned({TopicPartition("alerts", 0)})
        await asyncio.sleep(0.001)
        return {}


@pytest.fixture(autouse=True)
def _no_broker_is_asked_for_a_topics_id(monkeypatch) -> None:
    """There is none here, and a thread that asks one keeps a test for ten seconds."""

    async def watch(_: SameTopics) -> None:
        await asyncio.Event().wait()

    async def known(*_: object) -> str:
        return "one"

    async def marks(*_: object) -> dict[int, str]:
        return {}

    for name, stands_in in (("watch", watch), ("known", known), ("marks", marks)):
        monkeypatch.setattr(SameTopics, name, stands_in)


@pytest.fixture
def notifier() -> Notifier:
    return Notifier(Settings(), NotifySettings(), routes_of(person(Step.NURSE)))


@pytest.fixture
def call(revision) -> Notice:
    (one,) = Book(routes_of(person(Step.NURSE)), Mode.REAL).take(revision(), START)
    return one


def running(notifier: Notifier, holds) -> None:
    """Runs it until something holds."""

    async def story():
        work = asyncio.create_task(notifier.run())
        async with asyncio.timeout(5):
            while not holds():
                assert not work.done()
                await asyncio.sleep(0.01)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    asyncio.run(story())
