import json

import pytest

from schemas.patient import PatientRecord
from streams.recordings.labels import Label
from streams.simulator.admissions import admission, age_and_sex, encode


def record(**more):
    return admission("p1", at_ms=0, ward="A", bed="A01", devices=("monitor-p1",), **more)


def test_an_admission_is_a_patient_record():
    told = PatientRecord.model_validate_json(encode(record(age_years=64, sex="female", spo2_scale=2)))

    assert told.unknown_fields == ()
    assert (told.patient_id, told.ward, told.bed, told.age_years) == ("p1", "A", "A01", 64)
    assert (told.spo2_scale.scale, told.devices) == (2, ["monitor-p1"])


def test_what_is_not_known_is_left_out():
    assert "age_years" not in record()
    assert "spo2_scale" not in record()
    assert record()["sex"] == "unknown"
    assert json.loads(encode(record())) == record()


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([], {"age_years": None, "sex": "unknown"}),
        ([Label("age", None, None), Label("gender_male", -1.0, None)], {"age_years": None, "sex": "unknown"}),
        ([Label("age", 19.0, None), Label("gender_male", 1.0, None)], {"age_years": 19.0, "sex": "male"}),
    ],
)
def test_labels_tell_age_and_sex_or_nothing(labels, told):
    assert age_and_sex(labels) == told
