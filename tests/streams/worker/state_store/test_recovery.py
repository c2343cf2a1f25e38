"""How much of the log is taken again for states that cannot be used: what one assignment has the time for."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from streams.config.packaged_rules import packaged_rules
from streams.config.settings import Settings
from streams.worker.state_store import authority, kafka_store, recovery
from streams.worker.state_store.identity import Identity
from streams.worker.state_store.rebuild import RECORDS, RECORDS_TOGETHER, Rebuilt
from streams.worker.state_store.state_encoding import LIBRARIES, CheckpointBody, StateBody, Why
from streams.worker.state_store.stored import Lost, Stored
from streams.worker.store import Place

HERE = Identity("cluster", "topic")
MARKER = CheckpointBody(2_000_000, 0, None, {}, None, *HERE, generation=1, patients=1)


class Paper:
    """A fenced producer that nobody takes away."""

    def __init__(self, settings, partition):
        self.fenced = False

    async def start(self):
        pass

    async def stop(self):
        pass

    async def write(self, lines):
        pass


class Registered:
    """As much of the worker's metrics as a kafka_store needs."""

    registry = property(lambda self: CollectorRegistry())


def whole():
    return Stored(MARKER)


def damaged():
    return Stored(MARKER, lost=[Lost("p-1", 7, Why.DAMAGED)])


def of_other_libraries():
    """Nobody knows before each is tried whether these can be used."""
    others = dict.fromkeys(LIBRARIES, "0")
    return Stored(MARKER, states={"p-1": StateBody(1, 1, others, b"no snapshot")})


@pytest.fixture
def goes_back(monkeypatch):
    """How far each partition goes back, in offsets, where a worker takes all of these at once."""

    def taken(*stored):
        backs = []

        class Reader:
            def __init__(self, settings, places):
                pass

            async def __aenter__(self):
                return self

            async def __aexit__(self, *_):
                pass

            async def read(self):
                return dict(enumerate(stored))

            def markers(self):
                return {number: one.checkpoint for number, one in enumerate(stored)}

        async def nobody_said_more(settings, ends):
            return set()

        async def fence_former(settings, partition, group):
            pass

        async def rebuild(settings, log_of, upto, back):
            backs.append(back)
            return Rebuilt(log_of, whole=False)

        monkeypatch.setattr(kafka_store, "FencedProducer", Paper)
        monkeypatch.setattr(kafka_store, "identity", lambda settings: HERE)
        monkeypatch.setattr(kafka_store, "StatesReader", Reader)
        monkeypatch.setattr(kafka_store, "fence_former", fence_former)
        monkeypatch.setattr(authority, "said_beyond", nobody_said_more)
        monkeypatch.setattr(recovery, "rebuild", rebuild)

        async def take():
            settings = Settings(
                clock="arrival", mode="demo", partitions=len(stored), control_record_key="s3cret-of-the-tests"
            )
            one = kafka_store.KafkaStateStore(settings, packaged_rules(), Registered(), context=None)
            return await one.take({number: Place(0, 2_000_000, True) for number in range(len(stored))})

        kept = asyncio.run(take())
        assert set(kept) == set(range(len(stored)))
        return backs

    return taken


@pytest.mark.parametrize("unusable", [damaged, of_other_libraries])
def test_where_every_partition_is_in_need_they_share_the_time_of_one_assignment(goes_back, unusable):
    """Eight of ten seconds each outlast it: the worker would start anew, and again, and watch nobody."""
    backs = goes_back(*[unusable() for _ in range(8)])

    assert len(backs) == 8
    assert sum(backs) <= RECORDS_TOGETHER


def test_a_partition_that_is_alone_in_need_goes_back_as_far_as_it_may(goes_back):
    assert goes_back(damaged(), *[whole() for _ in range(7)]) == [RECORDS]
