"""What leaves, judged by others: HAPI's receiving application for PCD-04 and PCD-05, HAPI FHIR's R4 model."""

import asyncio
import json
from pathlib import Path

import pytest

from schemas.action import ActionType
from schemas.alert import AlertStatus
from schemas.reading import Mode
from streams.notify.alerts import FindingTold, NewsTotal
from streams.notify.book import Book
from streams.notify.channels.fhir import bundle
from streams.notify.channels.pcd04 import Pcd04
from streams.notify.pcd05_door import Pcd05Door
from streams.notify.routes import Audience, Channel, Recipient
from tests.integration.test_peers import PEERS, jars, said_by
from tests.streams.notify.conftest import START, revision, routes_of
from tests.streams.notify.test_receipts import Desk

__all__ = ["jars", "revision"]  # fixtures
SERVER = Recipient("emr", Channel.FHIR, Audience.MACHINE, url="https://fhir.example/r4", patient_id=True)


@pytest.mark.needs("java", "maven")
def test_hapis_receiving_application_takes_pcd04_and_its_pcd05_is_delivered_seen_and_accepted(
    jars: Path, monkeypatch, revision
):
    desk = Desk(monkeypatch, revision())

    async def story() -> list[str]:
        door = await Pcd05Door(desk.notifier).listen("127.0.0.1", 0)
        back = str(door.sockets[0].getsockname()[1])
        words = ["java", "-cp", f"{jars}/*", str(PEERS / "AlarmManager.java"), back]
        peer = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        assert peer.stdout is not None
        async with asyncio.timeout(120):
            while not (line := (await peer.stdout.readline()).decode()).startswith("LISTENING"):
                assert line, "the alarm manager ended"
            channel = Pcd04()
            to = Recipient("pager", Channel.PCD04, address=f"127.0.0.1:{line.split()[1]}")
            answer = await channel.send(to, desk.pager)
            said = (await peer.stdout.read()).decode().splitlines()
            await channel.close()
            await peer.wait()
        door.close()
        return [f"sent {answer.ok} {answer.said}", *said]

    assert asyncio.run(story()) == [
        "sent True MSA-1 AA",
        "GOT ORU^R40 phase start 2.6",
        "ANSWERED AA Delivered",
        "ANSWERED AA Read",
        "ANSWERED AA Accepted",
    ]
    assert [one.action_type for one in desk.actions] == [ActionType.DELIVERED, ActionType.SEEN, ActionType.ACKNOWLEDGE]
    assert desk.actions[-1].who == "Ruth Maas"


@pytest.mark.needs("java", "maven")
def test_hapi_fhirs_strict_reader_takes_every_transaction(jars: Path, revision, tmp_path: Path):
    told = [
        revision(news2=NewsTotal(7, 7, True, 1), findings=(FindingTold("risk", "resp_rate has risen"),)),
        revision(2, news2=NewsTotal(5, 9, False, 2), ward=None, bed=None),
        revision(3, AlertStatus.CLEARED, minutes=5),
    ]
    book = Book(routes_of(SERVER), Mode.REAL)
    for number, one in enumerate(told):
        (notice,) = book.take(one, START)
        (tmp_path / f"{number}.json").write_text(json.dumps(bundle(notice, SERVER)))
    files = [str(path) for path in sorted(tmp_path.glob("*.json"))]

    assert said_by(["java", "-cp", f"{jars}/*", str(PEERS / "FhirJudge.java"), *files], PEERS) == [
        "transaction Flag Communication Observation RiskAssessment",
        "transaction Flag Communication Observation",
        "transaction Flag Communication",
    ]
