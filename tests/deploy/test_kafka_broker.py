"""The real Kafka that tests rely on: it keeps what it acknowledged, and can be mistreated on purpose."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from deploy.kafka.broker import BrokerFailed, Cluster

pytestmark = pytest.mark.needs("java", "maven")
TOPIC = "wards"
SCRIPT = Path(__file__).parents[2] / "deploy" / "kafka" / "broker.py"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("kafka")) as cluster:
        cluster.create_topics({TOPIC: 2}, {"message.timestamp.type": "LogAppendTime"})
        yield cluster


def publish(cluster: Cluster, values: list[bytes], topic: str = TOPIC) -> list[KafkaError]:
    """Send values, wait for each acknowledgement; returns the refusals."""
    refused: list[KafkaError] = []
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "enable.idempotence": True})
    for value in values:
        producer.produce(topic, value, key=value, on_delivery=lambda error, _: error and refused.append(error))
    assert producer.flush(60) == 0
    return refused


def everything(cluster: Cluster, count: int, topic: str = TOPIC) -> set[bytes]:
    """What lies in the topic, read as a new group until `count` records have come."""
    reader = Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": uuid.uuid4().hex,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 2_000,
        }
    )
    reader.subscribe([topic])
    found: list[bytes] = []
    while len(found) < count:
        records = reader.consume(count, timeout=30)
        assert records, f"only {len(found)} of {count} records came"
        found += [record.value() for record in records]
    reader.close()
    return set(found)


def some(count: int = 20) -> list[bytes]:
    return [uuid.uuid4().bytes for _ in range(count)]


def test_what_was_published_can_be_read_by_a_group(kafka: Cluster):
    sent = some()
    kafka.create_topics({"plain": 2})

    assert publish(kafka, sent, "plain") == []
    assert everything(kafka, 20, "plain") == set(sent)


def test_a_topic_that_nobody_created_is_an_error(kafka: Cluster):
    client = Producer({"bootstrap.servers": kafka.bootstrap})

    with pytest.raises(KafkaException):
        description = client.list_topics("wrads", timeout=5).topics["wrads"]
        raise KafkaException(description.error)


def test_records_survive_a_kill(kafka: Cluster):
    sent = some()
    kafka.create_topics({"killed": 2})
    publish(kafka, sent, "killed")
    before = kafka.brokers[0].pid

    kafka.brokers[0].kill()
    assert kafka.brokers[0].pid is None
    kafka.brokers[0].start()

    assert kafka.brokers[0].pid not in (None, before)
    assert everything(kafka, 20, "killed") == set(sent)


def test_records_and_address_survive_an_orderly_restart(kafka: Cluster):
    sent, address = some(), kafka.bootstrap
    kafka.create_topics({"restarted": 2})
    publish(kafka, sent, "restarted")

    kafka.brokers[0].restart()

    assert kafka.bootstrap == address
    assert everything(kafka, 20, "restarted") == set(sent)


def test_a_paused_broker_answers_nobody_and_a_resumed_one_goes_on(kafka: Cluster):
    broker = kafka.brokers[0]

    broker.pause()
    with pytest.raises(BrokerFailed, match="not usable"):
        broker.wait_until_usable(timeout_s=1.5)
    broker.resume()

    broker.wait_until_usable()
    assert publish(kafka, some()) == []


def test_a_broker_that_dies_at_its_start_says_why(tmp_path: Path):
    broken = Cluster(tmp_path, settings={"log.cleaner.dedupe.buffer.size": "1"})

    with pytest.raises(BrokerFailed, match="dedupe"):
        broken.start()


def test_one_of_three_may_die_and_nothing_acknowledged_is_lost(tmp_path: Path):
    before, meanwhile = some(), some()
    with Cluster(tmp_path, brokers=3) as three:
        three.create_topics({TOPIC: 4})
        publish(three, before)
        three.brokers[2].kill()

        assert publish(three, meanwhile) == []
        assert everything(three, 40) == {*before, *meanwhile}


def test_the_command_line_starts_shows_and_stops_one(tmp_path: Path):
    def broker(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), *words, "--dir", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    started = broker("start")
    running = broker("status")
    stopped = broker("stop")
    gone = broker("status")

    assert started.returncode == 0, started.stderr
    assert json.loads(running.stdout)["bootstrap"] == started.stdout.strip()
    assert running.returncode == 0
    assert stopped.returncode == 0
    assert (gone.returncode, json.loads(gone.stdout)["brokers"][0]["pid"]) == (1, None)
