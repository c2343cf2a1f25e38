"""NEWS2 where something is missing, contradictory or uncertain: an interval, and never a zero."""

import pytest

from detectors.news2 import HIGHEST, Part, news2

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
