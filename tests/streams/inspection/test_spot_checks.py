"""A line of observations: what is believed, what is refused, and what is answered."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.news2 import Part
from schemas.reasons import Refusal
from schemas.vitals import SCALES, Vital
from streams.inspection.spot_checks import FIELDS, NUMBERS, Fault, Refused, answer, in_words, read, refusal, score


def line(**fields):
    return json.dumps(fields).encode()


def refused(raw):
    with pytest.raises(Refused) as caught:
        score(raw)
    return caught.value.code, caught.value.field


FULL = {
    "heart_rate": None,
    "pulse_rate": 112,
    "resp_rate": 26,
    "spo2": 93,
    "systolic_bp": 104,
    "temperature": 38.4,
    "consciousness": "A",
    "gcs": None,
    "supplemental_oxygen": True,
    "spo2_scale": 1,
}


def test_a_full_set_is_answered_whole():
    assert answer(score(line(**FULL))) == {
        "score_min": 11,
        "score_max": 11,
        "complete": True,
        "parts": {
            "resp_rate": 3,
            "spo2": 2,
            "supplemental_oxygen": 2,
            "systolic_bp": 1,
            "pulse_rate": 2,
            "consciousness": 0,
            "temperature": 1,
        },
        "missing": [],
        "red": ["resp_rate"],
        "response": {
            "trigger": "7 or more",
            "risk": "high",
            "frequency": "continuously",
            "frequency_minutes": 0,
            "advice": "The registered nurse tells the medical team immediately, at least at specialist registrar "
            "level. Emergency assessment by a team with critical-care and advanced airway skills; "
            "consider level 2 or 3 care.",
            "observation_due": [],
        },
    }


def test_null_and_absent_are_the_same():
    assert score(line(**FULL)) == score(line(**{name: value for name, value in FULL.items() if value is not None}))


def test_an_empty_object_may_score_anything_and_is_due_for_everything():
    said = answer(score(b"{}"))

    assert (said["score_min"], said["score_max"], said["complete"]) == (0, 20, False)
    assert said["parts"] == {}
    assert said["response"]["advice"] == "Not enough to score: take a full set of observations."
    assert said["response"]["trigger"] is said["response"]["risk"] is said["response"]["frequency_minutes"] is None
    assert answer(score(line(spo2_scale=1, pulse_rate=80, heart_rate=140)))["response"]["trigger"] is not None
    assert said["missing"] == said["response"]["observation_due"] == [part.value for part in Part]


def test_only_certain_points_are_told():
    said = answer(score(line(resp_rate=26, spo2=97, spo2_scale=2, pulse_rate=80, heart_rate=140)))

    assert said["parts"] == {"resp_rate": 3}
    assert said["missing"] == ["supplemental_oxygen", "systolic_bp", "consciousness", "temperature"]
    assert said["red"] == ["resp_rate"]


def test_the_scale_is_1_unless_told():
    assert score(line(spo2=90)).red == ("spo2",)
    assert score(line(spo2=90, spo2_scale=None)).red == ("spo2",)
    assert score(line(spo2=90, spo2_scale=2)).red == ()


@pytest.mark.parametrize(
    ("fields", "points"),
    [
        ({"supplemental_oxygen": True}, 2),
        ({"supplemental_oxygen": False}, 0),
        ({"inspired_oxygen": 28}, 2),
        ({"inspired_oxygen": 21}, 0),
        ({"oxygen_flow": 2}, 2),
        ({"oxygen_flow": 0}, 0),
        ({"supplemental_oxygen": False, "oxygen_flow": 2}, 2),
        ({"supplemental_oxygen": False, "inspired_oxygen": 40}, 2),
    ],
)
def test_any_sign_of_oxygen_is_oxygen(fields, points):
    assert answer(score(line(**fields)))["parts"]["supplemental_oxygen"] == points


@pytest.mark.parametrize(
    ("fields", "points"), [({"gcs": 15}, 0), ({"gcs": 14.0}, 3), ({"gcs": 3, "consciousness": "A"}, 0)]
)
def test_a_letter_comes_before_the_coma_scale(fields, points):
    assert answer(score(line(**fields)))["parts"]["consciousness"] == points


@pytest.mark.parametrize(
    "raw",
    [
        b"spo2=97",
        b"{'spo2': 97}",
        b'{"spo2": 97',
        b'{"spo2": 97} {"spo2": 98}',
        b"\xff\xfe",
        b'{"spo2": \xff}',
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"spo2": ' + b"9" * 5_000 + b"}",
        b'{"spo2": 0x61}',
    ],
)
def test_what_is_no_json_is_refused(raw):
    assert refused(raw) == (Fault.NOT_JSON, None)


@pytest.mark.parametrize("raw", [b"null", b"[]", b"97", b'"spo2"', b"true", b'[{"spo2": 97}]'])
def test_what_is_no_object_is_refused(raw):
    assert refused(raw) == (Fault.NOT_AN_OBJECT, None)


def test_a_byte_order_mark_is_no_fault():
    assert score(b"\xef\xbb\xbf" + line(resp_rate=26)).red == ("resp_rate",)


@pytest.mark.parametrize("name", ["sp02", "SpO2", "hr", "score", "", "spo2 "])
def test_an_unknown_field_is_refused_and_never_ignored(name):
    assert refused(line(spo2=97, **{name: 1})) == (Fault.UNKNOWN_FIELD, name)
    assert refused(line(spo2=97, **{name: None})) == (Fault.UNKNOWN_FIELD, name)


def test_a_long_or_strange_field_name_is_shown_short_and_harmless():
    assert refused(line(**{"x" * 500: 1})) == (Fault.UNKNOWN_FIELD, "x" * 60)
    assert refused(b'{"\\u001b[2J\\ud800": 1}') == (Fault.UNKNOWN_FIELD, "\\x1b[2J\\ud800")


def test_of_two_values_for_one_vital_neither_is_believed():
    assert refused(b'{"spo2": 98, "spo2": 80}') == (Fault.REPEATED_FIELD, "spo2")


@pytest.mark.parametrize("vital", NUMBERS)
@pytest.mark.parametrize("value", ["97", "", True, False, [97], {"value": 97}])
def test_what_is_no_number_is_refused(vital, value):
    assert refused(line(**{vital: value})) == (Fault.BAD_VALUE, vital)


@pytest.mark.parametrize("vital", NUMBERS)
@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_what_is_not_finite_is_refused_by_name(vital, value):
    assert refused(b'{"%s": %s}' % (vital.encode(), value)) == (Fault.BAD_VALUE, vital)


@pytest.mark.parametrize("vital", NUMBERS)
def test_what_cannot_be_true_is_refused_and_the_limits_themselves_are_not(vital):
    low, high = SCALES[vital].impossible
    for impossible in (low - 1, high + 1, low - 0.01, high + 0.01, -1, 10**400):
        assert refused(line(**{vital: impossible})) == (Fault.IMPOSSIBLE, vital)
    for possible in (low, high):
        assert read(line(**{vital: possible})) == {vital: possible}


def test_a_temperature_in_fahrenheit_is_not_guessed():
    assert refused(line(temperature=98.6)) == (Fault.IMPOSSIBLE, "temperature")


def test_inspired_oxygen_as_a_fraction_is_not_guessed():
    assert refused(line(inspired_oxygen=0.4)) == (Fault.IMPOSSIBLE, "inspired_oxygen")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("consciousness", "X"),
        ("consciousness", "a"),
        ("consciousness", ""),
        ("consciousness", 0),
        ("consciousness", ["A"]),
        ("supplemental_oxygen", "yes"),
        ("supplemental_oxygen", 1),
        ("supplemental_oxygen", 0),
        ("spo2_scale", 3),
        ("spo2_scale", 0),
        ("spo2_scale", "2"),
        ("spo2_scale", True),
        ("spo2_scale", 1.5),
        ("gcs", 14.5),
    ],
)
def test_a_value_outside_its_closed_list_is_refused(field, value):
    assert refused(line(**{field: value})) == (Fault.BAD_VALUE, field)


def test_a_value_that_is_suspect_and_possible_is_scored():
    """The dying patient looks implausible."""
    assert score(line(resp_rate=3, spo2=45, pulse_rate=15, systolic_bp=35)).score_min == 12


def test_a_refusal_says_what_where_and_how_to_mend_it():
    with pytest.raises(Refused) as caught:
        score(line(spo2=140))

    assert refusal(caught.value, 7) == {
        "error": {
            "code": "impossible",
            "field": "spo2",
            "remedy": "Nobody's SpO2 lies outside 0 to 100 %: check the sensor, the unit and the decimal point.",
        },
        "line": 7,
    }


def test_codes_that_readings_share_have_the_same_words():
    shared = {Fault.NOT_JSON, Fault.NOT_AN_OBJECT, Fault.BAD_VALUE, Fault.IMPOSSIBLE}

    assert {fault.value for fault in shared} <= {refusal.value for refusal in Refusal}


def test_the_items_of_the_score_are_named_as_their_vitals():
    assert {Vital(part) for part in Part} <= set(FIELDS)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            FULL,
            "NEWS2 11           high                resp rate 3, SpO2 2, supplemental oxygen 2, systolic BP 1, "
            "pulse 2, temperature 1; observe continuously",
        ),
        (
            {},
            "not enough to score; observation due: resp rate, SpO2, supplemental oxygen, systolic BP, pulse, "
            "consciousness, temperature",
        ),
        (
            {"resp_rate": 26, "spo2": 85, "systolic_bp": 80},
            "NEWS2 at least 9   high                resp rate 3, SpO2 3, "
            "systolic BP 3; missing: supplemental oxygen, pulse, consciousness, temperature; observe continuously",
        ),
    ],
)
def test_a_person_reads_one_line(fields, words):
    assert in_words(score(line(**fields))) == words


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.sampled_from("ACVPU"),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_every_line_is_scored_or_refused_and_nothing_else(raw):
    try:
        said = answer(score(raw))
    except Refused as refused:
        said = refusal(refused, 1)

    json.dumps(said, allow_nan=False)
