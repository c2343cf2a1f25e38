"""What breaks an answer, what it covers, and what an order or a plan of care says beside it."""

import pytest

from schemas.times import to_text
from tests.making import HOUR, MINUTE, SECOND, T0, action, alerts, every, new_partition, old_rules, reading, record, run

WELL = {"heart_rate": 74, "resp_rate": 15, "spo2": 97, "systolic_bp": 124, "temperature": 36.8}
STEP = 15 * SECOND


def streamed(begin: int, end: int, every_ms: int = STEP, **values):
    return [reading(T0 + at, "p", **{**WELL, **values}) for at in every(every_ms, begin, end)]


def told(*parts, rules=None):
    """The deterioration's alerts of a log, in order of time."""
    log = sorted((entry for part in parts for entry in part), key=lambda entry: entry.at)
    return [a for a in alerts(run(new_partition(rules=rules), log)) if a["kind"] == "physiological"]


def calls(said):
    return [
        (a["reason"], a["priority"])
        for a in said
        if a["interrupts"] and a["state"] in ("raised", "worsened", "returned", "updated") and a["reason"] not in SILENT
    ]


SILENT = {"not_delivered"}


def answered(log, at, reason="treatment", role="doctor"):
    """The log with an answer to the alert that stands open by then."""
    open_alert = next(a for a in told(log) if a["state"] == "raised")
    return [*log, action(T0 + at, "p", "acknowledge", 1, alert_id=open_alert["alert_id"], reason=reason, role=role)]


def test_what_stays_at_its_answered_level_is_not_new():
    log = answered([*streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 4 * HOUR, spo2=90)], 15 * MINUTE)
    assert calls(told(log)) == [("persisted", "medium")]
    assert ("acknowledgement_expired", "medium") in calls(told(log, rules=old_rules()))


@pytest.mark.parametrize(
    ("worse", "reason"),
    [({"spo2": 86}, "step_worse"), ({"spo2": 78}, "priority_up"), ({"spo2": 90, "resp_rate": 27}, "new_red")],
)
def test_a_step_an_extreme_or_another_red_breaks_through_the_answer(worse, reason):
    ill = {"spo2": 90}
    log = [*streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 30 * MINUTE, **ill)]
    log += streamed(30 * MINUTE, 40 * MINUTE, **{**ill, **worse})
    found = calls(told(answered(log, 15 * MINUTE)))
    assert found[0] == ("persisted", "medium") and found[1][0] in (reason, "step_worse")


def test_a_step_by_the_cuff_breaks_through_on_repeat_or_after_five_minutes():
    log = [*streamed(0, 10 * MINUTE), reading(T0 + 10 * MINUTE, "p", "cuff", systolic_bp=88)]
    stream = streamed(10 * MINUTE + STEP, 2 * HOUR, systolic_bp=None)
    cuff = [reading(T0 + at, "p", "cuff", systolic_bp=72) for at in (60 * MINUTE + SECOND, 63 * MINUTE + SECOND)]
    first = answered([*log, *stream], 20 * MINUTE)

    alone = [a for a in told([*first, cuff[0]]) if a["reason"] == "step_worse"]
    again = [a for a in told([*first, *cuff]) if a["reason"] == "step_worse"]

    assert [to_text(T0 + 65 * MINUTE) < a["at"] < to_text(T0 + 66 * MINUTE) for a in alone] == [True]
    assert [to_text(T0 + 63 * MINUTE) < a["at"] < to_text(T0 + 64 * MINUTE) for a in again] == [True]


def test_a_step_by_the_cuff_that_is_taken_back_breaks_no_answer():
    log = [*streamed(0, 10 * MINUTE), reading(T0 + 10 * MINUTE, "p", "cuff", systolic_bp=88)]
    first = answered([*log, *streamed(10 * MINUTE + STEP, 2 * HOUR, systolic_bp=None)], 20 * MINUTE)
    at = T0 + 60 * MINUTE + SECOND
    wrong = reading(at, "p", "cuff", sequence=7, systolic_bp=72)
    taken_back = reading(at + MINUTE, "p", "cuff", taken=at, sequence=8, corrects=7)
    again = reading(at + MINUTE + 10 * SECOND, "p", "cuff", sequence=9, systolic_bp=88)

    assert [a["reason"] for a in told([*first, wrong]) if a["reason"] == "step_worse"]
    assert not [a for a in told([*first, wrong, taken_back, again]) if a["reason"] == "step_worse"]


