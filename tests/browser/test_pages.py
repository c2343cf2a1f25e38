"""Due, unacknowledged, handover, wall, ward, language, sound, sign-in."""

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from streams.config.topics import Topic
from tests.streams.board.conftest import PASSWORD, BoardProcess, everything
from tests.streams.board.test_service import accounts  # noqa: F401


def bed(name: str) -> re.Pattern[str]:
    """A bed as a word of its own, in capitals: "Anna07:08" holds an "a07" too."""
    return re.compile(rf"\b{name}(?!\d)")


def test_observations_due_stand_overdue_first_with_what_is_missing(screen):
    one = screen()
    page = one.open("#due")
    rows = page.locator(".list tbody tr")

    expect(rows.first).to_contain_text("A09")
    expect(rows.first).to_contain_text(re.compile(r"observation overdue\s*[23]\d min"))
    expect(page.locator(".list tr", has_text=bed("A07"))).to_contain_text("ACVPU")
    rows.first.locator("td button").click()
    expect(page.locator("dialog .who")).to_contain_text("A09")


def test_what_was_over_before_anybody_saw_it_is_listed_until_seen(screen, beds, settings):
    one = screen()
    page = one.open("#unacknowledged")
    row = page.locator(".list tbody tr")

    expect(row).to_have_count(1)
    expect(row).to_contain_text("Heart rate 134/min, usual 78")
    row.locator("td button").click()
    page.wait_for_selector(".toast.sent")
    word = [value for _, _, value in everything(settings, Topic.ACTIONS)][-1]
    assert (word["patient_id"], word["action_type"]) == (beds["A02"].patient, "acknowledge")


def test_the_handover_tells_the_shift_and_prints(screen):
    one = screen()
    page = one.open("#handover")
    page.wait_for_selector(".handover-bed")

    expect(page.locator(".handover-bed", has_text=bed("A02"))).to_contain_text("resolved, not seen")
    expect(page.locator(".handover-bed", has_text=bed("A07"))).to_contain_text("not acknowledged")
    expect(page.locator(".handover-bed", has_text=bed("A05"))).to_contain_text("Not measured")
    expect(page.locator(".handover")).to_contain_text("calls, budget")
    assert "Handover all wards" in one.context.request.get(f"{one.address}/api/handover.txt").text()


def test_a_name_that_the_directory_learns_later_comes_to_the_page_by_itself(screen, ward, board):
    admission = {"event": "admit", "patient_id": "t-late", "ward": "B", "bed": "B66", "mode": "demo"}
    ward.send(Topic.PATIENTS, "t-late", admission)
    ward.flush()
    one = screen()
    one.page.clock.install()
    page = one.open()
    page.clock.run_for(1_000)
    expect(one.tile("A01").locator(".name")).to_have_count(1)
    expect(one.tile("B66").locator(".name")).to_have_count(0)
    file = Path(board.environment["VIGILWARD_BOARD_DIRECTORY"])
    file.write_text(json.dumps({**json.loads(file.read_text()), "t-late": {"name": "Late, Lea"}}))
    page.clock.run_for(61_000)

    expect(one.tile("B66").locator(".name")).to_have_text("Late, Lea")
    ward.send(Topic.PATIENTS, "t-late", {**admission, "event": "discharge"})
    ward.flush()


def test_the_wall_shows_no_names_and_nothing_to_press(screen):
    one = screen(width=1920, height=1080)
    page = one.open("#wall")

    expect(page.locator(".tile .name, .tile .facts, .tile .act")).to_have_count(0)
    expect(one.tile("A07").locator(".why")).to_be_visible()
    expect(page.locator(".simulated")).to_be_visible()


