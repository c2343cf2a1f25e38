"""The broker's disk is full, so that it ends itself: told, the workers wait, and nothing is lost once there is room."""

import resource
import time
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import Producer

from deploy.kafka.broker import Broker
from tests.field.claims import Claim, equal
from tests.field.installation import Field
from tests.field.judged import Ward
from tests.integration.staging import until

MIB = 1_048_576
INDEX = 10 * MIB
"""Kafka makes index files of that size: a smaller limit would stop it at the next segment already."""
AWAY_S = 40.0
OTHERS = "of-others"


def run(field: Field) -> Iterator[Claim]:
    """No file of the broker may grow beyond a limit, as where the disk has no more; a topic of others reaches it."""
    cluster = field.broker()
    (broker,) = cluster.brokers
    cluster.create_topics({OTHERS: 1})
    with Ward.of(field) as ward:
        time.sleep(5)
        largest = max(path.stat().st_size for path in Path(broker.folder).rglob("*.log"))
        limit = max(INDEX, largest) + MIB
        assert broker.pid is not None
        resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, (limit, limit))
        fill(broker, limit)
        yield ward.told("the disk is full", "broker")
        yield equal("the broker ended itself", broker.pid, None)
        time.sleep(AWAY_S)
        yield equal("the workers wait for it", [one.process.poll() for one in ward.crew], [None] * len(ward.crew))
        broker.start()
        yield ward.quiet("there is room again")
        yield from ward.verdict()


def fill(broker: Broker, limit: int) -> None:
    """Somebody else's records, until the broker has ended."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": 0, "message.timeout.ms": 2_000})
    sent = 0

    def ended() -> bool:
        nonlocal sent
        for _ in range(16 if sent < 4 * limit else 0):
            producer.produce(OTHERS, bytes(MIB // 2))
            sent += MIB // 2
        producer.flush(3)
        return broker.pid is None

    until(ended, broker.last_words, within_s=60)
    producer.purge()
