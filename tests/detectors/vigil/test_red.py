"""What is red by protocol, and what is extreme: the limits on either side."""

import pytest

from detectors.news2 import CHART, RED
from detectors.vigil.red import RED_LIMITS, VITALS_OF, is_extreme
from tests.making import rules_with


def test_the_red_limits_are_those_of_chart_1():
    """Royal College of Physicians, NEWS2 (2017), chart 1; SpO2 on scale 1."""
    assert RED_LIMITS == {
        "resp_rate": (8, 25),
        "spo2": (91, None),
        "systolic_bp": (90, 220),
        "pulse_rate": (40, 131),
        "heart_rate": (40, 131),
        "temperature": (35.0, None),
    }


@pytest.mark.parametrize("part", CHART)
def test_at_a_limit_a_vital_is_red_and_a_step_inside_it_is_not(part):
    row = CHART[part]
    for vital in VITALS_OF[part.value]:
        for limit, inside in zip(RED_LIMITS[vital], (1, -1), strict=True):
            if limit is not None:
                assert row.read(limit)[1] == RED > row.read(limit + inside / row.per_unit)[1]


@pytest.mark.parametrize(
    ("vital", "value", "extreme"),
    [("resp_rate", 5, True), ("resp_rate", 6, False), ("resp_rate", 40, True), ("spo2", 80, True), ("spo2", 81, False),
     ("temperature", 20, False)],
)  # fmt: skip
def test_what_lies_at_or_beyond_an_extreme_of_the_rules_is_extreme(vital, value, extreme):
    assert is_extreme(vital, value, rules_with()) is extreme


def test_an_extreme_of_nothing_is_one_too():
    """Zero is a limit, not the absence of one."""
    rules = rules_with(("extreme.spo2.low", 0))

    assert is_extreme("spo2", 0, rules) and not is_extreme("spo2", 1, rules)
