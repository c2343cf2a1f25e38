"""Pulse and ECG: the same, or two truths."""

import pytest

from detectors.pulse import disagree


@pytest.mark.parametrize(("pulse", "ecg"), [(60, 60), (60, 70), (70, 60), (50, 40), (85, 100), (115, 100), (170, 200)])
def test_within_10_a_minute_or_15_percent_they_agree(pulse, ecg):
    assert not disagree(pulse, ecg)


@pytest.mark.parametrize(("pulse", "ecg"), [(59, 70.1), (51, 40), (84, 100), (116, 100), (169, 200), (72, 0)])
def test_beyond_both_they_contradict_each_other(pulse, ecg):
    assert disagree(pulse, ecg)


def test_a_limit_met_exactly_is_not_passed_by_the_rounding_of_floats():
    assert all(not disagree(ecg * 1.15, ecg) for ecg in (100, 120, 140, 160, 180, 200, 220))


@pytest.mark.parametrize(("pulse", "ecg", "name"), [(float("nan"), 70, "pulse_rate"), (70, float("nan"), "heart_rate")])
def test_what_is_no_finite_number_is_refused_by_name(pulse, ecg, name):
    with pytest.raises(ValueError, match=name):
        disagree(pulse, ecg)
