"""Shock index: a ratio, and nothing said of what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.shock_index import shock_index


def test_it_is_heart_rate_by_systolic_pressure():
    assert shock_index(90, 120) == 0.75
    assert shock_index(0, 120) == 0.0


@pytest.mark.parametrize(("heart_rate", "systolic_bp"), [(None, 120), (90, None), (None, None), (90, 0)])
def test_without_either_or_without_pressure_there_is_no_opinion(heart_rate, systolic_bp):
    assert shock_index(heart_rate, systolic_bp) is None


@pytest.mark.parametrize(("values", "name"), [((float("nan"), 120), "heart_rate"), ((90, float("inf")), "systolic_bp")])
def test_what_is_no_finite_number_is_refused_by_name(values, name):
    with pytest.raises(ValueError, match=f"{name} is"):
        shock_index(*values)


@given(st.floats(1, 350), st.floats(1, 350), st.floats(0.1, 10))
def test_a_faster_heart_or_a_lower_pressure_raises_it(heart_rate, systolic_bp, step):
    assert shock_index(heart_rate + step, systolic_bp) > shock_index(heart_rate, systolic_bp)
    assert shock_index(heart_rate, systolic_bp + step) < shock_index(heart_rate, systolic_bp)
