"""What leaves by webhook, judged by the CloudEvents project's own SDK with its JSON schema."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.action import Step
from schemas.alert import AlertStatus
from schemas.reading import Mode
from streams.notify.book import Book
from streams.notify.channels.webhook import CONTENT_TYPE, body_of
from streams.notify.notice import Fate
from streams.notify.routes import Audience, Channel, Recipient
from tests.integration.test_peers import PEERS, said_by
from tests.streams.notify.conftest import START, person, revision, routes_of

__all__ = ["revision"]  # a fixture


@pytest.mark.needs("node", "npm")
def test_the_cloudevents_sdk_takes_every_message_and_refuses_one_without_a_source(revision, tmp_path: Path):
    folder = tmp_path / "javascript"
    shutil.copytree(PEERS, folder)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    nurse, hook = person(Step.NURSE), Recipient("log", Channel.WEBHOOK, Audience.MACHINE, patient_id=True)
    to, book = {one.name: one for one in (nurse, hook)}, Book(routes_of(nurse, hook), Mode.REAL)
    later = START + timedelta(minutes=5)
    told = [
        *book.take(revision(headline="SpO₂ 84 %"), START),
        *book.take(revision(2, minutes=2, ward=None, bed=None), later),
        *book.take(revision(3, AlertStatus.CLEARED, minutes=4), later),
        *book.take(revision(alert_id="a-2", mode=Mode.DEMO), START),
    ]
    bodies = [body_of(one, to[one.recipient]).decode() for one in told if one.fate is Fate.OWED]
    without = json.loads(bodies[0])
    del without["source"]
    lines = [{"headers": {"content-type": CONTENT_TYPE}, "body": one} for one in (*bodies, json.dumps(without))]
    (folder / "messages").write_text("\n".join(map(json.dumps, lines)))

    assert said_by(["node", "cloudevents_judge.mjs", "messages"], folder) == [
        *2 * ["valid 1.0 vigilward.alert.raised start real"],
        "valid 1.0 vigilward.alert.continued continue real",
        "valid 1.0 vigilward.alert.ended end real",
        "valid 1.0 vigilward.alert.ended end real",
        "valid 1.0 vigilward.alert.raised start demo",
        "refused invalid payload",
    ]
