"""A ladder to its last address on a real Kafka, nobody answering, every kind of receipt lost. A minute lasts three
seconds: the packaged rules say when each step is due, and their minutes alone are made shorter.
"""

import json
import sys
import threading
import time
from collections import defaultdict
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from schemas.action import Step
from schemas.times import to_text
from streams.config.packaged_rules import packaged_rules_bytes
from streams.config.topics import Topic
from tests.chaos.patients import ILL, UNITS
from tests.integration.rounds import command
from tests.integration.staging import APPROVER, Stage, until
from tests.integration.test_rules_enacted import rules_in_the_log

COMMAND = (sys.executable, "-c", "from streams.commands import main; main()", "notify")
MINUTE_S = 3.0
LATE_S = 5.0
"""A busy machine's own."""
RECEIPTS, WORDS, CALLS = LOST = ("receipts", "words", "calls")
"""Wards whose devices give no receipts, owe some and are silent, or are away."""
HIGH = {"nurse": 0, "shift_lead": 5, "doctor": 10, "last_resort": 20}
"""When the packaged rules take each step of a high call."""


class Phones:
    """Takes every message and never says a word of it; when each step of each ward came, and how often."""

    def __init__(self) -> None:
        self.came: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                event = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
                self.came[event["data"]["ward"]][event["data"]["step"]].append(time.time())
                handler.send_response(204)
                handler.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def phones():
    one = Phones()
    yield one
    one.server.shutdown()
    one.server.server_close()


def routes(folder: Path, phones: Phones) -> Path:
    """Everywhere phones that are away, but for the last address; in two wards others beside them, which take calls."""
    (folder / "key").write_bytes(b"sixteen bytes ok")
    text = ""
    for step in Step:
        live = phones.server.server_port
        for ward, port in ((CALLS, live if step is Step.LAST_RESORT else 9), (RECEIPTS, live), (WORDS, live)):
            text += f'[[recipient]]\nname = "{step}-{ward}"\nchannel = "webhook"\nrole = "{step}"\nkey_id = "k"\n'
            text += f'url = "http://127.0.0.1:{port}/"\nkey_file = "{folder / "key"}"\n'
            text += "" if ward == CALLS else f'wards = ["{ward}"]\nreceipts = {str(ward == WORDS).lower()}\n'
    (folder / "routes.toml").write_text(text)
    return folder / "routes.toml"


def is_away(ward: str, step: str) -> bool:
    return ward == CALLS and step != Step.LAST_RESORT


def quick_rules(folder: Path, stage: Stage) -> None:
    """In force from now on."""
    rules = json.loads(packaged_rules_bytes())
    calling, scale = rules["calling"], MINUTE_S / 60
    for plan in calling["ladders"].values():
        for steps in plan.values():
            for one in steps:
                one["after_minutes"] *= scale
    calling["repeats"] = {priority: minutes * scale for priority, minutes in calling["repeats"].items()}
    calling["last_resort_minutes"] *= scale
    calling["delivered_within_seconds"] *= scale
    rules["version"] = "quick"
    body = json.dumps(rules).encode()
    (folder / "rules.json").write_bytes(body)
    (folder / "rules.sig").write_bytes(APPROVER.sign(body))
    command(stage, "rules", "enact", str(folder / "rules.json"), "--signature", str(folder / "rules.sig"))
    until(lambda: rules_in_the_log(stage)[-1].approved_by)


def ill(stage: Stage, ward: str) -> None:
    at, patient = to_text(int(time.time() * 1_000)), f"p-{ward}"
    admission = {
        "event": "admit", "patient_id": patient, "mode": "real", "ward": ward, "bed": "1", "at": at,
        "date_of_birth": "1960-01-01",
    }  # fmt: skip
    stage.publish(Topic.PATIENTS, [(patient.encode(), msgspec.json.encode(admission))])
    time.sleep(1)
    vitals = {name: {"value": ILL[name], "unit": UNITS[name]} for name in ILL if name in UNITS}
    body = {
        "patient_id": patient, "device_id": "rounds", "source": "spot", "sequence": 1, "taken_at": at, "vitals": vitals,
    }  # fmt: skip
    stage.publish(Topic.READINGS, [(patient.encode(), msgspec.json.encode(body))])


def steps_of(stage: Stage) -> dict[str, dict[str, float]]:
    """By ward, when the alert's ladder took each step, in seconds since 1970."""
    found: dict[str, dict[str, float]] = {}
    for record in stage.read(Topic.ALERTS):
        said = json.loads(record.value())
        steps = said["lifecycle"].get("steps", [])
        if said["kind"] == "physiological" and steps:
            found[said["ward"]] = {one["step"]: datetime.fromisoformat(one["at"]).timestamp() for one in steps}
    return found


@pytest.mark.needs("java", "maven")
def test_with_nobody_answering_and_every_kind_of_receipt_lost_each_step_comes_in_time_up_to_the_last_address(
    kafka, topic_prefix: str, phones: Phones, tmp_path: Path
):
    stage = Stage(kafka.bootstrap, topic_prefix, clock="arrival", mode="real", partitions=1).make_topics()
    telling = {"notify_routes": routes(tmp_path, phones), "notify_port": 0, "notify_undeliverable_s": 1}
    with stage.worker(tmp_path / "w") as worker, stage.worker(tmp_path / "n", *COMMAND, **telling) as notifier:
        worker.ready(partitions=1)
        quick_rules(tmp_path, stage)
        until(lambda: notifier.get("/readyz")[0] == 200, notifier.fate)
        for ward in LOST:
            ill(stage, ward)
        until(lambda: all(phones.came[ward]["last_resort"] for ward in LOST), notifier.fate, within_s=180)
        taken = steps_of(stage)

    nurse, *_ = steps = ["nurse", "shift_lead", "doctor", "last_resort"]
    for ward in LOST:
        assert list(taken[ward]) == steps
        for step, at in taken[ward].items():  # none is passed over, and each is told as it is taken
            assert any(0 <= came - at < LATE_S for came in phones.came[ward][step]) or is_away(ward, step), (ward, step)
    began = {ward: {step: at - taken[ward][nurse] for step, at in taken[ward].items()} for ward in LOST}
    for step, minutes in HIGH.items():
        assert 0 <= began[RECEIPTS][step] - minutes * MINUTE_S < LATE_S, "nobody says anything: at its own time"
    for before, after in pairwise(steps):
        assert MINUTE_S <= began[WORDS][after] - began[WORDS][before] < MINUTE_S + LATE_S, "silent for a minute"
        assert began[CALLS][after] - began[CALLS][before] < 1 + 2 * LATE_S, "away: at once"
