import json
from collections import defaultdict

import pytest
from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, KafkaError

from streams.demo.embedded import EmbeddedBroker, Request
from streams.simulator.publisher import CannotPublish, Publisher
from streams.simulator.simulator import Simulator

TIMEOUT_S = 20
PARTITIONS = 8


@pytest.fixture
def broker():
    with EmbeddedBroker({"vitals.readings": PARTITIONS}) as running:
        yield running


def connect(broker):
    return {"bootstrap.servers": broker.bootstrap_servers}


def records(broker, count):
    """(partition, key, value) of the first `count` records, each partition in its order."""
    reader = Consumer({**connect(broker), "group.id": "g", "auto.offset.reset": "earliest", "fetch.wait.max.ms": 20})
    reader.subscribe(["vitals.readings"])
    found = []
    while len(found) < count:
        record = reader.poll(TIMEOUT_S)
        assert record is not None, f"only {len(found)} of {count} came"
        found.append((record.partition(), record.key().decode(), record.value()))
    reader.close()
    return found


def test_each_patient_is_on_the_partition_of_murmur2_and_in_order(broker):
    ward = Simulator(60, start_ms=0)
    with Publisher(connect(broker)) as publisher:
        sent = publisher.send_all("vitals.readings", ward.readings(0, 40_000))
    found = records(broker, sent)

    assert (publisher.counts.sent, publisher.counts.delivered, publisher.counts.failed) == (sent, sent, 0)
    for partition, key, value in found:
        assert partition == (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS
        assert json.loads(value)["patient_id"] == key
    arrived = defaultdict(list)
    for _, key, value in found:
        arrived[key].append(value)
    made = defaultdict(list)
    for _, patient, value in Simulator(60, start_ms=0).readings(0, 40_000):
        made[patient].append(value)
    assert arrived == made


def test_placement_and_order_cannot_be_switched_off(broker):
    with Publisher(connect(broker) | {"partitioner": "random", "enable.idempotence": False}) as publisher:
        for number in range(200):
            publisher.send("vitals.readings", "one patient", str(number).encode())
    found = records(broker, 200)

    assert {partition for partition, _, _ in found} == {(murmur2(b"one patient") & 0x7FFFFFFF) % PARTITIONS}
    assert [value for _, _, value in found] == [str(number).encode() for number in range(200)]


def test_a_refusal_is_counted_by_its_reason_and_the_next_record_goes_through(broker):
    with Publisher(connect(broker), linger_ms=0) as publisher:
        publisher.send("vitals.readings", "p", bytes(2_000_000))
        publisher.send("vitals.readings", "p", b"small")

    assert (publisher.counts.sent, publisher.counts.delivered, publisher.counts.failed) == (2, 1, 1)
    assert dict(publisher.counts.reasons) == {"MSG_SIZE_TOO_LARGE": 1}


def test_what_the_broker_refuses_is_counted_too(broker):
    broker.fail_next(Request.PRODUCE, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with Publisher(connect(broker), linger_ms=0) as publisher:
        publisher.send("vitals.readings", "p", b"x")

    assert dict(publisher.counts.reasons) == {"TOPIC_AUTHORIZATION_FAILED": 1}


def test_a_passing_error_loses_and_repeats_nothing(broker):
    broker.fail_next(Request.PRODUCE, KafkaError.NOT_ENOUGH_REPLICAS, KafkaError.REQUEST_TIMED_OUT)
    with Publisher(connect(broker), linger_ms=0, retry_backoff_ms=1) as publisher:
        for number in range(30):
            publisher.send("vitals.readings", "p", str(number).encode())

    assert publisher.counts.delivered == 30
    assert [value for _, _, value in records(broker, 30)] == [str(number).encode() for number in range(30)]


def test_a_full_queue_waits_instead_of_losing(broker):
    with Publisher(connect(broker), queue_buffering_max_messages=10) as publisher:
        for number in range(500):
            publisher.send("vitals.readings", "p", str(number).encode())

    assert publisher.counts.delivered == 500


def test_a_topic_that_is_not_there_is_named_and_not_created(broker):
    with Publisher(connect(broker)) as publisher:
        publisher.require_topics("vitals.readings")
        for _ in range(2):
            with pytest.raises(CannotPublish, match=r"there is no topic vitals\.patients: `vigilward doctor --fix`"):
                publisher.require_topics("vitals.readings", "vitals.patients")


def test_without_a_broker_the_remedy_is_named():
    with Publisher({"bootstrap.servers": "127.0.0.1:1"}) as publisher:
        with pytest.raises(CannotPublish, match="VIGILWARD_BOOTSTRAP_SERVERS") as refused:
            publisher.require_topics("vitals.readings", timeout_s=0.3)
        assert refused.value.exit_code == 3
