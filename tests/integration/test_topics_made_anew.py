"""A topic made anew, cut back or grown under a running worker: nothing is left aside in silence."""

import asyncio
import json
import time

import msgspec
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import NewPartitions, NewTopic

from schemas.control_record import KIND_HEADER, ControlRecordKind, decode_control_record
from schemas.times import to_text
from streams.config.topics import Topic, config_of, partitions_of
from streams.installation.broker import admin_of
from streams.worker.state_store.stored import read_states
from tests.chaos.patients import ILL, UNITS
from tests.integration.rounds import PATIENTS, lived, publish, small_ward, taken
from tests.integration.staging import until

WITHIN_S = 40


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


def make_anew(stage, topic):
    """Deleted, and created again as it was."""
    admin, name = admin_of(stage.settings), stage.settings.topic(topic)
    for answer in admin.delete_topics([name], operation_timeout=10).values():
        answer.result()

    def created():
        new = NewTopic(name, partitions_of(topic, stage.settings), config=config_of(topic, stage.settings))
        try:
            for answer in admin.create_topics([new], operation_timeout=10).values():
                answer.result()
        except Exception:
            return False
        return True

    until(created)


def admission(patient, bed, at=None):
    body = {
        "event": "admit", "patient_id": patient, "mode": "demo", "ward": "w", "bed": bed,
        "at": to_text(int(time.time() * 1_000)), "date_of_birth": "1960-01-01",
    }  # fmt: skip
    return patient.encode(), msgspec.json.encode(body)


def forwarded(stage, kind):
    found = []
    for record in stage.read(Topic.READINGS):
        if dict(record.headers() or ()).get(KIND_HEADER) == kind.value.encode():
            found.append(decode_control_record(record.value()))
    return found


def beds(stage):
    """The newest bed of each patient."""
    found = {}
    for record in stage.read(Topic.STATUS):
        if record.value():
            found[record.key().decode()] = json.loads(record.value()).get("bed")
    return found


def ill(number):
    for patient in PATIENTS:
        vitals = {name: {"value": ILL[name], "unit": UNITS[name]} for name in ILL}
        body = {
            "patient_id": patient, "device_id": "rounds", "source": "spot", "sequence": 10_000 + number, "mode": "demo",
            "taken_at": to_text(int(time.time() * 1_000)), "vitals": vitals,
        }  # fmt: skip
        yield patient.encode(), msgspec.json.encode(body)


def told_of_loss(stage):
    alerts = [json.loads(alert.value()) for alert in all_of(stage, Topic.ALERTS)]
    return {alert["patient_id"] for alert in alerts if alert["kind"] == "technical" and "lost" in json.dumps(alert)}


def test_admissions_and_actions_of_topics_made_anew_are_taken(stage, tmp_path):
    with stage.worker(tmp_path / "1") as worker:
        worker.ready(partitions=2)
        stage.publish(Topic.PATIENTS, [admission(patient, f"A{n}") for n, patient in enumerate(PATIENTS)])
        publish(stage, 0, 16)
        until(lambda: len(forwarded(stage, ControlRecordKind.PATIENT)) == 8, worker.fate)
        make_anew(stage, Topic.PATIENTS)
        stage.publish(Topic.PATIENTS, [admission(patient, f"B{n}") for n, patient in enumerate(PATIENTS[:3])])
        publish(stage, 16, 16)

        until(lambda: len(forwarded(stage, ControlRecordKind.PATIENT)) == 11, worker.fate, WITHIN_S)
        until(lambda: [beds(stage).get(one) for one in PATIENTS[:3]] == ["B0", "B1", "B2"], worker.fate)
        until(lambda: told_of_loss(stage), worker.fate)
        assert worker.metric("vigilward_topics_made_anew_total") >= 1
        assert len({one.source_topic_id for one in forwarded(stage, ControlRecordKind.PATIENT)}) == 2
        assert worker.stop() == 0, worker.fate()

    make_anew(stage, Topic.PATIENTS)  # while nobody watches
    stage.publish(Topic.PATIENTS, [admission(PATIENTS[5], "C5")])
    with stage.worker(tmp_path / "2") as worker:
        worker.ready(partitions=2)
        publish(stage, 32, 16)
        until(lambda: beds(stage).get(PATIENTS[5]) == "C5", worker.fate, WITHIN_S)
        assert len(forwarded(stage, ControlRecordKind.PATIENT)) == 12, "nothing is forwarded twice"


