"""Whom nobody admitted is forgotten in the end: by herself after a day, by a record where there are too many."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.control_record import ControlRecordKind
from streams.log import Partition
from streams.log.control_records import forward
from streams.log.crowd import look_at_crowd
from tests.making import (
    HOUR,
    KEYS,
    MINUTE,
    SECOND,
    T0,
    TOPIC,
    Entry,
    alerts,
    every,
    new_partition,
    numbered,
    reading,
    record,
    run,
    said,
)
from tests.properties.wards import PATIENTS, quick, wards

RED = {"heart_rate": 135, "spo2": 83, "resp_rate": 31}


def later(hours: float) -> Entry:
    return Entry(T0 + int(hours * HOUR), "tick", None, b"")


def forgotten(log: Partition, patient: str, since: int, at: int):
    key, value, headers = forward(ControlRecordKind.FORGET, TOPIC, 0, since, patient, b"", KEYS, TOPIC, 0)
    return log.run([(log.next_offset, at, key, value, headers)])


def test_somebody_whom_nobody_admitted_is_forgotten_a_day_after_the_last_reading():
    log = new_partition()
    out = run(log, [reading(T0, "made-up", heart_rate=80), later(23.9)])
    assert "made-up" in log.watches

    out = log.run([(2, T0 + 25 * HOUR, None, b"{}", ())])
    assert not log.watches and "made-up" in log.dirty
    assert [(o.key, o.value) for o in out if o.topic == "status"][-1] == (b"made-up", None)
    assert {(one["state"], one["reason"]) for one in alerts(out)} == {("cleared", "forgotten")}


def test_whoever_was_admitted_and_whoever_has_an_alert_about_herself_is_not():
    log = new_partition()
    dying = [reading(T0 + at, "dying", sequence=at, **RED) for at in every(SECOND, 0, 3 * MINUTE)]
    run(log, [record(T0, "admitted", "admit", 0), reading(T0, "admitted", heart_rate=80), *dying, later(60)])

    assert log.watches.keys() == {"admitted", "dying"}


def test_of_too_many_those_silent_longest_are_chosen():
    log = new_partition()
    some = [reading(T0 + n * SECOND, f"p-{n}", heart_rate=80) for n in range(8)]
    run(log, [record(T0, "p-0", "admit", 0), *some, later(0.1)])

    crowd = look_at_crowd(log, 4)

    assert crowd.unadmitted == 7
    assert [patient for _, patient in crowd.forget] == ["p-1", "p-2", "p-3"], "p-0 was admitted"
    assert look_at_crowd(log, 7).forget == []


def test_only_the_record_forgets_and_not_if_something_came_meanwhile():
    log = new_partition()
    run(log, [reading(T0, "a", heart_rate=80), reading(T0, "b", heart_rate=80), later(0.1)])
    chosen = dict((patient, since) for since, patient in look_at_crowd(log, 0).forget)  # noqa: C402
    log.run(numbered([*[later(0)] * 3, reading(T0 + 7 * MINUTE, "b", heart_rate=80)])[3:])

    out = forgotten(log, "a", chosen["a"], T0 + 8 * MINUTE)
    forgotten(log, "b", chosen["b"], T0 + 8 * MINUTE)
    forgotten(log, "nobody", 0, T0 + 8 * MINUTE)

    assert log.watches.keys() == {"b"} and log.tally.forgotten == 1
    assert ("status", b"a", None) in said(out)


def test_the_record_never_forgets_whoever_was_admitted_or_is_called_for():
    log = new_partition()
    dying = [reading(T0 + at, "dying", sequence=at, **RED) for at in every(SECOND, 0, 3 * MINUTE)]
    run(log, [record(T0, "admitted", "admit", 0), reading(T0, "admitted", heart_rate=80), *dying])

    forgotten(log, "dying", T0 + HOUR, T0 + 4 * MINUTE)
    forgotten(log, "admitted", T0 + HOUR, T0 + 4 * MINUTE)

    assert log.watches.keys() == {"admitted", "dying"}


def test_whoever_comes_back_is_watched_anew():
    log = new_partition()
    run(log, [reading(T0, "a", heart_rate=80), later(0.1)])
    forgotten(log, "a", T0 + HOUR, T0 + 7 * MINUTE)

    back = [reading(T0 + 7 * MINUTE + at, "a", sequence=at, **RED) for at in every(SECOND, 0, 3 * MINUTE)]
    out = log.run([(3 + n, *one[1:]) for n, one in enumerate(numbered(back))])
    assert "physiological" in {one["kind"] for one in alerts(out)}


@given(wards(), st.integers(0, 600), st.sampled_from(PATIENTS), st.integers(0, 400))
def test_a_forget_record_has_the_same_effect_wherever_the_log_is_cut(log, place, patient, stop):
    """The owner chose by what it knew; the log alone decides."""
    records = numbered(log)
    place %= len(records) + 1
    at = records[place - 1][1] if place else T0
    key, value, headers = forward(ControlRecordKind.FORGET, TOPIC, 0, at, patient, b"", KEYS, TOPIC, 0)
    records = [*records[:place], (0, at, key, value, headers), *records[place:]]
    records = [(number, *one[1:]) for number, one in enumerate(records)]
    whole, before = new_partition(rules=quick()), new_partition(rules=quick())
    stop %= len(records) + 1

    want, got = whole.run(records), before.run(records[:stop])
    states = [before.state(one) for one in before.watches]
    back = new_partition(rules=quick(), checkpoint=before.checkpoint, states=states)

    assert got + back.run(records[stop:]) == want
    assert back.watches.keys() == whole.watches.keys()
