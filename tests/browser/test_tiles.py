"""Whom to see first, and what a tile says."""

import json
import re

import pytest
from playwright.sync_api import expect

from streams.config.topics import Topic
from tests.browser.made import Bed, lifecycle


def test_tiles_stand_in_the_order_of_risk(screen):
    one = screen()
    one.open()
    order = one.order()

    assert order[:3] == ["A07", "A11", "A03"], "high, then medium: the one that calls before the one that is owned"
    assert order.index("A05") == 3, "low"
    assert order.index("A10") < order.index("A01"), "not covered stands above quiet"


def test_a_tile_says_who_how_bad_why_and_what_comes_next(screen):
    one = screen()
    one.open()
    tile = one.tile("A07")

    expect(tile).to_contain_text("***")
    expect(tile).to_contain_text("High")
    expect(tile.locator(".name")).to_have_text(re.compile(r"\w+, \w+"))
    expect(tile.locator(".facts")).to_contain_text("19")
    expect(tile.locator(".score")).to_contain_text("11–14")
    expect(tile.locator(".why")).to_have_text(
        "Resp rate 27/min, usual 16; NEWS2 at least 12, was 4 (consciousness missing)"
    )
    expect(tile.locator(".said-at")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(tile.locator(".cell").first).to_have_class(re.compile(r"\bp3\b"))
    expect(tile.locator(".spark path")).not_to_have_count(0)
    expect(tile.locator(".spark .band")).to_have_count(1)
    expect(tile.locator("footer")).to_contain_text("calls the nurse")
    expect(tile.locator("footer")).to_contain_text("ACVPU missing")


def test_an_owned_alert_says_who_has_it_and_for_how_long_yet(screen):
    one = screen()
    one.open()

    expect(one.tile("A03").locator(".next")).to_contain_text(
        re.compile(r"Nora Berg has it · Escalated to doctor · \d\d min")
    )
    expect(one.tile("A03").locator(".act")).to_have_count(0)


def test_the_line_at_the_foot_begins_where_the_tile_does(screen):
    one = screen()
    one.open()
    place = "one => one.getBoundingClientRect().left"
    for bed in ("A07", "A09", "A05"):
        foot = one.tile(bed).locator("footer")
        assert foot.locator("> *").first.evaluate(place) == foot.evaluate(place), bed


def test_a_stale_value_is_struck_through_greyed_and_worded(screen):
    one = screen()
    one.open()
    cell = one.tile("A05").locator(".cell").first

    expect(cell.locator("s")).to_have_text("16")
    expect(cell).to_contain_text("stale")
    expect(cell).to_have_class(re.compile("lost"))
    expect(one.tile("A05").locator(".watching")).to_have_text("NOT MONITORED")


def test_an_incomplete_score_is_never_a_quiet_low_number(screen):
    one = screen()
    one.open()

    expect(one.tile("A05").locator(".score")).to_contain_text(re.compile(r"0–\d+"))
    expect(one.tile("A05").locator(".score")).to_have_class(re.compile("range"))


def test_where_the_score_is_not_valid_the_tile_says_so(screen):
    one = screen()
    one.open()

    expect(one.tile("A10").locator(".score")).to_contain_text("not covered")


def test_every_state_of_monitoring_has_its_word(screen, beds, ward):
    bed = beds["A13"]
    for name, state in zip(
        ("resp_rate", "spo2", "systolic_bp", "temperature", "pulse_rate"),
        ("delayed", "sensor off", "never seen", "discharged", "stale"),
        strict=True,
    ):
        bed.states[name] = state
    bed.states["heart_rate"] = "stale"
    ward.tell(bed)
    ward.flush()
    one = screen()
    one.open()

    expect(one.tile("A13").locator(".cells")).to_contain_text(
        re.compile(r"delayed.*sensor off.*never seen.*stale.*discharged", re.S)
    )
    expect(one.tile("A12").locator(".watching")).to_contain_text("paused")
    ward.calm(bed)


def test_what_changes_comes_to_the_page_by_itself(screen, beds, ward):
    one = screen()
    one.open()
    expect(one.tile("B16").locator(".priority")).to_have_count(0)
    ward.call(beds["B16"], "Pulse 141/min, usual 76", "medium")

    expect(one.tile("B16").locator(".why")).to_have_text("Pulse 141/min, usual 76")
    ward.calm(beds["B16"])
    expect(one.tile("B16").locator(".why")).to_have_count(0)


def test_tiles_do_not_move_under_somebodys_hands_and_a_new_high_alert_stands_outside(screen, beds, ward):
    one = screen()
    page = one.open()
    before = one.order()
    one.tile(before[-1]).locator(".open").focus()
    bed = beds[before[-2]]
    ward.call(bed, "SpO2 79%, usual 97")

    expect(page.locator(".new-high")).to_contain_text("SpO2 79%, usual 97")
    expect(page.locator(".new-high")).to_contain_text(bed.bed)
    assert one.order() == before
    expect(page.locator(".chip")).to_contain_text(re.compile(r"Waiting changes: \d+"))
    page.locator(".chip button").click()
    expect(page.locator(".new-high p")).to_have_count(0)
    assert one.order().index(bed.bed) <= 1
    ward.calm(bed)


CUT = """() => [...document.querySelectorAll('.cell small')].filter((one) => {
    const cell = one.closest('.cell').getBoundingClientRect(), words = document.createRange();
    words.selectNodeContents(one);
    return [...words.getClientRects()].some((box) => box.left < cell.left || box.right > cell.right);
}).map((one) => one.textContent)"""
OLD_LOOKS = """(tile) => {
    const twin = tile.cloneNode(true);
    tile.after(twin);
    const [all, anew] = [tile, twin].map((one) => [...one.querySelectorAll('*')]);
    const looks = (one) => ['color', 'fontSize', 'whiteSpace'].map((what) => getComputedStyle(one)[what]).join();
    const old = all.filter((one, i) => looks(one) !== looks(anew[i])).map((one) => one.outerHTML);
    twin.remove();
    return old;
}"""


@pytest.mark.parametrize("language", ["de", "en"])
def test_what_becomes_of_a_value_is_told_whole_and_looks_as_if_painted_anew(language, screen, beds, ward):
    bed = beds["A13"]
    one = screen()
    page = one.open()
    page.evaluate("language => localStorage.setItem('vigilward', JSON.stringify({ language }))", language)
    page.reload()
    page.wait_for_selector(".tile")
    cells = one.tile("A13").locator(".cells")
    cut, old = {}, {}
    for state in ("live", "sensor off", "delayed", "stale", "never seen", "live", "paused", "discharged"):
        before = cells.inner_text()
        bed.states = dict.fromkeys(bed.values, state)
        ward.tell(bed)
        ward.flush()
        if state != "live" or cut:
            expect(cells).not_to_have_text(before, use_inner_text=True)
        cut[state], old[state] = page.evaluate(CUT), one.tile("A13").evaluate(OLD_LOOKS)
    ward.calm(bed)

    assert {state: words for state, words in cut.items() if words} == {}
    assert {state: what for state, what in old.items() if what} == {}


def test_no_tile_moves_when_a_new_high_alert_comes_and_a_click_in_that_moment_is_not_its(screen, beds, ward):
    one = screen()
    page = one.open()
    places = "[...document.querySelectorAll('.tile')].map((tile) => Math.round(tile.getBoundingClientRect().top))"
    order = one.order()
    one.tile(order[-1]).locator(".open").focus()
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(
        """() => new MutationObserver(() => {
          const one = document.querySelector('.new-high p .primary');
          if (!one || window.soon) return;
          window.soon = true;
          one.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1 }));
        }).observe(document.body, { childList: true, subtree: true })"""
    )
    before = page.evaluate(places)
    bed = beds[order[-2]]
    ward.call(bed, "SpO2 79%, usual 97")
    expect(page.locator(".new-high p")).to_have_count(1)

    here = order.index(bed.bed) + 1
    assert page.evaluate(places)[:here] == before[:here], "its own row may grow, and nothing else"
    assert page.evaluate("window.soon")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.wait_for_timeout(600)
    page.locator(".new-high p .primary").click()
    expect(page.locator("dialog[open]")).to_contain_text(bed.bed)
    ward.calm(bed)


def test_the_order_stands_still_while_a_window_is_open(screen, beds, ward):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".act").click()
    page.wait_for_selector("dialog[open]")
    before = one.order()
    bed = beds["B15"]
    ward.call(bed, "Pulse 150/min")
    expect(page.locator("dialog .meanwhile")).to_contain_text("B15")

    assert one.order() == before
    ward.calm(bed)


