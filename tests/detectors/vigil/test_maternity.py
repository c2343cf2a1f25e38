"""Severe pressures of a woman who is pregnant or has lately given birth: each must be severe, twice, within minutes."""

import pytest

from schemas.times import to_text
from tests.making import HOUR, MINUTE, SECOND, T0, alerts, every, new_partition, reading, record, run


def called(*pressures, beside=()):
    """What interrupts, by state and priority, after cuff readings as (minute, systolic, diastolic)."""
    entries = [record(T0 - SECOND, "p", "admit", 1, age_years=30, maternity="pregnant"), *beside]
    entries += [
        reading(T0 + minute * MINUTE + 1, "p", "cuff", systolic_bp=systolic, diastolic_bp=diastolic)
        for minute, systolic, diastolic in pressures
    ]
    entries.append(reading(T0 + max(m for m, *_ in pressures) * MINUTE + MINUTE, "other", spo2=97))
    said = alerts(run(new_partition(), sorted(entries, key=lambda entry: entry.at)))
    return [alert for alert in said if alert["patient_id"] == "p" and alert["interrupts"]]


@pytest.mark.parametrize("pressure", [(165, 90), (160, 90), (130, 110)])
def test_a_severe_pressure_that_is_found_again_is_high_and_named(pressure):
    *_, last = called((0, *pressure), (5, *pressure))

    assert last["priority"] == "high"
    assert str(max(pressure)) in last["headline"] or str(min(pressure)) in last["headline"]


@pytest.mark.parametrize("first", [(0, 120, 75), (0, 85, 50), (-11, 165, 90)])
def test_one_severe_pressure_after_another_that_was_not_is_not_high_yet(first):
    assert not [alert for alert in called(first, (5, 165, 90)) if alert["priority"] == "high"]


def test_a_cuff_beside_a_fast_stream_is_remembered_for_its_quarter_of_an_hour():
    stream = [reading(t, "p", spo2=97, pulse_rate=75) for t in every(5 * SECOND, T0, T0 + HOUR // 2)]

    assert called((0, 165, 95), (14, 165, 95), beside=stream)[-1]["priority"] == "high"


def test_six_weeks_after_a_birth_it_is_asked_whether_the_criteria_still_apply():
    days = [reading(T0 + day * 24 * HOUR, "p", "chart", source="spot", heart_rate=75) for day in range(45)]
    given = record(T0 - SECOND, "p", "admit", 1, age_years=30, maternity="postnatal")
    answered = record(T0 + 43 * 24 * HOUR + MINUTE, "p", "update", 2, maternity="none")
    log = sorted([given, *days, answered], key=lambda entry: entry.at)

    shown = [alert for alert in alerts(run(new_partition(), log)) if alert["subject"] == "postnatal"]

    assert [(alert["state"], alert["interrupts"]) for alert in shown] == [("raised", False), ("cleared", False)]
    assert to_text(T0 + 41 * 24 * HOUR) < shown[0]["at"] < to_text(T0 + 42 * 24 * HOUR + MINUTE)
