"""What was said live, said again from the log itself and from a recording of it, whole and in part."""

import json

import msgspec
import pytest

from streams.config.topics import Topic
from tests.integration.rounds import command, lived, small_ward


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


def said(stage):
    return sorted(alert.value() for alert in stage.read(Topic.ALERTS))


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