def test_the_order_stands_still_while_a_pointer_is_down(screen, beds, ward):
    one = screen()
    page = one.open()
    before = one.order()
    page.mouse.move(4, 500)  # beside the tiles: nothing to press
    page.mouse.down()
    bed = beds["B15"]
    ward.call(bed, "Pulse 150/min")
    expect(one.tile("B15").locator(".why")).to_have_count(1)
    assert one.order() == before
    page.mouse.up()

    one.wait_for_at_the_top("B15")
    ward.calm(bed)


def test_the_first_word_of_a_patient_may_be_a_high_alert(screen, ward):
    new = Bed(88, "B")
    one = screen()
    page = one.open()
    one.tile("A01").locator(".open").focus()
    ward.call(new, "SpO2 71%, usual 97")

    expect(page.locator(".new-high")).to_contain_text("SpO2 71%, usual 97")
    new.more["assigned"] = False
    new.alerts.clear()
    ward.tell(new)
    ward.flush()


def test_the_order_moves_again_after_half_a_minute_of_idleness_and_focus_is_kept(screen, beds, ward):
    one = screen()
    one.page.clock.install()
    page = one.open()
    page.clock.run_for(1_000)
    one.tile("A14").locator(".open").focus()
    bed = beds["B15"]
    ward.call(bed, "Pulse 150/min")
    expect(one.tile("B15").locator(".why")).to_have_count(1)
    page.clock.run_for(31_000)
    one.wait_for_at_the_top("B15")

    assert page.evaluate("document.activeElement.closest('.tile')?.dataset.patientPlace") == "A14"
    ward.calm(bed)


