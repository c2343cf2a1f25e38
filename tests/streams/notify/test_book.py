"""What is told of an alert: each step and round once, its end to those who were called, nothing again at a restart."""

import gc
from datetime import timedelta

import msgspec
import pytest

from schemas.action import Step
from schemas.alert import AlertStatus
from schemas.reading import Mode
from streams.notify import notice
from streams.notify.book import KEPT, NOT_TOLD_AFTER, Book
from streams.notify.notice import Fate, Phase
from streams.notify.outbox import joined
from streams.notify.routes import Audience, Channel, Recipient
from tests.streams.notify.conftest import MACHINE, START, person, routes_of

NURSE, LEAD = person(Step.NURSE), person(Step.SHIFT_LEAD)
NOW = START + timedelta(minutes=1)


def book(*recipients, mode=Mode.REAL) -> Book:
    return Book(routes_of(*(recipients or (NURSE, LEAD))), mode)


def told(notices) -> list[tuple[str, str, int]]:
    return [(one.recipient, one.phase.value, one.round) for one in notices if one.fate is Fate.OWED]


def test_each_step_of_the_ladder_tells_its_own_people_once(revision):
    ours = book()

    assert told(ours.take(revision(1), NOW)) == [("nurse", "start", 0)]
    assert told(ours.take(revision(2, minutes=1), NOW)) == []
    both = ((Step.NURSE, 0), (Step.SHIFT_LEAD, 2))
    assert told(ours.take(revision(3, minutes=2, steps=both), NOW)) == [("shift_lead", "start", 0)]


def test_a_repeat_of_the_ladder_tells_everybody_reached_again(revision):
    ours, both = book(), ((Step.NURSE, 0), (Step.SHIFT_LEAD, 2))
    ours.take(revision(1, steps=both), NOW)

    again = ours.take(revision(2, minutes=7, steps=both, repeats=1), NOW)

    assert told(again) == [("nurse", "continue", 1), ("shift_lead", "continue", 1)]
    assert len({one.id for one in again}) == 2


def test_what_is_only_shown_goes_to_machines_alone(revision):
    asked = book(NURSE, MACHINE).take(revision(1, AlertStatus.SHOWN), NOW)

    assert told(asked) == [("gateway", "start", 0)]


LONG_AFTER = START + KEPT + timedelta(minutes=11)


def test_no_machine_is_told_of_an_alert_that_was_over_before_notices_are_kept(revision):
    ended = revision(2, AlertStatus.RESOLVED, minutes=10)

    assert told(book(MACHINE).take(ended, LONG_AFTER)) == []
    assert told(book(MACHINE).take(ended, LONG_AFTER - timedelta(hours=1))) == [("gateway", "end", 0)]


def test_what_was_not_told_of_an_alert_long_over_is_told_no_more_and_what_was_begun_is_ended(revision):
    shown = revision(1, AlertStatus.SHOWN)
    ended = revision(2, AlertStatus.RESOLVED, minutes=10)
    unsent, begun = book(MACHINE), book(MACHINE)
    (first,) = unsent.take(shown, LONG_AFTER)
    begun.take(shown, LONG_AFTER)
    begun.attempted.add(first.id)

    assert [(one.id, one.fate) for one in unsent.take(ended, LONG_AFTER)] == [(first.id, Fate.SUPERSEDED)]
    assert unsent.take(ended, LONG_AFTER) == unsent.owed() == []
    assert told(begun.take(ended, LONG_AFTER)) == [("gateway", "end", 0)]


def test_test_and_demo_patients_never_reach_a_person(revision):
    assert told(book().take(revision(1, mode=Mode.DEMO), NOW)) == []
    assert told(book(mode=Mode.DEMO).take(revision(1, mode=Mode.DEMO), NOW)) == []


@pytest.mark.parametrize("watched", Mode)
@pytest.mark.parametrize("mode", [Mode.TEST, Mode.DEMO])
def test_of_test_and_demo_patients_machines_are_told_so_and_what_pages_people_is_told_nothing(
    revision, watched: Mode, mode: Mode
):
    hook = Recipient("log", Channel.WEBHOOK, Audience.MACHINE)
    record = Recipient("record", Channel.FHIR, Audience.MACHINE)

    asked = book(NURSE, MACHINE, hook, record, mode=watched).take(revision(1, mode=mode), NOW)

    assert told(asked) == [("log", "start", 0), ("record", "start", 0)]
    assert all(one.mode is mode and one.text.startswith(f"{mode.upper()}, no patient. Bed A01") for one in asked)