def test_a_step_by_an_hourly_cuff_breaks_through_although_nothing_else_comes():
    cuff = [reading(T0 + at * HOUR, "p", "cuff", systolic_bp=value) for at, value in enumerate((120, 120, 88, 72))]
    cuff += [reading(T0 + 4 * HOUR, "q", spo2=97)]
    said = told(answered(cuff, 2 * HOUR + 20 * MINUTE))

    (worse,) = [a for a in said if a["reason"] == "step_worse"]
    assert to_text(T0 + 3 * HOUR + 5 * MINUTE) <= worse["at"] < to_text(T0 + 3 * HOUR + 6 * MINUTE)


@pytest.mark.parametrize(("between", "called"), [(92, 1), (99, 2)])
def test_a_value_that_has_not_left_its_limit_keeps_the_answer_in_memory(between, called):
    log = [*streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 40 * MINUTE, systolic_bp=88)]
    log += [
        *streamed(40 * MINUTE, 60 * MINUTE, systolic_bp=99),
        *streamed(60 * MINUTE, 90 * MINUTE, systolic_bp=between),
    ]
    log += streamed(90 * MINUTE, 2 * HOUR, systolic_bp=87)

    assert len(calls(told(answered(log, 20 * MINUTE)))) == called


def test_one_wild_window_breaks_no_answer():
    log = [*streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 30 * MINUTE, spo2=90)]
    log += [*streamed(30 * MINUTE, 30 * MINUTE + STEP, spo2=84), *streamed(31 * MINUTE, 50 * MINUTE, spo2=90)]
    assert calls(told(answered(log, 15 * MINUTE))) == [("persisted", "medium")]


def test_more_oxygen_breaks_an_answer():
    log = [*streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 60 * MINUTE, spo2=90)]
    log += [reading(T0, "p", "chart", source="spot", supplemental_oxygen=True, oxygen_flow=2)]
    log += [reading(T0 + 30 * MINUTE, "p", "chart", source="spot", supplemental_oxygen=True, oxygen_flow=8)]
    assert ("more_oxygen", "medium") in calls(told(answered(log, 20 * MINUTE)))


def test_an_answer_covers_the_same_again_after_it_was_over():
    """Back within half an hour and no worse: shown. Under the rules of before it called anew."""
    log = [*streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 20 * MINUTE, spo2=90)]
    log += [*streamed(20 * MINUTE, 40 * MINUTE), *streamed(40 * MINUTE, 60 * MINUTE, spo2=90)]
    log = answered(log, 15 * MINUTE)
    again = [a for a in told(log) if a["at"] > to_text(T0 + 35 * MINUTE)]
    assert any(a["state"] == "raised" and a["reason"] == "answered_before" for a in again)
    assert not any(a["interrupts"] for a in again)
    assert any(a["interrupts"] for a in told(log, rules=old_rules()) if a["at"] > to_text(T0 + 35 * MINUTE))


@pytest.mark.parametrize("reason", ["artefact", "equipment", "off_ward"])
def test_what_says_nothing_of_the_patient_is_not_remembered(reason):
    log = [*streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 20 * MINUTE, spo2=90)]
    log += [*streamed(20 * MINUTE, 40 * MINUTE), *streamed(40 * MINUTE, 60 * MINUTE, spo2=90)]
    again = [a for a in told(answered(log, 15 * MINUTE, reason)) if a["at"] > to_text(T0 + 35 * MINUTE)]
    assert any(a["interrupts"] for a in again)


def test_another_ward_knows_of_no_answer():
    log = [*streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 20 * MINUTE, spo2=90)]
    log += [*streamed(20 * MINUTE, 40 * MINUTE), *streamed(40 * MINUTE, 60 * MINUTE, spo2=90)]
    log = [record(T0, "p", "admit", 1, ward="a"), record(T0 + 30 * MINUTE, "p", "transfer", 2, ward="b"), *log]
    again = [a for a in told(answered(log, 15 * MINUTE)) if a["at"] > to_text(T0 + 35 * MINUTE)]
    assert any(a["interrupts"] for a in again)


