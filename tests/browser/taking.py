"""A worker's signs of life, sent without a worker: what the board needs to believe that somebody watches."""

import threading

from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.heartbeat import Heartbeat, encode_heartbeat
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.liveness import EVERY_S
from streams.log.control_records import tick
from tests.browser.made import now


def send_heartbeat(
    producer: Producer, settings: Settings, partition: int, end: int, reasons: tuple[str, ...] = ()
) -> None:
    """The heartbeat of a worker that has taken all of the partition, to its `end`."""
    at = now()
    beat = Heartbeat(partition, "stand-in", 1, end, end, 0.0, at, at, 0.0, reasons, settings.mode.value)
    producer.produce(settings.topic(Topic.HEARTBEATS), encode_heartbeat(beat), partition=partition)


class Taking(threading.Thread):
    """Stands in for a worker on a quiet ward: it puts ticks into its log and tells by heartbeats that it took all."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self._settings, self.over = settings, threading.Event()
        self.start()

    def run(self) -> None:
        consumer = Consumer({**self._settings.librdkafka(), "group.id": self._settings.group, "log_level": 0})
        log = self._settings.topic(Topic.READINGS)
        places = [TopicPartition(log, number) for number in range(self._settings.partitions)]
        producer = Producer({**self._settings.librdkafka(), "log_level": 0})
        key, value, headers = tick()
        while not self.over.wait(EVERY_S):
            for place in places:
                producer.produce(log, value, key, place.partition, headers=list(headers))
            producer.flush(10)
            for place in places:
                end = consumer.get_watermark_offsets(place, timeout=5)[1]
                send_heartbeat(producer, self._settings, place.partition, end)
            producer.flush(10)
        consumer.close()
