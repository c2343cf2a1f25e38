"""The canary of a partition: heard on her own topic alone, counted nowhere, refused from anybody else."""

import json

import pytest

from streams.config.packaged_rules import packaged_rules
from streams.log import Partition
from streams.log.canary import SICK, WELL, canary_of
from streams.log.control_records import tick
from streams.log.crowd import look_at_crowd
from tests.making import (
    HOUR,
    KEYS,
    MINUTE,
    SECOND,
    T0,
    TOPIC,
    Entry,
    action,
    clocks,
    new_partition,
    numbered,
    reading,
    record,
    run,
    said,
)

ILL = {"resp_rate": 28, "spo2": 88, "systolic_bp": 92, "pulse_rate": 126, "temperature": 38.9}
FINE = {"resp_rate": 14, "spo2": 97, "systolic_bp": 124, "pulse_rate": 72, "temperature": 36.8}


def fed(at: int, how: str, partition: int = 0, **changes: object) -> Entry:
    """What the canary's process puts into the log; the round is when it was due."""
    values = ILL if how == SICK else FINE
    whose = canary_of(partition)
    body = {**reading(at, whose, "canary", source="spot", **values).body, **changes}
    return Entry(at, "canary", whose, body, (how, at - 400))


def ticks(begin: int, end: int) -> list[Entry]:
    return [Entry(at, "tick", None, clocks(at)) for at in range(begin, end, SECOND)]


def two_rounds(partition: int = 0) -> list[Entry]:
    """Sick, well half a minute later, and again."""
    entries = [*ticks(T0 + 500, T0 + 2 * MINUTE)]
    for minute in range(2):
        entries += [
            fed(T0 + minute * MINUTE, SICK, partition),
            fed(T0 + minute * MINUTE + 30 * SECOND, WELL, partition),
        ]
    return sorted(entries, key=lambda entry: entry.at)


def answers(outputs) -> list[tuple[int, str, bytes]]:
    """Round, state and whether sick, of each alert that came back."""
    heads = [(dict(one.headers), json.loads(one.value)) for one in outputs if one.topic == "canary" and one.value]
    return [(int(h["round"]), v["state"], h["sick"]) for h, v in heads if h["of"] == b"alerts"]


def test_each_sick_observation_comes_back_as_an_alert_and_a_well_one_does_not():
    outputs = run(new_partition(), two_rounds())

    raised = [(number, sick) for number, state, sick in answers(outputs) if state == "raised"]
    assert raised == [(T0 - 400, b"1"), (T0 + MINUTE - 400, b"1")]


def test_all_that_she_causes_goes_to_her_own_topic():
    outputs = run(new_partition(), two_rounds())

    assert {one.topic for one in outputs} == {"canary"}


def test_she_is_in_no_state_no_count_and_no_bound():
    log = new_partition()
    run(log, two_rounds())

    assert not log.watches and not log.dirty
    assert not log.tally.said and not log.tally.received and log.tally.adds_up()
    assert look_at_crowd(log, most=0) == (0, [], 0)


def test_what_is_said_of_patients_is_the_same_with_her_and_without():
    patients = [reading(T0 + s * SECOND, "p", "m", sequence=s, resp_rate=26, heart_rate=80 + s % 3) for s in range(120)]
    alone = sorted([*patients, *ticks(T0 + 500, T0 + 2 * MINUTE)], key=lambda entry: entry.at)
    with_her = sorted([*patients, *two_rounds()], key=lambda entry: entry.at)

    def without_offset(outputs):
        return said(outputs, ("alerts", "status", "trends", "rejections"))

    expected = without_offset(run(new_partition(), alone))
    assert expected and without_offset(run(new_partition(), with_her)) == expected


def test_a_restart_between_rounds_changes_no_alert_of_hers():
    entries = numbered(two_rounds())
    whole = new_partition().run(entries)
    cut = next(number for number, one in enumerate(entries) if one[1] > T0 + 50 * SECOND)
    first = new_partition()
    before = first.run(entries[:cut])
    after = new_partition(checkpoint=first.checkpoint).run(entries[cut:])

    assert answers(before + after) == answers(whole)


@pytest.mark.parametrize(
    "entry",
    [
        reading(T0, canary_of(0), "m", **ILL),
        record(T0, canary_of(0), "admit", 0, encounter_id="e"),
        action(T0, canary_of(0), "concern", 0),
        record(T0, "p", "merge", 0, merged_into=canary_of(0)),
    ],
    ids=["reading", "patient", "action", "merge"],
)
def test_her_id_is_refused_from_anybody_else(entry: Entry):
    log = new_partition()
    outputs = run(log, [entry])

    assert [dict(one.headers)["code"] for one in outputs] == [b"reserved_id"]
    assert not log.watches and not log.canary


def test_an_observation_that_nobody_signed_is_refused():
    log = new_partition()
    _, at, key, value, headers = numbered([fed(T0, SICK)])[0]
    forged = [(name, b"tests:00" if name == "signature" else content) for name, content in headers]
    (output,) = log.run([(0, at, key, value, forged)])

    assert dict(output.headers)["code"] == b"bad_signature" and log.canary is None


@pytest.mark.parametrize(
    "entry",
    [fed(T0, SICK, mode="real"), fed(T0, SICK, partition=1), fed(T0, SICK, patient_id="p"), fed(T0, "elsewhere")],
    ids=["mode", "partition", "patient", "source"],
)
def test_a_signed_record_that_is_not_her_observation_is_refused(entry: Entry):
    log = new_partition()
    (output,) = run(log, [entry])

    assert dict(output.headers)["code"] == b"bad_record" and log.canary is None


def test_in_event_clock_she_moves_no_time():
    log = new_partition(clock="event")
    run(log, [reading(T0, "p", **FINE), fed(T0 + HOUR, SICK)])

    assert log.time == T0 and log.canary is None


def test_she_is_watched_on_each_partition_whatever_her_id_hashes_to():
    for number in range(8):
        log = Partition(number, 8, clock="arrival", mode="test", rules=packaged_rules(), keys=KEYS, topic=TOPIC)

        assert [number for number, state, _ in answers(run(log, two_rounds(number))) if state == "raised"]


def test_nothing_is_said_of_her_once_nobody_feeds_her():
    log = new_partition()
    run(log, [fed(T0, SICK), *ticks(T0 + 500, T0 + 3 * SECOND)])
    assert log.canary is not None
    outputs = log.run([(10 + n, T0 + n * MINUTE, *tick()) for n in range(1, 60)])

    assert log.canary is None
    assert outputs and max(one.due for one in outputs) <= T0 + 10 * MINUTE
