"""Who is called and when, and how long an answer holds: the packaged numbers, and what no rules file may say."""

import msgspec
import pytest

from detectors.calling import EscalationStep, faults
from detectors.rule_fault import Code
from detectors.rules import Rules
from schemas.action import ACKNOWLEDGEMENTS, ActionReason, Step
from schemas.patient import Plan
from streams.config.packaged_rules import packaged_rules
from tests.making import HOUR, MINUTE, old_rules, rules_bytes, rules_with

CALLING = packaged_rules().calling
LOW, MEDIUM, HIGH = 1, 2, 3
RAPID = rules_with(("calling.wards.*.rapid_response", True)).calling


def test_a_high_alert_climbs_at_once_after_5_and_10_minutes_an_extreme_after_2_and_5_a_medium_one_after_15_and_30():
    high = (EscalationStep(Step.NURSE, 0), EscalationStep(Step.SHIFT_LEAD, 5), EscalationStep(Step.RAPID_RESPONSE, 10))
    extreme = (
        EscalationStep(Step.NURSE, 0),
        EscalationStep(Step.SHIFT_LEAD, 2),
        EscalationStep(Step.RAPID_RESPONSE, 5),
    )
    medium = (EscalationStep(Step.NURSE, 0), EscalationStep(Step.SHIFT_LEAD, 15), EscalationStep(Step.DOCTOR, 30))

    assert RAPID.ladder("full", "any", HIGH) == high
    assert RAPID.ladder("full", "any", HIGH, extreme=True) == extreme
    assert CALLING.ladder("full", "any", MEDIUM) == medium
    assert CALLING.ladder("full", "any", LOW) == ()
    assert (CALLING.repeats.ms(HIGH), CALLING.repeats.ms(MEDIUM)) == (5 * MINUTE, 15 * MINUTE)
    assert CALLING.last_resort_minutes == 20


def test_the_rules_of_before_climb_as_they_did_and_repeat_nothing():
    before = old_rules().calling

    assert before.ladder("full", "any", HIGH) == (EscalationStep(Step.NURSE, 2), EscalationStep(Step.SHIFT_LEAD, 5))
    assert before.ladder("full", "any", HIGH, extreme=True) == before.ladder("full", "any", HIGH)
    assert (before.repeats, before.last_resort_minutes) == (None, None)


def test_the_rapid_response_team_is_called_only_where_the_ward_has_one_and_elsewhere_the_doctor():
    steps = [escalation_step.to for escalation_step in CALLING.ladder("full", "any", HIGH)]
    assert steps == [Step.NURSE, Step.SHIFT_LEAD, Step.DOCTOR]


def test_without_a_plan_care_is_escalated_fully_and_a_limited_or_comfort_plan_calls_no_rapid_response():
    assert RAPID.ladder(None, None, HIGH) == RAPID.ladder("full", None, HIGH)
    for plan in (Plan.LIMITED, Plan.COMFORT):
        for extreme in (False, True):
            assert Step.RAPID_RESPONSE not in [
                escalation_step.to for escalation_step in RAPID.ladder(plan, None, HIGH, extreme=extreme)
            ]


@pytest.mark.parametrize(
    ("minutes", "reasons"),
    [
        (15, [ActionReason.REVIEWING]),
        (60, [ActionReason.ESCALATED, ActionReason.TREATMENT, ActionReason.OBSERVATIONS]),
        (5, [ActionReason.ARTEFACT, ActionReason.EQUIPMENT]),
    ],
)
def test_an_answer_to_a_high_alert_holds_so_long(minutes, reasons):
    assert {CALLING.hold_ms(reason, HIGH) for reason in reasons} == {minutes * MINUTE}


def test_an_answer_to_a_medium_alert_holds_an_hour_or_more_and_none_longer_than_a_shift():
    for reason in ACKNOWLEDGEMENTS:
        assert HOUR <= CALLING.hold_ms(reason, MEDIUM) <= 12 * HOUR
        assert CALLING.hold_ms(reason, HIGH) <= HOUR


def test_twice_someone_may_be_reviewing_and_ten_seconds_are_there_to_undo():
    assert (CALLING.reviews_at_most, CALLING.undo_seconds) == (2, 10)


def test_high_and_medium_alerts_that_nobody_saw_stay_listed():
    assert (CALLING.latch_from.physiological, CALLING.latch_from.technical) == ("medium", "medium")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (("calling.ladders.full.high.1.after_minutes", 11), Code.STEPS_DO_NOT_RISE, "calling.ladders.full.high"),
        (("calling.ladders.full.high.1.to", "nurse"), Code.STEPS_DO_NOT_RISE, "calling.ladders.full.high"),
        (("calling.holds.known.low", 721), Code.HOLDS_TOO_LONG, "calling.holds.known"),
        (("calling.holds.known.high", 300), Code.HOLDS_TOO_LONG, "calling.holds.known.high"),
    ],
)
def test_rules_that_would_leave_an_alert_without_an_answer_or_an_end_are_named(change, code, field):
    calling = msgspec.json.decode(rules_bytes(change), type=Rules).calling

    assert [(fault.code, fault.field) for fault in faults(calling)] == [(code, field)]
    assert all(fault.remedy for fault in faults(calling))
