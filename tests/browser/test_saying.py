"""Acknowledging, entering observations, concern: sent, confirmed, or loudly not."""

import json
import re

import pytest
from playwright.sync_api import expect

from schemas.action import ACKNOWLEDGEMENTS
from schemas.times import to_text
from streams.config.packaged_rules import packaged_rules
from streams.config.topics import Topic
from tests.browser.made import MINUTE, lifecycle, now
from tests.streams.board.conftest import everything


@pytest.fixture
def calling(beds, ward):
    """Bed A01 calls with a medium alert; afterwards it is quiet again."""
    bed = beds["A01"]
    bed.alert_id = ward.call(bed, "Pulse 128/min, usual 76; NEWS2 5, was 1", "medium")
    yield bed
    ward.calm(bed)


def said(settings, topic, patient):
    return [value for _, _, value in everything(settings, topic) if value.get("patient_id") == patient]


def applied(bed, ward, action, **facts):
    """What a worker says after it has applied an acknowledgement."""
    at = now()
    owner = {"who": action["who"], "role": action["role"]}
    own = lifecycle(
        "acknowledged", owner=owner, reason=action["reason"], since=to_text(at), until=to_text(at + 15 * MINUTE),
        undo_of=action["action_id"], undo_until=to_text(at + 10_000),
    )  # fmt: skip
    bed.change(bed.alert_id, "acknowledged", interrupts=False, suppressed_by="acknowledged", lifecycle={**own, **facts})
    result = {
        "action_id": action["action_id"],
        "action_type": "acknowledge",
        "alert_id": bed.alert_id,
        "at": to_text(at),
    }
    bed.more["actions"] = [{**result, "refused": None, "field": None}]
    ward.tell(bed, bed.alert_id)
    ward.flush()


def test_an_acknowledgement_is_shown_as_sent_until_the_worker_confirms_it_and_may_be_undone(
    screen, settings, ward, calling
):
    one = screen()
    page = one.open()
    one.tile("A01").locator(".act").click()
    expect(page.locator("dialog .who")).to_contain_text("A01")
    page.locator("dialog .reasons button").first.click()

    expect(page.locator(".toast")).to_contain_text(re.compile("sending|sent, waiting"))
    expect(one.tile("A01").locator(".next")).to_contain_text(re.compile("sending|sent"))
    expect(page.locator(".toast.sent")).to_have_count(1)
    [action] = [
        value for value in said(settings, Topic.ACTIONS, calling.patient) if value["alert_id"] == calling.alert_id
    ]
    assert (action["action_type"], action["reason"], action["revision"]) == ("acknowledge", "reviewing", 1)

    applied(calling, ward, action)
    expect(page.locator(".toast")).to_contain_text("confirmed")
    expect(one.tile("A01").locator(".next")).to_contain_text("Somebody at this machine has it · Seen, reviewing")
    page.locator(".toast button", has_text="Undo").click()
    expect(page.locator(".toast")).to_have_count(2)
    page.wait_for_function("() => document.querySelectorAll('.toast.sent').length === 1")
    undo = said(settings, Topic.ACTIONS, calling.patient)[-1]
    assert (undo["action_type"], undo["undoes"]) == ("undo", action["action_id"])


def test_focus_stays_with_the_bed_when_the_button_that_had_it_is_gone(screen, settings, ward, calling):
    one = screen()
    page = one.open()
    place = "document.activeElement.closest('.tile, .pane')?.className.split(' ')[0]"
    one.tile("A01").locator(".act").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("1")
    expect(one.tile("A01").locator(".act")).to_have_count(0)
    assert page.evaluate(place) == "tile"

    page.keyboard.press("Enter")
    page.wait_for_selector(".pane")
    page.locator(".doing .primary").focus()
    applied(calling, ward, said(settings, Topic.ACTIONS, calling.patient)[-1])
    expect(page.locator(".doing .primary")).to_have_count(0)
    assert page.evaluate(place) == "pane"


def test_a_slip_may_be_taken_back_at_once_and_only_for_seconds(screen, settings, calling):
    """Also before the worker has answered: the words stand behind each other in one topic."""
    one = screen()
    page = one.open()
    one.tile("A01").locator(".act").click()
    page.locator("dialog .reasons button").first.click()
    button = page.locator(".toast button", has_text="Undo")
    expect(button).to_contain_text(re.compile("Undo 0:0[4-9]|0:10"))
    button.click()
    page.wait_for_function("() => document.querySelectorAll('.toast.sent').length === 2")

    acknowledged, undone = said(settings, Topic.ACTIONS, calling.patient)[-2:]
    assert (undone["action_type"], undone["undoes"]) == ("undo", acknowledged["action_id"])
    expect(button).to_have_count(0)


