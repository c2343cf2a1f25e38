"""Calls on a browser whose page is closed: Chromium itself subscribes on the board's page, opens what the notifier's
channel encrypted, and starts our service worker, which shows it and says what became of it.

The maker's push service is one of the test's own. That somebody's finger touches a notification is not tried: its
handler is called.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import BrowserContext, expect

from deploy.make import tools
from schemas.reading import Mode
from streams.notify.alerts import decode as alert_of
from streams.notify.book import Book
from streams.notify.channels import Answer
from streams.notify.channels.webpush import WebPush
from streams.notify.devices import Devices
from streams.notify.notice import Notice
from tests.browser.conftest import FLAGS
from tests.browser.made import Bed
from tests.browser.push_service import WITHIN_S, PushService
from tests.browser.test_push import NURSES, Screen, revision_of, said, sign_in, turn_on, until
from tests.streams.board.conftest import BoardProcess
from tests.streams.board.test_push import subscriptions
from tests.streams.notify.conftest import routes_of

NOT_IN_BACKGROUND = "--disable-background-networking"
"""With it, which Playwright sets as well, Chromium speaks to no push service."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[PushService]:
    one = PushService(tmp_path / "service")
    yield one
    one.close()


@pytest.fixture
def window(browser, service: PushService, pushing: BoardProcess, tmp_path: Path) -> Iterator[BrowserContext]:
    """One that is not private, where PushManager subscribes."""
    one = browser.browser_type.launch_persistent_context(
        tmp_path / "profile",
        executable_path=tools.path_of("chromium"),
        args=[*(flag for flag in FLAGS if flag != NOT_IN_BACKGROUND), *service.flags],
        ignore_default_args=[NOT_IN_BACKGROUND],
        locale="en-GB",
    )
    one.grant_permissions(["notifications"], origin=pushing.address)
    yield one
    one.close()


def sent(identity, subscription: dict, notice: Notice) -> Answer:
    """What the notifier's channel was answered, or that the device is gone."""
    answers: list[Answer] = []

    async def gone(_: object) -> None:
        """Its status says so."""

    async def story() -> None:
        devices = Devices(["127.0.0.1"])
        devices.take(b"", msgspec.json.encode(subscription))
        channel = WebPush(identity, devices.find, gone)
        answers.append(await channel.send(NURSES, notice))
        await channel.close()

    aside = threading.Thread(target=lambda: asyncio.run(story()))  # the browser's driver has a loop of its own here
    aside.start()
    aside.join(WITHIN_S)
    [answer] = answers
    return answer


def brought(send, screen: Screen) -> list[dict]:
    """What is shown of a message. Brought again where Chromium, just started and without a desktop, has shown it (our
    service worker said so) and lost it from its list.
    """
    ends = time.monotonic() + 40
    while time.monotonic() < ends:
        assert send().ok
        again = time.monotonic() + 8
        while time.monotonic() < again:
            if found := screen.shown():
                return found
            time.sleep(0.1)
    raise AssertionError("it was not shown")


def test_a_call_is_shown_delivered_declined_seen_and_accepted_on_a_browser_and_nothing_after_signing_out(
    window: BrowserContext, service: PushService, pushing: BoardProcess, settings, identity, calling: Bed
):
    screen = Screen(window.pages[0])
    page = screen.page
    page.goto(pushing.address)
    sign_in(page)
    before = set(subscriptions(settings))
    turn_on(page)
    [(name, known)] = [(key, one) for key, one in subscriptions(settings).items() if key not in before]
    assert known["login"] == "nora" and service.logged_in.wait(WITHIN_S)

    device = service.here(known)
    alert = alert_of(revision_of(settings, calling))
    [call] = Book(routes_of(NURSES), Mode.REAL).take(alert, alert.at)

    def send() -> Answer:
        return sent(identity, device, call)

    def words() -> list[str]:
        return [one["action_type"] for one in said(settings, calling)]

    [shown] = brought(send, screen)
    assert "Bed A08, ward A, high priority" in shown["title"] and "not a certified alarm" in shown["body"]
    assert shown["actions"] == ["accept", "decline"]
    until(lambda: set(words()) == {"delivered"})

    screen.touch("decline")
    until(lambda: words()[-1] == "declined")
    assert said(settings, calling)[-1]["who"] == "Nora", "she is signed in"
    brought(send, screen)
    screen.touch("")
    until(lambda: words()[-1] == "seen")
    window.clear_cookies()
    brought(send, screen)
    screen.touch("accept")
    until(lambda: screen.shown()[0]["body"].startswith("Sign in to accept."))
    assert "acknowledge" not in words(), "nobody owns without a name"

    page.goto(pushing.address)
    sign_in(page)
    screen.touch("accept")
    own = until(lambda: [one for one in said(settings, calling) if one["action_type"] == "acknowledge"])[0]
    assert (own["who"], own["login"], own["reason"]) == ("Nora", "nora", "reviewing")
    assert screen.shown() == []

    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("[name=login]")).to_be_visible()
    until(lambda: subscriptions(settings)[name] is None)
    assert send().status is None, "Chromium has told its push service that it is gone"
