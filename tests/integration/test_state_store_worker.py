"""A worker and its stored states on a real broker: damage, newer versions, other logs, a lost fence, replays."""

import asyncio
import json

import msgspec
import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition

from schemas.control_record import KIND_HEADER
from streams.config.packaged_rules import first_rules
from streams.config.topics import Topic
from streams.installation.broker import admin_of
from streams.log.placing import partition_of
from streams.worker.state_store.fenced_producer import FencedProducer
from streams.worker.state_store.state_encoding import CHECKPOINT_KEY, FORMAT, encode_checkpoint, patient_key
from streams.worker.state_store.stored import read_states
from tests.chaos.checker import Wrong, check
from tests.chaos.history import read_history
from tests.integration.rounds import PATIENTS, lived, publish, readings, small_ward, taken
from tests.integration.staging import Stage, until


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


def write_plainly(stage, partition, key, value):
    """As nothing but an accident would."""
    producer = Producer(stage.settings.librdkafka())
    producer.produce(stage.settings.topic(Topic.STATES), key=key, value=value, partition=partition)
    assert producer.flush(30) == 0


def stored(stage, partition):
    return asyncio.run(read_states(stage.settings, [partition]))[partition]


def judged(stage):
    return check(read_history(stage.settings), stage.settings, first_rules())


def test_a_damaged_state_is_worked_out_again_and_the_ward_is_told(stage, tmp_path):
    lived(stage, tmp_path / "1", 0, 60)
    patient = PATIENTS[3]
    partition = partition_of(patient, 2)
    value = bytearray(b"VW\x01damaged beyond use")
    write_plainly(stage, partition, patient_key(patient), bytes(value))

    with stage.worker(tmp_path / "2") as worker:
        worker.ready(partitions=2)
        assert worker.metric("vigilward_states_unusable_total") == 1
        publish(stage, 60, 40)
        taken(stage, worker)
        assert worker.stop() == 0, worker.fate()

    kinds = [dict(record.headers() or ()).get(KIND_HEADER) for record in stage.read(Topic.READINGS)]
    told = [json.loads(alert.value()) for alert in stage.read(Topic.ALERTS) if alert.key() == patient.encode()]
    assert kinds.count(b"history") == 1
    assert any(alert["kind"] == "technical" and "history" in json.dumps(alert).lower() for alert in told), told
    assert not stored(stage, partition).lost, "the damage was written over"
    verdict = judged(stage)
    assert set(verdict.found) == {Wrong.UNUSABLE} and verdict.found[Wrong.UNUSABLE] == 1, verdict.examples


def test_states_of_a_newer_version_do_not_stop_a_partition(stage, tmp_path):
    lived(stage, tmp_path / "1", 0, 60)
    for partition in (0, 1):
        write_plainly(stage, partition, CHECKPOINT_KEY, b"VW" + bytes((FORMAT + 1,)) + b"whatever that version writes")
        for patient in stored(stage, partition).states:
            write_plainly(stage, partition, patient_key(patient), b"VW" + bytes((FORMAT + 1,)) + b"of tomorrow")

    with stage.worker(tmp_path / "2") as worker:
        worker.ready(partitions=2)
        assert worker.metric("vigilward_states_unusable_total") == len(PATIENTS) + 2
        publish(stage, 60, 40)
        taken(stage, worker)
        assert worker.stop() == 0, worker.fate()

    assert {len(stored(stage, partition).lost) for partition in (0, 1)} == {0}
    assert set(judged(stage).found) == {Wrong.UNUSABLE}


def test_states_of_another_clusters_log_stop_the_worker_with_a_remedy(stage, tmp_path):
    """Whose patients these are, only somebody can say. (A topic made anew, or cut back: test_topics_made_anew.)"""
    lived(stage, tmp_path / "1", 0, 20)
    body = stored(stage, 0).checkpoint
    change = {"topic_id": "AAAAAAAAAAAAAAAAAAAAAA", "cluster_id": "another"}
    write_plainly(stage, 0, CHECKPOINT_KEY, encode_checkpoint(msgspec.structs.replace(body, **change)))

    with stage.worker(tmp_path / "2") as worker:
        assert worker.process.wait(60) == 3, worker.fate()
        assert "vigilward state" in worker.log.read_text()


