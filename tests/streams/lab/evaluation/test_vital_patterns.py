"""Vitals that do not go together: watched beside the Vigil, of which nothing changes."""

from math import isnan

import pytest

from streams.lab.evaluation.vital_patterns import WINDOW, Together
from tests.making import HOUR, MINUTE, T0, new_partition, numbered, reading

HOURS = 3 * WINDOW["spot"]


def chart(number, **values):
    return reading(T0 + number * HOUR, "p", "chart", source="spot", sequence=number, **values)


def usual(number):
    """Heart rate and breathing rise and fall together."""
    swing = number % 4
    return chart(number, heart_rate=70 + 4 * swing, resp_rate=14 + swing, spo2=97, systolic_bp=125 - swing)


def looked(entries):
    """What is thought hour by hour, and the watch at the end."""
    part, together, thought = new_partition(clock="event"), Together("spot"), []
    for record, entry in zip(numbered(entries), entries, strict=True):
        part.run([record])
        part.advance(entry.at + MINUTE, 1 << 62)
        vigil = part.watches["p"].vigil
        before = vigil.snapshot()
        thought.append(together.look(vigil, entry.at + MINUTE))
        assert vigil.snapshot() == before
    return thought, vigil, together


def test_before_half_a_day_of_calm_hours_it_has_no_opinion_and_then_one_each_hour():
    thought, vigil, _ = looked([usual(number) for number in range(HOURS)])

    assert vigil.register.deterioration is None
    assert all(isnan(one) for one in thought[: WINDOW["spot"]])
    assert not any(isnan(one) for one in thought[-WINDOW["spot"] :])


def test_a_slow_heart_with_fast_breathing_is_rarer_than_either_with_the_other_as_usual():
    before = [usual(number) for number in range(HOURS)]
    alike = chart(HOURS, heart_rate=82, resp_rate=17, spo2=97, systolic_bp=122)
    apart = chart(HOURS, heart_rate=70, resp_rate=17, spo2=97, systolic_bp=122)

    assert looked([*before, apart])[0][-1] > looked([*before, alike])[0][-1]


@pytest.mark.parametrize("missing", ["heart_rate", "resp_rate", "spo2", "systolic_bp"])
def test_without_one_of_the_four_there_is_no_opinion(missing):
    entries = []
    for number in range(HOURS):
        swing = number % 4
        values = {"heart_rate": 70 + 4 * swing, "resp_rate": 14 + swing, "spo2": 97, "systolic_bp": 125 - swing}
        entries.append(chart(number, **{name: value for name, value in values.items() if name != missing}))

    assert all(isnan(one) for one in looked(entries)[0])


def test_nothing_is_learnt_while_an_alert_stands_open():
    calm = [usual(number) for number in range(HOURS)]
    _, _, together = looked(calm)
    learnt = together._pattern.state()
    _, vigil, other = looked([*calm, chart(HOURS, heart_rate=140, resp_rate=30, spo2=90, systolic_bp=85)])

    assert vigil.register.deterioration is not None and other._pattern.state() == learnt
