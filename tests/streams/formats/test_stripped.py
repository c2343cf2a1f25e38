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
    kept = without_names(data)

    assert b"Doe" in data.replace(b"\0", b"") and b"Doe" not in kept.replace(b"\0", b"")
    before, after = (
        [(one.readings, [finding.code for finding in one.findings]) for one in Converter().convert(said)]
        for said in (data, kept)
    )
    assert before == after
