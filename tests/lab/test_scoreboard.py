"""The scoreboard counts what it says that it counts."""

import pytest

from streams.config.packaged_rules import packaged_rules_bytes
from streams.lab.evaluation.trace import Revision
from streams.lab.scoreboard.board import Job, Streamed, jobs, run, told
from streams.lab.scoreboard.judge import burden_of, judged
from streams.lab.scoreboard.kinds import KINDS
from streams.lab.scoreboard.made import MadeUp
from streams.lab.scoreboard.patient import Cadence
from streams.lab.scoreboard.recorded import counted
from streams.lab.scoreboard.recorded import lines as lines_of_pairs
from streams.lab.scoreboard.ward import Call, Taken
from streams.lab.scoreboard.words import lines

HOUR = 3_600_000


def call(at, priority="medium", state="raised", reason="red_score", kind="physiological"):
    return Call(at, kind, "deterioration", priority, state, reason, "")


def red(cadence=Cadence.SECOND):
    made = MadeUp(KINDS["spo2_85"], cadence, 0)
    began = made.onset_ms(70) + 1_000
    return made, began, [Taken(began, ("spo2",))]


def test_there_are_kinds_of_every_cadence_and_the_opposites():
    assert len(KINDS) >= 60
    assert {cadence for kind in KINDS.values() for cadence in kind.cadences} == set(Cadence)
    assert sum(not kind.musts for kind in KINDS.values()) >= 20


@pytest.mark.parametrize(
    ("after_s", "late", "far_too_late"), [(119, False, False), (121, True, False), (241, True, True)]
)
def test_a_call_is_in_time_late_or_far_too_late(after_s, late, far_too_late):
    made, began, taken = red()
    (moment,) = judged(made, [call(began + after_s * 1_000)], taken)
    assert (moment.missed, moment.late, moment.far_too_late) == (False, late, far_too_late)


@pytest.mark.parametrize(
    "nothing",
    [
        [],
        [(-60_000, {})],  # before it began
        [(30_000, {"kind": "technical"})],
        [(30_000, {"state": "escalated"})],
        [(30_000, {"priority": "low"})],
    ],
)
def test_what_is_no_call_for_it_leaves_it_missed(nothing):
    made, began, taken = red()
    (moment,) = judged(made, [call(began + at, **how) for at, how in nothing], taken)
    assert moment.missed


def test_the_time_of_one_moment_ends_with_the_first_value_of_the_next():
    made = MadeUp(KINDS["systolic_88_then_52"], Cadence.CUFF, 0)
    red, extreme = made.onset_ms(125), made.onset_ms(185)
    taken = [Taken(at, ("systolic_bp",)) for at in (red, extreme)]
    moments = judged(made, [call(red + 315_000), call(extreme + 10_000, "high")], taken)
    assert [(moment.missed, moment.late) for moment in moments] == [(False, False)] * 2


def test_an_extreme_has_to_be_high():
    made = MadeUp(KINDS["spo2_74"], Cadence.SECOND, 0)
    began = made.onset_ms(70)
    taken = [Taken(began, ("spo2",))]
    assert judged(made, [call(began + 20_000)], taken)[0].missed
    assert not judged(made, [call(began + 20_000, "high")], taken)[0].missed


def test_steps_and_reminders_are_counted_apart_and_ten_in_ten_minutes_are_a_flood():
    again = [call(at * 1_000, "high", "returned", "acknowledgement_expired") for at in range(2)]
    steps = [call(at * 1_000, state="escalated") for at in range(9)]
    burden = burden_of([call(0), *again, *steps, call(0, kind="technical")])
    assert (burden.calls, burden.technical, burden.steps, burden.reminders) == (1, 1, 9, 2)
    assert burden.flood and not burden_of(steps).flood


def test_who_is_red_anew_and_whom_nobody_came_to_see_is_not_called_too_often():
    def points(kind, calls, answered):
        burden = burden_of([call(at * HOUR, reason="persisted") for at in range(calls)])
        some = [Streamed(Job(kind, Cadence.SECOND, 0, answered), [], burden, 1.0, 0, 0)]
        return next(point["value"] for point in told(some)["acceptance"] if "more than 2 calls" in point["name"])

    assert [points("epidural", 3, answered) for answered in (True, False)] == [1, 0]
    assert [points("storm", 3, answered) for answered in (True, False)] == [1, 1]


def test_the_same_patient_comes_out_the_same_whoever_streams():
    some = jobs(["spo2_85", "storm_minute"], 2, [Cadence.MINUTE])
    once = told(run(some, packaged_rules_bytes()))
    assert told(run(some, packaged_rules_bytes())) == once
    assert once["rows"][0]["must_call"] == 2
    assert sum(line.startswith("spo2_85") for line in lines(once)) == 1


def revision(at_s, alert="a", state="raised", kind="physiological", reason="red_score", priority="medium", calls=True):
    return Revision(at_s, alert, state, kind, "deterioration", priority, calls, reason, "", ())


def test_calls_of_a_recorded_patient_are_told_by_their_cause():
    found = counted(
        "p",
        24.0,
        [
            revision(90, calls=False),
            revision(100, reason="persisted", state="updated"),  # the first call of its alert
            revision(200, state="escalated", reason="not_answered"),
            revision(300, state="worsened", reason="step_worse", priority="high"),
            revision(400, state="returned", reason="acknowledgement_expired"),
            revision(500, alert="b", kind="technical"),
        ],
        10.0,
    )
    assert (found.first, found.again, found.technical, found.steps) == (2, 1, 1, 1)
    assert (found.first_s, found.high_s) == (90, 290)
    later, nobody = found._replace(high_s=300.0, first_s=30.0), found._replace(first_s=None, high_s=None)
    table = "\n".join(lines_of_pairs("made up", [(found, later), (found, nobody), (nobody, found)]))
    assert "before and now 1, now only 1, before only 1 ['p']" in table
    assert "sooner by 1.0 min (median); first high call later in 2 of 2" in table
