"""`vigilward state` on a real broker: what was exported comes back, here or elsewhere; what was reset is forgotten."""

import asyncio
import json

import pytest

from streams.config.topics import KEEPS_PATIENTS, Topic
from streams.worker.state_store.stored import read_states
from tests.integration.rounds import command, lived
from tests.integration.staging import Stage, until


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(
        kafka.bootstrap, topic_prefix, clock="arrival", mode="demo", partitions=2, snapshot_every_s=0.5
    ).make_topics()


def stored(stage):
    return asyncio.run(read_states(stage.settings, [0, 1]))


def snapshots(stage):
    return {patient: body.snapshot for one in stored(stage).values() for patient, body in one.states.items()}


def test_states_are_shown_exported_forgotten_and_put_back(stage, tmp_path):
    lived(stage, tmp_path / "1", 0, 40)
    before, file = stored(stage), str(tmp_path / "states")

    shown = [json.loads(line) for line in command(stage, "state", "show", "--json").stdout.splitlines()]
    assert [one["next_offset"] for one in shown] == [before[p].checkpoint.next_offset for p in (0, 1)]
    assert sum(one["patients"] for one in shown) == 8

    command(stage, "state", "export", file)
    command(stage, "state", "reset", "--from", "end", "--dry-run")
    assert stored(stage) == before, "a dry run changes nothing"

    command(stage, "state", "reset", "--from", "end")
    assert not snapshots(stage)
    assert stage.committed(Topic.READINGS) == stage.ends(Topic.READINGS)

    command(stage, "state", "import", file)
    after = stored(stage)
    assert [after[p].checkpoint for p in (0, 1)] == [before[p].checkpoint for p in (0, 1)]
    assert [after[p].states for p in (0, 1)] == [before[p].states for p in (0, 1)]
    lived(stage, tmp_path / "2", 40, 16)


def test_states_move_to_another_log_only_when_told_where_it_goes_on(kafka, stage, topic_prefix, tmp_path):
    lived(stage, tmp_path / "1", 0, 40)
    file = str(tmp_path / "states")
    command(stage, "state", "export", file)
    other = Stage(
        kafka.bootstrap, "other-" + topic_prefix, clock="arrival", mode="demo", partitions=2, snapshot_every_s=0.5,
    ).make_topics()  # fmt: skip

    refused = command(other, "state", "import", file, code=2)
    assert b"--from" in refused.stderr
    command(other, "state", "import", file, "--from", "start")

    assert snapshots(other) == snapshots(stage)
    lived(other, tmp_path / "2", 40, 16)
    assert all(body.upto for one in stored(other).values() for body in one.states.values())


def test_nothing_is_moved_under_the_feet_of_a_worker(stage, tmp_path):
    with stage.worker(tmp_path) as worker:
        worker.ready(partitions=2)
        refused = command(stage, "state", "reset", "--from", "start", code=3)

        assert b"stop them first" in refused.stderr


def test_one_patient_is_erased_under_a_running_worker(stage, tmp_path):
    people = [(b"p-%d" % number, {"ward": "W", "bed": "7", "date_of_birth": "1951-07-30"}) for number in range(4)]
    admit = {"event": "admit", "encounter": "e", "mode": "demo"}
    stage.publish(
        Topic.PATIENTS,
        ((who, json.dumps(admit | facts | {"patient_id": who.decode()}).encode()) for who, facts in people),
    )
    with stage.worker(tmp_path / "1") as worker:
        worker.ready(partitions=2)
        until(lambda: len(snapshots(stage)) == 4, worker.fate)

        told = command(stage, "state", "erase", "--patient", "p-2")

        assert told.stderr.count(b" keeps what stands there: ") == len(KEEPS_PATIENTS) and b"p-2" not in told.stderr
        until(lambda: set(snapshots(stage)) == {"p-0", "p-1", "p-3"}, worker.fate)
        newest = {one.key(): one.value() for one in stage.read(Topic.STATUS)}
        assert newest[b"p-2"] is None and newest[b"p-1"] is not None
        assert worker.stop() == 0

    with stage.worker(tmp_path / "2") as worker:
        worker.ready(partitions=2)
        assert worker.stop() == 0
    assert set(snapshots(stage)) == {"p-0", "p-1", "p-3"}, "nothing brings her back"
    assert command(stage, "state", "erase", code=2).stderr
