"""Awake and clear in mind, or not, or not known."""

import pytest

from detectors.alertness import not_alert


@pytest.mark.parametrize(("letter", "dulled"), [("A", False), ("C", True), ("V", True), ("P", True), ("U", True)])
def test_only_a_is_alert(letter, dulled):
    assert not_alert(letter, None) is dulled


@pytest.mark.parametrize("gcs", range(3, 15))
def test_every_coma_scale_below_15_is_not_alert(gcs):
    assert not_alert(None, gcs) is True


def test_a_full_coma_scale_is_alert():
    assert not_alert(None, 15) is False


def test_nothing_said_is_nothing_known():
    assert not_alert(None, None) is None
    assert not_alert(None, None, long_standing_confusion=True) is None


def test_the_letter_overrides_the_coma_scale_both_ways():
    assert not_alert("A", 9) is False
    assert not_alert("V", 15) is True


@pytest.mark.parametrize(("letter", "dulled"), [("A", False), ("C", False), ("V", True), ("P", True), ("U", True)])
def test_long_standing_confusion_excuses_c_and_nothing_worse(letter, dulled):
    assert not_alert(letter, None, long_standing_confusion=True) is dulled


@pytest.mark.parametrize(("gcs", "dulled"), [(15, False), (14, None), (13, True), (3, True)])
def test_long_standing_confusion_makes_a_coma_scale_of_14_uncertain_and_no_other(gcs, dulled):
    assert not_alert(None, gcs, long_standing_confusion=True) is dulled


@pytest.mark.parametrize(("gcs", "dulled"), [(14.5, True), (14.51, False), (13.5, True), (14.0, True)])
def test_a_coma_scale_between_whole_numbers_is_rounded_and_a_half_goes_down(gcs, dulled):
    assert not_alert(None, gcs) is dulled


@pytest.mark.parametrize("letter", ["X", "a", "", "AC", "alert"])
def test_an_unknown_letter_is_refused_and_the_known_ones_named(letter):
    with pytest.raises(ValueError, match="known: A, C, V, P, U"):
        not_alert(letter, None)


@pytest.mark.parametrize("gcs", [2, 16, 0, -1, float("nan"), float("inf")])
def test_a_coma_scale_that_does_not_exist_is_refused(gcs):
    with pytest.raises(ValueError):
        not_alert(None, gcs)
