"""SIRS by the consensus of 1992: boundaries that no rounding moves, and what is partial."""

import pytest

from detectors.sirs import Sign, sirs

LAB = {"white_cells": 8.0}


@pytest.mark.parametrize(
    ("celsius", "met"),
    [
        (36.0, False),
        (35.9, True),
        (35.95, True),
        (35.96, True),
        (38.0, False),
        (38.1, True),
        (38.05, True),
        (38.04, True),
        (38.0 + 1e-13, False),
    ],
)
def test_temperature_counts_above_38_and_below_36(celsius, met):
    assert sirs(celsius, 80, 16, **LAB).met == ((Sign.TEMPERATURE,) if met else ())


@pytest.mark.parametrize(("bpm", "met"), [(90, False), (91, True), (90.5, True), (90.4, True), (30, False)])
def test_heart_rate_counts_above_90(bpm, met):
    assert sirs(37.0, bpm, 16, **LAB).met == ((Sign.HEART_RATE,) if met else ())


@pytest.mark.parametrize(("rate", "met"), [(20, False), (21, True), (20.5, True), (20.4, True), (4, False)])
def test_breathing_counts_above_20(rate, met):
    assert sirs(37.0, 80, rate, **LAB).met == ((Sign.BREATHING,) if met else ())


@pytest.mark.parametrize(("paco2", "met"), [(32.0, False), (31.9, True), (40.0, False)])
def test_breathing_counts_also_by_a_paco2_below_32(paco2, met):
    assert sirs(37.0, 80, 16, paco2_mmhg=paco2, **LAB).met == ((Sign.BREATHING,) if met else ())


@pytest.mark.parametrize(("cells", "met"), [(4.0, False), (3.9, True), (12.0, False), (12.1, True)])
def test_white_cells_count_above_12_and_below_4(cells, met):
    assert sirs(37.0, 80, 16, white_cells=cells).met == ((Sign.WHITE_CELLS,) if met else ())


@pytest.mark.parametrize(("bands", "met"), [(10.0, False), (10.1, True)])
def test_white_cells_count_also_by_more_than_10_percent_immature(bands, met):
    assert sirs(37.0, 80, 16, white_cells=8.0, bands_percent=bands).met == ((Sign.WHITE_CELLS,) if met else ())


def test_without_a_blood_count_the_result_is_partial():
    bedside = sirs(37.0, 80, 16)

    assert bedside.unknown == (Sign.WHITE_CELLS,)
    assert not bedside.complete
    assert sirs(37.0, 80, 16, **LAB).complete


def test_two_of_four_are_positive_even_if_partial():
    assert sirs(38.5, 95, 16).positive is True
    assert sirs(38.5, 80, 16).positive is None
    assert sirs(37.0, 80, 16).positive is False
    assert sirs(38.5, 80, 16, **LAB).positive is False


def test_the_rarer_measurement_alone_can_only_say_yes():
    assert Sign.BREATHING in sirs(37.0, 80, None, paco2_mmhg=28.0).met
    assert Sign.BREATHING in sirs(37.0, 80, None, paco2_mmhg=40.0).unknown
    assert Sign.WHITE_CELLS in sirs(37.0, 80, 16, bands_percent=14.0).met
    assert Sign.WHITE_CELLS in sirs(37.0, 80, 16, bands_percent=2.0).unknown


def test_what_is_missing_is_not_normal():
    assert sirs(None, None, None).unknown == tuple(Sign)


@pytest.mark.parametrize(
    "name", ["temperature", "heart_rate", "resp_rate", "paco2_mmhg", "white_cells", "bands_percent"]
)
def test_what_is_no_finite_number_is_refused_by_name(name):
    values = {"temperature": 37.0, "heart_rate": 80, "resp_rate": 16, name: float("nan")}

    with pytest.raises(ValueError, match=f"{name} is"):
        sirs(**values)
