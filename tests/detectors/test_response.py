"""What NEWS2 asks of the ward, by Charts 2 and 4 of the Royal College of Physicians (2017)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.news2 import Part, news2
from detectors.response import CHART_4, Trigger, observation_due, response

RED = (Part.RESP_RATE,)


@pytest.mark.parametrize(
    ("score", "red", "trigger"),
    [
        (0, (), Trigger.NONE),
        (1, (), Trigger.LOW),
        (4, (), Trigger.LOW),
        (3, RED, Trigger.RED),
        (4, RED, Trigger.RED),
        (5, (), Trigger.URGENT),
        (5, RED, Trigger.URGENT),
        (6, (), Trigger.URGENT),
        (6, RED, Trigger.URGENT),
        (7, (), Trigger.EMERGENCY),
        (7, RED, Trigger.EMERGENCY),
        (20, RED, Trigger.EMERGENCY),
    ],
)
def test_each_score_has_its_row(score, red, trigger):
    assert response(score, red).trigger is trigger
    assert response(score, bool(red)).trigger is trigger


def test_the_chart_has_one_row_for_each_trigger_in_rising_order():
    assert tuple(CHART_4) == tuple(Trigger)


@pytest.mark.parametrize(
    ("trigger", "risk", "minutes"),
    [
        (Trigger.NONE, "low", 12 * 60),
        (Trigger.LOW, "low", 6 * 60),
        (Trigger.RED, "low-medium", 60),
        (Trigger.URGENT, "medium", 60),
        (Trigger.EMERGENCY, "high", 0),
    ],
)
def test_each_row_has_its_risk_and_its_longest_interval(trigger, risk, minutes):
    assert (CHART_4[trigger].risk, CHART_4[trigger].frequency_minutes) == (risk, minutes)


def test_trap_a_single_red_score_is_low_medium_and_hourly_and_not_high_and_continuous():
    assert response(3, RED).risk == "low-medium"
    assert response(3, RED).frequency_minutes == 60


@pytest.mark.parametrize("score", [1, 2])
def test_trap_1_and_2_are_observed_every_4_to_6_hours_and_not_every_12(score):
    assert response(score, ()).frequency_minutes == 360


@pytest.mark.parametrize("score", [3, 4])
def test_trap_3_and_4_without_a_red_score_are_low_and_not_medium(score):
    assert response(score, ()).risk == "low"


def test_from_5_the_team_is_told_immediately():
    for trigger, row in CHART_4.items():
        assert ("immediately" in row.advice) is (trigger in (Trigger.URGENT, Trigger.EMERGENCY))


def test_no_row_diagnoses():
    for row in CHART_4.values():
        assert not re.search(r"sepsis|septic|infection|shock|failure|diagnos|treat", row.advice, re.IGNORECASE)


def test_a_score_below_0_does_not_exist():
    with pytest.raises(ValueError, match="the least is 0"):
        response(-1, ())


@given(st.integers(0, 20), st.booleans())
def test_a_higher_score_or_a_red_item_never_asks_for_less(score, red):
    order = list(Trigger)

    def rank(*of):
        return order.index(response(*of).trigger)

    assert rank(score, red) <= rank(score + 1, red)
    assert rank(score, False) <= rank(score, True)


def test_a_patient_of_whom_nothing_is_known_is_due_for_everything():
    unknown = news2(*[None] * 8)

    assert observation_due(unknown) == tuple(Part)


def test_a_full_set_leaves_nothing_due():
    assert observation_due(news2(16, 97, 120, 70, None, 37.0, "A", False)) == ()


def test_nothing_is_due_where_the_answer_could_ask_for_no_more():
    assert observation_due(news2(26, 85, 120, 135, None, None, "A", False)) == ()  # 9 already
    assert observation_due(news2(21, 93, 105, 70, None, 37.0, "A", False)) == ()  # 5, complete


def test_a_missing_item_that_could_cross_a_threshold_is_due():
    assert observation_due(news2(21, 93, 120, 70, None, None, "A", False)) == (Part.TEMPERATURE,)  # 4 to 7
    assert observation_due(news2(21, 93, 105, 70, None, None, "A", False)) == (Part.TEMPERATURE,)  # 5 to 8


def test_a_contradiction_of_pulse_and_ecg_is_due_for_a_look_though_nothing_is_missing():
    assert observation_due(news2(16, 97, 120, 88, 140, 37.0, "A", False)) == (Part.PULSE_RATE,)


def test_unknown_oxygen_that_cannot_change_the_row_is_not_due():
    assert observation_due(news2(21, 97, 120, 70, None, 37.0, "A", None)) == ()  # 2 to 4
    assert observation_due(news2(21, 93, 120, 70, None, 37.0, "A", None)) == (Part.SUPPLEMENTAL_OXYGEN,)  # 4 to 6


def test_a_missing_item_that_could_only_be_a_red_one_is_due_too():
    assert observation_due(news2(16, 95, 120, 70, None, None, "A", False)) == (Part.TEMPERATURE,)  # 1 to 4, red or not
