"""NEWS2: the traps that others fell into, and what is refused."""

import pytest

from detectors.news2 import Part, news2, points

WELL = {
    "resp_rate": 16,
    "spo2": 97,
    "systolic_bp": 120,
    "pulse_rate": 70,
    "heart_rate": None,
    "temperature": 37.0,
    "consciousness": "A",
    "oxygen": False,
}


def scored(**changes):
    """A well patient, but for what is named."""
    return news2(**WELL | changes)


def least_and_most(result, part):
    return next((least, most) for item, least, most in result.parts if item is part)


def test_trap_spo2_98_on_air_scores_0_on_scale_2():
    assert scored(spo2=98, oxygen=False, spo2_scale=2).score_max == 0


def test_trap_a_temperature_between_two_bands_is_not_an_error():
    assert points(Part.TEMPERATURE, 35.05) == (3, 3)
    assert points(Part.TEMPERATURE, 36.05) == (1, 1)
    assert points(Part.TEMPERATURE, 38.05) == (1, 1)


def test_trap_ties_are_not_right_closed_intervals():
    """Elsewhere 35.05 scores 1 and SpO2 91.5 scores 2."""
    assert points(Part.TEMPERATURE, 35.05) == (3, 3)
    assert points(Part.SPO2, 91.5) == (3, 3)


def test_trap_slow_breathing_is_not_lost_in_a_chained_comparison():
    """`8 <= rate >= 25` sees only the fast end."""
    assert [points(Part.RESP_RATE, rate)[0] for rate in (0, 3, 8, 25, 60)] == [3] * 5


def test_trap_low_pressure_and_slow_pulse_are_not_lost_in_a_chained_comparison():
    assert [points(Part.SYSTOLIC_BP, mmhg)[0] for mmhg in (0, 60, 90, 220, 300)] == [3] * 5
    assert [points(Part.PULSE_RATE, bpm)[0] for bpm in (0, 30, 40, 131, 220)] == [3] * 5


def test_trap_a_missing_spo2_is_not_0_percent():
    result = scored(spo2=None)

    assert least_and_most(result, Part.SPO2) == (0, 3)
    assert result.red == ()


def test_trap_a_missing_vital_is_not_normal():
    assert scored(temperature=None).score_max == 3


def test_trap_a_zero_is_a_value_and_not_a_missing_one():
    """Truthiness as "have we data?" would lose asystole, apnoea and a lost pulse pressure."""
    for part in (Part.RESP_RATE, Part.SPO2, Part.SYSTOLIC_BP, Part.PULSE_RATE):
        result = scored(**{part.value: 0})

        assert (result.red, result.missing) == ((part,), ())


def test_trap_a_pulse_of_0_is_not_replaced_by_the_heart_rate():
    """Electrical activity without a pulse: the ECG may look well."""
    assert least_and_most(scored(pulse_rate=0, heart_rate=72), Part.PULSE_RATE) == (0, 3)
    assert least_and_most(scored(pulse_rate=0, heart_rate=None), Part.PULSE_RATE) == (3, 3)


def test_trap_a_published_example_adds_a_point_for_a_temperature_of_37_5():
    """A national example bundle prints 6 for these values; by Chart 1 37.5 scores 0, which makes 5."""
    example = scored(resp_rate=21, pulse_rate=95, spo2=93, oxygen=False, temperature=37.5, systolic_bp=120)

    assert [least for _, least, _ in example.parts] == [2, 2, 0, 0, 1, 0, 0]
    assert example.score_min == example.score_max == 5


def test_trap_the_highest_temperature_scores_2_and_not_3():
    assert points(Part.TEMPERATURE, 42.0) == (2, 2)


@pytest.mark.parametrize("field", ["resp_rate", "spo2", "systolic_bp", "pulse_rate", "heart_rate", "temperature"])
@pytest.mark.parametrize("nothing", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_finite_number_is_refused_by_name(field, nothing):
    with pytest.raises(ValueError, match=f"{field} is"):
        scored(**{field: nothing})


@pytest.mark.parametrize("scale", [0, 3, None, "1"])
def test_only_scales_1_and_2_exist(scale):
    for spo2 in (97, None):
        with pytest.raises(ValueError, match="known: 1, 2"):
            scored(spo2=spo2, spo2_scale=scale)


def test_an_unknown_letter_is_refused():
    with pytest.raises(ValueError, match="known: A, C, V, P, U"):
        scored(consciousness="X")


@pytest.mark.parametrize("part", [Part.CONSCIOUSNESS, Part.SUPPLEMENTAL_OXYGEN])
def test_points_of_what_is_not_measured_in_numbers_are_refused(part):
    with pytest.raises(ValueError, match="known: resp_rate, spo2"):
        points(part, 1)


def test_a_result_cannot_be_changed():
    with pytest.raises(AttributeError):
        scored().score_min = 0
