"""What is sent in place of a record that is too large."""

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.worker.outgoing import OutgoingRecord
from streams.worker.oversize import OMITTED, OversizeSubstitute


def test_a_record_that_is_too_large_becomes_a_rejection_that_says_so(settings):
    instead = OversizeSubstitute(settings)(OutgoingRecord("vitals.alerts", 2, b"p-1", b"{}"))

    assert (instead.topic, instead.partition, instead.value) == ("vitals.rejections", 2, b"{}")
    assert Rejection.from_headers(instead.headers).code is Refusal.TOO_LARGE


def test_a_rejection_that_is_too_large_keeps_its_facts_and_says_how_much_is_left_out(settings):
    facts = Rejection.of(Refusal.NOT_JSON, None, "vitals.readings", 1, 7).headers()

    instead = OversizeSubstitute(settings)(OutgoingRecord("vitals.rejections", 1, None, b"x" * 500, facts))

    assert instead.value is None
    assert dict(instead.headers)[OMITTED] == b"500"
    assert Rejection.from_headers(instead.headers).code is Refusal.NOT_JSON


def test_of_facts_that_are_too_large_themselves_nothing_is_left(settings):
    assert OversizeSubstitute(settings)(OutgoingRecord("vitals.rejections", 1, None, None)) is None
