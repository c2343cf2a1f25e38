"""Feeds each partition's canary, sick then well, and sees whether her alert comes back.

Rounds are counted by the moment at which they were due, so that an observation that Kafka did not take, one that nobody
judged, and an alert that did not leave the worker look alike: nothing has come back of a round that was due.
"""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.control_record import ControlRecordKind
from schemas.times import to_text
from streams.canary.metrics import CanaryMetrics
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log.canary import OF_HEADER, ROUND_HEADER, SICK, SICK_HEADER, WELL, canary_of
from streams.log.control_records import forward
from streams.worker.faults import redact

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0
RETRY_S: Final = 1.0
UNITS: Final = {"resp_rate": "/min", "spo2": "%", "systolic_bp": "mm[Hg]", "pulse_rate": "/min", "temperature": "Cel"}
VALUES: Final = {
    SICK: {"resp_rate": 28, "spo2": 88, "systolic_bp": 92, "pulse_rate": 126, "temperature": 38.9},
    WELL: {"resp_rate": 14, "spo2": 97, "systolic_bp": 124, "pulse_rate": 72, "temperature": 36.8},
}
"""NEWS2 of 12 at least, and of 0 (Royal College of Physicians, 2017): an emergency response, and routine rounds."""
RAISED: Final = "raised"


def observation(partition: int, how: str, at_ms: int, mode: str) -> bytes:
    """Her entered observation, sick or well, taken at that moment."""
    vitals = {name: {"value": value, "unit": UNITS[name]} for name, value in VALUES[how].items()}
    about = {"patient_id": canary_of(partition), "device_id": "canary", "source": "spot", "mode": mode}
    return json.dumps({**about, "taken_at": to_text(at_ms), "vitals": vitals}).encode()


class Canary:
    """All partitions' canaries. `every_s`: from one sick observation to the next."""

    def __init__(self, settings: Settings, every_s: float = EVERY_S) -> None:
        self._settings, self._every_s = settings, every_s
        self._log_topic, self._topic = settings.topic(Topic.READINGS), settings.topic(Topic.CANARY)
        self._began = time.time()
        self._answered: dict[int, float] = {}  # by partition: when the newest round that came back was due
        self._away_since: float | None = time.time()
        self.metrics = CanaryMetrics(self.ages)

    def ages(self) -> Mapping[int, float]:
        """By partition: the age of the newest sick observation that was answered; of all, since this began."""
        now = time.time()
        return {
            number: max(0.0, now - self._answered.get(number, self._began))
            for number in range(self._settings.partitions)
        }

    def unready(self) -> list[str]:
        """Why this process cannot do its work."""
        return [] if self._away_since is None else ["kafka_away"]

    async def run(self) -> None:
        """For ever; begins anew with Kafka as often as that is needed."""
        while True:
            producer, consumer = self._clients()
            try:
                await asyncio.gather(producer.start(), consumer.start())
                places = [TopicPartition(self._topic, number) for number in range(self._settings.partitions)]
                consumer.assign(places)
                await consumer.seek_to_end(*places)
                self._back()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen(consumer))
                    for number in range(self._settings.partitions):
                        tasks.create_task(self._feed(producer, number))
            except* (KafkaError, OSError) as faults:
                self._away(faults.exceptions[0])
            finally:
                await asyncio.shield(_end(producer, consumer))
            await asyncio.sleep(RETRY_S)

    def _clients(self) -> tuple[AIOKafkaProducer, AIOKafkaConsumer]:
        options = self._settings.aiokafka()
        within_ms = int(max(1.0, self._every_s / 4) * 1_000)
        producer = AIOKafkaProducer(
            **options, client_id="vigilward-canary", acks="all", request_timeout_ms=within_ms, retry_backoff_ms=100
        )
        return producer, AIOKafkaConsumer(
            **options, client_id="vigilward-canary", enable_auto_commit=False, retry_backoff_ms=100
        )

    async def _feed(self, producer: AIOKafkaProducer, partition: int) -> None:
        # Not all partitions at the same moment: what is common to them would look like a burst.
        await asyncio.sleep(self._every_s / 2 * partition / self._settings.partitions)
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for how in (SICK, WELL):
                await self._send(producer, partition, how)
                due = max(due + self._every_s / 2, loop.time())
                await asyncio.sleep(due - loop.time())

    async def _send(self, producer: AIOKafkaProducer, partition: int, how: str) -> None:
        at = int(time.time() * 1_000)
        body = observation(partition, how, at, self._settings.mode.value)
        where = self._settings.keys, self._log_topic, partition
        key, value, signed = forward(ControlRecordKind.CANARY, how, partition, at, canary_of(partition), body, *where)
        headers = list(signed)  # aiokafka takes no tuple
        try:
            async with asyncio.timeout(self._every_s / 2):
                await producer.send_and_wait(
                    self._log_topic, value, key=key, partition=partition, headers=list(headers)
                )
        except (KafkaError, TimeoutError) as failure:
            self.metrics.failed.inc()
            self._away(failure)
        else:
            self.metrics.sent.labels(how.rpartition("/")[2]).inc()
            self._back()

    async def _listen(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    self.hear(place.partition, record.value, dict(record.headers), time.time())

    def hear(self, partition: int, value: bytes | None, headers: Mapping[str, bytes], now: float) -> None:
        """One record of the topic `canary`; `now` in seconds since 1970."""
        if headers.get(OF_HEADER) != Topic.ALERTS.value.encode() or not value:
            return
        if json.loads(value).get("state") != RAISED:
            return
        if headers.get(SICK_HEADER) != b"1":
            self.metrics.false.inc()
            log.error("partition %d: an alert was raised by the canary's well observation", partition)
            return
        due = int(headers[ROUND_HEADER]) / 1_000
        if due > self._answered.get(partition, 0.0):
            self._answered[partition] = due
            self.metrics.round_trip.observe(max(0.0, now - due))

    def _away(self, failure: BaseException) -> None:
        if self._away_since is None:
            self._away_since = time.time()
            log.error("Kafka takes no observation of the canary: %s; going on trying", redact(failure))

    def _back(self) -> None:
        if self._away_since is not None:
            log.info("Kafka takes the canary's observations after %.0f s", time.time() - self._away_since)
            self._away_since = None


async def _end(producer: AIOKafkaProducer, consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(1.0):
            await asyncio.gather(producer.stop(), consumer.stop(), return_exceptions=True)
    except TimeoutError:
        await asyncio.gather(producer.client.close(), return_exceptions=True)
