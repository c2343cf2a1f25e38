"""The bytes that leave: a signed CloudEvent, and an ORU^R40 that IHE's profile names."""

import asyncio
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

import msgspec
import pytest
from aiohttp import web

from schemas.action import Step
from schemas.alert import Kind, Priority
from schemas.reading import Mode
from streams.gateways.mllp import Frames, frame
from streams.notify.book import Book
from streams.notify.channels.fhir import bundle
from streams.notify.channels.pcd04 import Pcd04, control_id, message
from streams.notify.channels.webhook import Webhook, body_of
from streams.notify.notice import Notice, Phase
from streams.notify.routes import Audience, Channel, Recipient
from tests.streams.notify.conftest import MACHINE, START, person, routes_of

KEY = b"0" * 16


@pytest.fixture
def call(revision) -> Notice:
    (one,) = Book(routes_of(person(Step.NURSE)), Mode.REAL).take(revision(1, headline="SpO2 84 % | A&E"), START)
    return one


def test_an_event_is_complete_and_names_no_patient_unless_the_route_says_so(call):
    event = json.loads(body_of(call, person(Step.NURSE)))

    assert {"specversion": "1.0", "id": call.id, "type": "vigilward.alert.raised"}.items() <= event.items()
    assert "not a certified alarm" in event["data"]["text"] and event["time"].endswith("Z")
    assert "p-secret" not in json.dumps(event)
    assert json.loads(body_of(call, person(Step.NURSE, "x", patient_id=True)))["data"]["patient_id"] == "p-secret"


@pytest.mark.parametrize("mode", Mode)
def test_every_channel_that_carries_test_data_says_so(call, mode: Mode):
    one = msgspec.structs.replace(call, mode=mode)
    labels = [entry["resource"].get("meta", {}).get("security") for entry in bundle(one, MACHINE)["entry"]]

    assert json.loads(body_of(one, MACHINE))["data"]["mode"] == mode
    assert {label is None for label in labels} == {mode is Mode.REAL}
    assert all(label is None or label[0]["code"] == "HTEST" for label in labels)


def post(call: Notice, answer) -> tuple:
    """What a receiver on this machine got, and what the channel made of its answer."""
    got: list[tuple[dict[str, str], bytes]] = []

    async def story():
        async def receive(request: web.Request) -> web.StreamResponse:
            got.append((dict(request.headers), await request.read()))
            return await answer()

        app = web.Application()
        app.router.add_post("/", receive)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        channel = Webhook(clock=lambda: 1_700_000_000.0)
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        try:
            said = await channel.send(
                Recipient("n", Channel.WEBHOOK, role=Step.NURSE, url=url, key_id="k1", key=KEY), call
            )
        finally:
            await channel.close()
            await runner.cleanup()
        return said

    return asyncio.run(story()), got


async def _answer(status: int, **headers: str) -> web.Response:
    return web.Response(status=status, headers=headers)


