"""A row of a chart: rounding, ties, refusals."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import inf, nan

import pytest

from detectors.chart_row import ChartRow, finite

STEEP = ChartRow("steep", (0, 3), (1, 0), (2, 1), (inf, 1))


def test_a_value_between_two_steps_goes_to_the_nearer():
    assert STEEP.read(0.49) == (0, 3)
    assert STEEP.read(0.51) == (1, 0)


def test_a_tie_goes_down_where_the_lower_step_scores_more():
    assert STEEP.read(0.5) == (0, 3)


def test_a_tie_goes_up_where_the_higher_step_scores_more():
    assert STEEP.read(1.5) == (2, 1)


def test_a_tie_goes_up_where_both_score_alike():
    assert STEEP.read(2.5) == (3, 1)


def test_a_whole_number_stays_what_it_is():
    row = ChartRow("whole", (10, 1), (inf, 0))

    assert [row.read(value) for value in (9, 10, 11, 10.0)] == [(9, 1), (10, 1), (11, 0), (10, 1)]


def test_a_mean_that_misses_a_tie_by_the_last_bit_of_a_float_is_a_tie():
    """(37.9 + 38.2) / 2 is 38.05 in decimals, and 38.04999999999999716 in floats."""
    row = ChartRow("temperature", (38.0, 0), (inf, 1), per_unit=10)

    for value in (38.05, (37.9 + 38.2) / 2, (100.49 - 32) * 5 / 9, 38.04999999999999, 38.050000000000004):
        assert row.read(value) == (38.1, 1)
    assert row.read(38.0499999) == (38.0, 0)


def test_a_value_off_a_tie_by_more_than_a_hair_is_none():
    assert STEEP.read(0.5000001) == (1, 0)
    assert STEEP.read(1.4999999) == (1, 0)


def test_every_thousandth_of_a_degree_is_charted_as_decimals_would():
    row = ChartRow("temperature", (35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (inf, 2), per_unit=10)
    scores = {tenths: row.read(tenths / 10)[1] for tenths in range(339, 412)}

    for thousandths in range(34_000, 41_000):
        exact = Decimal(thousandths) / 100  # in tenths of a degree
        below, above = int(exact.to_integral_value(ROUND_FLOOR)), int(exact.to_integral_value(ROUND_CEILING))
        if exact - below == Decimal("0.5"):
            nearest = above if scores[above] >= scores[below] else below
        else:
            nearest = above if exact - below > Decimal("0.5") else below

        assert row.read(thousandths / 1000) == (nearest / 10, scores[nearest])


@pytest.mark.parametrize("nothing", [nan, inf, -inf])
def test_what_is_no_finite_number_is_refused_by_name(nothing):
    with pytest.raises(ValueError, match="resp_rate is"):
        ChartRow("resp_rate", (8, 3), (inf, 0)).read(nothing)
    with pytest.raises(ValueError, match="white_cells is"):
        finite("white_cells", nothing)


@pytest.mark.parametrize("bands", [(), ((8, 3),), ((8, 3), (8, 1), (inf, 0)), ((9, 1), (8, 3), (inf, 0))])
def test_bands_that_leave_a_gap_or_overlap_are_no_row(bands):
    with pytest.raises(ValueError, match="must rise and end with infinity"):
        ChartRow("broken", *bands)


def test_a_value_meets_a_row_if_it_earns_a_point_and_nothing_said_stays_nothing():
    assert STEEP.meets(0) is True
    assert STEEP.meets(1) is False
    assert STEEP.meets(None) is None
