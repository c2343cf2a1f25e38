"""A station of the ward: it never turns into a sign-in page, and whoever acts says who she is."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from schemas.action import Role
from streams.board.accounts import as_lines
from streams.config.topics import Topic
from tests.browser.taking import Taking
from tests.streams.board.conftest import PASSWORD, BoardProcess, everything

PIN = "271828"
DIGITS = "998877665544"  # a password that looks like a PIN


@pytest.fixture(scope="module")
def station(settings, beds, tmp_path_factory) -> Iterator[BoardProcess]:
    path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    path.write_text(
        as_lines("desk", "Desk A", Role.VIEWER, PASSWORD, station=True)
        + as_lines("nora", "Nora Berg", Role.NURSE, PASSWORD, pin=PIN)
        + as_lines("nils", "Nils Dahl", Role.NURSE, DIGITS, pin=PIN)
    )
    process = BoardProcess(settings, accounts=path, send_within_s=2, session_idle_min="0.05").start()
    taking = Taking(settings)
    yield process
    taking.over.set()
    taking.join(10)
    process.kill()


def sign_in(page, login: str, secret: str) -> None:
    page.locator("dialog [name=login]").fill(login)
    page.locator("dialog [name=secret]").fill(secret)
    page.locator("dialog button[type=submit]").click()


def test_a_station_stays_readable_asks_who_acts_and_knows_her_by_a_pin_the_next_time(screen, station, settings, beds):
    one = screen(address=station.address)
    page = one.page
    page.goto(one.address)
    page.locator("[name=login]").fill("desk")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    page.wait_for_selector(".tile")
    expect(page.locator(".bar .me")).to_have_text("Nobody signed in")

    one.tile("A04").locator(".open").click()
    page.locator(".doing button", has_text="Concern").click()
    page.locator("dialog .reasons button").first.click()
    expect(page.locator("dialog h2")).to_have_text("Who is acting?")
    sign_in(page, "nora", PASSWORD)
    expect(page.locator(".toast.sent")).to_have_count(1)
    expect(page.locator(".bar .me")).to_have_text(re.compile("Nora Berg"))
    said = [value for _, _, value in everything(settings, Topic.ACTIONS) if value["patient_id"] == beds["A04"].patient]
    assert (said[-1]["who"], said[-1]["login"]) == ("Nora Berg", "nora")

    # Another takes over in one step; on this screen she has to give her password once.
    page.locator(".bar .me").click()
    sign_in(page, "nils", DIGITS)
    expect(page.locator(".bar .me")).to_have_text(re.compile("Nils Dahl"))
    page.locator(".bar .me").click()
    page.locator(".people button", has_text="Nora Berg").click()
    page.locator("dialog [name=secret]").fill("000000")
    tries = []
    page.on("request", lambda request: tries.append(request.url) if request.url.endswith("/sign-in") else None)
    page.keyboard.press("Enter")
    expect(page.locator("dialog [role=alert]")).to_contain_text("The PIN is wrong")
    assert len(tries) == 1, "a wrong PIN is one wrong try"
    page.locator("dialog [name=secret]").fill(PIN)
    page.keyboard.press("Enter")
    expect(page.locator(".bar .me")).to_have_text(re.compile("Nora Berg"))

    page.locator(".bar .me").click()
    page.locator(".people button", has_text="Nils Dahl").click()
    page.locator("dialog [name=secret]").fill(DIGITS)
    page.keyboard.press("Enter")
    expect(page.locator(".bar .me")).to_have_text(re.compile("Nils Dahl"))

    # Three seconds unused, and she is signed out: the station goes on, and still hears.
    expect(page.locator(".bar .me")).to_have_text("Nobody signed in", timeout=15_000)
    expect(page.locator(".tile")).not_to_have_count(0)
    expect(page.locator(".entrance")).to_have_count(0)
    expect(page.locator(".truth-line.lost")).to_have_count(0)
    page.reload()
    page.wait_for_selector(".tile")