def test_made_up_data_are_watermarked(screen):
    page = screen().open()

    expect(page.locator(".watermark")).to_have_text("SIMULATION")
    expect(page.locator(".simulated")).to_be_visible()


def test_a_returned_and_an_undelivered_call_are_told(screen, beds, ward):
    bed = beds["B15"]
    step = {"step": "nurse", "at": "2026-11-22T12:00:00.000Z", "delivery": "not delivered", "recipients": []}
    told = lifecycle(returned=1, steps=[step], next_step="shift_lead", next_step_at=None, notified_at=None)
    ward.call(bed, "Pulse 150/min", lifecycle=told)
    one = screen()
    one.open()

    expect(one.tile("B15").locator(".next")).to_contain_text("returned 1×")
    expect(one.tile("B15").locator(".next")).to_contain_text("call to the nurse not delivered")
    ward.calm(bed)


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        ("waiting", "the nurse: not known to be reached"),
        ("sent", "the nurse: sent, not known to be reached"),
        ("delivered", "shown to the nurse"),
        ("seen", "the nurse: seen"),
        ("accepted", "the nurse: accepted"),
        ("declined", "the nurse: declined"),
        ("undeliverable", "call to the nurse cannot be delivered"),
    ],
)
def test_a_tile_says_of_a_call_what_is_known_and_no_more(screen, beds, ward, delivery: str, words: str):
    bed = beds["B15"]
    step = {"step": "nurse", "at": "2026-11-22T12:00:00.000Z", "delivery": delivery, "recipients": []}
    ward.call(bed, "Pulse 150/min", lifecycle=lifecycle(steps=[step]))
    one = screen()
    one.open()

    expect(one.tile("B15").locator(".next")).to_contain_text(words)
    expect(one.tile("B15").locator(".next")).not_to_contain_text("called")
    ward.calm(bed)