def test_how_long_a_reason_holds_is_what_the_rules_in_force_say(screen, ward, calling):
    rules = packaged_rules()
    calling.more["rules"] = {"name": rules.name, "version": rules.version, "sha256": rules.sha256}
    ward.tell(calling)
    ward.flush()
    one = screen()
    page = one.open()
    one.tile("A01").locator(".act").click()
    reasons = page.locator("dialog .reasons button small").all_inner_texts()

    medium = [packaged_rules().calling.holds[reason].medium for reason in ACKNOWLEDGEMENTS]
    assert [text.partition(" min")[0] for text in reasons] == [f"{minutes:g}" for minutes in medium]
    assert "ended by a new red score" in reasons[4]


def test_under_rules_that_the_board_has_not_heard_of_no_minutes_are_promised(screen, calling):
    one = screen()
    page = one.open()
    one.tile("A01").locator(".act").click()

    expect(page.locator("dialog .reasons small").first).to_contain_text("as the rules say")


def test_an_alert_may_be_made_quiet_as_long_as_the_rules_still_allow(screen, settings, ward, calling):
    calling.change(
        calling.alert_id,
        "raised",
        lifecycle={**calling.alerts[calling.alert_id]["lifecycle"], "snooze_left_minutes": 20},
    )
    ward.tell(calling, calling.alert_id)
    ward.flush()
    one = screen()
    page = one.open()
    one.tile("A01").locator(".act").click()
    choices = page.locator("dialog .quiet-row button")
    expect(choices).to_have_text(["5 min", "15 min"])
    choices.last.click()
    page.wait_for_selector(".toast.sent")
    word = said(settings, Topic.ACTIONS, calling.patient)[-1]

    assert (word["action_type"], word["minutes"], word["alert_id"]) == ("snooze", 15, calling.alert_id)


def test_an_alert_that_has_been_quiet_long_enough_cannot_be_made_quiet_again(screen, calling):
    one = screen()
    page = one.open()
    one.tile("A01").locator(".act").click()

    expect(page.locator("dialog .quiet-row")).to_have_text(re.compile("cannot be made quiet any longer"))
    expect(page.locator("dialog .quiet-row button")).to_have_count(0)


def test_what_the_worker_refuses_is_told_loudly(screen, settings, ward, calling):
    one = screen()
    page = one.open()
    one.tile("A01").locator(".act").click()
    page.locator("dialog .reasons button").nth(2).click()
    page.wait_for_selector(".toast.sent")
    action = said(settings, Topic.ACTIONS, calling.patient)[-1]
    refused = {"action_type": "acknowledge", "alert_id": calling.alert_id, "at": to_text(now()), "field": None}
    calling.more["actions"] = [{**refused, "action_id": action["action_id"], "refused": "alert_changed"}]
    ward.tell(calling)
    ward.flush()

    expect(page.get_by_role("alert").locator(".toast.refused")).to_contain_text(
        "REFUSED The patient has become worse: look again."
    )


def test_a_patient_who_became_worse_behind_the_window_is_not_acknowledged(screen, ward, calling):
    one = screen()
    page = one.open()
    one.tile("A01").locator(".act").click()
    page.wait_for_selector("dialog[open]")
    calling.change(calling.alert_id, "worsened", priority="high")
    ward.tell(calling, calling.alert_id)
    ward.flush()
    expect(page.locator("dialog .loud")).to_contain_text("has become worse")
    page.locator("dialog .reasons button").first.click()

    expect(page.locator(".toast.refused")).to_contain_text("become worse")


def test_without_the_board_a_word_is_tried_again_until_it_is_there_and_said_once(screen, settings, calling):
    one = screen()
    page = one.open()
    page.route("**/api/actions", lambda route: route.abort())
    one.tile("A01").locator(".act").click()
    page.locator("dialog .reasons button").nth(1).click()
    expect(page.locator(".toast.failing")).to_contain_text("NOT SENT YET, trying again")
    expect(one.tile("A01").locator(".next")).to_contain_text("NOT SENT YET")
    before = len(said(settings, Topic.ACTIONS, calling.patient))
    page.unroute("**/api/actions")

    expect(page.locator(".toast.sent")).to_have_count(1)
    assert len(said(settings, Topic.ACTIONS, calling.patient)) == before + 1


def test_a_word_that_the_worker_has_applied_is_not_told_as_refused_when_its_answer_was_lost(
    screen, settings, ward, calling
):
    """The broker had it, the answer was cut off; meanwhile the alert is another, and the repeat is refused."""
    one = screen()
    page = one.open()
    tries = []

    def cut(route):
        tries.append(route.fetch().status)
        route.abort()

    page.route("**/api/actions", cut)
    one.tile("A01").locator(".act").click()
    page.locator("dialog .reasons button").first.click()
    expect(page.locator(".toast.failing")).to_have_count(1)
    applied(calling, ward, said(settings, Topic.ACTIONS, calling.patient)[-1])
    expect(page.locator(".toast")).to_contain_text("confirmed")
    page.unroute("**/api/actions")
    changed = json.dumps({"detail": {"code": "worse", "words": "worse"}})
    again = []

    def refuse(route):
        again.append(route.request.url)
        route.fulfill(status=409, content_type="application/json", body=changed)

    page.route("**/api/actions", refuse)
    page.wait_for_timeout(2_000)  # the page tries again every one and a half seconds

    assert tries[0] == 201
    expect(page.locator(".toast")).to_contain_text("confirmed")
    assert again == []


