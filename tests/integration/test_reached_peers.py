"""What leaves, judged by others: HAPI's receiving application for PCD-04 and PCD-05, HAPI FHIR's R4 model."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from schemas.action import ActionType
from schemas.alert import AlertStatus
from schemas.reading import Mode
from streams.notify.alerts import FindingTold, NewsTotal
from streams.notify.book import Book
from streams.notify.channels import Answer
from streams.notify.channels.fhir import FhirServer, bundle
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
    assert desk.actions[-1].who == "Ruth Maas (pager)"


@pytest.mark.needs("java", "maven")
def test_hapi_fhirs_server_keeps_what_is_sent_a_repeat_changes_nothing_and_its_outcomes_are_understood(
    jars: Path, revision
):
    words = ["java", "-cp", f"{jars}/*", str(PEERS / "FhirServer.java")]
    told = revision(news2=NewsTotal(7, 7, True, 1), findings=(FindingTold("risk", "resp_rate has risen"),))
    ended = revision(2, AlertStatus.CLEARED, minutes=5)
    odd = [revision(alert_id=name, headline=name) for name in ("no such code", "two at once")]

    async def story() -> tuple[list[Answer], dict[str, dict], dict[str, int]]:
        peer = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert peer.stdin is not None and peer.stdout is not None
        async with asyncio.timeout(150):
            while not (line := (await peer.stdout.readline()).decode()).startswith("LISTENING"):
                assert line, "the FHIR server ended"
            url = f"http://127.0.0.1:{line.split()[1]}/r4"
            server = Recipient("emr", Channel.FHIR, Audience.MACHINE, url=url, key=b"a token of sixteen")
            book, channel = Book(routes_of(server), Mode.REAL), FhirServer()
            notices = [one for each in (told, ended, *odd) for one in book.take(each, START)]
            while not (first := await channel.send(server, notices[0])).ok:  # its first answer takes it long
                assert first.said == "TimeoutError", first
            answers = [first, *[await channel.send(server, one) for one in notices]]
            stranger = replace(server, key=b"another token")
            answers.append(await channel.send(stranger, notices[0]))
            kept, counts = {}, {}
            async with aiohttp.ClientSession() as session:
                for entry in bundle(notices[0], server)["entry"]:
                    place = entry["request"]["url"]
                    async with session.get(f"{url}/{place}") as answer:
                        kept[place.split("/")[0]] = await answer.json(content_type=None)
                for kind in kept:
                    async with session.get(f"{url}/{kind}?_summary=count") as answer:
                        counts[kind] = (await answer.json(content_type=None))["total"]
            await channel.close()
            peer.stdin.close()
            await peer.wait()
        return answers, kept, counts

    answers, kept, counts = asyncio.run(story())
    first, again, end, refused, conflict, stranger = answers
    assert first.ok and again.ok and end.ok
    assert kept["Flag"]["status"] == "inactive" and int(kept["Flag"]["meta"]["versionId"]) >= 3
    assert kept["Observation"]["valueQuantity"]["value"] == 7 and kept["Communication"]["status"] == "in-progress"
    assert counts == {"Flag": 1, "Communication": 2, "Observation": 1, "RiskAssessment": 1}
    assert (refused.final, refused.said) == (True, "HTTP 422 code-invalid Flag.code"), "and no word of its diagnostics"
    assert (conflict.ok, conflict.final, conflict.shut) == (False, False, False)
    assert (stranger.ok, stranger.final, stranger.shut) == (False, False, True)


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
