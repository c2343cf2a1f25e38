"""Safe to act on: nobody acts on the wrong bed, on what another has taken on, or on a slip of the hand."""

from datetime import datetime

import msgspec
import pytest
from playwright.sync_api import expect

from schemas.times import to_text
from streams.board.journal import JournalEntry
from streams.config.topics import Topic
from tests.browser.made import lifecycle, now
from tests.streams.board.conftest import everything


@pytest.fixture
def worse(beds, ward):
    """Turns a quiet bed of the end of the order into a high alert; afterwards all are quiet again."""
    called = []

    def make(bed: str) -> None:
        called.append(beds[bed])
        ward.call(beds[bed], "SpO2 79%, usual 97")

    yield make
    for bed in called:
        ward.calm(bed)


def test_the_order_stands_still_while_a_pointer_moves_over_the_tiles_for_ten_seconds_at_most(screen, worse):
    one = screen()
    one.page.clock.install()
    page = one.open()
    page.clock.run_for(1_000)
    before = one.order()
    place = one.tile(before[2]).bounding_box()

    def hover(seconds: float) -> None:
        for step in range(round(seconds * 2)):
            page.mouse.move(place["x"] + 30 + step % 9, place["y"] + 200)
            page.clock.run_for(500)

    hover(1)
    worse("B15")
    expect(page.locator(".new-high")).to_contain_text("SpO2 79%, usual 97")  # outside the order at once
    hover(4)
    assert one.order() == before
    hover(8)

    one.wait_for_at_the_top("B15")


def test_a_click_on_a_tile_that_has_just_moved_is_refused_and_says_why(screen, worse):
    one = screen()
    one.page.clock.install()
    page = one.open()
    page.clock.run_for(1_000)
    target = one.order()[2]
    place = one.tile(target).bounding_box()
    worse("B15")
    one.wait_for_at_the_top("B15")
    page.mouse.click(place["x"] + 40, place["y"] + 20)  # time stands still: it is the very moment of the move

    expect(page.locator(".toast.notice")).to_contain_text("the beds have just changed places")
    expect(page.locator(".pane")).to_have_count(0)
    page.clock.run_for(600)
    page.mouse.click(place["x"] + 40, place["y"] + 20)
    expect(page.locator(".pane")).to_have_count(1)


def test_back_closes_the_window_then_the_pane_and_leaves_the_board_where_it_is(screen):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.locator(".doing button", has_text="Observations").click()
    expect(page.locator("dialog[open]")).to_have_count(1)
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".pane")).to_have_count(1)
    page.go_back()
    expect(page.locator(".pane")).to_have_count(0)
    one.tile("A03").locator(".open").click()
    page.keyboard.press("Escape")
    expect(page.locator(".pane")).to_have_count(0)

    assert page.url.rstrip("/") == one.address
    assert page.evaluate("history.state?.open ?? false") is False


def test_a_second_person_is_told_who_has_the_alert_and_takes_over_by_saying_so_and_the_first_is_told(
    screen, beds, ward, settings
):
    bed = beds["A13"]
    identity = ward.call(bed, "Pulse 128/min, usual 76; NEWS2 5, was 1", "medium")
    owner = {"who": "Somebody at this machine", "role": "shift_lead"}
    mine = lifecycle("acknowledged", owner=owner, reason="reviewing", since=to_text(now()))
    bed.change(identity, "acknowledged", interrupts=False, lifecycle=mine)
    ward.tell(bed, identity)
    ward.flush()
    first = screen()
    first.open()
    expect(first.tile("A13").locator(".next")).to_contain_text("Somebody at this machine has it")
    theirs = lifecycle("acknowledged", owner={"who": "Nils", "role": "nurse"}, reason="treatment", since=to_text(now()))
    bed.change(identity, "acknowledged", lifecycle=theirs)
    ward.tell(bed, identity)
    ward.flush()
    expect(first.page.locator(".toast.notice")).to_contain_text("A13: Nils has taken over from you.")

    second = screen()
    page = second.open()
    second.tile("A13").locator(".open").click()
    page.locator(".doing button", has_text="Take over").click()
    expect(page.locator("dialog .other-owner")).to_contain_text("Nils (nurse) has it since")
    expect(page.locator("dialog .reasons button").first).to_be_disabled()
    page.locator("dialog .other-owner button").click()
    page.locator("dialog .reasons button").first.click()
    page.wait_for_selector(".toast.sent")
    ward.calm(bed)


def test_entering_shows_what_was_before_and_what_would_become_and_asks_about_a_slip(screen, settings, beds):
    one = screen()
    page = one.open()
    one.tile("A04").locator(".open").click()
    page.locator(".doing button", has_text="Observations").click()
    assert page.evaluate("document.activeElement.matches('dialog form input')"), "focus is on the first field"
    spo2 = page.locator("dialog label.value", has_text="SpO2")
    expect(spo2.locator(".before")).to_contain_text("before: 96 %")
    expect(spo2.locator("input")).to_have_value("")
    expect(page.locator("dialog .would")).to_contain_text("SpO2 scale 1 in force")
    spo2.locator("input").fill("9")
    expect(page.locator("dialog .would b")).to_have_text("With these values: NEWS2 3, now 0")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog .really")).to_have_text("Really SpO2 9 %?")
    spo2.locator("input").fill("95")
    expect(page.locator("dialog .really")).to_have_count(0)
    page.locator("dialog button[type=submit]").click()
    expect(page.locator(".toast.applied")).to_contain_text("A04: observations")
    row = page.locator(".sets li").first
    expect(row).to_contain_text("SpO2 95 %")
    row.get_by_role("button", name="In error").click()
    expect(page.locator("dialog")).to_contain_text("SpO2 95")
    page.locator("dialog .primary").click()
    expect(page.locator(".sets li").first).to_contain_text("entered in error")


