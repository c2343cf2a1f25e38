"""Receipts of devices: signed callbacks and PCD-05 become actions, each once, and what is not proven is refused."""

import asyncio
import json
import time
from dataclasses import replace

import aiohttp
import msgspec
import pytest
from aiohttp import web

from schemas.action import Action, ActionType, Role, Step
from schemas.alert import Kind, Priority
from streams.config.settings import Settings
from streams.gateways.mllp import frame
from streams.notify import pcd05_door
from streams.notify.channels.pcd04 import control_id
from streams.notify.channels.webhook import signature
from streams.notify.doors import app
from streams.notify.notice import Fate, Notice, Phase, short
from streams.notify.notifier import Notifier
from streams.notify.outbox import Outbox
from streams.notify.pcd05_door import Pcd05Door, taken
from streams.notify.routes import Audience, Channel, Recipient
from streams.notify.settings import NotifySettings
from tests.streams.notify.conftest import START, person, routes_of

KEY = b"0" * 16
PAGER = Recipient("pager", Channel.PCD04, role=Step.NURSE, address="127.0.0.1:1", receipts=True)


LEAD = replace(person(Step.SHIFT_LEAD, "lead"), key=b"another's key of 16")


class Desk:
    """A notifier that told a call to a phone and a pager, and what it put into Kafka."""

    def __init__(self, monkeypatch, *revisions) -> None:
        routes = routes_of(person(Step.NURSE, receipts=True), PAGER, LEAD)
        self.notifier = Notifier(Settings(), NotifySettings(), routes)
        self.actions: list[Action] = []
        self.notices: list[Notice] = []
        monkeypatch.setattr(self.notifier, "_write", self.write)
        told = [one for revision in revisions for one in self.notifier.book.take(revision, START)]
        self.phone = next(one for one in told if one.recipient == "nurse")
        self.pager = next(one for one in told if one.recipient == "pager")

    async def write(self, notices: list[Notice], actions: list[Action]) -> None:
        self.notices += notices
        self.actions += actions

    def post(self, body: bytes | dict, header: str | None = None, at: float | None = None) -> tuple[int, dict]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = signature(KEY, "k", int(time.time() if at is None else at), raw)

        async def story():
            runner = web.AppRunner(app(self.notifier))
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/receipts"
            headers = {"Vigilward-Signature": signed if header is None else header}
            async with aiohttp.ClientSession() as session, session.post(url, data=raw, headers=headers) as answer:
                said = answer.status, await answer.read()
            await runner.cleanup()
            return said

        status, said = asyncio.run(story())
        return status, json.loads(said) if said else {}

    def pcd05(self, word: str, about: str | None = None, who: str = "", head: str = "ORA^R41^ORA_R41") -> list[str]:
        person_ = f"PRT|1|UC||AAP^Acknowledging^HL70912|{who}\r" if who else ""
        message = (
            f"MSH|^~\\&|AM||VIGILWARD||20261122031000||{head}|77|P|2.6\r"
            f"MSA|AA|{about or control_id(self.pager)}\r{person_}"
            f"OBX|1|ST|68487^MDC_ATTR_ALERT_STATUS^MDC|1|{word}||||||F\r"
        )
        reply = asyncio.run(taken(self.notifier, message.encode())).decode()
        return next(line for line in reply.split("\r") if line.startswith("MSA")).split("|")[1:]


@pytest.fixture
def desk(monkeypatch, revision) -> Desk:
    return Desk(monkeypatch, revision())


def test_who_accepts_by_a_signed_callback_owns_the_alert_as_reviewing(desk):
    status, _ = desk.post({"id": desk.phone.id, "status": "accepted", "who": "R. Maas"})

    (action,) = desk.actions
    assert status == 204 and desk.notices[0].fate is Fate.ACCEPTED
    assert (action.action_type, action.reason, action.who, action.role) == (
        ActionType.ACKNOWLEDGE, "reviewing", "R. Maas (nurse)", Role.NURSE,
    )  # fmt: skip
    assert (action.step, action.recipient, action.recipients, action.revision) == (Step.NURSE, "nurse", 2, 1)
    assert action.called_at == START
    desk.post({"id": desk.phone.id, "status": "accepted", "who": "R. Maas"})
    assert desk.actions[0].action_id == desk.actions[1].action_id