def test_the_signature_is_what_a_receiver_computes(call):
    said, [(headers, body)] = post(call, lambda: _answer(204))

    parts = dict(part.split("=", 1) for part in headers["Vigilward-Signature"].split(","))
    assert said.ok and parts["key"] == "k1"
    assert parts["v1"] == hmac.new(KEY, parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Idempotency-Key"] == hashlib.sha256(call.id.encode()).hexdigest()
    assert headers["Content-Type"].startswith("application/cloudevents+json")


@pytest.mark.parametrize(
    ("status", "final", "shut"),
    [
        (500, False, False), (503, False, False), (429, False, False), (408, False, False),
        (400, True, False), (413, True, False), (422, True, False),
        (401, False, True), (403, False, True), (404, False, True), (409, False, True), (410, False, True),
        (302, False, True),
    ],
)  # fmt: skip
def test_only_what_is_said_of_these_bytes_is_final_and_a_wrong_key_or_address_waits_to_be_mended(
    call, status: int, final: bool, shut: bool
):
    said, _ = post(call, lambda: _answer(status))

    assert (said.ok, said.final, said.shut, said.answered) == (False, final, shut, status not in (429, 503))


def test_a_receiver_that_believes_no_signature_is_told_with_how_far_its_clock_is_from_ours(call):
    async def answer() -> web.Response:
        return web.Response(status=401, headers={"Date": "Sun, 22 Nov 2020 03:10:00 GMT"})

    said = post(call, answer)[0].said
    assert re.fullmatch(r"HTTP 401, and its clock lies \d{9} s from ours", said), said
    assert post(call, lambda: _answer(401))[0].said == "HTTP 401"


@pytest.mark.parametrize("date", ["soon", "Mon, 30 Nov 2026 12:00:00 +99999999999999999", "30 Nov 99999 12:00:00 GMT"])
def test_a_receivers_odd_date_is_passed_over(call, date: str):
    async def answer() -> web.Response:
        return web.Response(status=401, headers={"Date": date})

    assert post(call, answer)[0].said == "HTTP 401"


def test_a_receiver_may_ask_for_a_pause(call):
    said, _ = post(call, lambda: _answer(429, **{"Retry-After": "17"}))

    assert said.wait_s == 17.0


@pytest.mark.parametrize(
    ("pause", "wait_s"), [("9" * 5_000, 300.0), ("-1", None), ("Mon, 30 Nov 2026 12:00:00 GMT", None)]
)
def test_a_pause_is_never_longer_than_five_minutes_and_one_that_is_no_number_is_ours_to_choose(call, pause, wait_s):
    assert post(call, lambda: _answer(429, **{"Retry-After": pause}))[0].wait_s == wait_s


def fields(one: Notice, recipient: Recipient = MACHINE) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for line in message(one, recipient).decode().rstrip("\r").split("\r"):
        parts = line.split("|")
        found.setdefault(parts[0], []).append(parts)
    return found


def test_an_alert_is_an_r40_with_source_phase_state_priority_and_type(call):
    found = fields(call)
    [head], facets = found["MSH"], {row[3].split("^")[0]: row for row in found["OBX"]}

    assert (head[8], head[9], head[11], head[20]) == (
        "ORU^R40^ORU_R40", control_id(call), "2.6", "IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO",
    )  # fmt: skip
    assert facets["196616"][5].endswith("SpO2 84 % \\F\\ A\\T\\E. Information, not a certified alarm.")
    assert facets["196616"][8] == "PH~SP"
    assert [facets[code][5] for code in ("68481", "68482", "68484", "68485")] == ["start", "active", "PH", "SP"]
    assert "p-secret" not in message(call, MACHINE).decode()


@pytest.mark.parametrize(
    ("facts", "priority", "kind"),
    [
        ({"priority": Priority.MEDIUM}, "PM", "SP"),
        ({"priority": Priority.LOW, "kind": Kind.TECHNICAL}, "PL", "ST"),
        ({"phase": Phase.END}, "PN", "SP"),
    ],
)
def test_priorities_and_types_are_the_profiles(call, facts, priority: str, kind: str):
    facets = {row[3].split("^")[0]: row for row in fields(msgspec.structs.replace(call, **facts))["OBX"]}

    assert (facets["68484"][5], facets["68485"][5]) == (priority, kind)


def exchange(call: Notice, replies: list[bytes]) -> list:
    """What the channel made of each reply of a receiver on this machine; an empty one hangs up."""

    async def story():
        left = list(replies)

        async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            frames = Frames(100_000)
            while data := await reader.read(4_096):
                for _ in frames.feed(data):
                    reply = left.pop(0)
                    if not reply:
                        writer.close()
                        return
                    writer.write(frame(reply))
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        channel, one = Pcd04(), Recipient("m", Channel.PCD04, Audience.MACHINE, address=address)
        try:
            return [await channel.send(one, call) for _ in replies]
        finally:
            await channel.close()
            server.close()
            await asyncio.sleep(0.05)  # the receiver's own end of the connection closes

    return asyncio.run(story())


def test_an_acknowledgement_counts_only_for_its_own_message(call):
    ack = f"MSH|^~\\&|R\rMSA|AA|{control_id(call)}\r".encode()
    refused = f"MSH|^~\\&|R\rMSA|AE|{control_id(call)}\r".encode()

    taken, hung_up, again, no = exchange(call, [ack, b"", ack, refused])

    assert taken.ok and again.ok
    assert (hung_up.ok, hung_up.final) == (False, False)
    assert (no.ok, no.final) == (False, True)


@pytest.mark.parametrize(
    ("code", "error", "final"),
    [
        ("AE", "", True), ("CR", "", True), ("AR", "", False), ("CE", "", False), ("AE", "207", False),
        ("AE", "206", False), ("AR", "200", True), ("CE", "101", True),
    ],
)  # fmt: skip
def test_a_refusal_that_may_pass_is_tried_again(call, code: str, error: str, final: bool):
    told = f"ERR|||{error}^why^HL70357|E\r" if error else ""
    (said,) = exchange(call, [f"MSH|^~\\&|R\rMSA|{code}|{control_id(call)}\r{told}".encode()])

    assert (said.ok, said.final, said.answered) == (False, final, True)


def test_times_carry_their_offset():
    from streams.notify.channels.pcd04 import time_text

    assert time_text(datetime(2026, 11, 22, 3, 10, 0, 500_000, UTC)) == "20261122031000.500+0000"


def test_a_receiver_whose_pause_is_no_number_is_tried_again_by_our_own(call):
    said, _ = post(call, lambda: _answer(429, **{"Retry-After": "²"}))

    assert (said.ok, said.final, said.wait_s) == (False, False, None)
