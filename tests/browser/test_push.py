"""What a browser shows of calls: messages of several beds, and signing out while the board takes no word.

These pages are private windows, in which nobody can subscribe: `PushManager` gives a subscription of the test's own,
whose push service opens each message as a browser does; what it opened is handed to the service worker by the browser's
debugger. The service worker, its notifications, the board and the actions are real. Chromium's own subscription and
decryption: `test_push_by_chromium.py`.
"""

import asyncio
import json
import socket
import threading
import time

import msgspec
import pytest
from aiohttp import web
from playwright.sync_api import Page, Worker, expect

from schemas.action import Step
from schemas.reading import Mode
from streams.config.topics import Topic
from streams.notify.alerts import decode as alert_of
from streams.notify.book import Book
from streams.notify.channels.webpush import WebPush
from streams.notify.devices import Devices
from streams.notify.notice import Notice, Phase
from streams.notify.outbox import joined
from streams.notify.routes import Channel, Recipient
from streams.web_push.identity import Identity
from tests.browser.made import Bed
from tests.streams.board.conftest import BoardProcess, everything
from tests.streams.board.test_push import PASSWORD, subscriptions
from tests.streams.notify.conftest import routes_of
from tests.streams.web_push.receiving import BrowserKeys

NURSES = Recipient("nurses", Channel.WEBPUSH, role=Step.NURSE, receipts=True)
STUB = """
const given = %s;
Notification.requestPermission = async () => "granted";
PushManager.prototype.subscribe = async function ({ applicationServerKey }) {
  sessionStorage.asked = applicationServerKey.length;
  sessionStorage.on = "1";
  const unsubscribe = async () => { delete sessionStorage.on; return true; };
  return { endpoint: given.endpoint, toJSON: () => given, unsubscribe };
};
PushManager.prototype.getSubscription = async function () {
  return sessionStorage.on ? this.subscribe({ applicationServerKey: [] }) : null;
};
"""


class Screen:
    """A nurse's browser: the page, its service worker, and what that shows."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def worker(self) -> Worker:
        [one] = self.page.context.service_workers
        return one

    def shown(self) -> list[dict]:
        return self.worker.evaluate(
            "async () => (await self.registration.getNotifications()).map((one) => ({ title: one.title, body: one.body,"
            " tag: one.tag, silent: one.silent, actions: one.actions.map((way) => way.action) }))"
        )

    def touch(self, action: str) -> None:
        """As the browser calls the handler; no finger touches a notification here."""
        self.worker.evaluate(
            "async (action) => self.clicked((await self.registration.getNotifications())[0], action)", action
        )


class Phone(Screen):
    """One that is handed what it was pushed."""

    def __init__(self, page: Page, browser: BrowserKeys, endpoint: str) -> None:
        super().__init__(page)
        self.keys, self.endpoint = browser, endpoint
        self.cdp = page.context.new_cdp_session(page)
        self.registrations: list[dict] = []
        self.cdp.on(
            "ServiceWorker.workerRegistrationUpdated", lambda said: self.registrations.extend(said["registrations"])
        )
        self.cdp.send("ServiceWorker.enable")

    def hand_over(self, message: bytes) -> None:
        """What the push service opened, as the browser's own decryption would hand it on."""
        origin = self.page.url.split("/", 3)
        self.cdp.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": "/".join(origin[:3]),
                "registrationId": self.registrations[-1]["registrationId"],
                "data": self.keys.open(message).decode(),
            },
        )

    def bring(self, message: bytes, holds):
        """Hands a message over until what it brings is seen: a push service, too, brings again what was lost."""
        ends = time.monotonic() + 40
        while time.monotonic() < ends:
            self.hand_over(message)
            again = time.monotonic() + 5
            while time.monotonic() < again:
                if found := holds():
                    return found
                time.sleep(0.1)
        raise AssertionError("it did not become so")


def push(identity: Identity, notices: list[Notice], phone: Phone, subscription: dict) -> list[bytes]:
    """The notifier's channel sends to a push service of the test's own; what that was sent."""
    taken: list[bytes] = []

    async def story() -> None:
        async def take(request: web.Request) -> web.Response:
            taken.append(await request.read())
            return web.Response(status=201)

        app = web.Application()
        app.router.add_post("/nora", take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(phone.endpoint.split(":")[2].split("/")[0])).start()
        devices = Devices(["127.0.0.1"])
        devices.take(b"", json.dumps(subscription).encode())
        channel = WebPush(identity, devices.find, None)
        for one in notices:
            assert (await channel.send(NURSES, one)).ok
        await channel.close()
        await runner.cleanup()

    aside = threading.Thread(target=lambda: asyncio.run(story()))  # the browser's driver has a loop of its own here
    aside.start()
    aside.join(30)
    return taken


