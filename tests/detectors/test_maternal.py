"""Maternal Early Warning Criteria (2014): boundaries, ties, and questions that no device answers."""

import pytest

from detectors.maternal import Sign, maternal

WELL = {
    "systolic_bp": 118,
    "diastolic_bp": 72,
    "heart_rate": 84,
    "resp_rate": 16,
    "spo2": 98,
    "oxygen": False,
    "consciousness": "A",
    "agitated": False,
    "urine_ml_per_h": 60,
    "pre_eclampsia_with_headache_or_dyspnoea": False,
}


def judged(**changes):
    return maternal(**WELL | changes)


def test_a_well_woman_calls_for_nobody():
    well = judged()

    assert (well.met, well.complete, well.positive) == ((), True, False)


@pytest.mark.parametrize(
    ("field", "value", "calls"),
    [
        ("systolic_bp", 90, False),
        ("systolic_bp", 89, True),
        ("systolic_bp", 89.5, True),
        ("systolic_bp", 160, False),
        ("systolic_bp", 161, True),
        ("systolic_bp", 160.5, True),
        ("diastolic_bp", 100, False),
        ("diastolic_bp", 101, True),
        ("diastolic_bp", 100.5, True),
        ("diastolic_bp", 40, False),
        ("heart_rate", 50, False),
        ("heart_rate", 49, True),
        ("heart_rate", 49.5, True),
        ("heart_rate", 120, False),
        ("heart_rate", 121, True),
        ("heart_rate", 120.5, True),
        ("resp_rate", 10, False),
        ("resp_rate", 9, True),
        ("resp_rate", 9.5, True),
        ("resp_rate", 30, False),
        ("resp_rate", 31, True),
        ("resp_rate", 30.5, True),
        ("spo2", 95, False),
        ("spo2", 94, True),
        ("spo2", 94.5, True),
    ],
)
def test_each_boundary_calls_as_printed(field, value, calls):
    found = judged(**{field: value})

    assert found.met == ((Sign(field),) if calls else ())
    assert found.positive is calls


@pytest.mark.parametrize(("flow", "calls"), [(35, False), (34, True), (34.5, True), (0, True)])
def test_urine_calls_below_35_an_hour(flow, calls):
    assert judged(urine_ml_per_h=flow).met == ((Sign.OLIGURIA,) if calls else ())


@pytest.mark.parametrize("letter", "CVPU")
def test_confusion_and_unresponsiveness_call(letter):
    assert judged(consciousness=letter).met == (Sign.ALTERED_MENTATION,)


def test_a_coma_scale_below_15_calls():
    assert judged(consciousness=None, gcs=14).met == (Sign.ALTERED_MENTATION,)


def test_agitation_calls_though_she_is_alert():
    assert judged(agitated=True).met == (Sign.ALTERED_MENTATION,)


def test_alert_says_nothing_of_agitation():
    assert judged(agitated=None).unknown == (Sign.ALTERED_MENTATION,)


def test_pre_eclampsia_with_its_warning_signs_calls():
    assert judged(pre_eclampsia_with_headache_or_dyspnoea=True).met == (Sign.PRE_ECLAMPSIA,)


def test_a_good_spo2_on_oxygen_says_nothing_of_room_air():
    assert judged(oxygen=True).unknown == (Sign.SPO2,)
    assert judged(oxygen=None).unknown == (Sign.SPO2,)


def test_a_low_spo2_on_oxygen_would_be_no_higher_on_air():
    assert judged(spo2=94, oxygen=True).met == (Sign.SPO2,)
    assert judged(spo2=94, oxygen=None).met == (Sign.SPO2,)


def test_any_one_is_enough_whatever_is_missing():
    nothing = dict.fromkeys(WELL)

    assert maternal(**nothing).unknown == tuple(Sign)
    assert maternal(**nothing).positive is None
    assert maternal(**nothing | {"heart_rate": 130}).positive is True


def test_what_no_device_measures_stays_unknown():
    streamed = judged(
        consciousness=None, agitated=None, urine_ml_per_h=None, pre_eclampsia_with_headache_or_dyspnoea=None
    )

    assert streamed.unknown == (Sign.OLIGURIA, Sign.ALTERED_MENTATION, Sign.PRE_ECLAMPSIA)
    assert streamed.positive is None


@pytest.mark.parametrize("field", ["systolic_bp", "diastolic_bp", "heart_rate", "resp_rate", "spo2", "urine_ml_per_h"])
def test_what_is_no_finite_number_is_refused_by_name(field):
    with pytest.raises(ValueError, match=f"{field} is"):
        judged(**{field: float("nan")})
