"""What a partition that is behind leaves unsent: never an alert, never the newest status."""

import asyncio
import time
from collections import Counter
from types import SimpleNamespace

import pytest

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.config.settings import Settings
from streams.worker.metrics import Metrics
from streams.worker.outgoing import AckTracker, OutgoingRecord, under
from streams.worker.owned_partition import OwnedPartition
from streams.worker.shedding import REFUSALS_A_SECOND, REFUSALS_IN_TIME, STATUS_EVERY_S, Shedding

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
    said = [record("trends"), record("status"), record("alerts"), *map(refusal, range(REFUSALS_IN_TIME))]

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
    assert gone.value is None and shedding.waiting == []


def test_what_waits_goes_out_before_anything_newer_once_it_has_caught_up(shedding):
    through(shedding, [record("status", b"a", b"1"), record("status", b"b", b"1")])
    shedding.look(0.0)

    out = through(shedding, [record("status", b"a", b"2"), record("alerts", b"a")])
    assert [one.value for one in out if one.key == b"a" and one.topic == "vitals.status"] == [b"2"]
    assert [one.value for one in out if one.key == b"b"] == [b"1"]


def owned(shedding, producer):
    one = OwnedPartition(
        SimpleNamespace(partition=0), 0, producer, lambda topic: topic, Metrics(Settings()), lambda partition, at: None
    )
    one.shedding = shedding
    return one


def test_what_waits_goes_out_when_the_log_falls_silent_though_no_record_comes_to_bring_it_along(shedding, make, run):
    """In event clock nothing ticks: the newest status was never sent, and no checkpoint followed what caused it."""
    noted = make.Noted()
    one = owned(shedding, noted)
    through(shedding, [record("status", b"a", b"1")], now=time.monotonic())

    one.lag_s = lambda: 3.0
    run(one.look())
    assert noted.records == [], "still behind, and not for long"

    one.lag_s = lambda: 0.0
    run(one.look())
    assert [told.value for told in noted.records] == [b"1"]
    run(one.look())
    assert len(noted.records) == 1 and shedding.waiting == []


def test_what_waits_goes_out_after_its_time_though_the_partition_stays_behind(shedding, make, run):
    noted = make.Noted()
    one = owned(shedding, noted)
    one.lag_s = lambda: 3.0
    through(shedding, [record("status", b"a", b"1")], now=-STATUS_EVERY_S)

    run(one.look())

    assert [told.value for told in noted.records] == [b"1"]


def test_what_waits_goes_out_when_the_partition_goes_and_is_not_lost_where_kafka_has_no_room(shedding, make, run):
    class Full(make.Noted):
        async def put(self, records):
            await asyncio.sleep(60)

    async def story():
        through(shedding, [record("status", b"a", b"1")])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await owned(shedding, Full()).drain()
        noted = make.Noted()
        await owned(shedding, noted).drain()
        return [told.value for told in noted.records], shedding.waiting

    assert run(story()) == ([b"1"], [])


def test_of_a_flood_of_poison_some_come_back_whole_and_the_rest_by_their_offsets(shedding, counts):
    """Their bytes stand in the log."""
    out = through(shedding, map(refusal, range(1_000)))

    *whole, together = out
    told = Rejection.from_headers(together.headers)
    assert len(whole) == REFUSALS_A_SECOND and {one.value for one in whole} == {b"poison"}
    assert (told.code, told.offset, told.last_offset) == (Refusal.FLOOD, REFUSALS_A_SECOND, 999)
    assert dict(together.headers)["records"] == b"900" and counts == {"rejections": 900}
    assert len(through(shedding, map(refusal, range(1_000, 1_010)), 1.0)) == 10, "the next second has room again"


def test_a_partition_that_keeps_up_bounds_floods_of_refusals_too(counts):
    keeps_up = Shedding(Settings(), 0, counts)
    keeps_up.look(0.0)

    *whole, together = through(keeps_up, [*map(refusal, range(5_000)), record("trends", b"a")])

    assert len(whole) == REFUSALS_IN_TIME + 1 and dict(together.headers)["records"] == b"4500"
    assert set(counts) == {"rejections"}


def test_what_people_sent_comes_back_whole_in_any_flood(shedding):
    through(shedding, map(refusal, range(1_000)))

    assert through(shedding, [refusal(7, "vitals.actions")])[0].value == b"poison"
