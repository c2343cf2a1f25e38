"""Any bytes, any format: a verdict, and only readings that the intake takes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.decode import Decoded, decode
from schemas.judge import Judged, judge
from streams.formats import codes
from streams.formats.converter import Converter, recognise
from streams.formats.findings import SIGNS, Outcome, Sign
from streams.formats.format import Format
from streams.formats.mapping import MappingError, read_mapping, shipped
from tests.streams.formats.making import BERLIN, HEART_RATE, SPO2, convert, message, observation, signs, values

SEEDS = [message(HEART_RATE, SPO2), json.dumps(observation()).encode(), b"{}", b"<a/>"]


@pytest.mark.parametrize("sign", Sign)
def test_every_finding_has_a_level_and_a_remedy(sign):
    assert SIGNS[sign][1].endswith(".")


def taken_by_the_intake(results):
    for one in results:
        json.dumps(one.verdict())
        for reading in one.readings:
            decoded = decode(json.dumps(reading).encode())
            assert not isinstance(decoded, Decoded)
            assert all(isinstance(judge(name, measure), Judged) for name, measure in decoded.vitals.items())


@pytest.mark.parametrize("form", list(Format))
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300))
def test_no_bytes_stop_a_converter(form, data):
    taken_by_the_intake(list(Converter().convert(data, form)))


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    at=st.integers(0, 900),
    cut=st.integers(0, 20),
    put=st.binary(max_size=20) | st.sampled_from([b"|", b"^", b"~", b"\\", b"\r", b'"', b"{", b"[1]", b"1e999"]),
)
def test_no_bent_message_stops_a_converter(seed, at, cut, put):
    at %= len(seed)
    taken_by_the_intake(convert(seed[:at] + put + seed[at + cut :], zone=BERLIN))


def test_the_format_is_known_by_how_a_message_begins():
    assert recognise(b"\xef\xbb\xbf\x0bMSH|^~\\&|") is Format.HL7V2
    assert recognise(b'{"resourceType": "Observation"}') is Format.FHIR
    assert recognise(b'<Observation xmlns="http://hl7.org/fhir"/>') is Format.FHIR
    assert recognise(b"<HealthData/>") is Format.APPLE_HEALTH
    assert recognise(b'{"heart_rate": {"value": 60, "unit": "beats/min"}}') is Format.OPENMHEALTH
    assert recognise(b"once upon a time") is None


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_is_read_where_it_shows(codec):
    hl7 = message(HEART_RATE, charset="UNICODE UTF-16").decode()
    mark = "" if codec == "utf-16" else "\ufeff"
    head = '<?xml version="1.0" encoding="UTF-16"?>'
    xml = head + '<Observation xmlns="http://hl7.org/fhir"><status value="x"/></Observation>'

    assert values(convert(hl7.encode(codec))[0].readings[0]) == {"heart_rate": 82.0}
    assert convert((mark + json.dumps(observation())).encode(codec))[0].outcome is Outcome.TAKEN
    assert signs(convert((mark + xml).encode(codec))[0]) == [("status", "Observation.status")]


def test_a_message_that_only_says_that_it_is_utf_16_is_read_as_it_is():
    assert convert(message(HEART_RATE, charset="UNICODE UTF-16"))[0].outcome is Outcome.TAKEN


def test_every_mdc_name_belongs_to_one_number():
    numbers = [number for _, number in codes._MDC_NAMES.values()]

    assert len(set(numbers)) == len(numbers)


def test_the_shipped_mappings_can_be_read_and_have_names_of_their_own():
    names = [one.name for one in shipped()]

    assert len(set(names)) == len(names) > 5


JSON_MAPPING = """
name = "acme"
format = "json"
source = "wearable"
items = "data[]"
numbers_as_text = true
[match]
vendor = "acme"
[skip]
kind = "goal"
[time]
path = "at"
kind = "window_ms"
[fields]
patient = "/user"
device = "serial"
[[rule]]
path = "hr"
vital = "heart_rate"
unit = "/min"
[[rule]]
path = "mind"
vital = "consciousness"
[rule.values]
awake = "A"
[[rule]]
within = "all[]"
where = { type = 4 }
path = "value"
exponent = "power"
unit_path = "unit"
vital = "temperature"
"""


def test_a_mapping_file_takes_a_vendors_json():
    record = {"at": 1_795_996_800_000, "serial": "s-1", "hr": "61", "mind": "awake", "steps": 9,
              "all": [{"type": 4, "value": 3680, "power": -2, "unit": "C"}, {"type": 5, "value": 1}]}  # fmt: skip
    document = {"vendor": "acme", "user": "u-1", "data": [record, {"kind": "goal", "hr": 200}]}
    (one,) = convert(document, mappings=[read_mapping(JSON_MAPPING)])

    assert [values(reading) for reading in one.readings] == [
        {"heart_rate": 61.0, "temperature": 36.8, "consciousness": "A"}
    ]
    assert (one.readings[0]["patient_id"], one.readings[0]["device_id"]) == ("u-1", "s-1")
    assert "data[0].steps" in [said.place for said in one.findings]


def test_a_mapping_file_takes_csv():
    text = 'name = "rows"\nformat = "csv"\nnumbers_as_text = true\n[time]\npath = "time"\n[fields]\npatient = "id"\n'
    text += '[[rule]]\npath = "HR"\nvital = "heart_rate"\nunit = "/min"\n'
    rows = b"id,time,HR\np-1,2026-11-29T20:00:00Z,71\np-1,2026-11-29T20:01:00Z,-\n"
    first, second = convert(rows, mappings=[read_mapping(text)])

    assert values(first.readings[0]) == {"heart_rate": 71.0}
    assert second.readings == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 1", "format"),
        ('format = "json"', "name"),
        ('name = "a"\nformat = "json"', "rule"),
        ('name = "a"\nformat = "json"\n[[rule]]\nvital = "steps"', "steps"),
        ('name = "a"\nformat = "json"\n[[rule]]\nvital = "spo2"\nunit = "mmHg"', "mmHg"),
        ('name = "a"\nformat = "json"\nsource = "x"\n[[rule]]\nvital = "spo2"', "source"),
        ("name = ", "mapping: "),
    ],
)
def test_a_mapping_file_that_cannot_be_used_says_where(text, words):
    with pytest.raises(MappingError, match=words):
        read_mapping(text)


def test_a_verdict_counts_what_it_holds_and_does_not_show():
    days = [observation(id=f"o-{at}", effectiveDateTime="2026-11-29") for at in range(130)]
    (one,) = convert({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": day} for day in days]})

    told = one.verdict()
    assert (len(told["held"]), told["held_untold"]) == (100, 30)


def test_what_is_of_no_known_format_is_told_as_unknown():
    assert [one.format for one in convert(b"once upon a time")] == ["unknown"]
