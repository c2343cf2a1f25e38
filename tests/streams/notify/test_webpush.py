"""Web Push: each person a recipient of her own, encrypted for her browser; gone when it is gone; told if nobody's."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from aiohttp import web

from schemas.action import Role, Step
from schemas.alert import AlertStatus, Kind, Priority
from schemas.reading import Mode
from streams.notify.book import Book
from streams.notify.channels import Answer
from streams.notify.channels.webpush import LIVES_S, WebPush, payload
from streams.notify.devices import Devices, named
from streams.notify.notice import Fate, Notice, Phase, short, tag_of
from streams.notify.outbox import Outbox, joined
from streams.notify.routes import Channel, Recipient, RoutesFault
from streams.notify.serve import identity_of
from streams.notify.settings import NotifySettings
from streams.web_push.identity import Identity, verifier
from streams.web_push.subscription import Subscription, encode
from streams.web_push.ticket import read
from tests.streams.notify.conftest import START, person, routes_of
from tests.streams.web_push.receiving import BrowserKeys, sender_in

NURSES = Recipient("nurses", Channel.WEBPUSH, role=Step.NURSE, receipts=True)
HERE = ["127.0.0.1"]
NOW = START.timestamp()


class PushService:
    """A push service of the test's own: takes what it is told to, and keeps it."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: dict[str, int] = {}

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/{who}", self._take)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def _take(self, request: web.Request) -> web.Response:
        who = request.match_info["who"]
        self.taken.append((who, dict(request.headers), await request.read()))
        return web.Response(status=self.answers.get(who, 201))


@pytest.fixture(scope="module")
def identity(tmp_path_factory) -> Identity:
    return sender_in(tmp_path_factory.mktemp("key"))


def device(login: str, browser: BrowserKeys, url: str, role: Role = Role.NURSE, **more) -> Subscription:
    facts = {"until": NOW + 3_600, **more}
    return Subscription(login=login, role=role, endpoint=f"{url}/{login}", **browser.keys, **facts)


def known(*subscriptions: Subscription, services: list[str] = HERE) -> Devices:
    devices = Devices(services, lambda: NOW)
    for one in subscriptions:
        devices.take(one.id.encode(), encode(one))
    return devices


def pushed(
    identity: Identity, story: Callable[[PushService, Callable[[Recipient, Notice], object]], object], *logins: str
) -> tuple[PushService, dict[str, BrowserKeys], Devices, list[str]]:
    """A story with a push service and devices; what was taken, by whom, and who was removed."""
    service, browsers, removed = PushService(), {login: BrowserKeys() for login in logins}, []

    async def told() -> Devices:
        await service.start()
        devices = known(*(device(login, browser, service.url) for login, browser in browsers.items()))

        async def remove(one: Subscription) -> None:
            devices.drop(one)
            removed.append(one.login)

        sender = WebPush(identity, devices.find, remove, lambda: NOW)
        await story(service, sender.send)
        await sender.close()
        await service.runner.cleanup()
        return devices

    return service, browsers, asyncio.run(told()), removed


@pytest.fixture
def call(revision) -> Notice:
    (one,) = Book(routes_of(NURSES), Mode.REAL).take(revision(), START)
    return one


def test_each_person_with_a_device_is_a_recipient_of_her_own(revision):
    browser = BrowserKeys()
    devices = known(
        device("nora", browser, "http://127.0.0.1:1"),
        device("nils", browser, "http://127.0.0.1:1", wards=("A",)),
        device("other", browser, "http://127.0.0.1:1", wards=("B",)),
        device("gone", browser, "http://127.0.0.1:1", until=NOW - 1),
        device("lea", browser, "http://127.0.0.1:1", Role.SHIFT_LEAD),
        device("elsewhere", browser, "https://evil.example"),
    )
    lead = Recipient("leads", Channel.WEBPUSH, role=Step.SHIFT_LEAD)
    book = Book(routes_of(NURSES, lead, person(Step.NURSE)), Mode.REAL, devices.expand)
    steps = ((Step.NURSE, 0.0), (Step.SHIFT_LEAD, 4.0))
    told = book.take(revision(steps=steps, minutes=4), START)

    assert [(one.recipient, one.recipients) for one in told] == [
        ("nurses/nils", 3), ("nurses/nora", 3), ("nurse", 3), ("leads/lea", 1),
    ]  # fmt: skip
    ends = book.take(revision(2, AlertStatus.CLEARED, minutes=5), START + timedelta(minutes=5))
    assert [one.recipient for one in ends if one.id.endswith(":over")] == [one.recipient for one in told]
    assert [one.recipient for one in Book(routes_of(NURSES), Mode.REAL, known().expand).take(revision(), START)] == [
        "nurses"
    ]


@pytest.fixture
def nobodys() -> tuple[Book, Devices]:
    """A book whose nurses may come to have devices."""
    devices = known()
    return Book(routes_of(NURSES), Mode.REAL, devices.expand), devices


