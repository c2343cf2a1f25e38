"""NEWS2 by Chart 1 of the Royal College of Physicians (2017): every boundary and every tie."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

import pytest

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
