"""It reaches people: large enough to read, every bed on the wall, offline without a lie, and sound after a reload."""

import gzip
import re
import time

import pytest
from playwright.sync_api import Page, expect

from streams.board.api.pages import BUILT, KINDS
from tests.streams.board.conftest import BoardProcess

SMALLEST = """() => {
    const walk = document.createTreeWalker(document.getElementById('page'), NodeFilter.SHOW_TEXT);
    let least = 99, words = '';
    while (walk.nextNode()) {
        const { parentElement: of, textContent: text } = walk.currentNode;
        if (!text.trim() || of.closest('.sr, .watermark, script, style') || !of.getClientRects().length) continue;
        const size = parseFloat(getComputedStyle(of).fontSize);
        if (size < least) [least, words] = [size, `${of.className} ${text}`];
    }
    return [least, words];
}"""


def test_no_text_is_smaller_than_11_pixels_and_on_the_wall_than_12(screen):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.wait_for_selector(".plot canvas")
    found = {"board": page.evaluate(SMALLEST)}
    for place in ("#due", "#unacknowledged", "#handover", "#sheet"):
        page.goto(f"{one.address}/{place}")
        page.wait_for_selector(".view")
        found[place] = page.evaluate(SMALLEST)
    page.goto(f"{one.address}/#wall")
    page.wait_for_selector(".tiles.wall .tile")
    wall = page.evaluate(SMALLEST)

    assert {place: small for place, small in found.items() if small[0] < 11} == {}
    assert wall[0] >= 12, wall


def test_the_wall_shows_every_bed_page_by_page(screen):
    one = screen(width=1280, height=620)
    one.page.clock.install()
    page = one.open("#wall")
    page.clock.run_for(1_500)
    place = page.locator(".top .wall-page")  # over no tile
    expect(place).to_have_text(re.compile(r"Beds 1 to \d+ of \d+"))
    seen: set[int] = set()
    for _ in range(12):
        first, last, all_ = (int(one) for one in re.findall(r"\d+", place.inner_text()))
        seen |= set(range(first, last + 1))
        page.clock.run_for(12_100)
    assert seen == set(range(1, all_ + 1))


def test_four_times_as_large_the_line_at_the_top_leaves_room_for_the_beds(screen):
    page = screen(width=320, height=256).open()
    assert page.locator(".bar").bounding_box()["height"] <= 120
    expect(page.locator(".bar .count.high")).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    expect(page.locator(".bar nav")).to_be_visible()


def test_curves_and_charts_speak_the_language_that_is_chosen(screen):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.wait_for_selector(".plot canvas")
    page.locator(".bar button", has_text="Settings").click()
    page.get_by_label("Language").select_option("de")
    page.keyboard.press("Escape")

    expect(page.locator(".plot figcaption").nth(1)).to_contain_text("Atemfrequenz")
    expect(one.tile("A07").locator(".spark")).to_have_attribute("aria-label", re.compile("letzte Stunde"))
    expect(page.locator(".doing .primary")).to_have_text("Quittieren")
    # What cannot be made anew from findings stays as the worker said it: no word of it is left out.
    expect(one.tile("A11").locator(".why")).to_contain_text("SpO2 90%, usual 97; NEWS2 5, was 0")


def test_sound_goes_on_after_a_reload(screen):
    one = screen()
    page = one.open()
    page.locator(".sound.off").click()
    expect(page.locator(".sound.on")).to_be_visible()
    page.reload()
    page.wait_for_selector(".tile")
    expect(page.locator(".sound.on")).to_be_visible()
    page.locator(".sound.on button").first.click()
    page.reload()
    page.wait_for_selector(".tile")
    expect(page.locator(".sound.off")).to_be_visible()


@pytest.fixture
def another(settings, beds):
    """A board of its own, which may be killed."""
    process = BoardProcess(settings, send_within_s=2).start()
    yield process
    process.kill()


def _until_kept(page: Page, what: str) -> None:
    """Until the browser keeps it; `wait_for_function` takes a promise for its answer."""
    until = time.monotonic() + 30
    while not page.evaluate("what => caches.match(what).then(Boolean)", what):
        assert time.monotonic() < until, f"{what} is not kept"
        time.sleep(0.1)


def test_a_page_that_is_loaded_offline_shows_the_last_state_its_age_and_no_way_to_act(screen, another):
    one = screen(address=another.address)
    page = one.open()
    _until_kept(page, "/last-state")
    for part in page.eval_on_selector_all(
        "head [src], head [href^='/files/']", "all => all.map(one => one.src ?? one.href)"
    ):
        _until_kept(page, part)
    before = one.order()
    another.kill()
    page.reload()
    page.wait_for_selector(".tile", timeout=15_000)

    banner = page.locator(".truth-line.offline")
    expect(banner).to_contain_text("OFFLINE. This is the ward as it was at")
    expect(banner.locator(".offline-age")).to_have_text(re.compile("old$"))
    assert float(banner.locator(".offline-age").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")) >= 30
    assert sorted(one.order()) == sorted(before)
    expect(page.locator(".act")).to_have_count(0)
    one.tile("A07").locator(".open").click()
    expect(page.locator(".doing button")).to_have_count(0)
    kept = "caches.open('vigilward-last-state').then((one) => one.match('/last-state')).then((one) => one.text())"
    assert "Adler" not in page.evaluate(kept), "no name is kept"


def test_the_first_visit_weighs_150_kilobytes_at_most():
    """What is sent: script and style as they are packed, the font as it is."""
    parts = [path for path in BUILT.iterdir() if path.suffix in KINDS]
    packed = {
        path: path.read_bytes() if path.suffix == ".woff2" else gzip.compress(path.read_bytes(), 9) for path in parts
    }

    assert sum(map(len, packed.values())) <= 150_000