def test_a_worker_that_lost_its_fence_to_nobody_starts_anew(stage, tmp_path):
    """Its group says it owns the partition, its fenced_producer is fenced: only a new start can fence again."""
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=2)
        stage.publish(Topic.READINGS, readings(0, 20))
        taken(stage, worker)

        async def fence():
            fenced_producer = FencedProducer(stage.settings, 0)
            await fenced_producer.start()
            await fenced_producer.stop()

        asyncio.run(fence())
        stage.publish(Topic.READINGS, readings(20, 40))
        assert worker.process.wait(60) == 3, worker.fate()

    lived(stage, tmp_path / "again", 60, 20)
    verdict = judged(stage)
    assert verdict.clean, verdict.examples


def test_a_savepoint_is_kept_and_counted(stage, tmp_path):
    lived(stage, tmp_path, 0, 40)
    markers = [record for record in stage.read(Topic.SAVEPOINTS) if record.key() == CHECKPOINT_KEY]

    assert {record.partition() for record in markers} == {0, 1}


def test_a_groups_offset_that_somebody_moved_skips_nothing(stage, tmp_path):
    lived(stage, tmp_path / "1", 0, 40)
    publish(stage, 40, 40)
    name, admin = stage.settings.topic(Topic.READINGS), admin_of(stage.settings)
    ends = [TopicPartition(name, number, end) for number, end in stage.ends(Topic.READINGS).items()]
    moved = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(stage.settings.group, ends)])
    assert all(answer.result(30) for answer in moved.values())

    lived(stage, tmp_path / "2", 80, 8)
    assert judged(stage).clean, judged(stage).examples


def test_a_backfill_in_event_clock_is_killed_again_and_again_and_loses_nothing(kafka, topic_prefix, tmp_path):
    """By default settings: nobody said where states are kept."""
    backfill = Stage(
        kafka.bootstrap, topic_prefix, clock="event", mode="demo", partitions=2, snapshot_every_s=0.5
    ).make_topics()
    for number in range(3):
        with backfill.worker(tmp_path / str(number)) as worker:
            worker.ready(partitions=2)
            publish(backfill, 80 * number, 80)
            until(lambda: worker.metric("vigilward_outputs_total") > 0, worker.fate)
            worker.process.kill()
            worker.process.wait()
    lived(backfill, tmp_path / "last", 240, 40)

    assert any(one.states for one in asyncio.run(read_states(backfill.settings, [0, 1])).values())
    assert judged(backfill).clean, judged(backfill).examples


def test_a_worker_that_is_killed_before_its_first_snapshot_loses_nothing_and_says_nothing_else(stage, tmp_path):
    """Its alerts are out, and not one state is kept: whoever comes next works all of it out again."""
    with stage.worker(tmp_path / "1", snapshot_every_s=600) as worker:
        worker.ready(partitions=2)
        publish(stage, 0, 40)
        taken(stage, worker)
        said = {alert.value() for alert in stage.read(Topic.ALERTS)}
        worker.process.kill()
        worker.process.wait()
    kept = asyncio.run(read_states(stage.settings, [0, 1])).values()
    assert said and not any(one.states for one in kept)

    lived(stage, tmp_path / "2", 40, 40)
    verdict = judged(stage)
    assert verdict.clean, verdict.examples
    assert verdict.counts["alert_repeats"] >= len(said), "each was said again, by the same bytes"


def test_states_are_kept_in_memory_only_where_somebody_says_so(kafka, topic_prefix, tmp_path):
    stage = Stage(kafka.bootstrap, topic_prefix, clock="event", mode="demo", partitions=2).make_topics()
    with stage.worker(tmp_path, state="memory") as worker:
        worker.ready(partitions=2)
        assert any("kept in memory only" in event for event in worker.events())