@pytest.mark.parametrize(
    ("word", "kind"),
    [("delivered", ActionType.DELIVERED), ("seen", ActionType.SEEN), ("declined", ActionType.DECLINED)],
)
def test_what_a_device_says_is_the_systems_word_where_it_names_nobody(desk, word: str, kind: ActionType):
    assert desk.post({"id": desk.phone.id, "status": word})[0] == 204
    assert [(one.action_type, one.role, one.who) for one in desk.actions] == [(kind, Role.SYSTEM, "nurse")]


def test_a_receipt_that_is_not_signed_by_its_recipient_or_is_old_counts_for_nothing(desk):
    body = {"id": desk.phone.id, "status": "delivered"}
    for header, at, code in [
        ("", None, "bad_signature"),
        ("key=k,t=1,v1=" + "0" * 64, None, "bad_signature"),
        (signature(b"another sixteen!", "k", int(time.time()), json.dumps(body).encode()), None, "bad_signature"),
        (signature(LEAD.key, "k", int(time.time()), json.dumps(body).encode()), None, "bad_signature"),
        (None, time.time() - 400, "bad_time"),
    ]:
        assert (desk.post(body, header, at)[0], desk.post(body, header, at)[1]["code"]) == (401, code)
        unknown = desk.post({"id": "nobody's", "status": "delivered"}, header, at)
        assert (unknown[0], unknown[1]["code"]) == (401, code), "who has no key does not learn which calls there are"
    assert desk.actions == []


def test_a_word_that_comes_late_takes_nothing_back(desk):
    for word in ("accepted", "delivered", "seen"):
        assert desk.post({"id": desk.phone.id, "status": word, "who": "R. Maas"})[0] == 204

    assert desk.notifier.book.find(short(desk.phone.id)).fate is Fate.ACCEPTED
    assert [one.fate for one in desk.notices] == [Fate.ACCEPTED] and len(desk.actions) == 3


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 422, "body"),
        (b"[" * 9_000, 422, "body"),
        (b'{"id": "\\ud800", "status": "seen"}', 422, "id"),
        ({"status": "seen"}, 422, "id"),
        ({"id": "?", "status": "eaten"}, 422, "status"),
        ({"id": "?", "status": "accepted"}, 422, "who"),
        ({"id": "nobody's", "status": "seen"}, 404, "id"),
    ],
)
def test_what_cannot_be_taken_is_told_with_field_and_remedy(desk, body, status: int, field: str):
    said = desk.post(body)
    assert said[0] == status and said[1]["field"] == field and said[1]["remedy"]


def test_a_name_that_breaks_lines_is_refused(desk):
    status, said = desk.post({"id": desk.phone.id, "status": "accepted", "who": "R.\nMaas"})
    assert (status, said["field"], desk.actions) == (422, "who", [])


def test_pcd05_becomes_delivered_seen_accepted_and_declined(desk):
    maas = "4711^Maas^Ruth"
    for word, who in [("Delivered", ""), ("Read", ""), ("Accepted", maas), ("Rejected", maas), ("Undeliverable", "")]:
        assert desk.pcd05(word, who=who) == ["AA", "77"]

    assert [(one.action_type.value, one.who, one.role) for one in desk.actions] == [
        ("delivered", "pager", Role.SYSTEM),
        ("seen", "pager", Role.SYSTEM),
        ("acknowledge", "Ruth Maas (pager)", Role.NURSE),
        ("declined", "Ruth Maas (pager)", Role.NURSE),
        ("undeliverable", "pager", Role.SYSTEM),
    ]


def test_pcd05_that_names_nobody_accepts_nothing_and_one_that_is_none_is_refused(desk):
    assert desk.pcd05("Accepted") == ["AA", "77"] and desk.actions[0].action_type is ActionType.SEEN
    assert desk.pcd05("Received") == ["AA", "77"] and len(desk.actions) == 1
    assert desk.pcd05("Read", head="ORU^R01") == ["AR", "77"]
    assert desk.pcd05("Eaten") == ["AR", "77"]
    assert desk.pcd05("Read", about="unknown") == ["AE", "77"]
    assert desk.pcd05("Accepted", about=control_id(desk.phone), who="1^X") == ["AR", "77"], "a webhook's is signed"