def until(holds, within_s: float = 20.0):
    ends = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < ends, "it did not become so"
        time.sleep(0.1)
    return found


@pytest.fixture
def phone(screen, pushing: BoardProcess) -> Phone:
    with socket.create_server(("127.0.0.1", 0)) as free:
        keys, endpoint = BrowserKeys(), f"http://127.0.0.1:{free.getsockname()[1]}/nora"
    one = screen(address=pushing.address)
    one.context.grant_permissions(["notifications"], origin=pushing.address)
    one.context.add_init_script(STUB % json.dumps(keys.told(endpoint)))
    page = one.open()
    sign_in(page)
    return Phone(page, keys, endpoint)


def sign_in(page: Page) -> None:
    page.fill("[name=login]", "nora")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".tile")


def turn_on(page: Page) -> None:
    """As she does who wants to be called."""
    page.get_by_role("button", name="Settings").click()
    page.locator("#calls-here").click()
    expect(page.locator("#calls-here")).to_be_checked(timeout=20_000)  # once the board knows the browser
    page.keyboard.press("Escape")


def revision_of(settings, bed: Bed) -> bytes:
    """The newest revision of its alert, as it stands in the topic, of a real patient."""
    newest = [value for _, _, value in everything(settings, Topic.ALERTS) if value["alert_id"] == bed.alert_id][-1]
    return json.dumps(newest | {"mode": "real"}).encode()


def said(settings, bed: Bed) -> list[dict]:
    every = [value for _, _, value in everything(settings, Topic.ACTIONS) if value.get("alert_id") == bed.alert_id]
    return [one for one in every if one.get("recipient")]


def alerts_on(phone: Phone, tag: str) -> int:
    """How many alerts still call on a notification."""
    return phone.worker.evaluate(
        "async (tag) => (await self.registration.getNotifications({ tag }))[0].data.alerts.length", tag
    )


def called_here(phone: Phone, settings) -> dict:
    """Calls to this browser, turned on by its person; the subscription as the notifier reads it."""
    turn_on(phone.page)
    [known] = [one for one in subscriptions(settings).values() if one and one["endpoint"] == phone.endpoint]
    return known


def test_a_call_of_several_beds_stays_with_its_answers_until_each_of_them_is_over(
    phone: Phone, settings, identity: Identity, calling: Bed
):
    subscription = called_here(phone, settings)
    alert = alert_of(revision_of(settings, calling))
    [call] = Book(routes_of(NURSES), Mode.REAL).take(alert, alert.at)
    calls = [msgspec.structs.replace(call, id=f"{call.id}:{bed}", alert_id=bed, bed=bed) for bed in ("A01", "A02")]
    ends = [
        msgspec.structs.replace(one, id=f"{one.id}:over", phase=Phase.END, step=None, text=f"Bed {one.bed}: ended")
        for one in calls
    ]
    both, *over = push(identity, [joined(calls), *ends], phone, subscription)

    [card] = phone.bring(both, phone.shown)
    phone.bring(over[0], lambda: len(phone.shown()) == 2)
    until(lambda: card["tag"] in [one["tag"] for one in phone.shown()] and alerts_on(phone, card["tag"]) == 1)
    assert card in phone.shown() and card["actions"] == ["accept", "decline"], "bed A02 still calls"
    phone.bring(over[1], lambda: len(phone.shown()) == 2 and card["tag"] not in [one["tag"] for one in phone.shown()])


def test_whoever_signs_out_is_called_no_more_though_the_board_takes_no_word_of_it(phone: Phone, settings):
    page = phone.page
    called_here(phone, settings)
    assert page.evaluate("sessionStorage.on") == "1"
    page.route("**/api/push/devices/remove", lambda route: route.fulfill(status=503, body="{}"))

    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()

    expect(page.locator("[name=login]")).to_be_visible()
    assert page.evaluate("sessionStorage.on ?? null") is None
