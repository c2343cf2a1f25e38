"""Patient records: what is said changes, what is not said stays, null clears."""

import json

import pytest
from pydantic import ValidationError

from schemas.patient import PatientRecord

ADMITTED = {
    "event": "admit",
    "patient_id": "p-7f3a",
    "at": "2026-11-22T08:00:00+01:00",
    "encounter": "e-1",
    "ward": "5 West",
    "bed": "12",
    "date_of_birth": "1951-07-30",
    "sex": "female",
    "maternity": "none",
    "devices": ["mon-12", "cuff-3"],
    "spo2_scale": {"scale": 2, "prescriber": "Dr B.", "until": "2026-11-29T08:00:00Z"},
    "escalation_plan": {"plan": "limited", "author": "Dr B.", "reason": "as agreed with the family"},
    "long_standing_confusion": {"present": True, "author": "Dr B.", "reason": "dementia"},
    "limits": [{"vital": "heart_rate", "high": 120, "author": "Dr B.", "reason": "known fast AF"}],
}


def record(**changes):
    return PatientRecord.model_validate_json(json.dumps({**ADMITTED, **changes}))


def wrong_field(**changes):
    with pytest.raises(ValidationError) as error:
        record(**changes)
    return ".".join(map(str, error.value.errors()[0]["loc"]))


def test_a_whole_admission_is_read_and_written_back():
    admitted = record()

    assert admitted.spo2_scale.scale == 2
    assert PatientRecord.model_validate_json(admitted.model_dump_json()) == admitted


def test_what_was_not_said_is_told_from_what_was_cleared():
    update = PatientRecord.model_validate_json('{"event":"update","patient_id":"p","spo2_scale":null}')

    assert update.spo2_scale is update.ward is None
    assert "spo2_scale" in update.model_fields_set
    assert "ward" not in update.model_fields_set


def test_unknown_fields_are_kept_apart():
    assert record(religion="x").unknown_fields == ("religion",)


@pytest.mark.parametrize("day", ["1951-07-30T00:00:00Z", "19510730", "1951-W31-1", "1951-02-30", -581_212_800, 0, ""])
def test_a_birthday_is_a_calendar_day_in_text(day):
    assert wrong_field(date_of_birth=day) == "date_of_birth"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event", "born"),
        ("patient_id", ""),
        ("patient_id", None),
        ("at", "2026-11-22T08:00:00"),
        ("sex", "f"),
        ("maternity", True),
        ("age_years", -1),
        ("age_years", "75"),
        ("devices", "mon-12"),
        ("confirmed", "yes"),
        ("version", 2),
        ("version", True),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(field, value):
    assert wrong_field(**{field: value}) == field


def test_a_limit_limits_something_and_the_right_way_around():
    limit = {"vital": "heart_rate", "author": "Dr B.", "reason": "x"}

    assert wrong_field(limits=[limit]) == "limits.0"
    assert wrong_field(limits=[{**limit, "low": 100, "high": 60}]) == "limits.0"
    assert wrong_field(limits=[{**limit, "vital": "glucose", "low": 3}]) == "limits.0.vital"


def test_a_pause_has_a_reason_and_an_end():
    pause = {"reason": "scan", "until": "2026-11-22T13:00:00Z"}

    assert record(event="pause", pause=pause).pause.reason == "scan"
    assert wrong_field(event="pause", pause={"reason": "scan"}) == "pause.until"
    with pytest.raises(ValidationError, match="its reason and its end"):
        record(event="pause")
