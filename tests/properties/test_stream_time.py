"""What must hold where stream time has witnesses: false steps leave no trace, nor do restarts, cuts and neighbours."""

from collections.abc import Sequence
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import event, given

from streams.log import Record
from streams.recorded.play import only
from tests.making import HOUR, MINUTE, SECOND, T0, Entry, alerts, clocks, new_partition, numbered, reading, record, said
from tests.properties.test_stop_anywhere import cuts, fresh, in_batches, somewhere, states
from tests.properties.wards import PATIENTS, wards

TICK = 2_000
"""Of a generated ward, whose silences last for an hour; a step begins beyond it."""

Steps = Sequence[tuple[int, int, int]]
ahead = st.tuples(somewhere, st.integers(5, 40), st.sampled_from((4, 60, 3_600)))
either_way = st.lists(st.tuples(somewhere, st.integers(1, 40), st.sampled_from((-600, -5, 4, 60, 3_600))), max_size=3)


def witnessed(log: list[Entry]) -> list[Entry]:
    """The log with its owner's ticks, to a little beyond its end."""
    first, last = (log[0].at, log[-1].at) if log else (T0, T0)
    moments = range(first - 2 * TICK, last + 5 * TICK, TICK)
    return sorted([*log, *(Entry(at, "tick", None, clocks(at)) for at in moments)], key=lambda entry: entry.at)