def test_pcd05_is_read_by_its_own_delimiters_escapes_and_characters(desk):
    message = (
        "MSH#*%/$#AM##VIGILWARD##20261122031000##ORA*R41*ORA_R41#7/F/7#P#2.6######8859/1\r"
        f"MSA#AA#{control_id(desk.pager)}\rPRT#1#UC##AAP*Acknowledging*HL70912#4711*Müller$van*J/S/rg\r"
        "OBX#1#ST#68487*MDC_ATTR_ALERT_STATUS*MDC#1#Accepted######F\r"
    )
    reply = asyncio.run(taken(desk.notifier, message.encode("latin-1"))).decode()

    assert desk.actions[0].who == "J*rg Müller (pager)" and "MSA|AA|7#7\r" in reply
    other = message.replace("ORA*", "ORU*").replace("7/F/7", "a|b")
    refused = asyncio.run(taken(desk.notifier, other.encode("latin-1"))).decode()
    assert "MSA|AR|a\\F\\b\r" in refused


class Line:
    """A connection to a door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, data: bytes) -> bytes:
        self.writer.write(data)
        return await self.reader.read(4096)


def test_the_door_of_pcd05_keeps_none_that_is_silent_or_never_ends_and_takes_so_many(desk, monkeypatch):
    monkeypatch.setattr(pcd05_door, "MOST_CONNECTIONS", 2)

    async def story() -> list[bytes]:
        server = await Pcd05Door(desk.notifier, idle_s=0.5, message_s=0.2).listen("127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()[:2]
        one, two = [Line(*await asyncio.open_connection(host, port)) for _ in range(2)]
        said = [(await one.says(frame(b"MSH|^~\\&|AM||||1||ORU^R01|9|P|2.6\r")))[:4]]
        three = Line(*await asyncio.open_connection(host, port))
        said += [await three.says(b"")]  # refused
        said += list(await asyncio.gather(one.says(b""), two.says(b"\x0bMSH|^~")))  # silent; without an end
        four = Line(*await asyncio.open_connection(host, port))
        said += [(await four.says(frame(b"MSH|^~\\&|AM||||1||ORU^R01|9|P|2.6\r")))[:4]]
        for line in (one, two, three, four):
            line.writer.close()
        server.close()
        await server.wait_closed()
        return said

    async def within() -> list[bytes]:
        async with asyncio.timeout(30):
            return await story()

    assert asyncio.run(within()) == [b"\x0bMSH", b"", b"", b"", b"\x0bMSH"]


def test_a_joined_message_is_answered_for_every_alert_that_it_tells_of(monkeypatch, revision):
    facts = {"kind": Kind.TECHNICAL, "priority": Priority.MEDIUM}
    revisions = [revision(alert_id=f"a-{bed}", patient_id=f"p-{bed}", bed=bed, **facts) for bed in ("A01", "A02")]
    desk, box = Desk(monkeypatch, *revisions), Outbox()
    for one in desk.notifier.book.owed():
        if one.recipient == "nurse":
            box.add(one, 0.0)
    [(message, _)] = box.join(60.0)
    desk.notifier.book.remember(message)

    assert desk.post({"id": message.id, "status": "accepted", "who": "R. Maas"})[0] == 204
    assert [(one.alert_id, one.patient_id) for one in desk.actions] == [("a-A01", "p-A01"), ("a-A02", "p-A02")]


def test_what_the_transport_took_is_sent_and_what_it_did_not_in_a_minute_is_undeliverable(desk):
    async def story():
        box = Outbox()
        box.add(desk.phone, 0.0)
        await desk.notifier.dispatch.overdue(box, 59.0)
        await desk.notifier.dispatch.overdue(box, 60.0)
        await desk.notifier.dispatch.overdue(box, 61.0)
        await desk.notifier.dispatch.sent(box, desk.phone)
        await desk.notifier.dispatch.close()

    asyncio.run(story())
    assert [(one.action_type.value, one.awaited) for one in desk.actions] == [("undeliverable", False), ("sent", True)]


def test_no_receipt_is_said_of_machines_or_of_ends(monkeypatch, revision):
    machine = Recipient("gateway", Channel.PCD04, Audience.MACHINE, address="127.0.0.1:1")
    desk = Desk(monkeypatch, revision())
    told = msgspec.structs.replace(desk.pager, step=None, recipient=machine.name)

    assert desk.notifier.dispatch.said(msgspec.structs.replace(desk.pager, phase=Phase.END), ActionType.SENT) == []
    desk.notifier.dispatch.recipients[machine.name] = machine
    assert desk.notifier.dispatch.said(told, ActionType.SENT) == []
