"""Rules of a log on a real broker: those it began with, and those that only an approver changes."""

import json

import pytest

from schemas.control_record import KIND_HEADER, ControlRecordKind, decode_control_record
from streams.config.packaged_rules import PACKAGED_SOURCE, first_rules, packaged_rules, packaged_rules_bytes
from streams.config.topics import Topic
from tests.approving import Approver
from tests.integration.rounds import command, publish, small_ward, taken
from tests.integration.staging import APPROVER, until
from tests.integration.test_state_store_worker import judged, stored


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


def rules_in_the_log(stage):
    found = []
    for record in stage.read(Topic.READINGS):
        if dict(record.headers() or ()).get(KIND_HEADER) == ControlRecordKind.RULES.value.encode():
            found.append(decode_control_record(record.value()))
    return found


def in_force(stage):
    bodies = [stored(stage, number).checkpoint.rules for number in (0, 1)]
    return {json.loads(body)["version"] if body else None for body in bodies}


def test_packaged_rules_enter_a_new_log_and_afterwards_only_an_approver_changes_them(stage, tmp_path):
    changed = json.loads(packaged_rules_bytes())
    changed["version"] = "approved"
    body = json.dumps(changed).encode()
    file, signature = tmp_path / "rules.json", tmp_path / "rules.sig"
    file.write_bytes(body)
    with stage.worker(tmp_path / "1") as worker:
        worker.ready(partitions=2)
        until(lambda: len(rules_in_the_log(stage)) == 2, worker.fate)
        assert {one.source_topic for one in rules_in_the_log(stage)} == {PACKAGED_SOURCE}
        assert {one.source_topic_id for one in rules_in_the_log(stage)} == {packaged_rules().sha256}

        stage.publish(Topic.RULES, [(b"forged", body)])
        publish(stage, 0, 16)
        until(lambda: [one for one in stage.read(Topic.REJECTIONS) if dict(one.headers())["code"] == b"not_approved"])
        assert len(rules_in_the_log(stage)) == 2

        signature.write_bytes(Approver().sign(body))
        refused = command(stage, "rules", "enact", str(file), "--signature", str(signature), code=1)
        assert b"not_approved" in refused.stderr
        signature.write_bytes(APPROVER.sign(body))
        command(stage, "rules", "enact", str(file), "--signature", str(signature))
        until(lambda: len(rules_in_the_log(stage)) == 4, worker.fate)
        assert rules_in_the_log(stage)[-1].approved_by == APPROVER.fingerprint
        publish(stage, 16, 16)
        taken(stage, worker)
        assert worker.stop() == 0, worker.fate()
    assert in_force(stage) == {"approved"}
    verdict = judged(stage)
    assert verdict.found.total() == 0, verdict.examples


def test_a_log_that_names_no_rules_goes_on_under_the_first_and_is_told_that_newer_ones_wait(stage, tmp_path):
    """As a log of the first build: readings are there, and nobody named rules."""
    publish(stage, 0, 16)
    with stage.worker(tmp_path / "0", control_record_key="") as before:
        before.ready(partitions=2)
        taken(stage, before)
        assert before.stop() == 0, before.fate()
    with stage.worker(tmp_path / "1") as worker:
        worker.ready(partitions=2)
        publish(stage, 16, 16)
        taken(stage, worker)
        assert not rules_in_the_log(stage)
        assert worker.metric("vigilward_rules_waiting_partitions") == 2
        waiting = command(stage, "doctor", code=1).stdout.decode()
        assert "rules_waiting" in waiting and "rules diff first packaged" in waiting
        assert worker.stop() == 0, worker.fate()
    assert first_rules().sha256 != packaged_rules().sha256
    assert judged(stage).clean, judged(stage).examples
