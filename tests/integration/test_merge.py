"""Two records of one patient are merged on a real broker, the worker killed in the middle: told and called for anew."""

import json
import signal
import time

import msgspec
import pytest

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from schemas.times import to_text
from streams.config.topics import Topic
from streams.log.placing import partition_of
from tests.chaos.patients import ILL, UNITS
from tests.integration.rounds import small_ward
from tests.integration.staging import until

OLD = "p-known-before"
NEW = next(name for name in map("p-stays-{}".format, range(9)) if partition_of(name, 2) != partition_of(OLD, 2))


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


def told(stage, patient, event, **facts):
    body = {"event": event, "patient_id": patient, "mode": "demo", "at": to_text(int(time.time() * 1_000)), **facts}
    stage.publish(Topic.PATIENTS, [(patient.encode(), msgspec.json.encode(body))])


def ill(stage, number):
    vitals = {name: {"value": value, "unit": UNITS[name]} for name, value in ILL.items()}
    body = {
        "patient_id": OLD, "device_id": "rounds", "source": "spot", "sequence": number, "mode": "demo",
        "taken_at": to_text(int(time.time() * 1_000)), "vitals": vitals,
    }  # fmt: skip
    stage.publish(Topic.READINGS, [(OLD.encode(), msgspec.json.encode(body))])


def said(stage, patient):
    alerts = [json.loads(one.value()) for one in stage.read(Topic.ALERTS) if one.key() == patient.encode()]
    return [(one["alert_id"], one["revision"], one["subject"], one["state"], one["interrupts"]) for one in alerts]


def calls(stage, patient, subject):
    return [one for one in said(stage, patient) if one[2] == subject and one[4]]


def test_what_stood_open_is_called_for_again_under_the_id_that_stays_though_the_worker_is_killed(stage, tmp_path):
    with stage.worker(tmp_path / "1") as worker:
        worker.ready(partitions=2)
        told(stage, OLD, "admit", encounter="e-1", ward="A", bed="1")
        told(stage, NEW, "admit", encounter="e-2", ward="A", bed="2")
        ill(stage, 1)
        until(lambda: calls(stage, OLD, "deterioration"), worker.fate)
        told(stage, OLD, "merge", merged_into=NEW)
        until(lambda: calls(stage, NEW, "deterioration") and calls(stage, NEW, "merged"), worker.fate)
        worker.stop(signal.SIGKILL)

    with stage.worker(tmp_path / "2") as worker:
        worker.ready(partitions=2)
        ill(stage, 2)
        until(lambda: Refusal.MERGED in refusals(stage), worker.fate)
        contents = {}
        for alert_id, revision, *rest in said(stage, NEW):
            assert contents.setdefault((alert_id, revision), rest) == rest, "one id and revision, one content"
        assert len({one[0] for one in calls(stage, NEW, "deterioration")}) == 1, "raised once"
        assert said(stage, OLD)[-1][3] in ("resolved", "cleared")
        assert worker.stop() == 0, worker.fate()


def refusals(stage):
    return [Rejection.from_headers(one.headers()).code for one in stage.read(Topic.REJECTIONS)]
