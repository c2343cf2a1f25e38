"""Patient records and silence reach the one log; what Kafka refuses holds nothing up; readiness tells the truth."""

import json
import time

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from schemas.control_record import decode_control_record
from schemas.times import to_text
from streams.config.topics import Topic
from streams.log.placing import partition_of
from tests.browser.made import now
from tests.integration.staging import Stage, until

PATIENTS = [f"p-{number}" for number in range(30)]


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, partitions=4).make_topics()


def forwarded(stage, kind):
    """What was forwarded: by partition of the log, the sources' places in the order in which they stand there."""
    found = [
        message for message in stage.read(Topic.READINGS) if dict(message.headers() or ()).get("forwarded") == kind
    ]
    by_partition = {}
    for message in found:
        one = decode_control_record(message.value())
        place = (one.source_topic, one.source_partition, one.source_offset)
        by_partition.setdefault(message.partition(), []).append(place)
    return by_partition


def test_patient_records_are_forwarded_strictly_in_order_though_the_worker_is_killed(stage, tmp_path):
    stage.publish(Topic.PATIENTS, [(PATIENTS[n % 30].encode(), b'{"n":%d}' % n) for n in range(3_000)])
    for _ in range(2):
        with stage.worker(tmp_path) as worker:
            until(lambda: forwarded(stage, b"patient"), worker.fate)
            worker.process.kill()
            worker.process.wait()
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=4)
        until(lambda: stage.committed(Topic.PATIENTS) == stage.ends(Topic.PATIENTS), worker.fate)
        assert worker.stop() == 0

    for partition, places in forwarded(stage, b"patient").items():
        first = list(dict.fromkeys(places))
        source = stage.settings.topic(Topic.PATIENTS)
        assert first == [(source, partition, offset) for offset in range(stage.ends(Topic.PATIENTS)[partition])]


def test_a_patient_record_that_says_nothing_of_a_patient_is_rejected_by_the_log(stage, tmp_path):
    patient = PATIENTS[0]
    stage.publish(Topic.PATIENTS, [(patient.encode(), b"no json"), (None, b"{}")])
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=4)
        rejections = until(lambda: (found := stage.read(Topic.REJECTIONS)) and len(found) == 2 and found, worker.fate)
        assert worker.stop() == 0

    facts = {message.value(): dict(message.headers()) for message in rejections}
    assert {value: said["code"] for value, said in facts.items()} == {
        b"no json": b"bad_record",
        b"{}": b"missing_field",
    }
    assert facts[b"no json"]["topic"].decode() == stage.settings.topic(Topic.PATIENTS)
    assert int(facts[b"no json"]["partition"]) == partition_of(patient, 4)


def test_a_quiet_partition_gets_ticks_and_its_time_moves(stage, tmp_path):
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=4)
        until(lambda: worker.metric("vigilward_ticks_total") >= 8, worker.fate)
        moved = worker.metric("vigilward_partition_stream_time_seconds")
        until(lambda: worker.metric("vigilward_partition_stream_time_seconds") > moved, worker.fate)
        assert abs(worker.metric("vigilward_partition_stream_time_seconds") / 4 - time.time()) < 30
        assert worker.metric("vigilward_fetch_errors_total") == 0
        assert worker.stop() == 0


def test_without_a_key_readings_flow_and_patient_records_wait(stage, tmp_path):
    stage.publish(Topic.PATIENTS, [(b"p-1", b"{}")])
    with stage.worker(tmp_path, control_record_key="") as worker:
        worker.ready(partitions=4)
        assert any("without VIGILWARD_CONTROL_RECORD_KEY" in event for event in worker.events())
        assert worker.stop() == 0

    assert forwarded(stage, b"patient") == {}
    assert stage.committed(Topic.PATIENTS) == dict.fromkeys(range(4), -1001)


def test_a_worker_does_not_start_where_a_topic_is_missing_and_names_the_remedy(kafka, topic_prefix, tmp_path):
    bare = Stage(kafka.bootstrap, topic_prefix, partitions=4)

    with bare.worker(tmp_path) as worker:
        assert worker.process.wait(60) == 3
        assert any("vigilward doctor --fix" in event for event in worker.events())


def test_a_worker_does_not_start_where_a_patient_would_have_two_partitions(stage, tmp_path):
    with stage.worker(tmp_path, partitions=8) as worker:
        assert worker.process.wait(60) == 3
        assert any("VIGILWARD_PARTITIONS=4" in event for event in worker.events())


def test_a_log_that_ends_before_the_groups_offset_is_taken_from_its_start(stage, kafka, tmp_path):
    """A topic made anew on another cluster: none of its first records passes for a repeat, unseen."""
    log, group = stage.settings.topic(Topic.READINGS), stage.settings.group
    admin = kafka.admin()  # held: an answer never comes of an admin client that is gone
    beyond = ConsumerGroupTopicPartitions(group, [TopicPartition(log, 0, 10)])
    admin.alter_consumer_group_offsets([beyond])[group].result(30)
    about = {"device_id": "m", "taken_at": to_text(now()), "vitals": {"spo2": {"value": 97, "unit": "%"}}}
    said = [(patient.encode(), json.dumps({"patient_id": patient, **about}).encode()) for patient in PATIENTS[:4]]
    stage.publish(Topic.READINGS, said)

    with stage.worker(tmp_path) as worker:
        worker.ready()
        until(lambda: worker.metric("vigilward_records_total", 'kind="readable"') == 4, worker.fate)
