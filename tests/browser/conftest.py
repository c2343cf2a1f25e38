"""A ward, its board, and a real Chromium in front of it."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from deploy.make import tools
from schemas.times import to_text
from streams.board.accounts import as_lines, role_of
from streams.board.api.pages import is_built
from streams.config.settings import Settings
from streams.web_push.identity import Identity
from tests.browser.made import Bed, Ward, directory, lifecycle, now, story
from tests.browser.taking import Taking
from tests.streams.board.conftest import PASSWORD, BoardProcess, a_broker
from tests.streams.web_push.receiving import sender_in

HERE = Path(__file__).parent
AXE = HERE.parents[1] / "streams/board/page/node_modules/axe-core/axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs the browser."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.needs("chromium"))
            # A browser that hangs swallows a polite time-out: this one shows every stack and ends the run.
            item.add_marker(pytest.mark.timeout(150, method="thread"))


@pytest.fixture(scope="session", autouse=True)
def _the_page_is_built() -> None:
    if not is_built():
        reason = "the board's page is not built: make setup, with Node.js"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=tools.path_of("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    with a_broker() as one:
        yield one


@pytest.fixture(scope="session")
def ward(settings: Settings) -> Ward:
    return Ward(settings)


@pytest.fixture(scope="session")
def beds(ward: Ward) -> dict[str, Bed]:
    return story(ward, beds=16, minutes=75)


@pytest.fixture(scope="session")
def board(settings: Settings, beds: dict[str, Bed], tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardProcess]:
    names = tmp_path_factory.mktemp("names") / "names.json"
    names.write_text(json.dumps(directory(beds)))
    process, taking = BoardProcess(settings, directory=names, send_within_s=2).start(), Taking(settings)
    yield process
    taking.over.set()
    taking.join(10)
    process.kill()


class Screen:
    """One page in a context of its own; what the browser complains of fails the test."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address, self.complaints = context, address, []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # A board that is away makes the browser write of every request that failed; that is no complaint of ours.
        if message.type == "error" and not re.search("ERR_|status of (4|5)", message.text):
            self.complaints.append(message.text)

    def open(self, place: str = "") -> Page:
        self.page.goto(f"{self.address}/{place}")
        self.page.wait_for_selector(".tile, .view, .entrance form")
        return self.page

    def tile(self, bed: str) -> Any:
        return self.page.locator(f'.tile[data-patient-place="{bed}"]')

    def order(self) -> list[str]:
        return self.page.eval_on_selector_all(".tile", "all => all.map(one => one.dataset.patientPlace)")

    def wait_for_at_the_top(self, bed: str) -> None:
        """Until the bed is one of the first two tiles."""
        first_two = "[...document.querySelectorAll('.tile')].slice(0, 2)"
        self.page.wait_for_function(f"bed => {first_two}.some((one) => one.dataset.patientPlace === bed)", arg=bed)


@pytest.fixture
def screen(browser: Browser, board: BoardProcess) -> Iterator[Callable[..., Screen]]:
    """Makes screens: `screen(width=360)`; further words are the browser context's.

    On the board that all share there is no service worker: what a test stands in for would go past it.
    """
    opened: list[Screen] = []

    def make(width: int = 1280, height: int = 900, address: str = "", **facts: Any) -> Screen:
        facts.setdefault("service_workers", "allow" if address else "block")
        context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB", **facts)
        opened.append(Screen(context, address or board.address))
        return opened[-1]

    yield make
    complaints = [complaint for one in opened for complaint in one.complaints]
    for one in opened:
        one.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return sender_in(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="session")
def pushing(settings, beds, identity: Identity, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardProcess]:
    """A board that calls by Web Push, with accounts."""
    path: Path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    path.write_text(as_lines("nora", "Nora", role_of("nurse"), PASSWORD))
    push = {"push_public_key": identity.public, "push_services": '["127.0.0.1", "jmt17.google.com"]'}
    process = BoardProcess(settings, accounts=path, send_within_s=5, **push).start()
    yield process
    process.kill()


@pytest.fixture
def calling(beds: dict[str, Bed], ward: Ward) -> Iterator[Bed]:
    bed = beds["A08"]
    steps = [{"step": "nurse", "at": to_text(now()), "delivery": "waiting", "recipients": []}]
    bed.alert_id = ward.call(bed, "Resp rate 27/min, usual 16", "high", lifecycle=lifecycle(steps=steps))
    yield bed
    ward.calm(bed)
