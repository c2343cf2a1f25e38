"""NEWS2: what holds for every patient, known or half known."""

from hypothesis import given
from hypothesis import strategies as st

from detectors.news2 import HIGHEST, Part, news2, points
from schemas.vitals import SCALES, Vital


def least_and_most(result, part):
    return next((least, most) for item, least, most in result.parts if item is part)


def number(vital):
    low, high = SCALES[vital].impossible
    return st.one_of(st.integers(int(low), int(high)), st.integers(int(low * 20), int(high * 20)).map(lambda n: n / 20))


KNOWN = {
    "resp_rate": number(Vital.RESP_RATE),
    "spo2": number(Vital.SPO2),
    "systolic_bp": number(Vital.SYSTOLIC_BP),
    "pulse_rate": number(Vital.PULSE_RATE),
    "heart_rate": number(Vital.HEART_RATE),
    "temperature": number(Vital.TEMPERATURE),
    "consciousness": st.sampled_from("ACVPU"),
    "oxygen": st.booleans(),
    "gcs": st.integers(3, 15),
}
FIXED = st.fixed_dictionaries({"spo2_scale": st.sampled_from((1, 2)), "long_standing_confusion": st.booleans()})
ANY = st.fixed_dictionaries({name: st.none() | values for name, values in KNOWN.items()})
# What counts for one item together: taking away one of two only means that the other is heard.
TOGETHER = (("resp_rate",), ("spo2",), ("oxygen",), ("systolic_bp",), ("pulse_rate", "heart_rate"), ("temperature",))
TOGETHER += (("consciousness", "gcs"),)


@given(ANY, FIXED, st.fixed_dictionaries(KNOWN))
def test_whatever_is_found_later_the_score_lies_within_what_was_said(some, fixed, later):
    now = news2(**some, **fixed)
    found = dict(some)
    for names in TOGETHER:
        if all(some[name] is None for name in names):
            found |= {name: later[name] for name in names}
    then = news2(**found, **fixed)

    assert now.score_min <= then.score_min <= then.score_max <= now.score_max
    assert set(now.red) <= set(then.red)
    for (_, least, most), (_, least_then, most_then) in zip(now.parts, then.parts, strict=True):
        assert least <= least_then <= most_then <= most


@given(ANY, FIXED, st.sampled_from(TOGETHER))
def test_losing_an_item_never_raises_the_least_nor_lowers_the_most(some, fixed, names):
    with_it = news2(**some, **fixed)
    without = news2(**some | dict.fromkeys(names), **fixed)

    assert without.score_min <= with_it.score_min
    assert without.score_max >= with_it.score_max
    assert set(without.red) <= set(with_it.red)


BEST = {"resp_rate": 16, "spo2": 90, "systolic_bp": 120, "pulse_rate": 70, "temperature": 37.0, "oxygen": False}
WORST = {"resp_rate": 30, "spo2": 80, "systolic_bp": 80, "pulse_rate": 150, "temperature": 34.0, "oxygen": True}


@given(ANY, FIXED)
def test_both_ends_can_really_come_true(some, fixed):
    """The interval is no wider than the truth may be: something missing exists that makes either end."""
    said = news2(**some, **fixed)
    for end, filling, letters in (
        (said.score_min, BEST | {"spo2": 97 if fixed["spo2_scale"] == 1 else 90}, "A"),
        (said.score_max, WORST, "U"),
    ):
        filled = {name: filling.get(name) if value is None else value for name, value in some.items()}
        if some["heart_rate"] is not None or some["pulse_rate"] is not None:
            rates = [some[name] for name in ("pulse_rate", "heart_rate") if some[name] is not None]
            outcomes = [news2(**filled | {"pulse_rate": rate, "heart_rate": None}, **fixed) for rate in rates]
        else:
            outcomes = [news2(**filled, **fixed)]
        reached = set()
        for outcome in outcomes:
            least, most = least_and_most(outcome, Part.CONSCIOUSNESS)
            sure = outcome.score_min - least
            reached |= {sure + (least if least == most else 3 * (letters == "U"))}
        assert end in reached


@given(ANY, FIXED)
def test_the_score_is_the_sum_of_its_items_and_never_leaves_0_to_20(some, fixed):
    result = news2(**some, **fixed)

    assert result.score_min == sum(least for _, least, _ in result.parts)
    assert result.score_max == sum(most for _, _, most in result.parts)
    assert 0 <= result.score_min <= result.score_max <= HIGHEST


@given(ANY, FIXED)
def test_complete_means_certain_and_certain_means_nothing_missing(some, fixed):
    result = news2(**some, **fixed)

    assert result.complete is (result.score_min == result.score_max)
    assert result.complete is all(least == most for _, least, most in result.parts)
    assert not (result.complete and result.missing)
    assert result.red == tuple(part for part, least, _ in result.parts if least == 3)


@given(ANY, FIXED)
def test_an_item_is_missing_exactly_when_nothing_was_said_of_it(some, fixed):
    silent = {names for names in TOGETHER if all(some[name] is None for name in names)}
    result = news2(**some, **fixed)

    assert {frozenset(names) & (set(Part) | {"oxygen"}) for names in silent} == {
        frozenset({"oxygen" if part is Part.SUPPLEMENTAL_OXYGEN else part.value}) for part in result.missing
    }


@given(ANY, FIXED)
def test_the_same_values_give_the_same_result(some, fixed):
    assert news2(**some, **fixed) == news2(**some, **fixed)


@given(st.fixed_dictionaries(KNOWN), FIXED, st.floats(-4e-10, 4e-10))
def test_noise_far_below_any_sensor_changes_no_score(values, fixed, noise):
    """Conversions and means leave noise in the last bits; two runs must not differ by it."""
    numbers = ("resp_rate", "spo2", "systolic_bp", "temperature")
    noisy = values | {name: values[name] + noise / 10 for name in numbers}

    assert news2(**values, **fixed).parts == news2(**noisy, **fixed).parts


def test_away_from_the_middle_no_item_ever_scores_less():
    middles = {Part.RESP_RATE: 16, Part.SPO2: 100, Part.SYSTOLIC_BP: 150, Part.PULSE_RATE: 70, Part.TEMPERATURE: 37.0}
    for part, middle in middles.items():
        low, high = SCALES[Vital(part)].impossible
        steps = [low + n / 20 for n in range(round((high - low) * 20) + 1)]
        falling = [points(part, value)[0] for value in steps if value <= middle]
        rising = [points(part, value)[0] for value in steps if value >= middle]

        assert falling == sorted(falling, reverse=True)
        assert rising == sorted(rising)