def test_the_wall_goes_on_after_a_tile_that_is_taller_than_the_screen(screen):
    one = screen(width=1280, height=500)
    one.page.clock.install()
    page = one.open("#wall")
    # By the style of each element: the page lets no style sheet of another in.
    page.eval_on_selector(".tiles.wall", "one => one.style.display = 'block'")
    page.eval_on_selector(".tile:nth-child(2)", "one => one.style.height = '900px'")
    seen = set()
    for _ in range(40):
        page.clock.run_for(12_100)
        seen |= set(
            page.eval_on_selector_all(
                ".tile",
                "all => all.filter(one => { const box = one.getBoundingClientRect();"
                " return box.bottom > 100 && box.bottom <= innerHeight + 1; }).map(one => one.dataset.patientPlace)",
            )
        )

    assert seen == set(one.order())


def test_a_refusal_is_worded_in_the_pages_language_and_by_its_clock(screen):
    one = screen()
    page = one.open()
    page.evaluate("localStorage.setItem('vigilward', JSON.stringify({ language: 'de' }))")
    page.reload()
    detail = {"code": "has_alert", "words": "Nora has it since", "who": "Nora", "since": "2026-11-30T12:00:00.000Z"}
    refused = json.dumps({"detail": detail})
    page.route("**/api/actions", lambda route: route.fulfill(status=409, content_type="application/json", body=refused))
    one.tile("A07").locator(".act").click()
    page.locator("dialog .reasons button").first.click()

    expect(page.locator(".toast.refused")).to_contain_text(re.compile(r"Nora hat ihn seit \d\d:\d\d: übernehmen"))


def test_one_ward_alone_can_be_shown(screen):
    one = screen()
    page = one.open()
    page.keyboard.press("w")
    page.locator(".ward select").select_option("B")

    expect(page.locator(".tile")).to_have_count(2)
    assert set(one.order()) == {"B15", "B16"}


def test_the_page_speaks_another_language(screen):
    one = screen()
    page = one.open()
    page.locator(".bar button", has_text="Settings").click()
    page.get_by_label("Language").select_option("de")

    expect(page.locator("dialog h2")).to_have_text("Einstellungen")
    page.keyboard.press("Escape")
    expect(one.tile("A07").locator(".priority")).to_contain_text("Hoch")
    expect(one.tile("A05").locator(".watching")).to_have_text("NICHT ÜBERWACHT")
    expect(one.tile("A07").locator(".why")).to_have_text(
        "Atemfrequenz 27/min, üblich 16; NEWS2 mindestens 11 (Bewusstsein fehlt)"
    )
    expect(one.tile("A05").locator(".why")).to_have_text("Puls, Atemfrequenz, SpO2 kommen nicht mehr an")
    one.tile("A07").locator(".open").click()
    expect(page.locator(".pane")).to_contain_text("Endet, wenn NEWS2 unter 7 bleibt, mit gültigen Werten für")
    assert page.evaluate("document.documentElement.lang") == "de"


def test_no_key_of_the_message_file_shows_itself(screen):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.wait_for_selector(".plot canvas")
    found = page.inner_text("body")
    for place in ("due", "unacknowledged", "handover", "sheet"):
        page.goto(f"{one.address}/#{place}")
        page.wait_for_selector(".view")
        found += page.inner_text("body")

    kinds = (
        "state|vital|short|watched|alert_status|became|step|role|action_type|reason|word|truth|holds|detector|view|why"
    )
    keys = rf"\b({kinds})\.[a-z_]+"
    assert re.findall(keys, found) == []


def test_people_sign_in_and_out(screen, settings, accounts):  # noqa: F811
    process = BoardProcess(settings, accounts=accounts).start()
    try:
        one = screen(address=process.address)
        page = one.open()
        page.get_by_label("Name").fill("nora")
        page.get_by_label("Password").fill("not this one")
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("button[type=submit]").click()
        page.wait_for_selector(".tile")
        page.locator(".bar button", has_text="Settings").click()
        expect(page.locator("dialog")).to_contain_text("Nora, nurse")
        other = one.context.new_page()
        other.goto(f"{one.address}/")
        other.wait_for_selector(".tile")
        page.locator("dialog button", has_text="Sign out").click()
        expect(page.locator(".entrance form")).to_be_visible()
        expect(other.locator(".entrance form")).to_be_visible(timeout=10_000)
    finally:
        process.kill()
