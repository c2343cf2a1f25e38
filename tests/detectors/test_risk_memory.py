"""What the risk models remember: it fades, the pace of measuring does not matter, and no clock hides in it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.risk_memory import FEATURES, VALID_MS, RiskMemory
from tests.making import HOUR, MINUTE

CALM = {"heart_rate": 80.0, "resp_rate": 16.0, "systolic_bp": 120.0, "diastolic_bp": 70.0}


def told(step: int, hours: float, way=lambda hour: CALM) -> RiskMemory:
    """A memory of that many hours, a value each `step` milliseconds."""
    one = RiskMemory()
    for at in range(0, int(hours * HOUR) + 1, step):
        one.learn_one(way(at / HOUR), at, news2=2)
    return one


def test_every_feature_has_a_name_of_its_own_and_is_always_there():
    assert len(set(FEATURES)) == len(FEATURES)
    assert set(RiskMemory().features(0, news2=None)) == set(FEATURES)


def test_at_first_nothing_is_known():
    assert set(RiskMemory().features(0, news2=None).values()) == {None}


def test_a_value_counts_for_a_third_after_six_hours():
    one = RiskMemory()
    one.learn_one({"heart_rate": 60.0}, 0, news2=0)
    one.learn_one({"heart_rate": 100.0}, 6 * HOUR, news2=0)
    old = math.exp(-1)

    assert one.features(6 * HOUR, news2=0)["heart_rate.6h"] == pytest.approx((60 * old + 100) / (old + 1))


def test_an_hourly_chart_and_a_stream_every_ten_minutes_look_alike():
    """The same night of the same patient, written down at two paces."""

    def way(hour: float) -> dict[str, float]:
        return {"heart_rate": 80 + 10 * math.sin(hour / 3), "resp_rate": 14 + hour / 4}

    chart = told(HOUR, 24, way).features(24 * HOUR, news2=2)
    stream = told(10 * MINUTE, 24, way).features(24 * HOUR, news2=2)
    for name, near in (("heart_rate.6h", 1.5), ("resp_rate.6h", 0.2), ("resp_rate.6h-24h", 0.2), ("news2.6h", 1e-9)):
        assert stream[name] == pytest.approx(chart[name], abs=near), name
    assert stream["heart_rate.spread_24h"] == pytest.approx(chart["heart_rate.spread_24h"], rel=0.1)


@pytest.mark.parametrize("hours", [24, 48, 96, 240])
def test_no_clock_hides_in_the_features_of_a_steady_patient(hours):
    """Running extremes and counts grow with the stay; these are the same on the second and on the tenth day."""
    first, later = told(HOUR, 24).features(24 * HOUR, news2=2), told(HOUR, hours).features(hours * HOUR, news2=2)

    for name, value in first.items():
        assert value is None or later[name] == pytest.approx(value, abs=1e-4), name


def test_a_rise_over_the_day_is_seen_against_three_days():
    seen = told(HOUR, 72, lambda hour: {"heart_rate": 80.0 if hour < 60 else 110.0}).features(72 * HOUR, news2=2)

    assert seen["heart_rate.6h-24h"] > 10
    assert seen["heart_rate.24h-72h"] > 2


def test_a_suspect_value_is_the_newest_and_moves_no_mean():
    one = told(HOUR, 6)
    before = one.features(6 * HOUR, news2=2)["heart_rate.6h"]
    one.learn_one({"heart_rate": 15.0}, 7 * HOUR, news2=2, suspect=("heart_rate",))
    after = one.features(7 * HOUR, news2=2)

    assert after["heart_rate.now"] == 15.0
    assert after["heart_rate.6h"] == pytest.approx(before)


def test_what_is_too_old_is_no_longer_known():
    one = told(HOUR, 6)

    assert one.features(6 * HOUR + VALID_MS + 1, news2=2)["heart_rate.now"] is None
    assert one.features(6 * HOUR + VALID_MS + 1, news2=2)["heart_rate.6h"] == pytest.approx(80.0)
    assert one.features(31 * HOUR, news2=2)["heart_rate.6h"] is None


def test_a_value_that_comes_after_a_newer_one_is_passed_over():
    one, other = told(HOUR, 6), told(HOUR, 6)
    one.learn_one({"heart_rate": 200.0}, 5 * HOUR, news2=None)

    assert one.state() == other.state()


def test_a_value_taken_back_is_no_longer_in_force():
    one = told(HOUR, 6)
    one.forget_newest("heart_rate")
    one.forget_newest("oxygen_flow")

    assert one.features(6 * HOUR, news2=2)["heart_rate.now"] is None
    assert one.features(6 * HOUR, news2=2)["resp_rate.now"] == 16.0


def test_a_mean_pressure_that_nobody_sent_is_worked_out():
    assert told(HOUR, 1).features(HOUR, news2=2)["mean_bp.now"] == pytest.approx((120 + 2 * 70) / 3)


@pytest.mark.parametrize(
    ("values", "temperature", "named"),
    [
        ([15.0] * 6, 37.0, {"gcs.now@steady", "gcs.now@warm"}),
        ([3.0, 15.0] * 4, 36.0, {"gcs.now@erratic", "gcs.now@cool"}),
        ([13.0, 15.0] * 4, 38.5, {"gcs.now@uneven", "gcs.now@hot"}),
    ],
)
def test_a_coma_scale_is_told_by_how_it_went_and_by_the_heat(values, temperature, named):
    one = RiskMemory()
    for hour, value in enumerate(values):
        one.learn_one({"gcs": value, "temperature": temperature}, hour * HOUR, news2=None)
    seen = one.features((len(values) - 1) * HOUR, news2=None)

    assert {name for name, value in seen.items() if "@" in name and value is not None} == named


def test_it_takes_as_much_room_after_a_month_as_at_first():
    one = told(HOUR, 24 * 30)

    assert len(one.state()) == len(RiskMemory().state()) == 816


def test_a_restored_memory_goes_on_identically():
    one = told(HOUR, 10)
    other = RiskMemory.restore(one.state())
    for each in (one, other):
        each.learn_one({"heart_rate": 130.0}, 11 * HOUR, news2=5)

    assert other.features(12 * HOUR, news2=5) == one.features(12 * HOUR, news2=5)
    with pytest.raises(ValueError, match="816 bytes, not 3"):
        RiskMemory.restore(b"abc")


@given(st.lists(st.tuples(st.integers(0, 40 * HOUR), st.floats(0, 350)), min_size=1, max_size=30))
def test_every_feature_is_finite_for_every_finite_value(readings):
    one = RiskMemory()
    for at, value in readings:
        one.learn_one({"heart_rate": value, "systolic_bp": value, "diastolic_bp": value / 2}, at, news2=20)
        seen = [number for number in one.features(at, news2=20).values() if number is not None]
        assert all(map(math.isfinite, seen))
