"""qSOFA by Sepsis-3 (2016): boundaries and ties."""

import pytest

from detectors.qsofa import Sign, qsofa


@pytest.mark.parametrize(
    ("resp_rate", "met"), [(21, False), (22, True), (21.49, False), (21.5, True), (0, False), (60, True)]
)
def test_breathing_counts_from_22(resp_rate, met):
    assert (Sign.RESP_RATE in qsofa(resp_rate, 120, "A").met) is met


@pytest.mark.parametrize(
    ("systolic_bp", "met"), [(100, True), (101, False), (100.5, True), (100.51, False), (0, True), (220, False)]
)
def test_pressure_counts_up_to_100(systolic_bp, met):
    assert (Sign.SYSTOLIC_BP in qsofa(16, systolic_bp, "A").met) is met


@pytest.mark.parametrize("letter", "CVPU")
def test_every_letter_but_a_is_altered(letter):
    assert qsofa(16, 120, letter).met == (Sign.ALTERED_MENTATION,)
    assert qsofa(16, 120, "A").met == ()


@pytest.mark.parametrize(("gcs", "met"), [(15, False), (14, True), (13, True), (3, True)])
def test_a_coma_scale_below_15_is_altered(gcs, met):
    """Some count from 13 down; the definition says below 15."""
    assert (Sign.ALTERED_MENTATION in qsofa(16, 120, None, gcs=gcs).met) is met


def test_confusion_that_is_not_new_does_not_count():
    assert qsofa(16, 120, "C", long_standing_confusion=True).met == ()
    assert qsofa(16, 120, None, gcs=14, long_standing_confusion=True).unknown == (Sign.ALTERED_MENTATION,)


def test_two_of_three_are_positive():
    assert qsofa(22, 100, "A").positive is True
    assert qsofa(22, 101, "A").positive is False
    assert qsofa(25, 90, "V").score_min == 3


def test_what_is_missing_is_not_normal():
    assert qsofa(None, None, None).unknown == tuple(Sign)
    assert qsofa(22, 120, None).positive is None
    assert qsofa(16, 120, None).positive is False  # one at most


@pytest.mark.parametrize("nothing", [float("nan"), float("inf")])
def test_what_is_no_finite_number_is_refused_by_name(nothing):
    with pytest.raises(ValueError, match="resp_rate is"):
        qsofa(nothing, 120, "A")
    with pytest.raises(ValueError, match="systolic_bp is"):
        qsofa(16, nothing, "A")
