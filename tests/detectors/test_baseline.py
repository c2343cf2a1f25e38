import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.baseline import Baseline
from tests.making import HOUR, MINUTE, rules_with

RULES = rules_with().baseline


def taught(values, floor: float = 5.0, step: int = MINUTE, rules=RULES, begin: int = 0) -> Baseline:
    usual = Baseline(floor, rules)
    for place, value in enumerate(values):
        usual.learn_one(value, begin + place * step)
    return usual


def wobbling(around: float, by: float, count: int) -> list[float]:
    """Around a value, evenly: the same each time."""
    return [around + by * (place * 7 % 11 - 5) / 5 for place in range(count)]


def test_a_flat_line_does_not_make_every_wiggle_an_alert():
    """SpO2 may sit at 98 for hours; 97 is then news to nobody."""
    steady = taught([98.0] * 500, floor=1.2)

    assert steady.score_one(97.0) < 1
    assert steady.spread == 1.2


def test_there_is_no_opinion_before_the_warm_up():
    few = taught([70.0] * (RULES.warmup_values - 1), step=20 * MINUTE)
    hasty = taught([70.0] * 100, step=1000)

    assert few.score_one(200.0) is None and few.usual is None and few.drift(200.0) is None
    assert hasty.score_one(200.0) is None


def test_an_athletes_forty_five_is_usual_and_eighty_is_not():
    athlete = taught(wobbling(45, 3, 600))

    assert athlete.score_one(44.0) < 1
    assert athlete.deviation(80.0) > RULES.enter


def test_the_spread_is_the_patients_own_where_it_exceeds_the_floor():
    restless, calm = taught(wobbling(80, 24, 600)), taught(wobbling(80, 2, 600))

    assert restless.spread > 3 * calm.spread
    assert restless.score_one(104.0) < 2 < 4 < calm.score_one(104.0)


def test_what_is_usual_follows_a_change_with_its_half_life():
    moved = taught([80.0] * 2880 + [100.0] * 480)  # two days, then eight hours

    assert moved.usual == pytest.approx(90, abs=0.5)
    assert moved.anchor < 83


def test_getting_used_to_illness_is_itself_seen():
    """A heart rate that creeps from 80 to 115 in a day is never far from its usual, but soon far from the anchor."""
    day = 24 * 60
    creeping = taught(wobbling(80, 3, day))
    farthest = 0.0
    for minute in range(day):
        value = 80 + 35 * minute / day + 3 * (minute * 7 % 11 - 5) / 5
        farthest = max(farthest, creeping.score_one(value))
        creeping.learn_one(value, (day + minute) * MINUTE)

    assert farthest < RULES.enter
    assert creeping.drift(115.0) > RULES.drift


def test_day_and_night_are_no_drift():
    """Seven beats up by day and down by night, for three days."""
    usual, worst = Baseline(5.0, RULES), 0.0
    for minute in range(0, 3 * 24 * 60, 5):
        value = 74.0 + (7 if minute // 720 % 2 else -7) + (minute // 5 * 7 % 11 - 5) / 5
        if minute > 24 * 60:
            worst = max(worst, abs(usual.drift(value)), usual.score_one(value))
        usual.learn_one(value, minute * MINUTE)

    assert worst < min(RULES.enter, RULES.drift)


def test_a_restless_patient_does_not_drift_by_being_restless():
    restless = taught(wobbling(80, 24, 1500))

    assert max(abs(restless.drift(value)) for value in wobbling(80, 24, 11)) < RULES.drift


def test_nothing_is_forgotten_in_a_gap_of_a_night():
    usual = taught(wobbling(80, 3, 600))
    before = usual.usual
    usual.learn_one(120.0, (600 + 12 * 60) * MINUTE)

    assert usual.usual == pytest.approx(before, abs=0.5)
    assert usual.anchor == pytest.approx(80, abs=5)


def test_spot_checks_teach_too():
    rounds = taught(wobbling(16, 1, 12), floor=2.0, step=4 * HOUR)

    assert rounds.score_one(16.0) < 1 < RULES.enter < rounds.score_one(26.0)


def test_a_restored_copy_goes_on_identically():
    one = taught(wobbling(80, 6, 700))
    other = Baseline.restore(one.state(), 5.0, RULES)
    for place in range(50):
        one.learn_one(90.0 - place, (800 + place) * MINUTE)
        other.learn_one(90.0 - place, (800 + place) * MINUTE)

    assert other.state() == one.state()
    assert other.score_one(60.0) == one.score_one(60.0)


@given(st.lists(st.floats(0, 350), min_size=5, max_size=60), st.floats(0, 350))
def test_the_spread_never_falls_below_the_floor_whatever_came(values, asked):
    usual = taught(values, step=10 * MINUTE)

    assert usual.spread >= 5.0 and usual.noise >= 5.0
    assert usual.score_one(asked) <= 70
