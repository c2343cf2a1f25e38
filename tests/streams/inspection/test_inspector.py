"""What is said of an integrator's messages."""

import json

import pytest

from schemas.base import read_moment
from schemas.times import to_ms, to_text
from streams.inspection.inspector import AHEAD_OF_FIRST_MS, Inspector
from streams.log.partition import AHEAD_MS

NOON = to_ms(read_moment("2026-11-22T12:00:00Z"))
SPO2 = {"spo2": {"value": 97, "unit": "%"}}


def message(seconds=0.0, vitals=SPO2, **changes):
    fields = {
        "patient_id": "p-7f3a",
        "device_id": "mon-12",
        "taken_at": to_text(NOON + round(seconds * 1_000)),
        "sequence": round(seconds),
        "vitals": vitals,
        **changes,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def said(*messages, now=None):
    """Line, code and field of all remarks."""
    inspector = Inspector(now)
    return [
        (remark.line, remark.code.value, remark.field)
        for line, one in enumerate(messages, start=1)
        for remark in inspector.look(line, one)
    ]


def what(one):
    return Inspector().look(1, one)[0].what


def test_nothing_is_said_of_good_messages():
    assert said(*(message(second) for second in range(100)), now=NOON) == []


def test_everything_that_makes_a_message_unreadable_is_told_at_once():
    bad = message(patient_id="", device_id=None, source="toaster", sequence=-1, taken_at="noon")

    assert sorted(said(bad)) == [
        (1, "bad_field", "patient_id"),
        (1, "bad_field", "sequence"),
        (1, "bad_field", "source"),
        (1, "bad_time", "taken_at"),
        (1, "missing_field", "device_id"),
    ]


@pytest.mark.parametrize(
    ("measure", "code", "field"),
    [
        ({"value": 97}, "missing_unit", "unit"),
        ({"value": 97, "unit": "pct"}, "unknown_unit", "unit"),
        ({"value": 140, "unit": "%"}, "impossible", "value"),
        ({"value": 40, "unit": "%"}, "suspect", "value"),
        ({"value": "97", "unit": "%"}, "bad_value", "value"),
        ({"value": None, "unit": "%"}, "no_value", "value"),
        ({"value": 97, "unit": "%", "quality": "invalid"}, "not_usable", "quality"),
        ({"value": 97, "unit": "%", "quality": "bad"}, "unknown_quality", "quality"),
        ({"value": 97, "unit": "%", "quality": "questionable"}, "suspect", "value"),
        ({"value": float("nan"), "unit": "%"}, "bad_value", "value"),
        ({"value": 97, "unit": "%", "probe": "finger"}, "unknown_field", "probe"),
    ],
)
def test_a_vital_is_judged_as_the_intake_judges_it(measure, code, field):
    assert said(message(vitals={"spo2": measure, "heart_rate": {"value": 82, "unit": "/min"}})) == [
        (1, code, f"vitals.spo2.{field}")
    ]


def test_an_unreadable_message_is_one_finding_with_the_decoders_code():
    assert said(b"{", b"", b"[]", message(taken_at="yesterday"), message(vitals={})) == [
        (1, "not_json", None),
        (2, "empty", None),
        (3, "not_an_object", None),
        (4, "bad_time", "taken_at"),
        (5, "no_vitals", "vitals"),
    ]


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one():
    assert what(message(vitals={"SpO2": {"value": 97, "unit": "%"}})) == "did you mean spo2?"
    assert what(message(deviceId="x")) == "did you mean device_id?"
    assert what(message(patient_id=None, patientId="p")) == 'sent as "patientId"?'


def test_what_is_wrong_with_a_value_is_shown_beside_what_would_be_right():
    assert what(message(vitals={"temperature": {"value": 98.6, "unit": "Cel"}})) == "98.6 Cel; outside 20 to 45 Cel"
    assert what(message(vitals={"spo2": {"value": 97, "unit": "pct"}})) == '"pct"; known: %, 1'
    assert what(message(vitals={"consciousness": {"value": "A", "unit": "1"}})) == '"1"; consciousness has none'
    assert what(message(vitals={"heart_rate": {"value": 12, "unit": "bpm"}})) == "12 /min; outside 20 to 250"


def test_a_field_named_twice_is_found_where_the_decoder_takes_the_last():
    twice = message().replace(b'"sequence"', b'"patient_id": "p-other", "sequence"')

    assert said(twice) == [(1, "repeated_name", "patient_id")]


def test_a_repeat_is_found_by_device_sequence_and_time():
    assert said(message(1), message(1)) == [(2, "duplicate", "sequence")]
    assert said(message(1), message(1, device_id="mon-13"), message(1, patient_id="p-2", device_id="mon-14")) == []
    assert said(message(1), message(1, sequence=2)) == []


def test_without_sequence_a_vital_that_comes_twice_of_one_instant_is_a_repeat():
    assert said(message(sequence=None), message(sequence=None)) == [
        (1, "no_sequence", "sequence"),
        (2, "duplicate", "taken_at"),
    ]


@pytest.mark.parametrize("sequence", [None, 1])
def test_vitals_of_one_instant_may_come_in_messages_of_their_own(sequence):
    coma = {"gcs": {"value": 15, "unit": "1"}}
    first, more = message(sequence=sequence), message(sequence=sequence, vitals=coma)
    again = {**SPO2, **coma}
    field = "taken_at" if sequence is None else "sequence"

    assert [one for one in said(first, more) if one[1] != "no_sequence"] == []
    assert said(first, more, message(sequence=sequence, vitals=coma))[1 - bool(sequence) :] == [(3, "duplicate", field)]
    assert (2, "duplicate", field) in said(first, message(sequence=sequence, vitals=again))
    assert all(one[1] != "duplicate" for one in said(first, message(sequence=sequence, source="spot", vitals=again)))


def test_time_that_goes_back_is_late_where_the_intake_would_call_it_so():
    assert said(message(10), message(8.5, sequence=9)) == [(2, "out_of_order", "taken_at")]
    assert said(message(10), message(8)) == [(2, "out_of_order", "taken_at")]
    assert said(message(10), message(7)) == [(2, "late", "taken_at")]
    assert said(message(7_200, source="spot"), message(0, source="spot")) == [(2, "out_of_order", "taken_at")]
    assert said(message(50_000, source="spot"), message(0, source="spot")) == [(2, "late", "taken_at")]


def test_missing_numbers_are_noted_and_a_device_that_starts_again_is_not():
    assert said(message(1), message(2), message(5)) == [(3, "sequence_gap", "sequence")]
    assert said(message(5), message(6, sequence=0), message(7, sequence=1)) == []


def test_numbers_that_are_made_from_the_time_count_nothing():
    def converted(seconds, low):
        return message(seconds, sequence=((NOON // 1000 + seconds) << 20) + low)

    assert said(converted(0, 5), converted(60, 9), converted(61, 1)) == []


def test_a_device_that_never_counts_is_noted_once():
    assert said(*(message(second, sequence=None) for second in range(5))) == [(1, "no_sequence", "sequence")]


def test_a_correction_names_a_message_that_was_sent():
    assert said(message(1), message(2, corrects=1)) == []
    assert said(message(1), message(2, corrects=7)) == [(2, "not_seen_here", "corrects")]
    assert said(message(1), message(2, corrects=1, vitals={})) == []


def test_a_clock_that_runs_ahead_is_told_from_one_that_was_lost():
    ahead = message(3_600)

    assert said(ahead) == []
    assert said(ahead, now=NOON) == [(1, "ahead_of_now", "taken_at")]
    assert said(message(240), now=NOON) == []
    assert said(message(), message(367 * 86_400)) == [(2, "clock_ahead", "taken_at")]
    assert said(message(), message(366 * 86_400, sequence=1)) == []


def test_a_clock_that_stands_still_is_told_once_until_it_moves():
    stuck = [message(0, sequence=number) for number in range(9)]

    assert said(*stuck, message(9)) == [(6, "clock_stuck", "taken_at")]
    assert said(*stuck[:5], message(5)) == []


def test_vitals_of_one_moment_in_messages_of_their_own_and_corrections_are_no_clock_that_stands_still():
    names = ("heart_rate", "pulse_rate", "resp_rate")
    single = [message(0, {name: {"value": 16, "unit": "/min"}}, sequence=n) for n, name in enumerate(names)]
    corrected = [message(0, sequence=n, corrects=n - 1) for n in range(4, 14)]

    assert [one for one in said(*single, message(0, sequence=3), *corrected) if one[1] == "clock_stuck"] == []


def test_a_mode_that_no_ward_serves_is_noted():
    assert said(message(mode="demo")) == [(1, "not_real", "mode")]


@pytest.mark.parametrize("name", ["p-7f3a ", "p\u200b"])
def test_an_id_that_looks_like_another_is_noted(name):
    assert said(message(patient_id=name)) == [(1, "padded_id", "patient_id")]


@pytest.mark.parametrize("name", ["\tp", "p\n", "p\r", "p\u0000", "p\u202e"])
def test_an_id_with_a_control_character_is_refused(name):
    assert said(message(patient_id=name)) == [(1, "bad_field", "patient_id")]


def test_findings_of_a_message_come_before_its_notes():
    codes = [code for _, code, _ in said(message(mode="test", site=4, vitals={"spo2": {"value": 97}}))]

    assert codes == ["missing_unit", "unknown_field", "not_real"]


def test_every_vital_is_counted_once():
    inspector = Inspector()
    vitals = {
        "spo2": {"value": 97, "unit": "%"},
        "heart_rate": {"value": 12, "unit": "/min"},
        "resp_rate": 16,
        "glucose": {"value": 5, "unit": "mmol/L"},
    }
    inspector.look(1, message(vitals=vitals))
    inspector.look(2, b"nonsense")
    counts = inspector.counts

    assert (counts.messages, counts.readings) == (2, 1)
    assert (counts.vitals, counts.suspect, counts.refused) == (4, 1, 2)


@pytest.mark.parametrize("strange", [b"\xff", b'"', b"[" * 60_000, b"1" * 5_000, b'{"a":' * 9_000, b"\x00" * 70_000])
def test_nothing_is_too_strange_to_be_answered(strange):
    assert [remark.code.value for remark in Inspector().look(1, strange)] in (["not_json"], ["too_large"])


def test_a_clock_that_was_lost_is_lost_for_the_log_too():
    assert AHEAD_OF_FIRST_MS == AHEAD_MS
