"""Which values are taken, and what is said of the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.decode import FastMeasure, Refused
from schemas.judge import Judged, judge
from schemas.reading import USABLE, Quality
from schemas.reasons import REMEDIES, Level, Refusal
from schemas.vitals import LETTERS, SCALES, Vital

NUMERIC = [vital for vital, scale in SCALES.items() if scale.units]


def code(name, *measure):
    judged = judge(name, FastMeasure(*measure))
    assert isinstance(judged, Refused), judged
    assert judged.vital == name
    assert REMEDIES[judged.code][0] is Level.VITAL
    return judged.code, judged.field


@pytest.mark.parametrize("vital", NUMERIC)
def test_the_limits_of_a_range_belong_to_it(vital):
    scale, step = SCALES[vital], 1.0
    low, high = map(float, scale.suspect)
    least, most = map(float, scale.impossible)

    assert judge(vital, FastMeasure(low, scale.unit)) == Judged(vital, low, False)
    assert judge(vital, FastMeasure(high, scale.unit)) == Judged(vital, high, False)
    if least < low:
        assert judge(vital, FastMeasure(least, scale.unit)) == Judged(vital, least, True)
        assert judge(vital, FastMeasure(low - step, scale.unit)).suspect
    if high < most:
        assert judge(vital, FastMeasure(most, scale.unit)) == Judged(vital, most, True)
        assert judge(vital, FastMeasure(high + step, scale.unit)).suspect
    assert code(vital, least - step, scale.unit)[0] is Refusal.IMPOSSIBLE
    assert code(vital, most + step, scale.unit) == (Refusal.IMPOSSIBLE, f"vitals.{vital}.value")


@pytest.mark.parametrize("vital", NUMERIC)
def test_every_unit_of_a_vital_brings_its_value_into_range(vital):
    scale = SCALES[vital]
    for unit, conversion in scale.units.items():
        middle = float(sum(scale.suspect) // 2)
        sent = (middle - conversion.offset) / conversion.factor
        judged = judge(vital, FastMeasure(sent, unit))
        assert judged == Judged(vital, pytest.approx(middle, abs=1e-3), False)


@pytest.mark.parametrize("vital", NUMERIC)
def test_a_number_needs_its_unit(vital):
    field = f"vitals.{vital}.unit"

    assert code(vital, 50.0, None) == (Refusal.MISSING_UNIT, field)
    assert code(vital, 50.0, "") == (Refusal.MISSING_UNIT, field)
    assert code(vital, 50.0, "furlong") == (Refusal.UNKNOWN_UNIT, field)
    assert code(vital, 50.0, f" {SCALES[vital].unit}") == (Refusal.UNKNOWN_UNIT, field)


def test_a_unit_is_never_guessed_from_the_magnitude():
    assert code("temperature", 98.6, "Cel")[0] is Refusal.IMPOSSIBLE
    assert code("inspired_oxygen", 0.4, "%")[0] is Refusal.IMPOSSIBLE


@pytest.mark.parametrize("value", [True, False, "97", "", "A"])
@pytest.mark.parametrize("vital", NUMERIC)
def test_a_number_is_neither_a_word_nor_a_truth(vital, value):
    assert code(vital, value, SCALES[vital].unit) == (Refusal.BAD_VALUE, f"vitals.{vital}.value")


def test_the_letters_of_consciousness_become_their_places():
    assert [judge("consciousness", FastMeasure(letter)).value for letter in LETTERS] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert judge("consciousness", FastMeasure("V", "")) == Judged(Vital.CONSCIOUSNESS, 2.0, False)


@pytest.mark.parametrize("value", ["a", "Alert", "", "AC", "D", 0.0, 1.0, True, False])
def test_consciousness_is_one_of_five_capital_letters(value):
    assert code("consciousness", value) == (Refusal.BAD_VALUE, "vitals.consciousness.value")


def test_supplemental_oxygen_is_true_or_false_and_nothing_like_it():
    assert judge("supplemental_oxygen", FastMeasure(True)) == Judged(Vital.SUPPLEMENTAL_OXYGEN, 1.0, False)
    assert judge("supplemental_oxygen", FastMeasure(False)) == Judged(Vital.SUPPLEMENTAL_OXYGEN, 0.0, False)
    for value in ("yes", "true", "", 1.0, 0.0, 2.0):
        assert code("supplemental_oxygen", value) == (Refusal.BAD_VALUE, "vitals.supplemental_oxygen.value")


@pytest.mark.parametrize(("name", "value"), [("consciousness", "A"), ("supplemental_oxygen", True)])
def test_what_has_no_unit_is_refused_with_one(name, value):
    assert code(name, value, "1") == (Refusal.UNKNOWN_UNIT, f"vitals.{name}.unit")


def test_a_coma_scale_is_whole():
    assert judge("gcs", FastMeasure(14.0, "{score}")) == Judged(Vital.GCS, 14.0, False)
    assert code("gcs", 14.5, "{score}")[0] is Refusal.BAD_VALUE
    assert code("gcs", 2.0, "{score}")[0] is Refusal.IMPOSSIBLE
    assert code("gcs", 16.0, "{score}")[0] is Refusal.IMPOSSIBLE


@pytest.mark.parametrize(("name", "value", "unit"), [("spo2", 97.0, "%"), ("consciousness", "A", None)])
def test_a_questionable_value_is_suspect(name, value, unit):
    assert judge(name, FastMeasure(value, unit, Quality.QUESTIONABLE)).suspect
    for quality in (Quality.VALID, Quality.VALIDATED, Quality.ONGOING):
        assert not judge(name, FastMeasure(value, unit, quality)).suspect


@pytest.mark.parametrize("quality", sorted(set(Quality) - USABLE))
def test_what_the_device_calls_unusable_is_refused_with_or_without_a_value(quality):
    for value, unit in ((97.0, "%"), (None, "%"), (None, None), (500.0, "%"), ("x", "y")):
        assert code("spo2", value, unit, quality) == (Refusal.NOT_USABLE, "vitals.spo2.quality")


def test_no_value_needs_a_quality_that_says_why():
    assert code("spo2", None, "%") == (Refusal.NO_VALUE, "vitals.spo2.value")
    assert code("consciousness", None) == (Refusal.NO_VALUE, "vitals.consciousness.value")


@pytest.mark.parametrize("name", ["", "SpO2", "glucose", "spo2 ", "x" * 60_000])
def test_an_unknown_vital_is_named_in_brief(name):
    refused, field = code(name, 97.0, "%")

    assert refused is Refusal.UNKNOWN_VITAL
    assert len(field) < 300


def test_there_is_no_minus_zero():
    """It would be another byte in an alert for the same value."""
    assert repr(judge("heart_rate", FastMeasure(-0.0, "/min")).value) == "0.0"
    assert repr(judge("oxygen_flow", FastMeasure(-0.0, "L/min")).value) == "0.0"
    assert repr(judge("temperature", FastMeasure(-0.0, "Cel"))).count("-0.0") == 0


measures = st.builds(
    FastMeasure,
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([*LETTERS, "97"]),
    st.none() | st.sampled_from(sorted({unit for scale in SCALES.values() for unit in scale.units})) | st.text(),
    st.sampled_from(Quality),
)


@given(st.sampled_from(Vital) | st.text(), measures)
def test_whatever_is_sent_ends_as_a_value_in_range_or_as_a_refusal_of_a_vital(name, measure):
    judged = judge(name, measure)

    if isinstance(judged, Refused):
        assert REMEDIES[judged.code][0] is Level.VITAL
    else:
        low, high = SCALES[judged.vital].suspect
        assert SCALES[judged.vital].holds(judged.value)
        assert judged.suspect == (measure.quality is Quality.QUESTIONABLE or not low <= judged.value <= high)
        assert type(judged.value) is float
        assert measure.quality in USABLE