def test_an_escalation_that_stands_on_the_nurses_screen_is_said_to_be_delivered(screen, beds, ward, settings):
    from tests.streams.board.conftest import everything

    bed = beds["B16"]
    step = {"step": "nurse", "at": "2026-11-22T12:00:00.000Z", "delivery": "waiting", "recipients": []}
    identity = ward.call(bed, "Pulse 150/min", lifecycle=lifecycle(steps=[step]))
    one = screen()
    page = one.open()
    page.wait_for_timeout(1500)

    assert any(
        said["action_type"] == "delivered" and said["alert_id"] == identity
        for _, _, said in everything(settings, Topic.ACTIONS)
    )
    ward.calm(bed)


def test_a_call_that_no_tile_shows_is_not_said_to_be_delivered(screen, beds, ward):
    """Neither while a nurse reads another page, nor of a ward that this screen does not show."""
    step = {"step": "nurse", "at": "2026-11-22T12:00:00.000Z", "delivery": "waiting", "recipients": []}
    one = screen()
    asked = []
    one.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page = one.open("#handover")
    ward.call(beds["B16"], "Pulse 150/min", lifecycle=lifecycle(steps=[step]))
    expect(page.locator(".bar .count.high b")).to_have_text("2")
    page.goto(f"{one.address}/#board")
    page.locator(".ward select").select_option("A")
    ward.call(beds["B15"], "Pulse 151/min", lifecycle=lifecycle(steps=[step]))
    ward.tell(beds["B16"])
    ward.flush()
    page.wait_for_timeout(500)
    before = asked.count("delivered")
    page.locator(".ward select").select_option("B")
    ward.tell(beds["B16"])
    with page.expect_request("**/api/delivered"):
        ward.flush()
    for bed in ("B15", "B16"):
        ward.calm(beds[bed])

    assert before == 0


def test_data_that_say_they_are_made_up_are_watermarked_on_a_real_board_too(screen):
    one = screen()
    one.context.request.get(f"{one.address}/api/me")  # the session that the stream needs
    me = {"signed_in": True, "accounts": False, "may": ["see"], "csrf": "", "mode": "real", "names": False}
    one.page.route("**/api/me", lambda route: route.fulfill(content_type="application/json", body=json.dumps(me)))
    page = one.open()

    expect(page.locator(".watermark")).to_have_text("SIMULATION")
    expect(page.locator(".simulated")).to_be_visible()


def test_a_patients_quiet_hour_ends_at_the_hours_end(screen, beds):
    """A curve that stopped ten minutes ago stops before the right edge: silence is seen."""
    one = screen()
    one.open()
    path = one.tile("A05").locator(".spark path").last.get_attribute("d")

    assert max(float(x) for x in re.findall(r"[ML]([\d.]+) ", path)) < 215


def test_an_admitted_patient_of_whom_no_worker_has_told_stands_above_the_quiet_ones(screen, ward):
    admission = {"event": "admit", "patient_id": "t-new", "ward": "B", "bed": "B77", "mode": "demo"}
    ward.send(Topic.PATIENTS, "t-new", admission)
    ward.flush()
    one = screen()
    page = one.open()
    tile = one.tile("B77")
    expect(tile.locator(".watching")).to_have_text("NOT YET WATCHED")
    expect(tile).to_contain_text("No worker has told of this patient yet: nobody watches.")
    order = one.order()
    assert order.index("B77") < order.index("A01")
    tile.locator(".open").click()
    expect(page.locator(".pane .headline")).to_contain_text("nobody watches")
    ward.send(Topic.PATIENTS, "t-new", {**admission, "event": "discharge"})
    ward.flush()

    expect(tile).to_have_count(0)
