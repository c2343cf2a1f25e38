"""One recipient's queue: in order for each alert, tried again with growing pauses, one message for a lost gateway."""

from itertools import pairwise

import msgspec
import pytest

from schemas.action import Step
from schemas.alert import Kind, Priority
from schemas.reading import Mode
from streams.notify.book import Book
from streams.notify.notice import Phase
from streams.notify.outbox import (
    GIVEN_UP_AFTER_S,
    JOIN_AGAIN_S,
    JOIN_S,
    LONGEST_PAUSE_S,
    OPEN_AFTER,
    PARKED_AFTER,
    Outbox,
)
from tests.streams.notify.conftest import START, person, routes_of


@pytest.fixture
def call(revision):
    def call(number: int = 1, repeats: int = 0, **facts):
        facts = {"alert_id": f"a-{number}", "bed": f"A{number:02d}", **facts}
        (one,) = Book(routes_of(person(Step.NURSE)), Mode.REAL).take(revision(1, repeats=repeats, **facts), START)
        return one

    return call


def lost(call, number: int):
    return call(number, kind=Kind.TECHNICAL, priority=Priority.MEDIUM, subject="silent")


def over(one):
    return msgspec.structs.replace(one, id=f"{one.id}:over", phase=Phase.END, step=None)


def test_notices_leave_in_the_order_in_which_they_came(call):
    box = Outbox()
    for number in (1, 2):
        box.add(call(number), 0.0)

    first = box.ready(0.0)
    box.failed(first.id, 0.0)

    assert box.ready(0.0) is None
    assert box.ready(60.0) == first
    box.sent(first.id)
    assert box.ready(60.0).alert_id == "a-2"


def test_a_message_that_its_receiver_alone_refuses_waits_by_itself_with_what_follows_of_its_alert(call):
    box, refused, follows, other = Outbox(), call(1), call(1, repeats=1), call(2)
    for one in (refused, follows, other):
        box.add(one, 0.0)
    now, went = 0.0, []
    for _ in range(PARKED_AFTER):
        assert box.ready(now) == refused
        assert box.failed(refused.id, now, answered=True)
        while (one := box.ready(now)) is not None:
            went.append(one)
            box.sent(one.id)
        now += 60.0

    assert went == [other] and box.parked == 1 and box.is_parked(refused.id) and not box.away
    assert box.ready(now) == refused
    box.sent(refused.id)
    assert box.ready(now) == follows and not box.parked


def test_a_receiver_that_refuses_everything_is_asked_one_at_a_time(call):
    box, asked, now = Outbox(), 0, 0.0
    for number in range(200):
        box.add(call(number), 0.0)
    while now < 120.0:
        while (one := box.ready(now)) is not None:
            box.failed(one.id, now, answered=True)
            asked += 1
        now += 0.5

    assert box.away and asked < 2 * OPEN_AFTER + 120 / (LONGEST_PAUSE_S / 2)


def test_while_one_is_under_way_others_leave_and_what_follows_of_its_alert_waits(call):
    box, first, follows, other = Outbox(), call(1), call(1, repeats=1), call(2)
    for one in (first, follows, other):
        box.add(one, 0.0)
    box.fly(first.id)

    assert box.ready(0.0) == other
    box.fly(other.id)
    assert box.ready(0.0) is None
    box.fly(first.id, flies=False)
    assert box.ready(0.0) == first
    box.sent(first.id)
    assert box.ready(0.0) == follows


def test_a_receiver_that_asks_for_a_pause_gets_it_for_everything(call):
    box = Outbox()
    for number in (1, 2):
        box.add(call(number), 0.0)
    box.failed(box.ready(0.0).id, 0.0, answered=False, wait_s=120.0)

    assert box.ready(119.0) is None and box.ready(120.5) is not None


def test_pauses_double_up_to_a_quarter_minute(call):
    box, pauses, now = Outbox(), [], 0.0
    box.add(call(), 0.0)
    for _ in range(12):
        box.failed(box.ready(now).id, now)
        pauses.append(box.next_at() - now)
        now = box.next_at()

    assert pauses[0] <= 0.5 and LONGEST_PAUSE_S / 2 <= pauses[-1] <= LONGEST_PAUSE_S
    assert all(later > 0.9 * before for before, later in pairwise(pauses[:5]))


