"""One patient is erased: her watch ends, what is known goes, nothing of it comes back; others are left as they are."""

import hypothesis.strategies as st
from hypothesis import given

from streams.board.admissions import Admissions
from streams.log.newcomers import Newcomers
from tests.making import SECOND, T0, Entry, alerts, every, new_partition, numbered, reading, record, run

ILL = {"heart_rate": 135, "spo2": 83, "resp_rate": 31}
BORN = {"ward": "W", "bed": "7", "date_of_birth": "1951-07-30"}


def ward():
    entries = [record(T0, "a", "admit", 0, **BORN), record(T0, "b", "admit", 1, **BORN)]
    for at in every(SECOND, 1, 90):
        entries += [reading(T0 + at * SECOND, who, sequence=at, **ILL) for who in ("a", "b")]
    return entries


ERASED = record(T0 + 91 * SECOND, "a", "erase", 2)


def test_her_watch_ends_her_alerts_are_cleared_and_nothing_of_her_is_kept():
    whole, log = new_partition(), new_partition()
    run(whole, [*ward(), Entry(ERASED.at, "tick", None, b"")])
    out = run(log, [*ward(), ERASED])

    assert log.watches.keys() == {"b"} and log.find("a") is None and "a" in log.dirty
    ends = [one for one in alerts(out) if one["patient_id"] == "a"][-1]
    assert (ends["state"], ends["reason"]) == ("cleared", "forgotten")
    assert [(o.key, o.value) for o in out if o.topic == "status"][-1] == (b"a", None)
    assert log.state("b")[2] == whole.state("b")[2]


def test_somebody_whom_nobody_watches_is_erased_all_the_same():
    log = new_partition()
    out = run(log, [record(T0, "long-gone", "erase", 0)])

    assert [(o.topic, o.key, o.value) for o in out] == [("status", b"long-gone", None)]
    assert not log.watches and log.dirty == {"long-gone"}, "an older state may be stored"


def test_whoever_still_sends_begins_anew():
    log, fresh = new_partition(), new_partition()
    run(log, [*ward(), ERASED])
    later = [reading(T0 + 95 * SECOND, "a", sequence=500, heart_rate=70)]
    log.run([(log.expected, *numbered(later)[0][1:])])
    run(fresh, later)

    assert "1951-07-30" not in str(log.state("a")[2]) and log.watches["a"].vigil.stay == fresh.watches["a"].vigil.stay


def test_who_waits_in_a_crowd_is_erased_with_all_that_waits():
    log = new_partition()
    log.newcomers = Newcomers(log, 0)
    run(
        log,
        [
            reading(T0, "a", heart_rate=75),
            reading(T0, "b", heart_rate=75),
            ERASED._replace(source=("vitals.patients", 0)),
        ],
    )

    assert not log.watches and log.newcomers.waiting == 1
    log.newcomers.go_on(9)
    assert log.newcomers.watches.keys() == {"b"} and log.tally.adds_up()


@given(st.integers(0, 184))
def test_stopped_anywhere_it_comes_to_the_same(stop):
    records, whole, before = numbered([*ward(), ERASED]), new_partition(), new_partition()
    whole.run(records)
    before.run(records[:stop])
    back = new_partition(checkpoint=before.checkpoint, states=[before.state(one) for one in before.watches])
    back.run(records)

    assert {one: back.state(one) for one in back.watches} == {one: whole.state(one) for one in whole.watches}


def test_the_board_forgets_her_admission():
    known = Admissions("test")
    for one in (record(T0, "a", "admit", 0, **BORN), ERASED):
        known.take(one.bytes(0), T0)

    assert known.status("a") is None