def test_a_flow_that_was_typed_before_air_was_ticked_is_not_sent(screen, settings, beds):
    """A flow counts as oxygen wherever it comes from: two points that nobody meant."""
    one = screen()
    page = one.open()
    one.tile("A04").locator(".open").click()
    page.locator(".doing button", has_text="Observations").click()
    page.locator("dialog .pick", has_text="oxygen").click()
    page.get_by_label("Flow").fill("4")
    page.locator("dialog .pick", has_text="air").click()
    page.locator("dialog button[type=submit]").click()
    expect(page.locator(".toast.applied")).to_contain_text("A04: observations")
    reading = said(settings, Topic.READINGS, beds["A04"].patient)[-1]

    assert {name: one["value"] for name, one in reading["vitals"].items()} == {"supplemental_oxygen": False}


def test_a_set_of_observations_goes_to_the_readings(screen, settings, beds):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.locator(".doing button", has_text="Observations").click()
    expect(page.locator("dialog fieldset.missing legend")).to_contain_text("Consciousness · missing")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog [role=alert]")).to_have_text("Nothing is filled in yet.")
    page.locator("dialog .pick", has_text="new confusion").click()
    expect(page.locator("dialog [role=alert]")).to_have_count(0)
    page.locator("dialog .pick", has_text="oxygen").click()
    page.get_by_label("Flow").fill("4")
    page.get_by_role("spinbutton", name="Temperature").fill("38.9")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator(".toast.applied")).to_contain_text("A07: observations")
    reading = said(settings, Topic.READINGS, beds["A07"].patient)[-1]

    assert reading["source"] == "spot"
    assert {name: one["value"] for name, one in reading["vitals"].items()} == {
        "temperature": 38.9, "consciousness": "C", "supplemental_oxygen": True, "oxygen_flow": 4.0,
    }  # fmt: skip


def test_concern_needs_no_score(screen, settings, beds):
    one = screen()
    page = one.open()
    one.tile("A04").locator(".open").click()
    page.locator(".doing button", has_text="Concern").click()
    page.get_by_label("Note").fill("pale")
    page.locator("dialog .reasons button", has_text="Not quite").click()
    page.wait_for_selector(".toast.sent")
    concern = said(settings, Topic.ACTIONS, beds["A04"].patient)[-1]

    assert (concern["action_type"], concern["reason"], concern["text"]) == ("concern", "mentation", "pale")


def test_an_order_is_entered_with_its_end(screen, settings, beds):
    one = screen()
    page = one.open()
    one.tile("A04").locator(".open").click()
    page.locator(".doing button", has_text="Orders").click()
    page.locator("dialog select").first.select_option("spo2_scale")
    page.get_by_label("Prescriber").fill("Dr Grau")
    page.locator("dialog button[type=submit]").click()
    page.wait_for_selector(".toast.applied")
    record = said(settings, Topic.PATIENTS, beds["A04"].patient)[-1]

    assert (record["event"], record["spo2_scale"]["scale"], record["spo2_scale"]["prescriber"]) == (
        "update",
        2,
        "Dr Grau, entered by Somebody at this machine",
    )
    assert record["spo2_scale"]["until"]


def test_one_tap_says_whether_an_alert_was_useful(screen, settings, ward, calling):
    ended = {"alert_id": calling.alert_id, "kind": "physiological", "subject": "deterioration", "priority": "medium"}
    at = {"started_at": to_text(now() - MINUTE), "ended_at": to_text(now())}
    calling.change(calling.alert_id, "cleared", interrupts=False)
    ward.tell(calling, calling.alert_id)
    calling.alerts.clear()
    calling.more["ended"] = [{**ended, **at, "headline": "Pulse 128/min", "reason": "condition_over", "useful": None}]
    ward.tell(calling)
    ward.flush()
    one = screen()
    page = one.open()
    one.tile("A01").locator(".open").click()
    page.locator(".useful button", has_text="Yes").click()
    page.wait_for_selector(".toast.sent")
    word = said(settings, Topic.ACTIONS, calling.patient)[-1]

    assert (word["action_type"], word["reason"]) == ("feedback", "useful")


def test_a_viewer_is_offered_nothing_to_do(screen):
    one = screen()
    me = {
        "signed_in": True,
        "accounts": True,
        "name": "Vera",
        "role": "viewer",
        "may": ["see"],
        "csrf": "",
        "mode": "demo",
        "names": False,
    }
    one.page.route("**/api/me", lambda route: route.fulfill(content_type="application/json", body=json.dumps(me)))
    one.context.request.get(f"{one.address}/api/me")  # the session that the stream needs
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.wait_for_selector(".pane")

    expect(page.locator(".act, .doing button")).to_have_count(0)