def stamped(records: list[Record], steps: Steps) -> list[Record]:
    """The same records as a broker stamps them whose clock steps ahead or back for a while, here and there."""
    begin = records[0][1] + TICK + 1  # a log that begins with a wrong clock has nothing to tell it by
    length = max(1, records[-1][1] - begin)
    spans = [(begin + place * length // 1_000, seconds * SECOND, by * SECOND) for place, seconds, by in steps]

    def skew(at: int) -> int:
        return sum(by for begin, span, by in spans if begin <= at < begin + span)

    return [(offset, at + skew(at), *rest) for offset, at, *rest in records]  # type: ignore[misc]


@given(wards(), ahead)
def test_a_false_step_ahead_gives_the_same_bytes_as_none(log, step):
    records = numbered(witnessed(log))
    right, stepped = fresh("arrival"), fresh("arrival")
    right_said, stepped_said = right.run(records), stepped.run(stamped(records, [step]))
    event("stepped" if stepped.tally.steps_absorbed else "no step")

    assert said(stepped_said, ("alerts", "status", "trends")) == said(right_said, ("alerts", "status", "trends"))
    assert states(stepped) == states(right)


@given(wards(), either_way, somewhere, cuts)
def test_restored_at_any_place_inside_a_wait_too_it_says_the_same(log, steps, stop, batches):
    records = stamped(numbered(witnessed(log)), steps)
    stop %= len(records) + 1
    before, whole = fresh("arrival"), fresh("arrival")
    whole_said = whole.run(records)
    before_said = in_batches(before, records[:stop], batches)
    event("waiting" if before.clock.waiting else "not waiting")

    back = fresh("arrival", checkpoint=before.checkpoint, states=[before.state(patient) for patient in before.watches])
    after_said = in_batches(back, records[before.checkpoint.next_offset :], batches)

    assert before_said + after_said == whole_said
    assert states(back) == states(whole) and back.checkpoint == whole.checkpoint


@given(wards(), either_way)
def test_one_patient_replayed_alone_hears_the_same(log, steps):
    """The others are ticks to that replay: they only move the time."""
    records = stamped(numbered(witnessed(log)), steps)
    key = PATIENTS[0].encode()
    whole, alone = fresh("arrival"), fresh("arrival")
    glance = only(PATIENTS[0], alone)

    mine = [output for output in whole.run(records) if output.key == key]

    assert said(o for o in alone.run([glance(one) for one in records]) if o.key == key) == said(mine)


DYING = {"p-0", "p-1", "p-2", "p-3"}
RED = {"heart_rate": 135, "spo2": 83, "resp_rate": 31}
WELL = {"heart_rate": 80, "spo2": 97, "resp_rate": 16}


def ward(seconds: int = 400, sick_at: int = 130) -> list[Entry]:
    """Six patients each second, four of them dying from `sick_at` on; a nurse charts one of them, 30 s later."""
    log = [
        reading(at := T0 + second * SECOND + 90 * n, f"p-{n}", taken=at - 20, sequence=second,
                **(RED if second >= sick_at and n < 4 else WELL))
        for second in range(seconds) for n in range(6)
    ]  # fmt: skip
    at = T0 + (sick_at + 30) * SECOND
    return [*log, reading(at, "p-5", "chart", taken=at - SECOND, source="spot", **RED)]


def raised(records: list[Record]) -> list[tuple[str, str, str]]:
    """Who called, about what and when, of whatever the ward says."""
    log = new_partition()
    said = [one for one in alerts(log.run(records)) if one["state"] == "raised"]
    return sorted((one["patient_id"], one["kind"], one["at"]) for one in said)


def stepped(skew, ticks=lambda s: True) -> list[Record]:
    moments = [T0 + s * SECOND + 550 for s in range(400) if ticks(s)]
    told = [Entry(at, "tick", None, clocks(at)) for at in moments]
    entries = sorted([*ward(), *told], key=lambda entry: entry.at)
    return [(offset, at + skew((at - T0) / SECOND), *rest) for offset, at, *rest in numbered(entries)]  # type: ignore[misc]


@pytest.mark.parametrize(
    "skew",
    [
        pytest.param(lambda s: HOUR if 100 <= s < 103 else 0, id="an hour ahead for three seconds"),
        pytest.param(lambda s: HOUR if s >= 100 else 0, id="an hour ahead for ever"),
        pytest.param(lambda s: 8 * SECOND if 100 <= s < 103 else 0, id="eight seconds ahead for three"),
    ],
)
def test_the_dying_are_notified_at_the_right_time_whatever_the_brokers_clock_does(skew):
    """Before there were witnesses, an hour ahead for three seconds called none of them."""
    assert raised(stepped(skew)) == raised(stepped(lambda s: 0))
    assert {patient for patient, kind, _ in raised(stepped(skew)) if kind == "physiological"} == DYING | {"p-5"}


def test_the_dying_are_called_after_a_leader_that_was_ahead_fails_over():
    records = stepped(lambda s: 10 * MINUTE if s < 100 else 0)

    assert {patient for patient, kind, _ in raised(records) if kind == "physiological"} == DYING
    assert not [one for one in raised(records) if one[1] == "technical"]


@pytest.mark.parametrize("every", [1, 5, 15, 60])
def test_nothing_is_refused_while_time_goes_slower_after_a_leader_that_was_ahead(every):
    """Each device seems to gain a tenth of what passes: none of it is its clock, and nobody is told that it is."""
    seconds, over_at = 2_400, T0 + 1_000 * SECOND
    log = [
        reading(T0 + s * SECOND + 90, "p", taken=T0 + s * SECOND, sequence=s, **{**WELL, "heart_rate": 80 + s % 7})
        for s in range(0, seconds, every)
    ]
    rounds = [
        reading(T0 + s * SECOND, "p", "chart", taken=T0 + (s - 60) * SECOND, source="spot", sequence=s, **WELL)
        for s in (700, 1_400)
    ]
    ticks = [Entry(at := T0 + s * SECOND + 550, "tick", None, clocks(at)) for s in range(seconds)]
    records = numbered(sorted([*log, *rounds, *ticks], key=lambda entry: entry.at))
    ahead = [(offset, at + (10 * MINUTE if at < over_at else 0), *rest) for offset, at, *rest in records]
    partition = new_partition()
    said = partition.run(ahead)  # type: ignore[arg-type]

    assert not {alert["subject"] for alert in alerts(said)} & {"device clock", "charting clock", "charting zone"}
    assert partition.tally.rejected == partition.tally.late == 0 and partition.tally.time_went_back


def test_a_step_that_was_taken_whole_blinds_nobody_once_it_is_undone():
    """An hour ahead while nobody was alive who could say so: time stays ahead, and every device's lead follows it."""
    away = range(59, 95)
    records = stepped(lambda s: HOUR if 60 <= s < 90 else 0, ticks=lambda s: s not in away)
    log = new_partition()
    said = [one for one in alerts(log.run(records)) if one["state"] == "raised" and one["kind"] == "physiological"]
    called = {one["patient_id"] for one in said}

    assert log.time > T0 + HOUR
    assert called == DYING


def test_before_the_first_witness_a_log_is_what_it_always_was():
    """Bare ticks, as in logs of before: time is the greatest stamp."""
    records = [one for one in stepped(lambda s: HOUR if 100 <= s < 103 else 0) if not one[4]]
    log = new_partition()
    log.run([(number, *one[1:]) for number, one in enumerate(records)])

    assert log.time == T0 + HOUR + 102 * SECOND + 450 and log.checkpoint.clock is None


def test_a_records_time_is_never_before_the_one_before_it():
    log = new_partition()
    placed = [one for stretch in log.place(stepped(lambda s: -HOUR if 50 <= s < 60 else 0)) for one in stretch.records]

    assert all(a[1] <= b[1] for a, b in pairwise(placed))


def test_patient_records_wait_like_everything_else():
    """What was admitted inside a wait is known after it."""
    log = new_partition()
    before = [Entry(T0 + s * SECOND, "tick", None, clocks(T0 + s * SECOND)) for s in range(3)]
    log.run(numbered(before))
    late = numbered([*before, record(T0 + HOUR, "p", "admit", 0, ward="W")])[-1:]

    assert log.run(late) == [] and not log.watches
    after = [Entry(T0 + HOUR + s * SECOND, "tick", None, clocks(T0 + (3 + s) * SECOND)) for s in range(2)]
    log.run([(4 + n, *one[1:]) for n, one in enumerate(numbered(after))])
    assert log.watches["p"].vigil.stay.ward == "W" and log.time == T0 + 4 * SECOND
