"""What is kept of a message that was not taken holds no name, in whatever shape the message came."""

import json

import pytest

from streams.formats.converter import Converter
from streams.formats.stripped import without_names
from tests.streams.formats.making import SPO2, message, observation

HL7 = message(SPO2).replace(b"\rOBR|", b"\rNTE|1||Doe was here\rOBR|", 1)
PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "Doe"}], "identifier": [{"value": "4711"}]}
LINES = b"\n".join(json.dumps(one).encode() for one in (PATIENT, observation()))
XML = (
    b'<Observation xmlns="http://hl7.org/fhir"><status value="final"/><subject><reference value="Patient/p-1"/>'
    b'<display value="Doe"/></subject></Observation>'
)


@pytest.mark.parametrize(
    "data",
    [
        HL7,
        HL7.decode().encode("utf-16"),
        HL7.decode().encode("utf-16-be"),
        b"Doe, sent again:\r" + HL7,
        LINES,
        LINES + b'\n{"broken',
        json.dumps([PATIENT]).encode(),
        XML,
        b"\xef\xbb\xbf" + XML,
    ],
    ids=[
        "hl7",
        "utf-16 with a mark",
        "utf-16",
        "noise before",
        "lines",
        "a broken line",
        "list",
        "xml",
        "xml with a mark",
    ],
)
def test_no_name_is_kept_and_the_message_converts_as_before(data: bytes):
    kept, again = without_names(data)

    assert again
    assert b"Doe" in data.replace(b"\0", b"") and b"Doe" not in kept.replace(b"\0", b"")
    before, after = (
        [(one.readings, [finding.code for finding in one.findings]) for one in Converter().convert(said)]
        for said in (data, kept)
    )
    assert before == after


APPLE = b'<HealthData><Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Doe&apos;s watch"/></HealthData>'


@pytest.mark.parametrize(
    "data",
    [b'{"patient": "Doe", ', b'<Patient><name value="Doe"/>', b"Doe;1951;82", APPLE, "D\u00f6e: Doe".encode("latin-1"),
     b'{"a": "' + b"Doe" * 5_000],
    ids=["json", "xml", "csv", "apple", "latin-1", "long"],
)  # fmt: skip
def test_of_what_cannot_be_taken_apart_only_the_shape_is_kept(data):
    kept, again = without_names(data)

    assert b"Doe" not in kept and not again
    assert len(kept) == min(len(data), 4_096)
    assert [chr(one) for one in kept if not chr(one).isalnum()] == [
        chr(one) for one in data[:4_096] if one < 128 and not chr(one).isalnum()
    ]


def test_people_in_a_result_are_left_out_and_its_values_stay():
    people = "|".join(["OBX", "2", "CWE", "AVPU^AVPU^L", "", "A^Alert^L", *[""] * 10, "4711^Doe^Nurse"])
    note = "OBX|3|TX|NOTE^Note^L||" + "Doe says that she has slept well, and wants to go home|"
    order = "OBR|1|P-1|F-1|1^Monitor^L|||20261129215959+0100|||4711^Doe^Collector||||||9^Doe^Doctor"
    kept, _ = without_names("\r".join(("MSH|^~\\&|A", order, people, note, "")).encode())

    assert b"Doe" not in kept and b"slept" not in kept
    assert b"A^Alert^L" in kept and b"20261129215959+0100" in kept


def test_names_in_a_vendors_json_are_left_out_and_its_values_stay():
    said = {
        "firstName": "Doe",
        "patient_name": "Doe",
        "email": "Doe@x",
        "items": [{"hr": 82, "comments": "Doe", "id": 7}],
    }

    assert json.loads(without_names(json.dumps(said).encode())[0]) == {"items": [{"hr": 82, "id": 7}]}