@pytest.mark.parametrize("running", [True, False])
def test_readings_made_anew_are_watched_with_the_states_that_were(stage, tmp_path, running):
    if running:
        with stage.worker(tmp_path) as worker:
            worker.ready(partitions=2)
            publish(stage, 0, 8)  # all of them well
            taken(stage, worker)
            make_anew(stage, Topic.READINGS)
            goes_on(stage, worker)
    else:
        lived(stage, tmp_path, 0, 8)
        make_anew(stage, Topic.READINGS)
        with stage.worker(tmp_path / "2") as worker:
            goes_on(stage, worker)


def all_of(stage, topic):
    """Everything on a topic, as soon as each of its leaders, one of whom may be new, can tell where it ends."""
    found = []

    def read():
        try:
            found[:] = stage.read(topic)
        except KafkaException:
            return False
        return True

    until(read)
    return found


def goes_on(stage, worker, within_s=WITHIN_S):
    before = {alert.value() for alert in all_of(stage, Topic.ALERTS)}
    savepoints = len(all_of(stage, Topic.SAVEPOINTS))
    number = iter(range(1_000))
    called = set()

    def everybody_was_called():
        stage.publish(Topic.READINGS, ill(next(number)))
        for alert in all_of(stage, Topic.ALERTS):
            facts = json.loads(alert.value())
            if alert.value() not in before and facts["kind"] == "physiological":
                called.add(facts["patient_id"])
        return called == set(PATIENTS)

    until(everybody_was_called, worker.fate, within_s)
    until(lambda: told_of_loss(stage) == set(PATIENTS), worker.fate)
    until(lambda: len(all_of(stage, Topic.SAVEPOINTS)) > savepoints, worker.fate)
    worker.ready(partitions=2)
    assert worker.metric("vigilward_topics_made_anew_total") == 2, "both partitions"
    kept = asyncio.run(read_states(stage.settings, [0, 1]))
    assert {body.checkpoint.log_number for body in kept.values()} == {1}
    assert {len(stored.states) for stored in kept.values()} and not any(stored.lost for stored in kept.values())
    assert worker.stop() == 0, worker.fate()


def test_partitions_that_were_added_are_refused_and_told_and_the_others_watched_on(stage, tmp_path):
    with stage.worker(tmp_path / "1") as worker:
        worker.ready(partitions=2)
        publish(stage, 0, 16)
        admin = admin_of(stage.settings)
        for answer in admin.create_partitions([NewPartitions(stage.settings.topic(Topic.READINGS), 4)]).values():
            answer.result()
        until(lambda: "partitions_grown" in worker.get("/readyz")[1], worker.fate, 12)
        assert "partitions were added" in worker.log.read_text()
        still_watches(stage, worker, 16)
        assert worker.metric("vigilward_partitions") == 2
        assert worker.stop() == 0, worker.fate()

    with stage.worker(tmp_path / "2") as worker:
        until(lambda: "partitions_grown" in worker.get("/readyz")[1], worker.fate)
        still_watches(stage, worker, 48)


def still_watches(stage, worker, first):
    for number in range(first, first + 16, 8):
        stage.publish(Topic.READINGS, ill(number), partitioner="murmur2_random")
    ends = stage.ends(Topic.READINGS)
    until(lambda: all(stage.committed(Topic.READINGS)[p] >= ends[p] for p in (0, 1)), worker.fate)
