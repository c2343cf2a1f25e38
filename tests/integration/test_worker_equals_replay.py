"""Live equals replay, byte for byte: recorded patients through real workers on a real broker."""

import json
import subprocess
import sys
from collections import defaultdict

import pytest

from streams.config.topics import Topic
from streams.recordings.recordings import read_folder
from streams.recordings.samples import folder
from tests.integration.staging import ROOT, Stage, until

READINGS = 6_000

READABLE = 'kind="readable"'


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Recorded patients merged by time, as a file for `replay` and as records for Kafka."""
    records = []
    for name in ("sepsis2019", "challenge2012", "bidmc"):
        for _, patient, value in read_folder(folder(name), mode="demo"):
            records.append((patient.encode(), value))
            if len(records) % READINGS == 0:
                break
    records.sort(key=lambda record: json.loads(record[1])["taken_at"])  # the folders one beside the other
    file = tmp_path_factory.mktemp("recorded") / "readings.jsonl"
    file.write_bytes(b"".join(value + b"\n" for _, value in records))
    return file, records


@pytest.fixture(scope="module")
def replayed(recorded):
    """What `vigilward replay` says of them: by patient, in order."""
    program = (sys.executable, "-c", "from streams.commands import main; main()")
    words = (*program, "replay", str(recorded[0]), "--json", "--partitions", "4")
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
    alerts = by_patient(ended.stdout.splitlines())
    assert sum(map(len, alerts.values())) >= 10
    return alerts


def stage_of(kafka, prefix):
    return Stage(
        kafka.bootstrap, prefix, clock="event", mode="demo", partitions=4, snapshot_every_s=1
    ).make_topics()  # fmt: skip


def by_patient(values):
    found = defaultdict(list)
    for value in values:
        found[json.loads(value)["patient_id"]].append(value)
    return dict(found)


def live(stage, recorded, workers):
    stage.publish(Topic.READINGS, recorded[1])
    until(lambda: stage.committed(Topic.READINGS) == stage.ends(Topic.READINGS), workers[0].fate)
    alerts = stage.read(Topic.ALERTS)
    assert all(message.key().decode() == json.loads(message.value())["patient_id"] for message in alerts)
    return by_patient(message.value() for message in alerts)


def test_one_worker_says_what_replay_says(kafka, topic_prefix, recorded, replayed, tmp_path):
    stage = stage_of(kafka, topic_prefix)

    with stage.worker(tmp_path) as one:
        one.ready(partitions=4)
        assert live(stage, recorded, [one]) == replayed
        assert one.metric("vigilward_records_total", READABLE) == len(recorded[1])
        assert one.stop() == 0


def test_two_workers_in_a_group_say_the_same(kafka, topic_prefix, recorded, replayed, tmp_path):
    stage = stage_of(kafka, topic_prefix)

    with stage.worker(tmp_path / "a") as one, stage.worker(tmp_path / "b") as two:
        one.ready(partitions=2)
        two.ready(partitions=2)
        assert live(stage, recorded, [one, two]) == replayed
        shares = [worker.metric("vigilward_records_total", READABLE) for worker in (one, two)]
        assert all(shares) and sum(shares) == len(recorded[1])
        assert (one.stop(), two.stop()) == (0, 0)
