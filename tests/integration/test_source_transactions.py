"""What senders of patient records roll back does not count; what they leave open is waited for in order, and told."""

import json

import pytest
from confluent_kafka import Producer

from schemas.control_record import decode_control_record
from streams.config.topics import Topic
from streams.simulator.publisher import REQUIRED
from tests.integration.staging import Stage, until

PATIENT = "p-1"


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, partitions=2, mode="demo").make_topics()


def moved(bed):
    return {"event": "transfer", "patient_id": PATIENT, "mode": "demo", "ward": "A", "bed": bed}


def send(producer, stage, bed):
    name = stage.settings.topic(Topic.PATIENTS)
    producer.produce(name, key=PATIENT.encode(), value=json.dumps(moved(bed)).encode())
    producer.flush(30)


@pytest.fixture
def sender(stage, topic_prefix):
    producer = Producer({**stage.settings.librdkafka(), **REQUIRED, "transactional.id": f"{topic_prefix}his"})
    producer.init_transactions(30)
    return producer


def beds(stage):
    """The beds that the log was told of, in order, without what was forwarded again."""
    found = {}
    for message in stage.read(Topic.READINGS):
        if dict(message.headers() or ()).get("forwarded") == b"patient":
            one = decode_control_record(message.value())
            found.setdefault(one.source_offset, json.loads(one.body)["bed"])
    return list(found.values())


def test_a_move_that_was_rolled_back_is_no_move(stage, sender, tmp_path):
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=2)
        for bed, end in (("1", sender.commit_transaction), ("2", sender.abort_transaction)):
            sender.begin_transaction()
            send(sender, stage, bed)
            end(30)
        stage.publish(Topic.PATIENTS, [(PATIENT.encode(), json.dumps(moved("3")).encode())])

        until(lambda: "3" in beds(stage), worker.fate)
        assert beds(stage) == ["1", "3"]
        assert worker.get("/readyz")[0] == 200
        assert worker.stop() == 0


def test_an_open_transaction_is_waited_for_in_order_through_a_kill_and_told(stage, sender, tmp_path):
    sender.begin_transaction()
    send(sender, stage, "1")
    stage.publish(Topic.PATIENTS, [(PATIENT.encode(), json.dumps(moved("2")).encode())])
    with stage.worker(tmp_path) as worker:
        until(lambda: "open_transaction" in worker.get("/readyz")[1], worker.fate, within_s=40)
        worker.process.kill()
        worker.process.wait()
    with stage.worker(tmp_path) as worker:
        until(lambda: "open_transaction" in worker.get("/readyz")[1], worker.fate, within_s=60)
        assert beds(stage) == []

        sender.commit_transaction(30)

        until(lambda: len(beds(stage)) == 2, worker.fate)
        assert beds(stage) == ["1", "2"]
        until(lambda: worker.get("/readyz")[0] == 200, worker.fate)
        assert worker.stop() == 0
