"""A page for each patient: observations after NEWS2, hours of curves, one line of time, a text to hand on."""

import json
import re
import time

import msgspec
import pytest
from playwright.sync_api import expect

from streams.board.journal import JournalEntry
from streams.config.topics import Topic
from tests.browser.made import Ward, directory, now, story
from tests.browser.test_everybody import offences
from tests.streams.board.conftest import BoardProcess, a_broker


def test_the_page_of_a_patient(screen):
    one = screen()
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = one.open()
    one.tile("A11").locator(".open").click()
    page.locator(".pane .visit").click()
    expect(page.locator(".patient .who .bed")).to_have_text("A11")
    page.locator(".patient .tools button", has_text="Observations").click()
    for name, value in (("Resp rate", "22"), ("SpO2", "93"), ("Systolic BP", "105"), ("Pulse", "95")):
        page.locator("dialog label.value", has_text=name).locator("input").fill(value)
    page.locator("dialog .pick", has_text="oxygen").click()
    page.locator("dialog .pick", has_text="new confusion").click()
    page.locator("dialog label.value", has_text="Temperature").locator("input").fill("38.5")
    page.locator("dialog button[type=submit]").click()

    chart = page.locator(".news2-chart")
    expect(chart).to_contain_text("Observations, after NEWS2")
    expect(chart).to_contain_text("London: RCP, 2017, chart 1")
    here = chart.locator(".here")
    expect(here).to_have_text(["22", "93", "●", "105", "95", "C", "38.5"])
    # Chart 1: 2, 2, 2 on oxygen, 1, 1, 3, 1
    rows = here.evaluate_all("all => all.map(one => one.closest('tr').className)")
    assert rows == [f"band p{points}" for points in (2, 2, 2, 1, 1, 3, 1)]
    expect(chart.locator(".totals td").first).to_have_text("12")
    expect(chart.locator(".streams")).to_contain_text("Resp rate")

    page.locator(".spans button", has_text="6 h").click()
    expect(page.locator(".plot canvas").first).to_be_visible()
    page.locator(".plot .u-over").nth(1).hover()
    told = re.compile(r"\d\d:\d\d\s+\d+")
    expect(page.locator(".plot .readout").nth(1)).to_have_text(told)
    drawn = page.locator(".plot canvas").nth(1).element_handle()
    page.locator(".spans button", has_text="24 h").dispatch_event("click")  # the pointer rests where it is
    drawn.wait_for_element_state("hidden")
    expect(page.locator(".plot canvas").nth(1)).to_be_visible()
    expect(page.locator(".plot .readout").nth(1)).to_have_text(told)
    page.locator(".hour-table summary").click()
    expect(page.locator(".hour-table tbody tr").first).to_be_visible()
    expect(page.locator(".timeline li.set").first).to_contain_text("RR 22")
    expect(page.locator(".timeline li.alert").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".patient .who .bed")).to_have_text("A11")  # a page is no pane: nothing of it is closed
    page.locator(".sbar button").click()
    text = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"Situation\n- Bed A11.*\nBackground\n.*Assessment\n- NEWS2 .*Recommendation\n", text, re.S)
    assert offences(page) == []


def test_sets_of_a_merged_id_can_be_in_error_alone_and_where_the_score_is_not_valid_there_is_no_total(
    screen, ward, beds
):
    bed, at = beds["A10"], now()  # pregnant
    for name, whose, moment in (("gone-0001", "t-gone", at - 120_000), ("mine-0001", bed.patient, at - 60_000)):
        entry = JournalEntry("set", name, whose, moment, "Nora", "nurse", moment, {"resp_rate": 26.0})
        ward.send(Topic.JOURNAL, whose, msgspec.to_builtins(entry))
    merged = {"event": "merged", "patient_id": bed.patient, "merged_from": "t-gone", "mode": "demo"}
    ward.send(Topic.PATIENTS, bed.patient, merged)
    ward.flush()
    one = screen()
    page = one.open()
    one.tile("A10").locator(".open").click()
    page.locator(".pane .visit").click()
    expect(page.locator(".news2-chart .totals td").first).to_have_text("not covered")
    expect(page.locator(".news2-chart .here")).to_have_text(["26", "26"])
    mine, gone = page.locator(".sets li").first, page.locator(".sets li").nth(1)

    expect(mine.locator("button")).to_have_text(["Correct", "In error"])
    expect(gone.locator("button")).to_have_text(["In error"])


@pytest.mark.parametrize(("back", "told"), [(62, True), (90, False), (20, False)])
def test_the_score_of_an_hour_ago_is_told_only_where_there_was_one(screen, back: int, told: bool):
    """Sixty-one rows back may be hours back, where minutes are missing."""
    one = screen()
    page = one.page

    def answer(route):
        history = route.fetch().json()
        last = history["trends"]["minutes"][-1]
        shift = int(time.time() // 60) - back - last
        history["trends"]["minutes"] = [minute + shift for minute in history["trends"]["minutes"]]
        history["trends"]["least"][-1] = 3
        route.fulfill(json=history)

    page.route("**/api/history", answer)
    one.open()
    one.tile("A11").locator(".open").click()
    page.locator(".pane .visit").click()
    expect(page.locator(".sbar pre")).to_contain_text("NEWS2")
    page.wait_for_selector(".plot canvas")

    expect(page.locator(".sbar pre", has_text="an hour ago 3")).to_have_count(int(told))


@pytest.fixture
def full_ward(tmp_path):
    """A board of its own with 26 beds: what other tests say on theirs would be handed over too."""
    with a_broker() as settings:
        names = tmp_path / "names.json"
        names.write_text(json.dumps(directory(story(Ward(settings), beds=26, minutes=75))))
        process = BoardProcess(settings, directory=names).start()
        yield process
        process.kill()


def test_the_handover_of_26_beds_is_one_printed_page_with_values_and_signatures(screen, full_ward):
    one = screen(address=full_ward.address)
    page = one.open("#handover")
    ill = page.locator("article.handover-bed", has_text="A07")
    expect(ill.locator(".handover-values")).to_contain_text("RR 27")
    expect(page.locator(".handover-quiet li").first).to_contain_text("NEWS2")
    expect(page.locator(".handover-bed")).to_have_count(26)
    expect(page.locator(".signs")).to_contain_text("Takes over (name, signature, time)")
    sheet = page.pdf(format="A4", prefer_css_page_size=True)

    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
