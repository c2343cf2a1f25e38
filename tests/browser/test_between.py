"""What is true of a patient and is not yet, or no longer, a call: every red item, confirming, settling, new."""

import re

import pytest
from playwright.sync_api import expect

from schemas.times import to_text
from tests.browser.made import MINUTE, lifecycle, now


@pytest.fixture
def bed(beds, ward):
    one = beds["A13"]
    before = dict(one.values)
    yield one
    one.values = before
    ward.calm(one)


def test_every_red_item_is_named_the_most_dangerous_first(screen, ward, bed):
    bed.values |= {"resp_rate": 28, "spo2": 84, "systolic_bp": 86, "temperature": 34.6}
    ward.call(bed, "SpO2 84%, usual 97; NEWS2 12")
    one = screen()
    page = one.open()
    words = "Red: SpO2 84%, resp rate 28/min, systolic BP 86 mmHg, temperature 34.6 °C"
    expect(one.tile("A13").locator(".reds")).to_have_text(words)
    expect(one.tile("A13").locator(".between")).to_have_text("new")
    for place, row in (("#wall", ".tile .reds"), ("#handover", ".handover-bed .reds"), ("#sheet", ".sheet tbody tr")):
        page.goto(f"{one.address}/{place}")
        expect(page.locator(row, has_text=words)).to_have_count(1)


def test_what_is_confirming_says_for_how_long_and_can_be_claimed(screen, ward, bed):
    bed.values |= {"resp_rate": 28, "spo2": 90}
    shown = lifecycle("shown", unacknowledged="high", reviews_left=2)
    identity = ward.call(bed, "SpO2 90%; NEWS2 13", lifecycle=shown, at=now() - 40_000)
    bed.alerts[identity] |= {"interrupts": False, "suppressed_by": "persistence"}
    bed.change(identity, "updated")
    ward.tell(bed, identity)
    ward.flush()
    one = screen()
    page = one.open()
    expect(one.tile("A13").locator(".between")).to_have_text(re.compile(r"confirming 0:[45]\d|confirming 1:"))
    one.tile("A13").get_by_role("button", name="Acknowledge bed A13").click()
    with page.expect_request("**/api/actions") as asked:
        page.locator("dialog .reasons button").first.click()

    said = asked.value.post_data_json
    assert (said["action_type"], said["revision"], said["priority"]) == ("acknowledge", 2, "high")


def test_what_calls_and_has_eased_is_settling_and_nobody_answered_is_said_with_its_time(screen, ward, bed):
    called = to_text(now() - 3 * MINUTE)
    ward.call(bed, "SpO2 90%; NEWS2 7", at=now() - 3 * MINUTE, lifecycle=lifecycle(notified_at=called))
    one = screen()
    one.open()

    expect(one.tile("A13").locator(".between")).to_have_text("settling")
    expect(one.tile("A13").locator(".unanswered")).to_have_text("nobody has answered for 3 min")


def test_not_fully_monitored_counts_all_seven_items(screen, ward, beds):
    one = screen()
    page = one.open()
    count = page.locator(".bar .count.hidden b")
    before = int(count.inner_text())
    beds["A14"].states["temperature"] = "stale"
    ward.tell(beds["A14"])
    ward.flush()

    expect(count).to_have_text(str(before + 1))
    del beds["A14"].states["temperature"]
    ward.tell(beds["A14"])
    ward.flush()