def test_the_canary_reaches_nobody_and_no_machine(revision):
    assert book(NURSE, MACHINE).take(revision(1, patient_id="vigilward-canary-0"), NOW) == []


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "called 04:10 CET, ended 04:14 CET"),
        ("Asia/Kathmandu", "called 08:55 +0545, ended 08:59 +0545"),
        ("UTC", "called 03:10 UTC, ended 03:14 UTC"),
    ],
)
def test_times_are_those_of_the_sites_clocks(revision, zone: str, words: str):
    ours = Book(routes_of(NURSE, zone=zone), Mode.REAL)
    ours.take(revision(1), NOW)

    assert words in ours.take(revision(2, AlertStatus.CLEARED, minutes=4), NOW)[-1].text


def test_those_who_were_called_hear_that_it_is_answered_and_by_whom(revision):
    ours = book()
    (call,) = ours.take(revision(1), NOW)
    ours.settle(call, Fate.SENT)

    (over,) = ours.take(revision(2, AlertStatus.ACKNOWLEDGED, minutes=3, who="nora"), NOW)

    assert (over.phase, over.recipient) == (Phase.END, "nurse")
    assert (
        over.text
        == "Bed A01, ward A: called 03:10 UTC, answered by nora 03:13 UTC. Information, not a certified alarm."
    )
    assert ours.take(revision(3, AlertStatus.CLEARED, minutes=9), NOW) == []


def test_after_an_outage_the_latest_state_is_told_once_and_no_start_after_its_end(revision):
    ours = book()
    (call,) = ours.take(revision(1), NOW)

    superseded, over = ours.take(revision(2, AlertStatus.CLEARED, minutes=4), NOW)

    assert (superseded.id, superseded.fate) == (call.id, Fate.SUPERSEDED)
    assert "called 03:10 UTC, ended 03:14 UTC" in over.text


def test_a_call_that_may_have_left_keeps_its_words_and_comes_before_its_end(revision):
    ours = book()
    (call,) = ours.take(revision(1), NOW)
    ours.attempted.add(call.id)

    assert told(ours.take(revision(2, AlertStatus.CLEARED, minutes=4), NOW)) == [("nurse", "end", 0)]
    assert next(one.id for one in ours.owed()) == call.id


def test_what_is_owed_of_one_moment_is_told_in_the_order_of_its_revisions(revision):
    ours = Book(routes_of(MACHINE), Mode.REAL)
    for number in (9, 10):
        ours.take(revision(number), NOW)

    assert [one.revision for one in ours.owed()] == [9, 10]


def test_an_old_call_that_is_over_is_told_to_nobody_by_a_notifier_that_starts_late(revision):
    ours, late = book(), START + timedelta(hours=3)
    ours.take(revision(1), late)

    assert told(ours.take(revision(2, AlertStatus.CLEARED, minutes=4), late)) == []


def test_after_a_restart_the_same_revision_asks_for_nothing_and_what_was_owed_is_owed(revision):
    first = book()
    kept = [notice.decode(notice.encode(one)) for one in first.take(revision(1), NOW)]
    second = book()
    for one in kept:
        second.remember(one)

    assert second.take(revision(1), NOW) == []
    assert second.owed() == kept


def test_a_new_call_after_an_answer_is_a_new_message(revision):
    ours = book()
    (call,) = ours.take(revision(1), NOW)
    ours.settle(call, Fate.SENT)
    ours.take(revision(2, AlertStatus.ACKNOWLEDGED, minutes=3, who="nora"), NOW)

    assert told(ours.take(revision(3, minutes=70, steps=((Step.NURSE, 70),)), NOW)) == [("nurse", "start", 0)]


def test_when_a_snooze_ends_those_who_were_told_so_are_called_again_and_once(revision):
    ours, before, after = book(), revision(1), revision(3, minutes=6)
    for one in ours.take(before, NOW):
        ours.settle(one, Fate.SENT)
    (over,) = ours.take(revision(2, AlertStatus.SNOOZED, minutes=1), NOW)
    ours.settle(over, Fate.SENT)

    (again,) = ours.take(after, NOW)
    assert told([over, again]) == [("nurse", "end", 0), ("nurse", "start", 0)]
    assert told(ours.take(before, NOW)) == told(ours.take(after, NOW)) == [], "read again after a kill"
    both = ((Step.NURSE, 0), (Step.SHIFT_LEAD, 7))
    assert told(ours.take(revision(4, minutes=7, steps=both), NOW)) == [("shift_lead", "start", 0)]
    ours.settle(again, Fate.SENT)
    assert ("nurse", "end", 0) in told(ours.take(revision(5, AlertStatus.CLEARED, minutes=8), NOW))


def test_a_step_that_reaches_nobody_is_counted(revision):
    ours = book(person(Step.NURSE, wards=frozenset({"B"})))

    assert ours.take(revision(1), NOW) == []
    assert ours.nobody == 1