def test_a_receiver_that_does_not_answer_is_away_until_it_does(call):
    box = Outbox()
    box.add(call(), 0.0)
    for _ in range(OPEN_AFTER):
        assert not box.away
        box.failed(call().id, 0.0)
    assert box.away

    box.sent(call().id)
    assert not box.away


def in_flight(box: Outbox, call, now: float) -> list[str]:
    """Eight messages of as many alerts, all under way."""
    for number in range(8):
        box.add(call(number), now)
    for _ in range(8):
        box.fly(box.ready(now).id)
    return list(box.queue)


def test_a_blip_that_eight_messages_under_way_meet_counts_once(call):
    box = Outbox()
    names = in_flight(box, call, 0.0)
    for number, name in enumerate(names):
        box.fly(name, flies=False)
        box.failed(name, 0.1 + number / 1_000)

    assert box.failures == 1 and not box.away
    assert box.next_at() <= 0.1 + 0.5 and all(one.not_before <= 0.7 for one in box.queue.values())
    now, went = 0.7, 0
    while (one := box.ready(now)) is not None:
        box.sent(one.id)
        went += 1
    assert went == 8, "the pause is over for all of them"


def test_a_receiver_that_stays_away_is_so_after_as_many_tries_that_began_one_after_another(call):
    box = Outbox()
    for name in in_flight(box, call, 0.0):
        box.fly(name, flies=False)
        box.failed(name, 10.0)
    for _ in range(OPEN_AFTER - 1):
        assert not box.away
        now = box.next_at()
        box.failed(box.ready(now).id, now + 10.0)

    assert box.away


def test_what_fails_late_of_a_blip_that_is_over_holds_nothing_up(call):
    box = Outbox()
    first, second, late, *_ = in_flight(box, call, 0.0)
    box.failed(first, 0.1)
    box.sent(second)
    box.fly(late, flies=False)
    box.failed(late, 10.0)

    assert (box.failures, box.not_before) == (0, 0.0)
    assert box.queue[late].not_before > 10.0


def test_a_message_is_given_up_after_a_day(call):
    box = Outbox()
    box.add(call(), 0.0)
    box.ready(0.0)

    assert box.failed(call().id, GIVEN_UP_AFTER_S - 1)
    assert not box.failed(call().id, GIVEN_UP_AFTER_S + 1)


def test_twenty_six_beds_that_lose_their_gateway_are_one_message_and_so_is_their_return(call):
    box = Outbox()
    calls = [lost(call, number) for number in range(1, 27)]
    for number, one in enumerate(calls):
        box.add(one, number * 0.6)
    assert box.join(JOIN_S - 1) == []

    [(message, gathered)] = box.join(JOIN_S + 1)

    assert len(gathered) == 26 and box.waiting == [message] and len(message.covers) == 26
    assert "26 beds of ward A: A01, A02," in message.text and "p-secret" not in message.text
    for one in calls:
        box.add(over(one), 200.0)
    [(ends, gathered)] = box.join(200.0 + JOIN_S)
    assert len(gathered) == 26 and ends.phase is Phase.END and "No longer calling" in ends.text
    box.failed(message.id, 300.0, answered=True)
    assert box.ready(300.0) is None, "the end of what was never told waits for it"


def test_calls_and_ends_that_wait_together_are_two_messages_calls_first(call):
    box = Outbox()
    for number in (1, 2):
        box.add(over(lost(call, number)), 0.0)
    for number in (3, 4):
        box.add(lost(call, number), 1.0)

    assert [message.phase for message, _ in box.join(JOIN_S)] == [Phase.START, Phase.END]


def test_a_machine_gets_each(call):
    box = Outbox(joins=False)
    for number in (1, 2):
        box.add(lost(call, number), 0.0)

    assert not box.gathering and len(box.waiting) == 2