def subscribe(devices: Devices, login: str) -> None:
    one = device(login, BrowserKeys(), "http://127.0.0.1:1")
    devices.take(one.id.encode(), encode(one))


def owed_to(notices: list[Notice]) -> list[tuple[str, str]]:
    return [(one.recipient, one.phase.value) for one in notices if one.fate is Fate.OWED]


def test_a_call_that_nobody_had_a_device_for_is_handed_to_her_who_puts_one_and_rings_and_ends_once(revision, nobodys):
    book, devices = nobodys
    [waits] = book.take(revision(), START)
    book.attempted.add(waits.id)
    subscribe(devices, "nora")
    told = book.take(revision(2, minutes=1), START)

    assert [(one.recipient, one.fate) for one in told] == [
        ("nurses/nora", Fate.OWED), ("nurses", Fate.SUPERSEDED)
    ]  # fmt: skip
    assert told[1].id == waits.id and [one.recipient for one in book.owed()] == ["nurses/nora"]
    book.settle(told[0], Fate.SENT)
    assert book.take(revision(3, minutes=2), START) == []
    assert owed_to(book.take(revision(4, AlertStatus.CLEARED, minutes=3), START)) == [("nurses/nora", "end")]


def test_a_call_that_reached_all_devices_at_its_retry_is_not_told_again_to_each_person(revision, nobodys):
    book, devices = nobodys
    [waits] = book.take(revision(), START)
    subscribe(devices, "nora")
    book.settle(waits, Fate.SENT)

    assert book.take(revision(2, minutes=1), START) == []
    assert owed_to(book.take(revision(3, minutes=5, repeats=1), START)) == [("nurses/nora", "continue")]


def test_one_that_was_given_up_is_told_to_her_who_puts_a_device(revision, nobodys):
    book, devices = nobodys
    [waits] = book.take(revision(), START)
    subscribe(devices, "nora")
    book.settle(waits, Fate.UNDELIVERABLE)

    assert owed_to(book.take(revision(2, minutes=1), START)) == [("nurses/nora", "start")]


def test_after_an_answer_and_a_new_call_she_is_called_though_the_first_went_to_all(revision, nobodys):
    book, devices = nobodys
    [waits] = book.take(revision(), START)
    subscribe(devices, "nora")
    book.settle(waits, Fate.SENT)
    ends = book.take(revision(2, AlertStatus.ACKNOWLEDGED, minutes=1, who="Nora"), START)
    again = book.take(revision(3, minutes=2), START)
    over = book.take(revision(4, AlertStatus.CLEARED, minutes=3), START)

    assert (owed_to(ends), owed_to(again)) == ([("nurses", "end")], [("nurses/nora", "start")])
    assert owed_to(over) == [("nurses/nora", "end")]


def test_a_browser_opens_its_call_and_finds_a_ticket_that_names_no_patient(identity, call):
    answers: list[Answer] = []

    async def story(_, send) -> None:
        answers.append(await send(named(NURSES, "nora"), call))

    service, browsers, _, _ = pushed(identity, story, "nora", "nils")
    [(who, headers, body)] = service.taken
    said = json.loads(browsers["nora"].open(body))
    ticket = read(said["ticket"], verifier(identity.public))

    assert (who, answers[0].ok) == ("nora", True)
    assert (headers["TTL"], headers["Urgency"], headers["Content-Encoding"]) == (str(LIVES_S), "high", "aes128gcm")
    assert headers["Topic"] == short(call.alert_id) and len(headers["Topic"]) <= 32
    assert headers["Authorization"].startswith("vapid t=")
    assert (said["title"], said["phase"]) == ("Bed A01, ward A, high priority", "start")
    assert said["body"] == "SpO2 84 %. Information, not a certified alarm."
    assert (ticket.notice, ticket.recipient, ticket.calls[0].alert_id) == (short(call.id), "nurses", "a-1")
    assert ticket.calls[0].called_at == START.timestamp() * 1_000
    assert b"p-secret" not in browsers["nora"].open(body) and "p-secret" not in str(ticket)


def test_a_device_that_is_gone_is_removed_and_nobodys_call_is_told_at_once(identity, call):
    answers: list[Answer] = []

    async def story(service, send) -> None:
        service.answers["nora"] = 410
        answers.append(await send(NURSES, call))
        service.answers["nils"] = 404
        answers.append(await send(NURSES, call))
        answers.append(await send(named(NURSES, "nora"), call))

    service, _, devices, removed = pushed(identity, story, "nils", "nora")
    assert [one.ok for one in answers] == [True, False, False] and removed == ["nora", "nils"]
    assert answers[1].shut and not answers[1].final and "put a device" in answers[1].said
    assert devices.people(NURSES, None) == [] and len(service.taken) == 3


@pytest.mark.parametrize(("status", "shut", "final"), [(500, False, False), (429, False, False), (403, True, False)])
def test_a_push_service_that_refuses_is_tried_again(identity, call, status: int, shut: bool, final: bool):
    answers: list[Answer] = []

    async def story(service, send) -> None:
        service.answers["nora"] = status
        answers.append(await send(NURSES, call))

    _, _, _, removed = pushed(identity, story, "nora")
    assert (answers[0].ok, answers[0].shut, answers[0].final, removed) == (False, shut, final, [])


