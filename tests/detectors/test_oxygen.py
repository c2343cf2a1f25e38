"""On oxygen, on air, or nothing said."""

import pytest

from detectors.oxygen import on_oxygen


@pytest.mark.parametrize(
    ("supplemental", "inspired", "flow", "expected"),
    [
        (None, None, None, None),
        (True, None, None, True),
        (False, None, None, False),
        (None, 21.0, None, False),
        (None, 21.1, None, True),
        (None, 24.0, None, True),
        (None, None, 0.0, False),
        (None, None, 0.1, True),
        (None, 21.0, 0.0, False),
        (None, 21.0, 2.0, True),
        (None, 28.0, 0.0, True),
    ],
)
def test_any_one_of_yes_inspired_above_21_percent_or_a_flow_is_oxygen(supplemental, inspired, flow, expected):
    assert on_oxygen(supplemental, inspired, flow) is expected


@pytest.mark.parametrize(("inspired", "flow"), [(40.0, None), (None, 2.0), (40.0, 0.0), (21.0, 2.0)])
def test_a_contradiction_counts_as_oxygen(inspired, flow):
    assert on_oxygen(False, inspired, flow) is True


def test_a_yes_is_not_undone_by_air_or_no_flow():
    assert on_oxygen(True, 21.0, 0.0) is True


@pytest.mark.parametrize("nothing", [float("nan"), float("inf")])
def test_what_is_no_finite_number_is_refused_by_name(nothing):
    with pytest.raises(ValueError, match="inspired_oxygen"):
        on_oxygen(None, nothing)
    with pytest.raises(ValueError, match="oxygen_flow"):
        on_oxygen(None, None, nothing)
