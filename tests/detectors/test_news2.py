"""NEWS2 by Chart 1 of the Royal College of Physicians (2017): every boundary, every tie, every known trap."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.news2 import CHART, HIGHEST, SCALE_2_ON_AIR, SCALE_2_ON_OXYGEN, Part, news2, points
from schemas.vitals import SCALES, Vital

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
NOTHING = dict.fromkeys(WELL)
ITEMS = tuple(Part)


def scored(**changes):
    """A well patient, but for what is named."""
    return news2(**WELL | changes)


def only(**known):
    """A patient of whom nothing is known but what is named."""
    return news2(**NOTHING | known)


def least_and_most(result, part):
    return next((least, most) for item, least, most in result.parts if item is part)


# The chart once more, as a person reads it: from, to, points. Whole numbers; temperature in tenths of a degree.
PRINTED = {
    Part.RESP_RATE: [(0, 8, 3), (9, 11, 1), (12, 20, 0), (21, 24, 2), (25, 120, 3)],
    Part.SPO2: [(0, 91, 3), (92, 93, 2), (94, 95, 1), (96, 100, 0)],
    Part.SYSTOLIC_BP: [(0, 90, 3), (91, 100, 2), (101, 110, 1), (111, 219, 0), (220, 350, 3)],
    Part.PULSE_RATE: [(0, 40, 3), (41, 50, 1), (51, 90, 0), (91, 110, 1), (111, 130, 2), (131, 350, 3)],
    Part.TEMPERATURE: [(200, 350, 3), (351, 360, 1), (361, 380, 0), (381, 390, 1), (391, 450, 2)],
}
SCALE_2_PRINTED = {
    False: [(0, 83, 3), (84, 85, 2), (86, 87, 1), (88, 92, 0), (93, 100, 0)],
    True: [(0, 83, 3), (84, 85, 2), (86, 87, 1), (88, 92, 0), (93, 94, 1), (95, 96, 2), (97, 100, 3)],
}


def by_the_printed_chart(bands, value, per_unit=1):
    """(value as charted, points) by decimals: the nearest step, a tie to the side that scores more."""
    points_of = {whole: scores for low, high, scores in bands for whole in range(low, high + 1)}
    steps = Decimal(repr(value)) * per_unit
    below, above = (int(steps.to_integral_value(way)) for way in (ROUND_FLOOR, ROUND_CEILING))
    if below == above or steps - below < Decimal("0.5"):
        whole = below
    elif steps - below > Decimal("0.5"):
        whole = above
    else:
        whole = above if points_of[above] >= points_of[below] else below
    return whole / per_unit if per_unit > 1 else whole, points_of[whole]


# --- the published boundaries -------------------------------------------------------------------------------------

VECTORS = {
    Part.RESP_RATE: {8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3},
    Part.SPO2: {91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0},
    Part.SYSTOLIC_BP: {90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3},
    Part.PULSE_RATE: {40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3},
    Part.TEMPERATURE: {35.0: 3, 35.1: 1, 36.0: 1, 36.1: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2},
}
SCALE_2_VECTORS = {
    False: {83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 0, 97: 0, 100: 0},
    True: {83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 1, 94: 1, 95: 2, 96: 2, 97: 3, 100: 3},
}


@pytest.mark.parametrize(
    ("part", "value", "expected"), [(p, v, n) for p, row in VECTORS.items() for v, n in row.items()]
)
def test_each_boundary_of_the_chart_scores_as_printed(part, value, expected):
    result = scored(**{part.value: value})

    assert least_and_most(result, part) == (expected, expected) == points(part, value)
    assert result.score_min == result.score_max == expected
    assert result.red == ((part,) if expected == 3 else ())


@pytest.mark.parametrize(
    ("oxygen", "value", "expected"), [(o, v, n) for o, row in SCALE_2_VECTORS.items() for v, n in row.items()]
)
def test_each_boundary_of_scale_2_scores_as_printed(oxygen, value, expected):
    result = scored(spo2=value, oxygen=oxygen, spo2_scale=2)

    assert least_and_most(result, Part.SPO2) == (expected, expected)
    assert points(Part.SPO2, value, spo2_scale=2, oxygen=oxygen) == (expected, expected)
    assert result.score_min == result.score_max == expected + (2 if oxygen else 0)


@pytest.mark.parametrize("part", PRINTED)
def test_every_hundredth_of_every_possible_value_scores_as_decimals_would(part):
    per_unit = 10 if part is Part.TEMPERATURE else 1
    low, high = SCALES[Vital(part)].impossible
    for hundredths in range(round(low * 100), round(high * 100) + 1):
        value = hundredths / 100

        assert CHART[part].read(value) == by_the_printed_chart(PRINTED[part], value, per_unit), value


@pytest.mark.parametrize(("oxygen", "row"), [(False, SCALE_2_ON_AIR), (True, SCALE_2_ON_OXYGEN)])
def test_every_hundredth_of_scale_2_scores_as_decimals_would(oxygen, row):
    for hundredths in range(10_001):
        value = hundredths / 100

        assert row.read(value) == by_the_printed_chart(SCALE_2_PRINTED[oxygen], value), value


@pytest.mark.parametrize(("letter", "expected"), [("A", 0), ("C", 3), ("V", 3), ("P", 3), ("U", 3)])
def test_consciousness_scores_all_or_nothing(letter, expected):
    assert scored(consciousness=letter).score_min == scored(consciousness=letter).score_max == expected
    assert scored(consciousness=letter).red == ((Part.CONSCIOUSNESS,) if expected else ())


def test_oxygen_scores_2_and_is_never_red():
    result = scored(oxygen=True)

    assert (result.score_min, result.score_max, result.red) == (2, 2, ())


def test_the_worst_of_everything_is_20():
    worst = scored(
        resp_rate=30, spo2=80, oxygen=True, systolic_bp=70, pulse_rate=150, consciousness="U", temperature=34.0
    )

    assert worst.score_min == worst.score_max == HIGHEST
    assert worst.red == tuple(part for part in Part if part is not Part.SUPPLEMENTAL_OXYGEN)


def test_the_items_come_in_the_order_of_the_chart():
    assert tuple(part for part, _, _ in scored().parts) == ITEMS == tuple(part for part, _, _ in only().parts)


def test_every_item_is_a_vital_that_we_watch():
    assert {part.value for part in Part} <= {vital.value for vital in Vital}


# --- ties ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "value", "charted", "expected"),
    [
        (Part.RESP_RATE, 8.5, 8, 3),
        (Part.RESP_RATE, 11.5, 11, 1),
        (Part.RESP_RATE, 20.5, 21, 2),
        (Part.RESP_RATE, 24.5, 25, 3),
        (Part.SPO2, 91.5, 91, 3),
        (Part.SPO2, 93.5, 93, 2),
        (Part.SPO2, 95.5, 95, 1),
        (Part.SYSTOLIC_BP, 90.5, 90, 3),
        (Part.SYSTOLIC_BP, 100.5, 100, 2),
        (Part.SYSTOLIC_BP, 110.5, 110, 1),
        (Part.SYSTOLIC_BP, 219.5, 220, 3),
        (Part.PULSE_RATE, 40.5, 40, 3),
        (Part.PULSE_RATE, 50.5, 50, 1),
        (Part.PULSE_RATE, 90.5, 91, 1),
        (Part.PULSE_RATE, 110.5, 111, 2),
        (Part.PULSE_RATE, 130.5, 131, 3),
        (Part.TEMPERATURE, 35.05, 35.0, 3),
        (Part.TEMPERATURE, 36.05, 36.0, 1),
        (Part.TEMPERATURE, 38.05, 38.1, 1),
        (Part.TEMPERATURE, 39.05, 39.1, 2),
    ],
)
def test_a_tie_goes_to_the_side_that_scores_more(part, value, charted, expected):
    result = scored(**{part.value: value})

    assert least_and_most(result, part) == (expected, expected)
    assert (part, value, charted) in result.rounded


@pytest.mark.parametrize(
    ("value", "oxygen", "charted", "expected"),
    [
        (83.5, False, 83, 3),
        (85.5, False, 85, 2),
        (87.5, False, 87, 1),
        (92.5, False, 93, 0),
        (96.5, False, 97, 0),
        (83.5, True, 83, 3),
        (85.5, True, 85, 2),
        (87.5, True, 87, 1),
        (92.5, True, 93, 1),
        (94.5, True, 95, 2),
        (96.5, True, 97, 3),
    ],
)
def test_a_tie_on_scale_2_goes_to_the_side_that_scores_more(value, oxygen, charted, expected):
    result = scored(spo2=value, oxygen=oxygen, spo2_scale=2)

    assert least_and_most(result, Part.SPO2) == (expected, expected)
    assert (Part.SPO2, value, charted) in result.rounded


def test_the_boundaries_above_are_all_the_ties_that_matter():
    """Between any two neighbouring whole numbers of one band a tie changes nothing."""
    for bands in [*PRINTED.values(), *SCALE_2_PRINTED.values()]:
        for (_, last, points_below), (first, _, points_above) in pairwise(bands):
            assert first == last + 1
            assert points_below != points_above or (last, first) == (92, 93)


@pytest.mark.parametrize("value", [35.04999, 35.0500000000001, (35.0 + 35.1) / 2, 35.05, 35.0500001])
def test_a_float_beside_a_tie_is_never_out_of_the_chart(value):
    assert points(Part.TEMPERATURE, value) in {(3, 3), (1, 1)}


def test_raw_and_rounded_are_both_recorded():
    result = scored(resp_rate=20.4, spo2=95.6, systolic_bp=119.7, pulse_rate=71.2, temperature=37.04)

    assert result.rounded == (
        (Part.RESP_RATE, 20.4, 20),
        (Part.SPO2, 95.6, 96),
        (Part.SYSTOLIC_BP, 119.7, 120),
        (Part.PULSE_RATE, 71.2, 71),
        (Part.TEMPERATURE, 37.04, 37.0),
    )


# --- missing is not normal ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "part", "most"),
    [
        ("resp_rate", Part.RESP_RATE, 3),
        ("spo2", Part.SPO2, 3),
        ("oxygen", Part.SUPPLEMENTAL_OXYGEN, 2),
        ("systolic_bp", Part.SYSTOLIC_BP, 3),
        ("pulse_rate", Part.PULSE_RATE, 3),
        ("consciousness", Part.CONSCIOUSNESS, 3),
        ("temperature", Part.TEMPERATURE, 3),
    ],
)
def test_a_missing_item_may_score_anything(field, part, most):
    result = scored(**{field: None})

    assert (result.score_min, result.score_max, result.complete) == (0, most, False)
    assert result.missing == (part,)
    assert least_and_most(result, part) == (0, most)


def test_of_a_patient_of_whom_nothing_is_known_every_score_is_possible():
    result = only()

    assert (result.score_min, result.score_max, result.complete) == (0, HIGHEST, False)
    assert result.missing == ITEMS
    assert result.red == result.rounded == ()


def test_a_red_score_counts_only_points_that_are_certain():
    assert only(resp_rate=26).red == (Part.RESP_RATE,)
    assert scored(spo2=98, oxygen=None, spo2_scale=2).red == ()


def test_scale_2_without_knowledge_of_oxygen_has_two_answers_above_92():
    for spo2, most in ((93, 1), (94, 1), (95, 2), (96, 2), (97, 3), (100, 3), (92.5, 1)):
        result = scored(spo2=spo2, oxygen=None, spo2_scale=2)

        assert least_and_most(result, Part.SPO2) == (0, most)
        assert (result.score_min, result.score_max) == (0, most + 2)
        assert result.missing == (Part.SUPPLEMENTAL_OXYGEN,)


def test_scale_2_up_to_92_does_not_ask_for_oxygen():
    for spo2, expected in ((83, 3), (85, 2), (87, 1), (88, 0), (92, 0)):
        assert least_and_most(scored(spo2=spo2, oxygen=None, spo2_scale=2), Part.SPO2) == (expected, expected)


def test_scale_1_never_asks_for_oxygen():
    for spo2 in range(101):
        of_spo2 = {least_and_most(scored(spo2=spo2, oxygen=oxygen), Part.SPO2) for oxygen in (True, False, None)}

        assert len(of_spo2) == 1


# --- pulse and heart rate -----------------------------------------------------------------------------------------


def test_the_pulse_comes_before_the_heart_rate():
    result = scored(pulse_rate=88, heart_rate=92)

    assert least_and_most(result, Part.PULSE_RATE) == (0, 0)
    assert (Part.PULSE_RATE, 88, 88) in result.rounded


def test_the_heart_rate_stands_in_for_a_missing_pulse():
    assert least_and_most(scored(pulse_rate=None, heart_rate=131), Part.PULSE_RATE) == (3, 3)


def test_a_pulse_that_contradicts_the_ecg_lies_between_the_points_of_both():
    """Atrial fibrillation: 140 on the ECG, 88 at the wrist."""
    result = scored(pulse_rate=88, heart_rate=140)

    assert least_and_most(result, Part.PULSE_RATE) == (0, 3)
    assert (result.score_min, result.score_max, result.complete) == (0, 3, False)
    assert result.missing == result.red == ()
    assert result.rounded[3:5] == ((Part.PULSE_RATE, 88, 88), (Part.PULSE_RATE, 140, 140))


def test_a_contradiction_is_the_same_interval_whichever_is_faster():
    assert least_and_most(scored(pulse_rate=140, heart_rate=88), Part.PULSE_RATE) == (0, 3)


def test_a_contradiction_that_scores_alike_is_certain():
    result = scored(pulse_rate=140, heart_rate=190)

    assert least_and_most(result, Part.PULSE_RATE) == (3, 3)
    assert result.complete
    assert result.red == (Part.PULSE_RATE,)


@pytest.mark.parametrize(("pulse", "ecg", "interval"), [(85, 95, (0, 0)), (84, 95, (0, 0)), (80, 95, (0, 1))])
def test_up_to_10_a_minute_or_15_percent_apart_the_pulse_alone_counts(pulse, ecg, interval):
    assert least_and_most(scored(pulse_rate=pulse, heart_rate=ecg), Part.PULSE_RATE) == interval


# --- consciousness and coma scale ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("gcs", "expected"), [(15, 0), *((gcs, 3) for gcs in range(3, 15))])
def test_a_coma_scale_below_15_is_not_alert(gcs, expected):
    assert least_and_most(scored(consciousness=None, gcs=gcs), Part.CONSCIOUSNESS) == (expected, expected)


def test_the_letter_overrides_the_coma_scale():
    assert scored(consciousness="A", gcs=9).score_max == 0
    assert scored(consciousness="V", gcs=15).score_min == 3


def test_confusion_that_is_not_new_scores_0():
    assert scored(consciousness="C", long_standing_confusion=True).score_max == 0
    assert scored(consciousness="V", long_standing_confusion=True).score_min == 3


def test_a_coma_scale_of_14_with_long_standing_confusion_may_be_either():
    result = scored(consciousness=None, gcs=14, long_standing_confusion=True)

    assert least_and_most(result, Part.CONSCIOUSNESS) == (0, 3)
    assert not result.complete
    assert result.missing == ()


def test_a_coma_scale_below_14_is_not_excused_by_long_standing_confusion():
    assert scored(consciousness=None, gcs=13, long_standing_confusion=True).score_min == 3


# --- traps that others fell into ----------------------------------------------------------------------------------


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


# --- refusals -----------------------------------------------------------------------------------------------------


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


# --- properties ---------------------------------------------------------------------------------------------------


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
    """A sicker value never earns fewer points, with the one exception the chart makes for scale 2 on oxygen."""
    middles = {Part.RESP_RATE: 16, Part.SPO2: 100, Part.SYSTOLIC_BP: 150, Part.PULSE_RATE: 70, Part.TEMPERATURE: 37.0}
    for part, middle in middles.items():
        low, high = SCALES[Vital(part)].impossible
        steps = [low + n / 20 for n in range(round((high - low) * 20) + 1)]
        falling = [points(part, value)[0] for value in steps if value <= middle]
        rising = [points(part, value)[0] for value in steps if value >= middle]

        assert falling == sorted(falling, reverse=True)
        assert rising == sorted(rising)
