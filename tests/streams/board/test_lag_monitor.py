"""Whether Kafka answers, as the board tells it, where a broker was lost."""

import time

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.board.lag_monitor import LagMonitor


class Forgetful:
    """A client as confluent-kafka 2.16.1 is once a leader was lost: of a topic that it does not read it knows no
    partition any more, for minutes, unless it is asked for the topic by name (seen with three brokers).
    """

    knows, exists = True, True

    def __init__(self, _settings, **_):
        self.assigned = []

    def list_topics(self, topic=None, timeout=-1):
        if topic is not None:
            type(self).knows = self.exists
        partitions = {0: None, 1: None} if topic is None or self.exists else {}
        one = type("Topic", (), {"partitions": partitions})
        topics = {"log": one, "beats": one} if topic or self.exists else {}
        return type("Metadata", (), {"topics": topics})

    def assign(self, places):
        self.assigned = places

    def consume(self, _count, timeout):
        time.sleep(timeout / 10)
        return []

    def get_watermark_offsets(self, _place, timeout):
        if not self.knows:
            raise KafkaException(KafkaError(KafkaError._UNKNOWN_PARTITION))
        return 0, 10

    def close(self):
        pass


@pytest.fixture
def client(monkeypatch):
    """A client of its own, and looks that follow each other fast."""
    kind = type("Client", (Forgetful,), {})
    monkeypatch.setattr("streams.board.lag_monitor.Consumer", kind)
    monkeypatch.setattr("streams.board.lag_monitor.LOOK_S", 0.01)
    monkeypatch.setattr("streams.board.lag_monitor.GONE_S", 0.2)
    return kind


@pytest.fixture
def said(client):
    """What a monitor says, look by look."""
    said = []
    monitor = LagMonitor(
        {}, log_topic="log", heartbeats="beats", after_s=60, by_arrival=True, mode="demo", tell=said.append
    )
    monitor.start()
    yield said
    monitor.stop()


def next_of(said, want):
    """The next watch of which it holds."""
    since, end = len(said), time.monotonic() + 10
    while not any(want(watch) for watch in said[since:]):
        assert time.monotonic() < end, said[-1:]
        time.sleep(0.005)


def reasons(watch):
    return {one.reasons for one in watch.findings}


def test_a_client_that_forgot_the_log_asks_for_it_again_and_says_nothing_false(client, said):
    next_of(said, lambda watch: watch.broker)
    client.knows = False
    next_of(said, lambda watch: client.knows and watch.broker)

    assert all(watch.broker and not watch.findings for watch in said)


def test_a_log_that_is_gone_is_no_silent_broker(client, said):
    next_of(said, lambda watch: watch.broker)
    client.exists = client.knows = False
    next_of(said, lambda watch: reasons(watch) == {("no_log",)})
    client.exists = True
    next_of(said, lambda watch: not watch.findings)

    assert all(watch.broker for watch in said)


def test_a_log_that_was_never_made_is_told_too(client, request):
    client.exists = client.knows = False
    said = request.getfixturevalue("said")
    next_of(said, lambda watch: reasons(watch) == {("no_log",)} and not watch.partitions)
    client.exists = client.knows = True
    next_of(said, lambda watch: watch.partitions and not watch.findings)
