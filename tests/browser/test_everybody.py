"""Everybody can use it: keyboard, screen readers, small screens, large letters, night, few colours."""

import pytest
from playwright.sync_api import expect

from streams.config.topics import Topic
from tests.browser.conftest import AXE

WIDTHS = (360, 768, 1280, 1920)
PLACES = ("", "#cover", "#due", "#unacknowledged", "#handover", "#sheet", "#wall")


def offences(page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, as rule and place."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [
        f"{one['id']}: {node['html'][:140]} {node['failureSummary'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_board_with_its_pane(theme, screen):
    one = screen(color_scheme=theme)
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.wait_for_selector(".plot canvas")

    assert offences(page) == []


def test_axe_finds_nothing_on_any_page(screen):
    one = screen()
    found = {}
    for place in PLACES:
        page = one.open(place)
        page.wait_for_timeout(200)
        found[place] = offences(page)

    assert found == {place: [] for place in PLACES}


def test_axe_finds_nothing_in_any_window(screen):
    one = screen(color_scheme="dark")
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.wait_for_selector(".pane")
    found = {}
    for what in ("Acknowledge", "Observations", "Concern", "Orders"):
        page.locator(".doing button", has_text=what).click()
        page.wait_for_selector("dialog[open]")
        found[what] = offences(page)
        page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    for what in ("Settings", "Help"):
        page.locator(".bar button", has_text=what).click()
        page.wait_for_selector("dialog[open]")
        found[what] = offences(page)
        page.keyboard.press("Escape")

    assert [offence for offences in found.values() for offence in offences] == []
    assert len(found) == 6


@pytest.mark.parametrize("place", PLACES)
def test_no_screen_scrolls_sideways(place, screen):
    one = screen()
    page = one.open(place)
    wide = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide[width] = page.evaluate("document.documentElement.scrollWidth")

    assert {width: found for width, found in wide.items() if found > width} == {}


def test_four_times_as_large_it_is_still_one_column(screen):
    """1280 pixels at 400 % are 320."""
    one = screen(width=320, height=256)
    page = one.open()
    one.tile("A07").locator(".open").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    expect(page.locator(".pane .headline")).to_be_visible()


def test_everything_can_be_done_by_keyboard(screen):
    one = screen()
    page = one.open()
    where = "document.activeElement.closest('.tile')?.dataset.patientPlace"
    page.keyboard.press("j")
    assert page.evaluate(where) == "A07"
    page.keyboard.press("j")
    assert page.evaluate(where) == "A11"
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator(".pane")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("dialog .reasons")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("o")
    expect(page.locator("dialog[open] h2")).to_have_text("Observations")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".pane")).to_have_count(0)
    assert page.evaluate(where) == "A07"
    page.keyboard.press("?")
    expect(page.locator("dialog h2")).to_have_text("Help")


@pytest.mark.parametrize("key", ["a", "o", "c", "?"])
def test_a_window_is_open_before_the_next_key_can_come(key, screen):
    """A window that is in the page and not open yet would leave Esc to the pane behind it."""
    one = screen()
    page = one.open()
    page.keyboard.press("j")
    page.evaluate("""() => new MutationObserver(() => {
      const dialog = document.querySelector("dialog");
      if (dialog) window.openAtOnce ??= dialog.open;
    }).observe(document.body, { childList: true, subtree: true })""")
    page.keyboard.press(key)
    page.wait_for_selector("dialog[open]")

    assert page.evaluate("window.openAtOnce") is True


def test_a_reason_is_one_key(screen):
    one = screen()
    page = one.open()
    page.route("**/api/actions", lambda route: route.fulfill(status=201, content_type="application/json", body="{}"))
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.wait_for_selector("dialog[open]")
    with page.expect_request("**/api/actions") as asked:
        page.keyboard.press("3")

    assert asked.value.post_data_json["reason"] == "treatment"


def test_a_key_acts_on_the_tile_that_has_the_focus_also_where_two_beds_are_called_alike(screen, ward):
    admission = {"event": "admit", "bed": "77", "mode": "demo"}
    for patient in ("t-one", "t-two"):
        ward.send(Topic.PATIENTS, patient, {**admission, "patient_id": patient, "ward": patient})
    ward.flush()
    one = screen()
    page = one.open()
    page.route("**/api/actions", lambda route: route.fulfill(status=201, content_type="application/json", body="{}"))
    expect(one.tile("77")).to_have_count(2)
    asked = []
    for number in range(2):
        one.tile("77").nth(number).locator(".open").focus()
        page.keyboard.press("c")
        expect(page.locator("dialog .reasons button").first).to_be_visible()
        with page.expect_request("**/api/actions") as request:
            page.keyboard.press("1")
        expect(page.locator("dialog")).to_have_count(0)
        asked.append(request.value.post_data_json["patient_id"])
    for patient in ("t-one", "t-two"):
        ward.send(Topic.PATIENTS, patient, {**admission, "patient_id": patient, "event": "discharge"})
    ward.flush()

    assert sorted(asked) == ["t-one", "t-two"]


def test_single_keys_can_be_switched_off(screen):
    one = screen()
    page = one.open()
    page.locator(".bar button", has_text="Settings").click()
    page.get_by_label("Single keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")

    expect(page.locator("dialog")).to_have_count(0)


def test_only_a_new_high_alert_and_the_truth_interrupt_a_screen_reader(screen):
    page = screen().open()
    loud = page.eval_on_selector_all("[aria-live=assertive], [role=alert]", "all => all.map(one => one.className)")

    assert set(loud) == {"truth", ""}
    assert page.locator(".new-high [aria-live=assertive]").count() == 1


def test_the_night_theme_follows_the_system_and_can_be_chosen(screen):
    one = screen(color_scheme="dark")
    page = one.open()
    assert page.evaluate("document.documentElement.dataset.theme") == "night"
    page.locator(".bar button", has_text="Settings").click()
    page.get_by_label("Theme").select_option("day")

    assert page.evaluate("document.documentElement.dataset.theme") == "day"


def test_with_forced_colours_priority_and_points_keep_their_words(screen):
    one = screen(forced_colors="active", reduced_motion="reduce")
    page = one.open()

    expect(one.tile("A07").locator(".priority")).to_contain_text("High")
    expect(one.tile("A07").locator(".cell dt").first).to_contain_text("3")
    assert page.evaluate("document.getAnimations().length") == 0, "and nothing moves for whom motion is too much"


def test_the_pane_has_the_focus_before_the_next_key_can_come_and_gives_it_to_its_own_bed(screen):
    one = screen()
    page = one.open()
    page.keyboard.press("j")
    page.evaluate("""() => new MutationObserver(() => {
      const pane = document.querySelector(".pane");
      if (pane) window.heldAtOnce ??= document.activeElement === pane;
    }).observe(document.body, { childList: true, subtree: true })""")
    page.keyboard.press("Enter")
    expect(page.locator(".pane")).to_be_visible()
    assert page.evaluate("window.heldAtOnce") is True
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("b16")
    page.keyboard.press("Enter")
    expect(page.locator(".pane")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".pane")).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('.tile')?.dataset.patientPlace") == "B16"
