"""Calls to browsers: put under one's name by a session, answered with a ticket, accepted under the name signed in."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.times import to_text
from streams.board.accounts import as_lines, role_of
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.web_push.identity import Identity
from streams.web_push.ticket import Ticket, TicketCall, write
from tests.browser.made import Bed, Ward
from tests.streams.board.conftest import PASSWORD, BoardProcess, Visitor, everything
from tests.streams.web_push.receiving import BrowserKeys, sender_in

CALLED_AT = 1_795_000_000_123


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return sender_in(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    lines = [as_lines(login, login.title(), role_of(role), PASSWORD) for login, role in PEOPLE]
    path.write_text("\n".join(lines).replace("[other]\n", '[other]\nwards = ["B"]\n'))
    return path


PEOPLE = [("nora", "nurse"), ("nils", "nurse"), ("vera", "viewer"), ("other", "nurse")]


@pytest.fixture(scope="module")
def bed(ward: Ward) -> Bed:
    one = Bed(1)
    one.alert_id = one.raise_("Resp rate 27/min, usual 16")
    ward.tell(one, *one.alerts)
    ward.flush()
    return one


@pytest.fixture(scope="module")
def board(settings: Settings, bed: Bed, accounts: Path, identity: Identity) -> Iterator[BoardProcess]:
    push = {"push_public_key": identity.public, "push_services": '["push.example"]'}
    process = BoardProcess(settings, accounts=accounts, send_within_s=5, **push).start()
    yield process
    process.kill()


def signed_in(board: BoardProcess, login: str) -> Visitor:
    return Visitor(board.address).sign_in(login)


def subscriptions(settings: Settings) -> dict[str, dict[str, Any] | None]:
    """The newest record of every browser."""
    reader = Consumer({**settings.librdkafka(), "group.id": "t", "enable.partition.eof": True})
    reader.assign([TopicPartition(settings.topic(Topic.SUBSCRIPTIONS), 0, 0)])
    found: dict[str, dict[str, Any] | None] = {}
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for message in reader.consume(100, 0.1):
            if message.error() is not None:
                reader.close()
                return found
            found[message.key().decode()] = json.loads(message.value()) if message.value() else None
    raise AssertionError("the topic was not read to its end within 30 s")


def ticket(identity: Identity, bed: Bed, recipient: str = "nurses/nora", at: float | None = None, **more: Any) -> str:
    call = TicketCall(more.get("alert_id", bed.alert_id), "nurse", 1, CALLED_AT, 2)
    return write(Ticket("0" * 20, recipient, int(time.time() if at is None else at), (call,)), identity)


def said_of(settings: Settings, bed: Bed) -> list[dict[str, Any]]:
    return [value for _, _, value in everything(settings, Topic.ACTIONS) if value["patient_id"] == bed.patient]


def test_a_browser_is_under_the_name_of_whoever_is_signed_in_until_her_session_ends_or_her_account(
    settings: Settings, board: BoardProcess, accounts: Path
):
    nora, browser = signed_in(board, "nora"), BrowserKeys()
    device = browser.told("https://push.example/one")
    assert nora.ask("GET", "/api/me")[1]["push_key"]
    before = time.time()
    assert nora.ask("POST", "/api/push/devices", device)[0] == 201
    [(name, one)] = subscriptions(settings).items()
    assert (one["login"], one["role"], one["endpoint"]) == ("nora", "nurse", device["endpoint"])
    assert before + 12 * 3_600 < one["until"] < time.time() + 14 * 3_600

    assert signed_in(board, "nils").ask("POST", "/api/push/devices", device)[0] == 201
    assert [(key, said["login"]) for key, said in subscriptions(settings).items()] == [(name, "nils")]
    assert nora.ask("POST", "/api/push/devices/remove", {"endpoint": device["endpoint"]})[0] == 201
    assert subscriptions(settings) == {name: None}

    assert signed_in(board, "nils").ask("POST", "/api/push/devices", device)[0] == 201
    accounts.write_text(accounts.read_text().replace("[nils]", "[nobody]"))
    until = time.monotonic() + 40
    while subscriptions(settings)[name] is not None:
        assert time.monotonic() < until, "a browser under an account that is gone stays"
        time.sleep(0.5)


def test_nobody_who_is_not_signed_in_may_not_act_or_sends_something_else_subscribes(board: BoardProcess):
    device = BrowserKeys().told("https://push.example/two")
    assert Visitor(board.address).ask("POST", "/api/push/devices", device)[0] == 401
    assert signed_in(board, "vera").ask("POST", "/api/push/devices", device)[0] == 403
    nora = signed_in(board, "nora")
    assert nora.ask("POST", "/api/push/devices", {**device, "endpoint": "http://push.example/two"})[0] == 422
    assert nora.ask("POST", "/api/push/devices", {**device, "keys": {"p256dh": "AA", "auth": "AA"}})[0] == 422
    status, said = nora.ask("POST", "/api/push/devices", {**device, "endpoint": "https://other.example/two"})
    assert status == 422 and "other.example" in said["detail"] and "VIGILWARD_BOARD_PUSH_SERVICES" in said["detail"]
    nora.csrf = "forged"
    assert nora.ask("POST", "/api/push/devices", device)[0] == 403


def test_a_locked_browser_says_delivered_seen_and_declined_and_accepts_nothing(
    settings: Settings, board: BoardProcess, bed: Bed, identity: Identity
):
    locked, text = Visitor(board.address), ticket(identity, bed)
    for word in ("delivered", "delivered", "seen", "declined"):
        assert locked.ask("POST", "/api/push/answers", {"ticket": text, "word": word}) == (201, {"said": 1})
    assert locked.ask("POST", "/api/push/answers", {"ticket": text, "word": "accepted"})[0] == 401

    said = said_of(settings, bed)
    assert [one["action_type"] for one in said] == ["delivered", "delivered", "seen", "declined"]
    assert said[0]["action_id"] == said[1]["action_id"], "the same word of the same message is one action"
    assert {(one["who"], one["role"], one["recipient"], one["step"]) for one in said} == {
        ("nurses/nora", "system", "nurses/nora", "nurse")
    }
    assert {(one["called_at"], one["recipients"]) for one in said} == {(to_text(CALLED_AT), 2)}


def test_who_accepts_owns_as_reviewing_under_the_name_that_is_signed_in(
    settings: Settings, board: BoardProcess, bed: Bed, identity: Identity
):
    nora, text = signed_in(board, "nora"), ticket(identity, bed)
    good, nora.csrf = nora.csrf, "forged"
    assert nora.ask("POST", "/api/push/answers", {"ticket": text, "word": "accepted"})[0] == 403
    nora.csrf = good
    assert nora.ask("POST", "/api/push/answers", {"ticket": text, "word": "accepted"}) == (201, {"said": 1})
    assert signed_in(board, "vera").ask("POST", "/api/push/answers", {"ticket": text, "word": "accepted"})[0] == 403
    assert signed_in(board, "other").ask("POST", "/api/push/answers", {"ticket": text, "word": "accepted"})[0] == 404

    [one] = [one for one in said_of(settings, bed) if one["action_type"] == "acknowledge"]
    assert (one["who"], one["login"], one["role"], one["reason"]) == ("Nora", "nora", "nurse", "reviewing")
    assert (one["recipient"], one["step"], one["revision"]) == ("nurses/nora", "nurse", 1)


def test_what_no_notifier_of_this_site_has_signed_or_is_long_over_says_nothing(
    board: BoardProcess, bed: Bed, identity: Identity, tmp_path: Path
):
    other = sender_in(tmp_path)
    locked = Visitor(board.address)
    for text, status in [
        ("x", 401),
        (ticket(other, bed), 401),
        (ticket(identity, bed, at=time.time() - 25 * 3_600), 401),
        (ticket(identity, bed, alert_id="unknown"), 404),
    ]:
        assert locked.ask("POST", "/api/push/answers", {"ticket": text, "word": "seen"})[0] == status
    origin = {"Origin": "https://evil.example"}
    body = {"ticket": ticket(identity, bed), "word": "seen"}
    assert locked.ask("POST", "/api/push/answers", body, **origin)[0] == 403


def test_the_page_can_be_installed_and_its_service_worker_answers_for_all_of_it(board: BoardProcess):
    visitor = Visitor(board.address)
    status, text = visitor.ask("GET", "/manifest.webmanifest")
    said = json.loads(text)
    assert (status, said["display"], said["start_url"]) == (200, "standalone", "/")
    assert visitor.headers.get_content_type() == "application/manifest+json"
    assert visitor.ask("GET", said["icons"][0]["src"])[0] == 200
    status, _ = visitor.ask("GET", "/sw.js")
    assert (status, visitor.headers["Cache-Control"]) == (200, "no-cache")
    assert visitor.headers.get_content_type() == "text/javascript"