def open_observations(page, one, bed: str) -> None:
    one.tile(bed).locator(".open").click()
    page.locator(".doing button", has_text="Observations").click()
    page.locator("dialog label.value", has_text="SpO2").locator("input").fill("95")


def test_the_score_is_asked_for_the_moment_at_which_the_set_was_taken(screen):
    one = screen()
    page = one.open()
    open_observations(page, one, "A04")
    with page.expect_request("**/api/score") as asked:
        page.get_by_label("Taken").select_option("30")
    minutes_ago = (now() - datetime.fromisoformat(asked.value.post_data_json["taken_at"]).timestamp() * 1000) / 60_000

    assert 29 < minutes_ago < 31


def test_a_set_is_sent_once_however_often_it_is_pressed_and_not_from_a_window_that_was_closed(screen):
    one = screen()
    page = one.open()
    open_observations(page, one, "A04")
    expect(page.locator("dialog .would b")).to_contain_text("With these values")
    held, sent = [], []
    page.route("**/api/score", lambda route: held.append(route))
    page.route("**/api/observations", lambda route: (sent.append(route.request.post_data_json), route.abort())[1])
    submit = page.locator("dialog button[type=submit]")
    with page.expect_request("**/api/score"):
        submit.evaluate("one => { one.click(); one.click(); }")  # before the button is painted disabled
    expect(submit).to_be_disabled()
    assert len(held) == 1
    page.locator("dialog footer button", has_text="Cancel").click()
    expect(page.locator("dialog")).to_have_count(0)
    with page.expect_response("**/api/score"):
        held.pop().continue_()
    page.evaluate("new Promise((done) => setTimeout(done))")  # what waited for the answer has gone on
    expect(page.locator(".toast")).to_have_count(0)
    assert sent == []

    page.unroute("**/api/score")
    page.locator(".doing button", has_text="Observations").click()
    page.locator("dialog label.value", has_text="SpO2").locator("input").fill("95")
    with page.expect_request("**/api/observations"):
        submit.evaluate("one => { one.click(); one.click(); }")
    expect(page.locator("dialog")).to_have_count(0)
    assert len({one["action_id"] for one in sent}) == 1
    page.evaluate("sessionStorage.clear()")


def test_what_waits_for_its_confirmation_says_of_which_vital_and_that_it_ended(screen, ward, beds):
    bed, at = beds["A09"], now()
    facts = {"order": "limit", "vital": "heart_rate", "prescriber": "Dr Haas"}
    entry = JournalEntry("order", "ended-001", bed.patient, at, "Lea", "shift_lead", ended=True, **facts)
    ward.send(Topic.JOURNAL, bed.patient, msgspec.to_builtins(entry))
    ward.flush()
    one = screen()
    page = one.open()
    flag = one.tile("A09").locator(".flag.waits")
    expect(flag).to_have_text("Personal limit Heart rate: ended · not confirmed")
    one.tile("A09").locator(".open").click()
    expect(page.locator(".unconfirmed li")).to_contain_text("Order ended: Personal limit Heart rate Dr Haas has to")
    confirm = JournalEntry("confirm", "conf-001", bed.patient, at + 1, "Grau", "doctor", confirms="ended-001")
    ward.send(Topic.JOURNAL, bed.patient, msgspec.to_builtins(confirm))
    ward.flush()
    expect(flag).to_have_count(0)


def test_orders_stand_on_the_tile_and_can_be_ended(screen, settings, beds, ward):
    bed = beds["A08"]
    facts = {"author": "Dr Grau", "reason": "COPD", "until": to_text(now() + 3_600_000), "ends_soon": False}
    none = {"vital": None, "low": None, "high": None}
    bed.more["orders"] = [
        {"order": "spo2_scale", "value": "2", **none, **facts},
        {"order": "limit", "value": None, "vital": "heart_rate", "low": 45.0, "high": None, **facts},
    ]
    ward.tell(bed)
    ward.flush()
    one = screen()
    page = one.open()
    expect(one.tile("A08").locator(".flag")).to_have_text(["SpO2 scale 2", "limit HR 45–"])
    one.tile("A08").locator(".open").click()
    page.locator(".doing button", has_text="Orders").click()
    page.get_by_role("button", name="End: SpO2 scale").click()
    page.locator(".ending input").fill("Dr Grau")
    page.locator(".ending button").click()
    expect(page.locator(".toast.applied")).to_contain_text("A08: SpO2 scale ended")
    ended = [value for _, _, value in everything(settings, Topic.PATIENTS) if value["patient_id"] == bed.patient][-1]
    ward.calm(bed)

    assert ended["spo2_scale"] is None


def test_a_word_that_was_not_sent_survives_a_reload(screen, settings, beds):
    one = screen()
    page = one.open()
    page.route("**/api/actions", lambda route: route.abort())
    page.on("dialog", lambda asked: asked.accept())
    one.tile("A04").locator(".open").click()
    page.locator(".doing button", has_text="Concern").click()
    page.locator("dialog .reasons button").first.click()
    expect(page.locator(".toast.failing")).to_have_count(1)
    page.reload()
    expect(page.locator(".toast.failing")).to_have_count(1)
    page.unroute("**/api/actions")
    expect(page.locator(".toast.sent")).to_have_count(1)
    said = [value for _, _, value in everything(settings, Topic.ACTIONS) if value["patient_id"] == beds["A04"].patient]

    assert (said[-1]["action_type"], said[-1]["reason"]) == ("concern", "breathing")