def test_an_end_has_no_ticket_and_takes_the_calls_place(identity, call, revision):
    book = Book(routes_of(NURSES), Mode.REAL)
    (begun,) = book.take(revision(), START)
    book.attempted.add(begun.id)
    (over,) = book.take(revision(2, AlertStatus.CLEARED, minutes=4), START)
    said = json.loads(payload(over, identity, NOW))

    assert "ticket" not in said and said["tag"] == json.loads(payload(begun, identity, NOW))["tag"]
    assert said["body"].startswith("called 03:10 UTC, ended 03:14 UTC")


@pytest.fixture
def calls_of(revision) -> Callable[..., list[Notice]]:
    """One technical call below high for each of these beds."""

    def calls_of(*beds: int, **more) -> list[Notice]:
        facts = {"kind": Kind.TECHNICAL, "priority": Priority.MEDIUM, "subject": "silent", **more}
        book = Book(routes_of(NURSES), Mode.REAL)
        return [one for bed in beds for one in book.take(revision(alert_id=f"a-{bed}", **facts), START)]

    return calls_of


def ended(one: Notice) -> Notice:
    return msgspec.structs.replace(one, id=f"{one.id}:over", phase=Phase.END, step=None)


def test_what_becomes_of_one_bed_takes_away_no_message_of_several(identity, calls_of):
    calls = calls_of(1, 2, 3)
    message = joined(calls)
    (rises,) = calls_of(1, priority=Priority.HIGH)
    card, own_end, rise = (json.loads(payload(one, identity, NOW)) for one in (message, ended(calls[0]), rises))

    assert card["tag"] not in (own_end["tag"], rise["tag"]) and own_end["tag"] == rise["tag"]
    assert len(card["alerts"]) == 3 and set(own_end["alerts"]) < set(card["alerts"])


def test_a_later_message_of_the_same_beds_takes_the_place_of_theirs_and_of_others_does_not(identity, calls_of):
    calls = calls_of(1, 2, 3)
    over = [ended(one) for one in reversed(calls)]

    assert tag_of(joined(over)) == tag_of(joined(calls)) == json.loads(payload(joined(over), identity, NOW))["tag"]
    assert len({tag_of(one) for one in (joined(calls), joined(over[:2]), joined(over[1:]), over[0])}) == 4


def test_a_push_service_keeps_the_message_of_several_beds_beside_what_becomes_of_one(identity, calls_of):
    calls = calls_of(1, 2)

    async def story(_, send) -> None:
        for one in (joined(calls), ended(calls[0]), joined([ended(one) for one in calls])):
            await send(NURSES, one)

    service, *_ = pushed(identity, story, "nora")
    both, one, over = (headers["Topic"] for _, headers, _ in service.taken)
    assert both == over != one


@pytest.mark.parametrize(("beds", "whole"), [(26, True), (400, False)])
def test_a_wards_calls_fit_into_one_message_and_of_more_the_first(identity, revision, beds: int, whole: bool):
    book, box = Book(routes_of(NURSES), Mode.REAL), Outbox()
    facts = {"kind": Kind.TECHNICAL, "priority": Priority.MEDIUM, "subject": "silent"}
    for number in range(beds):
        name = short(str(number))
        (one,) = book.take(revision(alert_id=f"{name}-{name}", bed=f"A{number:02d}", **facts), START)
        box.add(one, 0.0)
    [(message, _)] = box.join(60.0)
    said = payload(message, identity, NOW)
    calls = read(json.loads(said)["ticket"], verifier(identity.public)).calls

    assert len(said) < 4_000 and (len(calls) == beds) is whole and len(calls) >= 26
    assert len(json.loads(said)["alerts"]) == (beds if whole else 0), "all or none"


def test_whoever_is_pushed_to_without_a_key_is_an_error_at_the_start(tmp_path):
    routes = routes_of(NURSES)
    with pytest.raises(RoutesFault, match="new-push-key"):
        identity_of(NotifySettings(), routes)
    (tmp_path / "rsa").write_text("no key")
    with pytest.raises(RoutesFault, match="new-push-key"):
        identity_of(NotifySettings(push_key_file=tmp_path / "rsa"), routes)
    assert identity_of(NotifySettings(), routes_of(person(Step.NURSE))) is None


def test_a_subscription_that_cannot_be_read_costs_itself_alone():
    hers = device("nora", BrowserKeys(), "http://127.0.0.1:1")
    devices = known(hers)
    devices.take(b"x", b"[" * 50_000)
    devices.take(b"y", encode(msgspec.structs.replace(hers, login="nils", auth="AAAA")))
    assert devices.people(NURSES, "A") == ["nora"]
    devices.take(hers.id.encode(), None)
    assert devices.people(NURSES, "A") == []
