import pytest

from detectors.trend import EVERY_MS, Trend
from tests.making import HOUR, MINUTE, rules_with

RULES = rules_with().trend


def taught(values, step: int = MINUTE, floor: float = 5.0, stretch: float = 1.0) -> tuple[Trend, int]:
    """The trend, and the moment of its last value."""
    trend = Trend(floor, RULES, stretch)
    for place, value in enumerate(values):
        trend.learn_one(value, place * step)
    return trend, (len(values) - 1) * step


def test_there_is_no_opinion_of_the_first_minutes():
    trend, at = taught([80.0 + minute for minute in range(15)])

    assert trend.score_one(at) is None and trend.per_hour(at) is None


def test_a_ramp_has_its_own_slope():
    for slope in (-24.0, 6.0, 60.0):
        trend, at = taught([100 + slope * minute / 60 for minute in range(90)])
        assert trend.per_hour(at) == pytest.approx(slope, rel=1e-6)


def test_a_steady_patient_goes_nowhere():
    trend, at = taught([80.0 + (minute * 7 % 11 - 5) / 2 for minute in range(180)])

    assert trend.score_one(at) < RULES.leave / 2


def test_it_says_when_a_limit_is_met_at_this_pace():
    trend, at = taught([100 - minute / 6 for minute in range(121)])  # 10 an hour

    assert trend.minutes_to(100 - 20, 60.0, None, at) == pytest.approx(120, rel=0.01)
    assert trend.minutes_to(80, None, 120.0, at) is None  # it does not head for the upper one


def test_a_limit_that_is_met_already_takes_no_time():
    trend, at = taught([100 - minute / 6 for minute in range(121)])

    assert trend.minutes_to(58.0, 60.0, None, at) == 0


def test_there_is_no_opinion_after_a_gap():
    trend, at = taught([80.0 + minute / 2 for minute in range(90)])

    assert trend.score_one(at + HOUR) is None


def test_values_close_together_count_once():
    trend = Trend(5.0, RULES)

    assert trend.learn_one(80.0, 0)
    assert not trend.learn_one(200.0, EVERY_MS - 1)
    assert trend.learn_one(80.0, EVERY_MS)


def test_spot_checks_have_trends_of_their_own_pace():
    """A resp rate that rises by one every four hours."""
    trend, at = taught([14.0 + place for place in range(6)], 4 * HOUR, 2.0, RULES.spot_factor)

    assert trend.per_hour(at) == pytest.approx(0.25, rel=1e-6)


def test_a_restored_copy_goes_on_identically():
    one, at = taught([80.0 + minute / 3 for minute in range(70)])
    other = Trend.restore(one.state(), 5.0, RULES)
    for trend in (one, other):
        trend.learn_one(120.0, at + MINUTE)

    assert other.state() == one.state()
    assert other.per_hour(at + MINUTE) == one.per_hour(at + MINUTE)
