"""No record is lost on its way to the Vigils, whatever happens to workers and to the log."""

import json
import signal
import sys
import threading
import time
from collections import defaultdict

import pytest
from confluent_kafka import Producer, TopicPartition

from streams.config.topics import Topic
from streams.simulator.publisher import REQUIRED
from tests.integration.staging import Stage, until

ECHO = (sys.executable, "-m", "tests.integration.echo_worker")
PATIENTS = [f"p-{number}".encode() for number in range(40)]


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, clock="event", state="memory", mode="demo", partitions=4).make_topics()


def echo(stage, folder):
    return stage.worker(folder, *ECHO)


def offsets_said(stage):
    """For each partition the offsets of the records that the Vigils got, in the order in which they said so."""
    said = defaultdict(list)
    for message in stage.read(Topic.ALERTS):
        said[message.partition()].append(json.loads(message.value())["offset"])
    return said


def offsets_there(stage):
    """For each partition the offsets of the records that exist."""
    there = defaultdict(list)
    for message in stage.read(Topic.READINGS):
        there[message.partition()].append(message.offset())
    return there


def first_times(offsets):
    return list(dict.fromkeys(offsets))


def caught_up(stage, worker):
    until(lambda: stage.committed(Topic.READINGS) == stage.ends(Topic.READINGS), worker.fate)


class Load:
    """Publishes in the background for as long as the block lasts."""

    def __init__(self, stage, per_s=400):
        self.stage, self.per_s, self.over = stage, per_s, threading.Event()
        self.thread = threading.Thread(target=self.publish)

    def publish(self):
        producer = Producer({**self.stage.settings.librdkafka(), **REQUIRED, "linger.ms": 2})
        number = 0
        while not self.over.wait(0.02):
            for _ in range(self.per_s // 50):
                producer.produce(self.stage.settings.topic(Topic.READINGS), key=PATIENTS[number % 40], value=b"{}")
                number += 1
            producer.poll(0)
        assert producer.flush(30) == 0

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_a_worker_that_is_killed_again_and_again_takes_every_record(stage, tmp_path):
    with Load(stage):
        for _ in range(3):
            with echo(stage, tmp_path) as worker:
                worker.ready(partitions=4)
                time.sleep(1)
                worker.process.kill()
                worker.process.wait()
    with echo(stage, tmp_path) as worker:
        worker.ready(partitions=4)
        caught_up(stage, worker)

    said, there = offsets_said(stage), offsets_there(stage)
    assert {partition: first_times(offsets) for partition, offsets in said.items()} == there


def test_workers_that_come_go_and_stand_still_lose_nothing_between_them(stage, tmp_path):
    """The stopped one wakes up as a zombie: its fetches, its alerts and its commits belong to an older generation."""
    with echo(stage, tmp_path / "a") as one, Load(stage):
        one.ready(partitions=4)
        with echo(stage, tmp_path / "b") as two:
            two.ready(partitions=2)
            for zombie, other in ((one, two), (two, one)):
                zombie.process.send_signal(signal.SIGSTOP)
                other.ready(partitions=4)
                zombie.process.send_signal(signal.SIGCONT)
                zombie.ready(partitions=2)
                other.ready(partitions=2)
            assert two.stop() == 0
        one.ready(partitions=4)
        time.sleep(1)
    with echo(stage, tmp_path / "c") as last:
        last.ready()
        caught_up(stage, last)

    said, there = offsets_said(stage), offsets_there(stage)
    assert {partition: sorted(set(offsets)) for partition, offsets in said.items()} == there


def test_a_worker_that_is_asked_to_stop_leaves_nothing_to_repeat(stage, tmp_path):
    stage.publish(Topic.READINGS, [(key, b"{}") for key in PATIENTS * 50])
    with echo(stage, tmp_path) as worker:
        worker.ready(partitions=4)
        until(lambda: worker.metric("vigilward_records_lost_total") == 0 and len(offsets_said(stage)) == 4, worker.fate)
        began = time.monotonic()
        assert worker.stop() == 0
        assert time.monotonic() - began < 10
    with echo(stage, tmp_path) as worker:
        worker.ready(partitions=4)
        caught_up(stage, worker)
        assert worker.stop(signal.SIGINT) == 0

    assert offsets_said(stage) == offsets_there(stage)


def test_an_integrator_that_writes_in_transactions_stops_nobody(stage, tmp_path):
    """Each commit leaves an offset without a record; an aborted reading was measured all the same."""
    topic = stage.settings.topic(Topic.READINGS)
    producer = Producer(
        {**stage.settings.librdkafka(), "transactional.id": f"{topic}-t", "partitioner": "murmur2_random"}
    )
    with echo(stage, tmp_path) as worker:
        worker.ready(partitions=4)
        producer.init_transactions(30)
        for number in range(12):
            producer.begin_transaction()
            for key in PATIENTS:
                producer.produce(topic, key=key, value=b"{}")
            producer.flush(30)
            (producer.abort_transaction if number % 4 == 3 else producer.commit_transaction)(30)
        until(lambda: worker.metric("vigilward_offset_holes_total") > 0, worker.fate)
        stage.publish(Topic.READINGS, [(key, b"{}") for key in PATIENTS])
        caught_up(stage, worker)
        assert worker.metric("vigilward_records_lost_total") == 0
        worker.ready(partitions=4)
        assert worker.stop() == 0

    said = offsets_said(stage)
    assert all(offsets == sorted(set(offsets)) for offsets in said.values())
    # beside them stands what the worker itself put into the log, such as its rules
    assert sum(message.key() in PATIENTS for message in stage.read(Topic.ALERTS)) == 13 * len(PATIENTS)


def test_records_deleted_before_they_were_taken_are_counted_and_told(kafka, stage, tmp_path):
    stage.publish(Topic.READINGS, [(key, b"{}") for key in PATIENTS])
    with echo(stage, tmp_path) as worker:
        worker.ready(partitions=4)
        caught_up(stage, worker)
        assert worker.stop() == 0
    before = stage.ends(Topic.READINGS)
    stage.publish(Topic.READINGS, [(key, b"{}") for key in PATIENTS])
    topic = stage.settings.topic(Topic.READINGS)
    admin = kafka.admin()  # held: an answer never comes of an admin client that is gone
    deleted = admin.delete_records([TopicPartition(topic, p, end + 3) for p, end in before.items()])
    assert all(answer.result(30) for answer in deleted.values())

    with echo(stage, tmp_path) as worker:
        worker.ready(partitions=4)
        until(lambda: worker.metric("vigilward_records_lost_total") == 12, worker.fate)
        assert sum("were deleted before they were taken" in event for event in worker.events()) == 4
        caught_up(stage, worker)
        assert worker.stop() == 0

    told = [
        message for message in stage.read(Topic.READINGS) if dict(message.headers() or ()).get("forwarded") == b"loss"
    ]
    assert sorted(message.partition() for message in told) == [0, 1, 2, 3]
