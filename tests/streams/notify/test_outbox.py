"""One recipient's queue: in order, tried again with growing pauses, and one message for a gateway that is lost."""

from itertools import pairwise

import msgspec
import pytest

from schemas.action import Step
from schemas.alert import Kind, Priority
from schemas.reading import Mode
from streams.notify.book import Book
from streams.notify.outbox import GIVEN_UP_AFTER_S, JOIN_AGAIN_S, JOIN_S, OPEN_AFTER, Outbox
from tests.streams.notify.conftest import START, person, routes_of


@pytest.fixture
def call(revision):
    def call(number: int = 1, **facts):
        facts = {"alert_id": f"a-{number}", "bed": f"A{number:02d}", **facts}
        (one,) = Book(routes_of(person(Step.NURSE)), Mode.REAL).take(revision(1, **facts), START)
        return one

    return call


def lost(call, number: int):
    return call(number, kind=Kind.TECHNICAL, priority=Priority.MEDIUM, subject="silent")


def test_notices_leave_in_the_order_in_which_they_came(call):
    box = Outbox()
    for number in (1, 2):
        box.add(call(number), 0.0)

    first = box.ready(0.0)
    box.failed(0.0)

    assert box.ready(0.0) is None
    assert box.ready(60.0) == first
    box.sent()
    assert box.ready(60.0).alert_id == "a-2"


def test_pauses_double_up_to_a_minute_and_a_receiver_that_asks_for_more_gets_it(call):
    box, pauses, now = Outbox(), [], 0.0
    box.add(call(), 0.0)
    for _ in range(12):
        box.ready(now)
        box.failed(now)
        pauses.append(box.not_before - now)
        now = box.not_before

    assert pauses[0] <= 0.5 and 30 <= pauses[-1] <= 60
    assert all(later > 0.9 * before for before, later in pairwise(pauses[:7]))
    box.failed(now, 120.0)
    assert box.not_before - now == 120.0


def test_a_receiver_that_does_not_answer_is_away_until_it_does(call):
    box = Outbox()
    box.add(call(), 0.0)
    for _ in range(OPEN_AFTER):
        assert not box.away
        box.ready(0.0)
        box.failed(0.0)
    assert box.away

    box.sent()
    assert not box.away


def test_a_message_is_given_up_after_a_day(call):
    box = Outbox()
    box.add(call(), 0.0)
    box.ready(0.0)

    assert box.failed(GIVEN_UP_AFTER_S - 1)
    assert not box.failed(GIVEN_UP_AFTER_S + 1)


def test_twenty_six_beds_that_lose_their_gateway_are_one_message(call):
    box = Outbox()
    for number in range(1, 27):
        box.add(lost(call, number), number * 0.6)
    assert box.join(JOIN_S) is None

    message, gathered = box.join(JOIN_S + 1)

    assert len(gathered) == 26 and list(box.queue) == [message]
    assert "26 beds of ward A: A01, A02," in message.text and "p-secret" not in message.text


def test_those_that_follow_wait_for_the_minute_to_end(call):
    box = Outbox()
    box.add(lost(call, 1), 0.0)
    box.join(JOIN_S)
    box.add(lost(call, 2), JOIN_S + 1)

    assert box.join_at == JOIN_S + JOIN_AGAIN_S


def test_one_alone_is_told_in_its_own_words(call):
    box, one = Outbox(), lost(call, 1)
    box.add(one, 0.0)

    assert box.join(JOIN_S) is None
    assert box.ready(JOIN_S) == one


def test_a_high_call_waits_for_nothing(call):
    box, one = Outbox(), call(1, kind=Kind.TECHNICAL, priority=Priority.HIGH)
    box.add(one, 0.0)

    assert box.ready(0.0) == one
    assert msgspec.structs.replace(one, text="") != one


def test_a_high_call_does_not_wait_behind_one_that_is_held_for_quiet_hours(call):
    box, low, high = Outbox(), call(1, priority=Priority.LOW), call(2)
    box.add(low, 0.0)
    box.add(high, 0.0)

    assert box.ready(0.0, lambda one: one.priority is Priority.LOW) == high
    box.sent()
    assert box.ready(0.0, lambda one: one.priority is Priority.LOW) is None
    assert box.ready(0.0) == low


def test_a_notice_that_waits_is_not_queued_again(call):
    box = Outbox()
    for one in (call(1), call(1), lost(call, 2), lost(call, 2)):
        box.add(one, 0.0)

    assert len(box.queue) == len(box.gathering) == 1
