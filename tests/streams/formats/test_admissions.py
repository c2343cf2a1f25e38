"""HL7 v2 admissions become patient records."""

import json

import pytest

from schemas.patient import PatientRecord
from streams.formats.findings import Outcome
from streams.formats.identity import Identity
from tests.streams.formats.making import BERLIN, SPO2, convert, message, signs


def admission(event, *more, evn="20261129120000", pid="PID|||4711^^^H^MR||Doe^Jane||19510730|F", mode="P"):
    head = rf"MSH|^~\&|ADT|H|||20261129120005||ADT^{event}|C-1|{mode}|2.5"
    return "\r".join((head, f"EVN|{event}|{evn}", pid, "PV1||I|4A^12^2" + "|" * 16 + "E-9", *more, "")).encode()


@pytest.mark.parametrize(
    ("event", "name"), [("A01", "admit"), ("A02", "transfer"), ("A03", "discharge"), ("A08", "update")]
)
def test_an_event_of_a_stay_becomes_a_patient_record(event, name):
    (one,) = convert(admission(event), zone=BERLIN)
    (record,) = one.patients

    assert one.outcome is Outcome.TAKEN
    assert record == {
        "event": name, "patient_id": "4711", "at": "2026-11-29T12:00:00+01:00", "encounter": "E-9", "ward": "4A",
        "bed": "12-2", "date_of_birth": "1951-07-30", "sex": "female",
    }  # fmt: skip
    PatientRecord.model_validate_json(json.dumps(record))


def test_a_time_without_a_zone_is_left_out_and_told():
    (one,) = convert(admission("A01"))

    assert "at" not in one.patients[0]
    assert signs(one) == [("no_time_zone", "EVN[1].2")]


def test_a_year_of_birth_is_not_completed():
    (one,) = convert(admission("A01", pid="PID|||4711^^^H^MR||||1951|F"), zone=BERLIN)

    assert "date_of_birth" not in one.patients[0]


def test_an_admission_without_an_identifier_is_refused():
    (one,) = convert(admission("A01", pid="PID|||^^^H^MR"), zone=BERLIN)

    assert one.patients == []
    assert signs(one) == [("no_patient", "PID[1].3")]


def test_other_events_are_ignored():
    (one,) = convert(admission("A31"), zone=BERLIN)

    assert one.outcome is Outcome.IGNORED


@pytest.mark.parametrize(("event", "name"), [("A11", "discharge"), ("A12", "transfer"), ("A13", "cancel_discharge")])
def test_what_was_taken_back_is_said(event, name):
    (one,) = convert(admission(event), zone=BERLIN)

    assert [record["event"] for record in one.patients] == [name]


def test_a_merge_is_keyed_by_the_id_that_goes():
    (one,) = convert(admission("A40", "MRG|815^^^H^MR"), zone=BERLIN)

    assert one.patients == [
        {"event": "merge", "patient_id": "815", "merged_into": "4711", "at": "2026-11-29T12:00:00+01:00"}
    ]


def test_a_merge_without_the_id_that_goes_is_refused():
    (one,) = convert(admission("A40"), zone=BERLIN)

    assert signs(one) == [("no_patient", "MRG[1].1")]


def test_a_monitor_that_names_only_the_bed_is_known_by_who_lies_there():
    def monitor(control):
        return message("PV1||I|4A^12^2", SPO2, pid="PID|||^^^H^PI", control=control).replace(b"OBR|1", b"OBR|1", 1)

    def bed_first(data):
        head, order, visit, rest = data.split(b"\r", 4)[0], *data.split(b"\r", 4)[2:4], data.split(b"\r", 4)[4]
        return b"\r".join((head, b"PID|||^^^H^PI", visit, order, rest))

    stream = (
        bed_first(monitor("1"))
        + admission("A01")
        + bed_first(monitor("2"))
        + admission("A03")
        + bed_first(monitor("3"))
    )
    results = convert(stream, zone=BERLIN)

    named = [reading["patient_id"] for one in results for reading in one.readings]
    assert named[1] == "4711"
    assert all(name.startswith("unassigned:") for name in (named[0], named[2]))


def test_with_an_older_key_a_patients_pseudonyms_are_told_to_be_one_patients_once():
    before = Identity(key=b"an old secret of some length", key_id="k1")
    now = Identity(key=b"a new secret of some length", key_id="k2", older=(("k1", before.key),))

    names = {now.named("4711", "Hospital"), now.named("4711", "Hospital")}

    (name,) = names
    assert name.startswith("k2-")
    assert now.renamed == {before.named("4711", "Hospital"): name}
    now.renamed.clear()
    assert (now.named("4711", "Hospital"), now.renamed) == (name, {})
