"""The board beside a real worker on a real Kafka: what is said reaches the worker once, whoever is killed meanwhile."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.broker import Cluster
from schemas.times import to_text
from streams.config.topics import Topic
from tests.browser.made import now
from tests.field.listening import Page
from tests.integration.staging import Stage, until
from tests.streams.board.conftest import BoardProcess, Visitor

PATIENT = "p-ill"
SET = {"resp_rate": 28, "spo2": 88, "systolic_bp": 92, "pulse_rate": 126, "temperature": 38.9}
UNITS = {"resp_rate": "/min", "spo2": "%", "systolic_bp": "mm[Hg]", "pulse_rate": "/min", "temperature": "Cel"}


@pytest.fixture
def cluster(tmp_path: Path):
    with Cluster(tmp_path / "kafka") as cluster:
        yield cluster


pytestmark = pytest.mark.needs("java", "maven")


def calling(page: Page) -> dict[str, Any] | None:
    """The high alert of the patient, once it calls."""
    alerts = page.beds.get(PATIENT, {}).get("alerts", ())
    return next((one for one in alerts if one["priority"] == "high" and one["lifecycle"]["status"] == "calling"), None)


def ill(stage: Stage) -> None:
    """A nurse's set of observations that asks for someone at once."""
    reading = {"patient_id": PATIENT, "device_id": "chart", "source": "spot", "taken_at": to_text(now()), "sequence": 1}
    vitals = {name: {"value": value, "unit": UNITS[name]} for name, value in SET.items()}
    stage.publish(Topic.READINGS, [(PATIENT.encode(), json.dumps({**reading, "vitals": vitals}).encode())])


def insist(visitor: Visitor, word: dict[str, Any]) -> int:
    """Says the same until it is taken, as the page does; how often it took."""
    tries, end = 0, time.monotonic() + 90
    while time.monotonic() < end:
        tries += 1
        try:
            if visitor.ask("POST", "/api/actions", word)[0] == 201:
                return tries
        except OSError:
            pass  # the board is away
        time.sleep(0.5)
    raise AssertionError("the board did not take the word within 90 s")


def word_of(alert: dict[str, Any], identity: str, **facts: Any) -> dict[str, Any]:
    said = {"action_id": identity, "patient_id": PATIENT, "action_type": "acknowledge", "reason": "reviewing"}
    about = {"alert_id": alert["alert_id"], "revision": alert["revision"], "priority": alert["priority"]}
    return {**said, **about, **facts}


def test_what_is_said_through_a_dead_broker_a_killed_board_and_a_killed_worker_is_applied_once(
    cluster: Cluster, tmp_path: Path
):
    stage = Stage(cluster.bootstrap, "b.", partitions=2).make_topics()
    admitted = {"event": "admit", "patient_id": PATIENT, "ward": "A", "bed": "A01", "age_years": 70, "sex": "male"}
    stage.publish(Topic.PATIENTS, [(PATIENT.encode(), json.dumps(admitted).encode())])
    board = BoardProcess(stage.settings, send_within_s=2, silent_after_s=4)
    board.environment |= stage.environment
    board.start()
    page, visitor = Page(board), Visitor(board.address).enter()
    first = stage.worker(tmp_path / "first")
    try:
        until(lambda: page.beds.get(PATIENT, {}).get("awaited"))  # before any worker has told of the patient
        first.ready(partitions=2)
        ill(stage)
        alert = until(lambda: calling(page), first.fate)

        cluster.brokers[0].kill()
        word = word_of(alert, "ack-through-everything")
        assert visitor.ask("POST", "/api/actions", word)[0] == 503
        until(lambda: not page.pulse["broker"], within_s=15)
        time.sleep(3)
        cluster.brokers[0].start()
        assert insist(visitor, word) >= 1
        board.kill()
        first.process.kill()
        first.process.wait()
        board.start()
        insist(visitor, word)  # the page does not know whether the killed board had sent it
        until(
            lambda: "silent" in [one["kind"] for one in page.pulse.get("troubles", ())], within_s=30
        )  # nobody watches, and it is told

        with stage.worker(tmp_path / "second") as second:
            second.ready(partitions=2)
            insist(visitor, word)
            owner = until(lambda: page.beds[PATIENT]["alerts"][0]["lifecycle"]["owner"], second.fate)
            insist(visitor, word_of(alert, "feedback-later", action_type="feedback", reason="useful"))
            done = until(
                lambda: {one["action_id"]: one for one in page.beds[PATIENT]["actions"]}.get("feedback-later"),
                second.fate,
            )
            assert done["refused"] is None  # what was said later has been taken: nothing before it is still on its way
            assert second.stop() == 0
    finally:
        page.over = True
        board.kill()
        if first.process.poll() is None:
            first.process.kill()

    alerts = [json.loads(message.value()) for message in stage.read(Topic.ALERTS)]
    applied = {
        (one["alert_id"], one["revision"])
        for one in alerts
        if one["action"] and one["action"]["action_id"] == "ack-through-everything"
    }
    assert len(applied) == 1, "it made one revision, however often it was sent"
    assert owner == {"who": "Somebody at this machine", "role": "shift_lead"}
    assert len(stage.read(Topic.ACTIONS)) >= 4, "and it was sent more than once"