@pytest.mark.parametrize(
    ("limit", "values", "ends"),
    [
        ({"vital": "spo2", "low": 95}, {"spo2": 94}, "Ends when SpO2 is 95% or more."),
        (
            {"vital": "spo2", "low": 95},
            {"spo2": 91},
            "Ends when SpO2 is 95% or more and NEWS2 below 5 without a red score holds.",
        ),
        (
            {"vital": "heart_rate", "low": 50, "high": 80},
            {"heart_rate": 88},
            "Ends when heart rate is 50/min to 80/min.",
        ),
    ],
)
def test_the_alert_of_a_personal_limit_ends_by_the_limit(limit, values, ends):
    ordered = record(T0, "p", "admit", 1, age_years=60, limits=[{"author": "dr-1", "reason": "known", **limit}])
    log = [ordered, *streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 20 * MINUTE, **values)]
    assert told(log)[-1]["clears_when"] == ends


def limited(**order):
    until = to_text(T0 + 200 * HOUR)
    return {"calling_limits": [{"author": "dr-1", "reason": "known", "until": until, **order}]}


def test_inside_a_calling_limit_the_red_item_alone_calls_nobody_and_outside_it_does():
    log = [record(T0, "p", "admit", 1, **limited(vital="spo2", low=86)), *streamed(0, 10 * MINUTE)]
    inside = told(log, streamed(10 * MINUTE, 60 * MINUTE, spo2=88))
    assert inside and not calls(inside) and inside[0]["suppressed_by"] == "calling_limit"
    assert calls(told(log, streamed(10 * MINUTE, 60 * MINUTE, spo2=84)))


def test_a_calling_limit_touches_neither_the_score_nor_an_extreme_and_ends_after_three_days():
    ill = {"spo2": 88, "resp_rate": 22, "heart_rate": 115}
    log = [record(T0, "p", "admit", 1, **limited(vital="spo2", low=70)), *streamed(0, 10 * MINUTE)]
    assert calls(told(log, streamed(10 * MINUTE, 30 * MINUTE, **ill)))
    assert ("extreme", "high") in calls(told(log, streamed(10 * MINUTE, 20 * MINUTE, spo2=78)))
    later = 73 * HOUR
    assert calls(told(log, streamed(later, later + 10 * MINUTE, spo2=88)))


def test_an_extreme_limit_is_ordered_by_itself():
    log = [record(T0, "p", "admit", 1, **limited(vital="spo2", low=70, extreme=True)), *streamed(0, 10 * MINUTE)]
    assert not calls(told(log, streamed(10 * MINUTE, 30 * MINUTE, spo2=78)))


def plan(name):
    return record(T0, "p", "admit", 1, escalation_plan={"plan": name, "author": "dr-1", "reason": "agreed"})


def test_under_a_limited_plan_an_extreme_calls_and_never_the_rapid_response_team():
    found = told([plan("limited"), *streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 60 * MINUTE, spo2=74)])
    steps = {step["step"] for a in found for step in a["lifecycle"]["steps"]}
    assert calls(found) and {"nurse", "shift_lead", "doctor"} <= steps and "rapid_response" not in steps


def test_an_answer_by_a_plan_in_force_is_broken_by_a_concern_only():
    log = [plan("limited"), *streamed(0, 10 * MINUTE), *streamed(10 * MINUTE, 20 * MINUTE, spo2=90)]
    log = answered([*log, *streamed(20 * MINUTE, 40 * MINUTE, spo2=74)], 15 * MINUTE, "care_plan")
    assert calls(told(log)) == [("persisted", "medium")]
    worried = action(T0 + 30 * MINUTE, "p", "concern", 2, reason="breathing")
    assert ("concern", "medium") in calls(told([*log, worried])) or ("concern", "high") in calls(told([*log, worried]))


