"""A pregnant woman is judged by the maternal criteria; NEWS2 is not valid for her, and says nothing."""

import json

import pytest

from streams.inspection.spot_checks import Fault, Refused, answer, in_words, score

CALM = {
    "maternity": "pregnant",
    "systolic_bp": 118,
    "diastolic_bp": 72,
    "pulse_rate": 84,
    "resp_rate": 16,
    "spo2": 98,
    "supplemental_oxygen": False,
    "consciousness": "A",
    "agitated": False,
    "urine_ml_per_h": 60,
    "pre_eclampsia_with_headache_or_dyspnoea": False,
}


def judged(**changed):
    return score(json.dumps(CALM | changed).encode())


def refused(**changed):
    with pytest.raises(Refused) as caught:
        judged(**changed)
    return caught.value.code, caught.value.field


@pytest.mark.parametrize(
    ("field", "normal", "beyond", "sign"),
    [
        ("systolic_bp", 90, 89, "systolic_bp"),
        ("systolic_bp", 160, 161, "systolic_bp"),
        ("diastolic_bp", 100, 101, "diastolic_bp"),
        ("pulse_rate", 50, 49, "heart_rate"),
        ("pulse_rate", 120, 121, "heart_rate"),
        ("resp_rate", 10, 9, "resp_rate"),
        ("resp_rate", 30, 31, "resp_rate"),
        ("spo2", 95, 94, "spo2"),
        ("urine_ml_per_h", 35, 34, "oliguria"),
        ("agitated", False, True, "altered_mentation"),
        ("consciousness", "A", "C", "altered_mentation"),
        ("pre_eclampsia_with_headache_or_dyspnoea", False, True, "pre_eclampsia"),
    ],
)
def test_any_one_criterion_beyond_its_limit_calls(field, normal, beyond, sign):
    """Limits: Mhyre et al., Obstet Gynecol 2014;124:782."""
    assert answer(judged(**{field: normal}))["maternal"]["positive"] is False
    told = answer(judged(**{field: beyond}))["maternal"]
    assert (told["positive"], told["met"]) == (True, [sign])


def test_news2_says_nothing_of_her_and_its_fields_are_there_and_empty():
    told = answer(judged(resp_rate=31))

    empty = {"score_min": None, "score_max": None, "complete": False, "parts": {}, "missing": [], "red": []}
    assert {name: told[name] for name in empty} == empty
    assert (told["response"], told["not_valid"]) == (None, "pregnant")
    assert in_words(judged(resp_rate=31)) == "NEWS2 not valid    maternal: look now  resp rate"


def test_what_is_not_known_is_never_taken_as_normal():
    told = answer(judged(urine_ml_per_h=None, supplemental_oxygen=None))["maternal"]

    assert (told["positive"], told["unknown"], told["complete"]) == (None, ["spo2", "oliguria"], False)


def test_two_rates_that_contradict_each_other_are_not_known_unless_both_call():
    assert answer(judged(pulse_rate=84, heart_rate=140))["maternal"]["unknown"] == ["heart_rate"]
    assert answer(judged(pulse_rate=122, heart_rate=160))["maternal"]["met"] == ["heart_rate"]
    assert answer(judged(pulse_rate=84, heart_rate=86))["maternal"]["positive"] is False


def test_what_belongs_to_one_kind_of_patient_is_refused_for_the_other():
    assert refused(spo2_scale=1) == (Fault.UNKNOWN_FIELD, "spo2_scale")
    assert refused(maternity="none") == (Fault.UNKNOWN_FIELD, "diastolic_bp")
    assert refused(maternity=None) == (Fault.UNKNOWN_FIELD, "diastolic_bp")
    assert refused(maternity="postnatal") == (Fault.UNKNOWN_FIELD, "diastolic_bp")
    assert refused(maternity=True) == (Fault.UNKNOWN_FIELD, "diastolic_bp")


@pytest.mark.parametrize("value", ["yes", 1, True, "postnatal", [], {}])
def test_what_maternity_may_not_be_is_refused(value):
    with pytest.raises(Refused) as caught:
        score(json.dumps({"maternity": value}).encode())
    assert (caught.value.code, caught.value.field) == (Fault.BAD_VALUE, "maternity")


def test_not_pregnant_is_scored_as_ever():
    plain = {"resp_rate": 26, "spo2": 93}

    assert answer(score(json.dumps(plain | {"maternity": "none"}).encode())) == answer(
        score(json.dumps(plain).encode())
    )


@pytest.mark.parametrize(
    ("field", "value"), [("agitated", "no"), ("urine_ml_per_h", -1), ("urine_ml_per_h", True), ("diastolic_bp", "72")]
)
def test_an_answer_of_another_kind_is_refused(field, value):
    assert refused(**{field: value}) == (Fault.BAD_VALUE, field)
