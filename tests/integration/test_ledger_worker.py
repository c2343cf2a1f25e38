"""A worker and its stored states on a real broker: damage, newer versions, other logs, a lost fence, replays."""

import asyncio
import json
import subprocess
import sys
import time

import msgspec
import pytest
from confluent_kafka import Producer

from schemas.forwarded import KIND_HEADER
from schemas.times import to_text
from streams.log.placing import partition_of
from streams.rules import packaged_rules
from streams.topics import Topic
from streams.worker.ledger.pen import Pen
from streams.worker.ledger.record import FORMAT, MARKER_KEY, encode_marker, patient_key
from streams.worker.ledger.stored import read_states
from tests.chaos.checker import Wrong, check
from tests.chaos.history import read_history
from tests.chaos.patients import ILL, UNITS, WELL
from tests.integration.staging import ROOT, Stage, until

PATIENTS = [f"p-{number}" for number in range(8)]
PROGRAM = (sys.executable, "-c", "from streams.commands import main; main()")


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(
        kafka.bootstrap, topic_prefix, clock="arrival", mode="demo", partitions=2, snapshot_every_s=0.5,
        savepoint_every_s=1, tick_after_s=1,
    ).make_topics()  # fmt: skip


def readings(first, count):
    """Rounds at patients who fall ill and get well again."""
    for number in range(first, first + count):
        patient = PATIENTS[number % len(PATIENTS)]
        ill = ILL if number % 24 > 11 else WELL
        vitals = {name: {"value": ill[name], "unit": UNITS[name]} for name in WELL}
        body = {
            "patient_id": patient, "device_id": "rounds", "source": "spot", "sequence": number, "mode": "demo",
            "taken_at": to_text(int(time.time() * 1_000)), "vitals": vitals,
        }  # fmt: skip
        yield patient.encode(), msgspec.json.encode(body)


def publish(stage, first, count):
    """Round by round: what arrives within one millisecond is one moment."""
    for start in range(first, first + count, len(PATIENTS)):
        stage.publish(Topic.READINGS, readings(start, min(len(PATIENTS), first + count - start)))
        time.sleep(0.1)


def taken(stage, worker):
    ends = stage.ends(Topic.READINGS)
    until(lambda: all(at >= ends[p] for p, at in stage.committed(Topic.READINGS).items()), worker.fate)


def lived(stage, folder, first, count):
    """A worker that takes some readings and leaves in good order."""
    with stage.worker(folder) as worker:
        worker.ready(partitions=2)
        publish(stage, first, count)
        taken(stage, worker)
        assert worker.stop() == 0, worker.fate()


def write_plainly(stage, partition, key, value):
    """As nothing but an accident would."""
    producer = Producer(stage.settings.librdkafka())
    producer.produce(stage.settings.topic(Topic.STATES), key=key, value=value, partition=partition)
    assert producer.flush(30) == 0


def stored(stage, partition):
    return asyncio.run(read_states(stage.settings, [partition]))[partition]


def judged(stage):
    return check(read_history(stage.settings), stage.settings, packaged_rules())


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
        write_plainly(stage, partition, MARKER_KEY, b"VW" + bytes((FORMAT + 1,)) + b"whatever that version writes")
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


@pytest.mark.parametrize("what", ["another topic", "a shorter log"])
def test_states_that_do_not_belong_to_this_log_stop_the_worker_with_a_remedy(stage, tmp_path, what):
    lived(stage, tmp_path / "1", 0, 20)
    body = stored(stage, 0).marker
    change = {"topic_id": "AAAAAAAAAAAAAAAAAAAAAA"} if what == "another topic" else {"next_offset": 1_000_000}
    write_plainly(stage, 0, MARKER_KEY, encode_marker(msgspec.structs.replace(body, **change)))

    with stage.worker(tmp_path / "2") as worker:
        assert worker.process.wait(60) == 3, worker.fate()
        assert "vigilward state" in worker.log.read_text()


def test_a_worker_that_lost_its_fence_to_nobody_starts_anew(stage, tmp_path):
    """Its group says it owns the partition, its pen is dry: only a new start can fence again."""
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=2)
        stage.publish(Topic.READINGS, readings(0, 20))
        taken(stage, worker)

        async def fence():
            pen = Pen(stage.settings, 0)
            await pen.start()
            await pen.stop()

        asyncio.run(fence())
        stage.publish(Topic.READINGS, readings(20, 40))
        assert worker.process.wait(60) == 3, worker.fate()

    lived(stage, tmp_path / "again", 60, 20)
    verdict = judged(stage)
    assert verdict.clean, verdict.examples


def said(stage):
    return sorted(alert.value() for alert in stage.read(Topic.ALERTS))


def command(stage, *words, code=0):
    ended = subprocess.run(
        [*PROGRAM, *words], cwd=ROOT, capture_output=True, check=False, env={"PATH": "/usr/bin", **stage.environment}
    )
    assert ended.returncode == code, ended.stderr.decode()
    return ended


def test_the_log_replayed_and_recorded_and_replayed_says_what_was_said_live(stage, tmp_path):
    admission = {"patient_id": "p-0", "event": "admit", "at": "2026-11-22T12:00:00Z", "ward": "A", "mode": "demo"}
    stage.publish(Topic.PATIENTS, [(b"p-0", msgspec.json.encode(admission))])
    for part in range(2):
        lived(stage, tmp_path / str(part), part * 60, 60)
    live = said(stage)
    assert len(live) > 30

    replayed = command(stage, "replay", "--from-kafka", "--json").stdout.splitlines()
    command(stage, "record", str(tmp_path / "night.log"))
    recorded = command(stage, "replay", str(tmp_path / "night.log"), "--json").stdout.splitlines()
    assert sorted(replayed) == live
    assert recorded == replayed

    raised = next(json.loads(alert) for alert in recorded if json.loads(alert)["state"] == "raised")
    for where in (("--from-kafka",), ("--in", str(tmp_path / "night.log"))):
        told = json.loads(command(stage, "explain", raised["alert_id"], *where, "--json").stdout)
        assert told["alert"] == raised

    times = sorted(json.loads(alert)["at"] for alert in live)
    middle = times[len(times) // 2]
    later = [alert for alert in live if json.loads(alert)["at"] >= middle]
    since = command(stage, "replay", "--from-kafka", "--json", "--since", middle).stdout.splitlines()
    assert sorted(since) == later
    command(stage, "record", str(tmp_path / "late.log"), "--since", middle)
    assert sorted(command(stage, "replay", str(tmp_path / "late.log"), "--json").stdout.splitlines()) == later

    one = command(stage, "replay", "--from-kafka", "--json", "--patient", "p-3").stdout.splitlines()
    assert sorted(one) == [alert for alert in live if json.loads(alert)["patient_id"] == "p-3"] != []
    until_then = command(stage, "replay", "--from-kafka", "--json", "--until", middle).stdout.splitlines()
    assert sorted(until_then) == [alert for alert in live if json.loads(alert)["at"] <= middle]


def test_a_savepoint_is_kept_and_counted(stage, tmp_path):
    lived(stage, tmp_path, 0, 40)
    markers = [record for record in stage.read(Topic.SAVEPOINTS) if record.key() == MARKER_KEY]

    assert {record.partition() for record in markers} == {0, 1}