def test_what_a_person_counted_is_not_ended_by_a_stream_that_says_less():
    """Eight by hand, sixteen by impedance: under the rules of before it was resolved after five minutes."""
    counted = [reading(T0 + 10 * MINUTE, "p", "chart", source="spot", resp_rate=8)]
    log = [*streamed(0, 2 * HOUR, resp_rate=16), *counted]
    assert not any(a["state"] in ("resolved", "cleared") for a in told(log))
    assert any(a["state"] in ("resolved", "cleared") for a in told(log, rules=old_rules()))
    again = reading(T0 + 90 * MINUTE, "p", "chart", source="spot", resp_rate=16)
    assert any(a["state"] in ("resolved", "cleared") for a in told([*log, again]))


def test_what_a_person_counted_and_a_stream_says_otherwise_is_shown_until_it_is_counted_again():
    chart = [
        reading(T0 + at, "p", "chart", source="spot", resp_rate=rate) for at, rate in ((10 * MINUTE, 8), (3 * HOUR, 15))
    ]
    stream = [
        r for part in range(20) for r in streamed(part * 10 * MINUTE, (part + 1) * 10 * MINUTE, resp_rate=15 - part % 5)
    ]
    log = sorted([*stream, *chart], key=lambda entry: entry.at)

    shown = [a for a in alerts(run(new_partition(), log)) if a["subject"] == "resp_rate contradicted"]

    assert [(a["state"], a["interrupts"]) for a in shown] == [("raised", False), ("cleared", False)]
    assert shown[0]["headline"] == "Resp rate was 8/min by hand, and a device says 14/min"
    assert shown[1]["at"] >= to_text(T0 + 3 * HOUR)


def test_a_stream_that_is_worse_than_what_was_entered_counts():
    entered = [reading(T0 + 10 * MINUTE, "p", "chart", source="spot", spo2=97)]
    assert calls(told([*streamed(0, 10 * MINUTE), *entered, *streamed(10 * MINUTE, 15 * MINUTE, spo2=86)]))


def test_a_typing_error_loses_its_rank_with_its_correction():
    wrong = reading(T0 + 10 * MINUTE, "p", "chart", source="spot", sequence=1, resp_rate=8)
    right = reading(T0 + 12 * MINUTE, "p", "chart", source="spot", sequence=2, corrects=1, resp_rate=16)
    found = told([*streamed(0, 30 * MINUTE, resp_rate=16), wrong, right])
    assert any(a["state"] in ("resolved", "cleared") for a in found)


def test_oxygen_stays_until_it_is_charted_otherwise():
    """A patient charted on oxygen in the morning is on oxygen in the evening."""
    oxygen = [reading(T0, "p", "chart", source="spot", supplemental_oxygen=True)]
    ill = streamed(9 * HOUR, 9 * HOUR + 10 * MINUTE, every_ms=STEP, spo2=92, heart_rate=95)
    assert calls(told(oxygen, streamed(0, 10 * MINUTE), ill))
    assert not calls(told(oxygen, streamed(0, 10 * MINUTE), ill, rules=old_rules()))


@pytest.mark.parametrize(
    ("oxygen", "on"),
    [
        ({"inspired_oxygen": 22}, False),
        ({"inspired_oxygen": 23}, True),
        ({"inspired_oxygen": 22, "oxygen_flow": 1}, True),
        ({"inspired_oxygen": 22, "oxygen_flow": 0}, False),
    ],
)
def test_inspired_oxygen_of_22_percent_is_air_only_without_a_flow(oxygen, on):
    log = [*streamed(0, 10 * MINUTE, spo2=90), reading(T0 + 60 * SECOND, "p", "chart", source="spot", **oxygen)]
    assert told(log)[-1]["news2"]["parts"]["supplemental_oxygen"] == 2 * on
    assert told(log, rules=old_rules())[-1]["news2"]["parts"]["supplemental_oxygen"] == 2


def test_what_was_learned_calls_nobody_within_the_first_twelve_hours():
    from detectors.vigil.holding import heard_from
    from detectors.vigil.stay import Stay
    from tests.making import rules_with

    watch = rules_with().watch
    assert heard_from(Stay(admitted_at=T0), T0 + HOUR, watch) == T0 + 12 * HOUR
    assert heard_from(Stay(), T0 + HOUR, watch) == T0 + 13 * HOUR