def test_no_patient_is_named_in_what_people_read(revision):
    assert all("p-secret" not in one.text for one in book().take(revision(1), NOW))


def test_what_was_told_of_thousands_of_alerts_is_nothing_for_the_garbage_collector(revision):
    """It would look through all of it, and every call would wait behind that."""
    ours = book()
    gc.collect()
    before = len(gc.get_objects())
    for number in range(1_000):
        ours.take(revision(alert_id=f"a-{number}"), NOW)
    gc.collect()

    assert len(gc.get_objects()) - before < 100


def test_whoever_heard_the_end_hears_no_beginning_though_that_was_forgotten(revision):
    """The records of its start are gone from the topic, those of its end are not; the alerts are read again."""
    before, again = book(NURSE, MACHINE), book(NURSE, MACHINE)
    start, over = revision(), revision(2, AlertStatus.CLEARED, minutes=4)
    for one in before.take(start, START):
        before.settle(one, Fate.SENT)
    for one in before.take(over, START):
        again.remember(one)

    assert again.take(start, START) == [] and again.take(over, START) == []


def test_of_what_was_told_nothing_is_known_any_more_and_each_hears_the_latest_state_once(revision):
    """As a notifier does that starts for the first time: what goes on is called for, what is long over is not."""
    anew, late = book(NURSE), START + 2 * NOT_TOLD_AFTER
    asked = [
        *anew.take(revision(alert_id="goes on"), late),
        *anew.take(revision(2, alert_id="goes on", minutes=1), late),
        *anew.take(revision(alert_id="over"), late),
        *anew.take(revision(2, AlertStatus.CLEARED, minutes=4, alert_id="over"), late),
    ]
    owed = {one.id: one.fate for one in asked}
    assert [name.split(":")[0] for name, fate in owed.items() if fate is Fate.OWED] == ["goes on"]


def test_what_is_owed_to_a_recipient_that_the_routes_no_longer_name_goes_to_whom_they_name_now(revision):
    called = revision(steps=((Step.NURSE, 0), (Step.SHIFT_LEAD, 2)))
    before, after = book(), book(person(Step.NURSE, "other"), person(Step.NURSE, "third"))
    for one in before.take(called, NOW):
        after.remember(one)
    moved = after.rerouted(NOW)

    assert [(one.recipient, one.fate.value) for one in moved] == [
        ("other", "owed"), ("third", "owed"), ("nurse", "undeliverable"), ("shift_lead", "undeliverable"),
    ]  # fmt: skip
    assert {one.recipients for one in moved[:3]} == {3}, "the step has failed once all three have"
    assert after.nobody == 1, "no shift lead"
    assert after.take(called, NOW) == [] and after.rerouted(NOW) == [], "nobody is told twice"


def test_what_is_owed_of_an_alert_keeps_its_order_though_a_message_of_several_is_older(revision):
    """The end of one bed stands in a message that is as old as the end of another, before the first was called."""
    at_work = book(NURSE)
    [early] = at_work.take(revision(alert_id="early"), NOW)
    [late] = at_work.take(revision(alert_id="late", minutes=5, steps=((Step.NURSE, 5),)), NOW)
    ends = []
    for call, minutes in ((early, 2), (late, 6)):
        at_work.settle(call, Fate.SENT)
        ends += at_work.take(revision(2, AlertStatus.CLEARED, minutes=minutes, alert_id=call.alert_id), NOW)
    after = book(NURSE)
    for one in (*ends, late, joined(ends)):
        after.remember(one)

    assert after.absorbed() and after.absorbed() == [], "the ends stand in the message of both"
    assert [one.id for one in after.owed()] == [late.id, joined(ends).id]


def test_a_call_that_is_over_is_asked_of_nobody_else(revision):
    before, after = book(NURSE), book(person(Step.NURSE, "other"))
    [call] = before.take(revision(), NOW)
    before.attempted.add(call.id)
    for one in (call, *before.take(revision(2, AlertStatus.CLEARED, minutes=4), NOW)):
        after.remember(one)

    assert [(one.recipient, one.fate) for one in after.rerouted(NOW)] == [("nurse", Fate.SUPERSEDED)]


def test_messages_that_stand_crosswise_are_told_nevertheless(revision):
    [one] = book(NURSE).take(revision(), NOW)
    part = notice.covered(one)
    other = part.__class__(part.id, "b", part.patient_id, part.step, 2)
    first = msgspec.structs.replace(one, id="1", covers=(part, other))
    second = msgspec.structs.replace(
        one, id="2", covers=(msgspec.structs.replace(part, revision=3), msgspec.structs.replace(other, revision=1))
    )

    assert notice.in_order([second, first]) == [first, second]
