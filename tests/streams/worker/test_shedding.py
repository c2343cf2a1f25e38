"""What a partition that is behind leaves unsent: never an alert, never the newest status."""

from collections import Counter

import pytest

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.config.settings import Settings
from streams.worker.outgoing import AckTracker, OutgoingRecord, under
from streams.worker.shedding import REFUSALS_A_SECOND, STATUS_EVERY_S, Shedding

LOG = "vitals.readings"


def record(topic, key=b"p", value=b"1", headers=()):
    return OutgoingRecord(f"vitals.{topic}", 0, key, value, headers)


def refusal(offset, topic=LOG):
    return record("rejections", b"p", b"poison", Rejection.of(Refusal.NOT_JSON, None, topic, 0, offset).headers())


@pytest.fixture
def counts():
    return Counter()


@pytest.fixture
def shedding(counts):
    one = Shedding(Settings(), 0, counts)
    one.look(3.0)
    return one


def through(shedding, records, now=0.0, acks=None):
    kept = shedding.sift(list(records), now)
    ack = (acks or AckTracker(lambda _: None)).open(1, len(kept))
    return list(shedding.release(under(ack, kept), now))


def test_a_partition_that_keeps_up_sends_everything(counts):
    one = Shedding(Settings(), 0, counts)
    one.look(1.9)
    said = [record("trends"), record("status"), record("alerts"), *map(refusal, range(1_000))]

    assert through(one, said) == said and not counts


def test_it_begins_at_once_and_ends_when_it_has_caught_up(shedding):
    shedding.look(1.0)
    assert shedding.on, "else it would go on and off with each batch"

    shedding.look(0.4)
    assert not shedding.on


def test_alerts_are_never_shed_and_trends_are(shedding, counts):
    alerts = [record("alerts", value=str(number).encode()) for number in range(5_000)]

    assert through(shedding, [*alerts, record("trends")]) == alerts
    assert counts == {"trends": 1}


def test_of_many_statuses_the_newest_is_sent_in_the_end_and_nothing_is_safe_before(shedding, counts):
    safe = []
    acks = AckTracker(safe.append)
    assert through(shedding, [record("status", b"a", b"1"), record("status", b"b", b"1")], 0.0, acks) == []
    assert through(shedding, [record("status", b"a", b"2")], 1.0, acks) == []

    (b, a) = through(shedding, [record("status", b"a", b"3")], STATUS_EVERY_S, acks)

    assert (a.value, b.value, counts["status"]) == (b"3", b"1", 2)
    assert safe == []
    for one in (a, b):
        one.ack.arrived()
    assert safe != []


def test_a_patient_who_is_gone_is_gone_at_once(shedding):
    through(shedding, [record("status", b"a", b"1")])

    (gone,) = through(shedding, [record("status", b"a", None)])
    assert gone.value is None and shedding.drain() == []


def test_what_waits_goes_out_before_anything_newer_once_it_has_caught_up(shedding):
    through(shedding, [record("status", b"a", b"1"), record("status", b"b", b"1")])
    shedding.look(0.0)

    out = through(shedding, [record("status", b"a", b"2"), record("alerts", b"a")])
    assert [one.value for one in out if one.key == b"a" and one.topic == "vitals.status"] == [b"2"]
    assert [one.value for one in out if one.key == b"b"] == [b"1"]


def test_what_waits_is_given_back_when_the_partition_goes(shedding):
    through(shedding, [record("status", b"a", b"1")])

    assert [one.value for one in shedding.drain()] == [b"1"]


def test_of_a_flood_of_poison_some_come_back_whole_and_the_rest_by_their_offsets(shedding, counts):
    """Their bytes stand in the log."""
    out = through(shedding, map(refusal, range(1_000)))

    *whole, together = out
    told = Rejection.from_headers(together.headers)
    assert len(whole) == REFUSALS_A_SECOND and {one.value for one in whole} == {b"poison"}
    assert (told.code, told.offset, told.last_offset) == (Refusal.FLOOD, REFUSALS_A_SECOND, 999)
    assert dict(together.headers)["records"] == b"900" and counts == {"rejections": 900}
    assert len(through(shedding, map(refusal, range(1_000, 1_010)), 1.0)) == 10, "the next second has room again"


def test_what_people_sent_comes_back_whole_in_any_flood(shedding):
    through(shedding, map(refusal, range(1_000)))

    assert through(shedding, [refusal(7, "vitals.actions")])[0].value == b"poison"