def test_those_that_follow_wait_for_the_minute_to_end(call):
    box = Outbox()
    box.add(lost(call, 1), 0.0)
    box.join(JOIN_S)
    box.add(lost(call, 2), JOIN_S + 1)

    assert box.join_at == JOIN_S + JOIN_AGAIN_S


def test_one_alone_is_told_in_its_own_words(call):
    box, one = Outbox(), lost(call, 1)
    box.add(one, 0.0)

    assert box.join(JOIN_S) == []
    assert box.ready(JOIN_S) == one


def test_a_high_call_waits_for_nothing(call):
    box, one = Outbox(), call(1, kind=Kind.TECHNICAL, priority=Priority.HIGH)
    box.add(one, 0.0)

    assert box.ready(0.0) == one


def test_a_high_call_does_not_wait_behind_one_that_is_held_for_quiet_hours(call):
    box, low, high = Outbox(), call(1, priority=Priority.LOW), call(2)
    box.add(low, 0.0)
    box.add(high, 0.0)

    assert box.ready(0.0, lambda one: one.priority is Priority.LOW) == high
    box.sent(high.id)
    assert box.ready(0.0, lambda one: one.priority is Priority.LOW) is None
    assert box.ready(0.0) == low


def test_a_notice_that_waits_is_not_queued_again(call):
    box = Outbox()
    for one in (call(1), call(1), lost(call, 2), lost(call, 2)):
        box.add(one, 0.0)

    assert len(box.queue) == len(box.gathering) == 1


def test_a_call_that_became_high_takes_the_held_one_before_it_along(call):
    """Quiet hours are for low ones: an alert that rises meanwhile is told at once, in order."""
    box, low, other = Outbox(), call(1, priority=Priority.LOW), call(2, priority=Priority.LOW)
    high = call(1, repeats=1)
    for one in (low, other, high):
        box.add(one, 0.0)

    for one in (low, high):
        assert box.ready(0.0, lambda one: one.priority is Priority.LOW) == one
        box.sent(one.id)
    assert box.ready(0.0, lambda one: one.priority is Priority.LOW) is None


def test_a_high_call_leaves_after_what_is_gathered_of_its_alert(call):
    box, medium, other = Outbox(), lost(call, 1), lost(call, 2)
    high = call(1, repeats=1, kind=Kind.TECHNICAL, priority=Priority.HIGH)
    for one in (medium, other, high):
        box.add(one, 0.0)

    for one in (medium, high):
        assert box.ready(0.0) == one
        box.sent(one.id)
    assert box.gathering == [other]


def test_what_quiet_hours_hold_is_overdue_a_minute_after_they_end_and_not_before(call):
    box, quiet = Outbox(), True
    low, high = call(1, priority=Priority.LOW), call(2)
    for one in (low, high):
        box.add(one, 0.0)

    def held(one) -> bool:
        return quiet and one.priority is Priority.LOW

    assert box.overdue(60.0, 60.0, held) == [high]
    quiet = False
    assert box.overdue(119.0, 60.0, held) == []
    assert box.overdue(120.0, 60.0, held) == [low]


def test_a_held_call_that_something_pressing_follows_is_overdue_with_it(call):
    box, low, high = Outbox(), call(1, priority=Priority.LOW), call(1, repeats=1)
    for one in (low, high):
        box.add(one, 0.0)

    assert box.overdue(60.0, 60.0, lambda one: one.priority is Priority.LOW) == [low, high]


def test_what_ended_and_calls_again_while_it_waits_is_told_in_its_order(call):
    """Calls first would tell of a bed that calls that it no longer does."""
    box = Outbox()
    for number in (1, 2):
        box.add(over(lost(call, number)), 0.0)
    again = msgspec.structs.replace(lost(call, 1), id="again", revision=3)
    box.add(again, 1.0)
    box.add(lost(call, 3), 1.0)

    assert [(one.phase.value, len(one.covers)) for one, _ in box.join(JOIN_S)] == [("end", 2)]
    left = [one.id for one in box.waiting]
    assert left.index("again") > left.index(next(one.id for one in box.waiting if one.covers))
