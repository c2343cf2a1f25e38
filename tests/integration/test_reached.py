"""From a reading to a person and back: a worker, a notifier, phones that decline and accept, on a real Kafka."""

import json
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from schemas.action import Step
from schemas.times import to_text
from streams.config.topics import Topic
from streams.notify.channels.webhook import signature
from tests.chaos.patients import ILL, UNITS
from tests.integration.staging import Stage, until

COMMAND = (sys.executable, "-c", "from streams.commands import main; main()", "notify")
KEY = b"sixteen bytes ok"
ANSWERS = {
    "nurse": [("delivered", None), ("declined", "N. Urse")],
    "shift_lead": [("delivered", None), ("seen", None), ("accepted", "S. Lead")],
}


class Phones:
    """Takes messages, and answers as each person does, by callbacks that are signed with the phones' key."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.answers: list[int] = []
        self.desk = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                event = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
                handler.send_response(204)
                handler.end_headers()
                if event["type"].endswith("raised"):
                    self.told.append(event["data"]["step"])
                    threading.Thread(target=self.answer, args=(event,), daemon=True).start()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, event: dict) -> None:
        for word, who in ANSWERS.get(event["data"]["step"], []):
            body = json.dumps({"id": event["id"], "status": word, "who": who}).encode()
            headers = {"Vigilward-Signature": signature(KEY, "k", int(time.time()), body)}
            request = urllib.request.Request(f"http://127.0.0.1:{self.desk}/receipts", body, headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                self.answers.append(answer.status)


@pytest.fixture
def phones():
    one = Phones()
    yield one
    one.server.shutdown()
    one.server.server_close()


def routes(folder: Path, phones: Phones) -> Path:
    (folder / "key").write_bytes(KEY)
    text = "".join(
        f'[[recipient]]\nname = "{step}-phone"\nchannel = "webhook"\nrole = "{step}"\nreceipts = true\n'
        f'url = "http://127.0.0.1:{phones.server.server_port}/"\nkey_id = "k"\nkey_file = "{folder / "key"}"\n'
        for step in Step
    )
    (folder / "routes.toml").write_text(text)
    return folder / "routes.toml"


def ill(stage: Stage, number: int) -> None:
    vitals = {name: {"value": ILL[name], "unit": UNITS[name]} for name in ILL if name in UNITS}
    body = {
        "patient_id": "p-1", "device_id": "rounds", "source": "spot", "sequence": number,
        "taken_at": to_text(int(time.time() * 1_000)), "vitals": vitals,
    }  # fmt: skip
    stage.publish(Topic.READINGS, [(b"p-1", msgspec.json.encode(body))])


def lifecycle(stage: Stage) -> dict:
    """The newest lifecycle of the patient's alert, as the board gets it."""
    said = [json.loads(record.value()) for record in stage.read(Topic.STATUS) if record.value()]
    alerts = [alert for status in said[-1:] for alert in status["alerts"] if alert["kind"] == "physiological"]
    return alerts[0]["lifecycle"] if alerts else {}


@pytest.mark.needs("java", "maven")
def test_a_nurse_who_declines_brings_the_shift_lead_at_once_and_who_accepts_owns_the_alert(
    kafka, topic_prefix: str, phones: Phones, tmp_path: Path
):
    stage = Stage(kafka.bootstrap, topic_prefix, clock="arrival", mode="real", partitions=1).make_topics()
    telling = {"notify_routes": routes(tmp_path, phones), "notify_port": 0}
    with stage.worker(tmp_path / "w") as worker, stage.worker(tmp_path / "n", *COMMAND, **telling) as notifier:
        worker.ready(partitions=1)
        until(lambda: notifier.get("/readyz")[0] == 200, notifier.fate)
        phones.desk = notifier.port()
        began = time.monotonic()
        ill(stage, 1)
        until(lambda: lifecycle(stage).get("status") == "acknowledged", notifier.fate, within_s=120)
        took_s = time.monotonic() - began

    now = lifecycle(stage)
    steps = {one["step"]: one for one in now["steps"]}
    assert phones.told == ["nurse", "shift_lead"] and phones.answers == [204] * 5
    assert (now["owner"]["who"], now["owner"]["role"], now["reason"]) == (
        "S. Lead (shift_lead-phone)", "shift_lead", "reviewing",
    )  # fmt: skip
    assert (steps["nurse"]["delivery"], steps["shift_lead"]["delivery"]) == ("declined", "accepted")
    assert steps["shift_lead"]["recipients"][0]["recipient"] == "shift_lead-phone"
    reasons = [json.loads(record.value())["reason"] for record in stage.read(Topic.ALERTS)]
    assert "declined" in reasons and took_s < 120, "two minutes before the ladder itself would call the shift lead"
