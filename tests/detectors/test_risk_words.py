"""How a learned head says why: vital by vital, in words that name no illness."""

from detectors.risk_memory import FEATURES
from detectors.risk_words import MIDDLE, NAMED_AT_MOST, REASONS, contributors, voice_words

SEEN = dict.fromkeys(FEATURES, 50.0)


def reasons(feature: str, value: float) -> str:
    return contributors([(feature, 0.5)], {feature: value})[0].reason


def test_what_speaks_is_summed_by_vital_and_the_loudest_come_first():
    told = contributors(
        [("heart_rate.6h", 0.2), ("heart_rate.now", 0.2), ("resp_rate.6h", 0.3), ("spo2.now", 0.9), ("spo2.6h", -0.8)],
        SEEN,
    )

    assert [(voice.vital, voice.added) for voice in told] == [("heart_rate", 0.4), ("resp_rate", 0.3)]


def test_no_more_are_named_than_one_line_bears_and_never_none():
    assert len(contributors([(f"{name}.now", 1.0) for name in MIDDLE], {f"{name}.now": 50.0 for name in MIDDLE})) == (
        NAMED_AT_MOST
    )
    assert [voice.vital for voice in contributors([("spo2.now", 0.01), ("heart_rate.now", -1.0)], SEEN)] == ["spo2"]


def test_the_score_by_the_book_is_no_vital():
    assert contributors([("news2.now", 2.0), ("age.years", 1.0)], SEEN) == ()


def test_each_kind_has_its_words():
    assert reasons("heart_rate.now", 120.0) == "high"
    assert reasons("systolic_bp.6h", 90.0) == "low_for_hours"
    assert reasons("temperature.6h-24h", 0.4) == "rising"
    assert reasons("spo2.24h-72h", -1.0) == "falling_over_the_day"
    assert reasons("resp_rate.spread_24h", 6.0) == "unsteady"
    assert reasons("resp_rate.spread_6h", 0.3) == "hardly_changing"
    assert reasons("gcs.now@steady", 9.0) == "low"
    assert contributors([("pulse_pressure.6h", 0.5)], {"pulse_pressure.6h": 25.0})[0][0::2] == (
        "systolic_bp",
        "pulse_pressure_narrow",
    )


def test_every_reason_that_a_feature_can_give_is_on_the_closed_list_and_has_words():
    found = set()
    for feature in FEATURES:
        for value in (-100.0, 0.0, 100.0, 300.0):
            found |= {voice.reason for voice in contributors([(feature, 1.0)], {feature: value})}

    assert found == REASONS
    assert all(voice_words("heart rate", reason).startswith("heart rate ") for reason in REASONS)
