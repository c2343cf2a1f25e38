"""Whether Kafka answers, as the board tells it, where a broker was lost."""

import time

from confluent_kafka import KafkaError, KafkaException

from streams.board.lag_monitor import LagMonitor


class Forgetful:
    """A client as confluent-kafka 2.16.1 is once a leader was lost: of a topic that it does not read it knows no
    partition any more, for minutes, unless it is asked for the topic by name (seen with three brokers).
    """

    knows = True

    def __init__(self, _settings, **_):
        self.assigned = []

    def list_topics(self, topic=None, timeout=-1):
        if topic is not None:
            type(self).knows = True
        partitions = {0: None, 1: None}
        one = type("Topic", (), {"partitions": partitions})
        return type("Metadata", (), {"topics": {"log": one, "beats": one}})

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


def test_a_client_that_forgot_the_log_asks_for_it_again(monkeypatch):
    monkeypatch.setattr("streams.board.lag_monitor.Consumer", Forgetful)
    monkeypatch.setattr("streams.board.lag_monitor.LOOK_S", 0.01)
    said = []

    def until(answers, since=0):
        end = time.monotonic() + 10
        while answers not in said[since:]:
            assert time.monotonic() < end
            time.sleep(0.005)
        return said.index(answers, since)

    def say(watch):
        said.append(watch.broker)

    monitor = LagMonitor({}, log_topic="log", heartbeats="beats", after_s=4, by_arrival=True, mode="demo", tell=say)
    monitor.start()
    try:
        known = until(True)
        Forgetful.knows = False
        until(True, until(False, known))
    finally:
        monitor.stop()
