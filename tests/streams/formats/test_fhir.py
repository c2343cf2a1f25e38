"""FHIR Observations as servers and bedside gateways send them."""

import json

import pytest

from streams.formats.findings import Outcome
from streams.formats.format import Format
from tests.streams.formats.making import convert, observation, signs, values

UCUM = "http://unitsofmeasure.org"


def only(resource, **how):
    (one,) = convert(resource, **how)
    return one


def coded(*codings):
    return {"coding": [{"system": system, "code": code} for system, code in codings]}


def test_an_observation_becomes_a_reading():
    one = only(observation())

    assert one.outcome is Outcome.TAKEN
    (reading,) = one.readings
    assert (reading["patient_id"], reading["device_id"]) == ("Patient/p-1", "Device/d-1")
    assert reading["taken_at"] == "2026-11-29T21:59:59+01:00"
    assert values(reading) == {"heart_rate": 82.0}


def test_one_measurement_in_three_codings_is_one_reading():
    code = coded(("http://loinc.org", "2708-6"), ("http://loinc.org", "59408-5"),
                 ("urn:iso:std:iso:11073:10101", "150456"))  # fmt: skip
    one = only(observation(value=95, unit="%", code=code))

    assert [values(reading) for reading in one.readings] == [{"spo2": 95.0}]


def test_codings_that_disagree_are_not_mapped():
    code = coded(("http://loinc.org", "8867-4"), ("urn:iso:std:iso:11073:10101", "150456"))

    assert signs(only(observation(code=code))) == [("code_mismatch", "Observation.code")]


def pressure(systolic, diastolic):
    parts = [
        {"code": coded(("http://loinc.org", code)), **value}
        for code, value in (("8480-6", systolic), ("8462-4", diastolic))
    ]
    return observation("85354-9", valueQuantity=None, component=parts)


def mmhg(value):
    return {"valueQuantity": {"value": value, "system": UCUM, "code": "mm[Hg]"}}


def test_components_are_one_reading_and_an_absent_one_has_no_value():
    absent = {"dataAbsentReason": coded(("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-performed"))}
    one = only(pressure(mmhg(107), absent))

    assert values(one.readings[0]) == {"systolic_bp": 107.0}
    assert signs(one) == [("data_absent", "Observation.component[1].dataAbsentReason")]
    assert values(only(pressure(mmhg(120), mmhg(80))).readings[0]) == {"systolic_bp": 120.0, "diastolic_bp": 80.0}


@pytest.mark.parametrize(
    ("changes", "sign", "at"),
    [
        ({"status": "entered-in-error"}, "status", ""),
        ({"status": "cancelled"}, "status", ""),
        ({"status": "unknown"}, "status", ".status"),
        ({"status": "registered"}, "status", ".status"),
        ({"status": None}, "status", ".status"),
        ({"effectiveDateTime": "2026-11-29"}, "time_imprecise", ""),
        ({"effectiveDateTime": "2026-11"}, "time_imprecise", ""),
        ({"effectiveDateTime": None}, "no_time", ""),
        ({"effectiveDateTime": "2026-11-29T24:00:00Z"}, "time_invalid", ".effective"),
        ({"valueQuantity": {"value": 82, "unit": "bpm"}}, "missing_unit", ".valueQuantity.code"),
        ({"valueQuantity": {"value": 82, "code": "/min"}}, "missing_unit", ".valueQuantity.system"),
        ({"valueQuantity": {"value": 82, "system": UCUM, "code": "bpm"}}, "unknown_unit", ".valueQuantity.code"),
        ({"valueQuantity": {"value": 82, "system": "http://snomed.info/sct", "code": "/min"}}, "unknown_unit",
         ".valueQuantity.code"),
        ({"valueQuantity": {"value": "82", "system": UCUM, "code": "/min"}}, "wrong_type", ".valueQuantity.value"),
        ({"valueQuantity": {"value": True, "system": UCUM, "code": "/min"}}, "wrong_type", ".valueQuantity.value"),
        ({"valueQuantity": {"value": 82, "comparator": ">", "system": UCUM, "code": "/min"}}, "inexact_value",
         ".valueQuantity.comparator"),
        ({"valueQuantity": None}, "no_value", ".value"),
        ({"valueQuantity": None, "valueString": "82"}, "wrong_type", ".valueString"),
        ({"valueQuantity": {"value": 999, "system": UCUM, "code": "/min"}}, "impossible", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_named_with_its_element(changes, sign, at):
    one = only(observation(**changes))

    assert one.readings == []
    assert (sign, f"Observation{at}") in signs(one)


@pytest.mark.parametrize(
    ("code", "sign"), [("9269-2", "other_scale"), ("96608-5", "aggregate"), ("8490-5", "aggregate")]
)
def test_what_only_looks_like_a_vital_is_told_loudly(code, sign):
    assert signs(only(observation(code, 13, "{score}"))) == [(sign, "Observation.code")]


def test_another_quantity_is_ignored_and_named():
    one = only(observation("29463-7", 70, "kg"))

    assert one.outcome is Outcome.IGNORED
    assert signs(one, "note") == [("not_watched", "Observation.code")]


@pytest.mark.parametrize(
    ("system", "code", "letter"),
    [
        ("http://snomed.info/sct", "248234008", "A"),
        ("http://snomed.info/sct", "130987000", "C"),
        ("http://loinc.org", "LA17108-4", "V"),
        ("http://loinc.org", "LA17107-6", "P"),
        ("http://snomed.info/sct", "422768004", "U"),
    ],
)
def test_consciousness_is_read_from_its_codes(system, code, letter):
    one = only(observation("67775-7", valueQuantity=None, valueCodeableConcept=coded((system, code))))

    assert values(one.readings[0]) == {"consciousness": letter}


def test_oxygen_and_room_air_are_read_from_code_or_value():
    flow = {"value": 2, "system": UCUM, "code": "l/min"}
    on = only(observation(code=coded(("http://snomed.info/sct", "371825009")), valueQuantity=flow))
    air = only(observation(code=coded(("http://snomed.info/sct", "722742002")), valueQuantity=None))

    assert values(on.readings[0]) == {"oxygen_flow": 2.0, "supplemental_oxygen": True}
    assert values(air.readings[0]) == {"supplemental_oxygen": False}


def test_a_bundle_is_one_message_and_its_observations_of_one_instant_one_reading():
    subject = {"reference": "urn:uuid:1"}
    patient = {"resourceType": "Patient", "identifier": [{"system": "urn:h", "value": "4711"}]}
    entries = [
        {"fullUrl": "urn:uuid:1", "resource": patient},
        {"resource": observation(subject=subject)},
        {"resource": observation("59408-5", 97, "%", id="o-2", subject=subject)},
        {"resource": observation("9279-1", None, "/min", id="o-3", subject=subject)},
    ]
    one = only({"resourceType": "Bundle", "type": "transaction", "entry": entries})

    assert [values(reading) for reading in one.readings] == [{"heart_rate": 82.0, "spo2": 97.0}]
    assert one.readings[0]["patient_id"] == "4711"
    assert signs(one) == [("no_value", "Bundle.entry[3].resource.valueQuantity.value")]


def test_nameless_observations_of_one_bundle_are_never_put_together():
    entries = [
        {"resource": observation(subject=None, device=None)},
        {"resource": observation("59408-5", 97, "%", id="o-2", subject=None, device=None)},
    ]
    readings = only({"resourceType": "Bundle", "entry": entries}).readings

    assert len({reading["patient_id"] for reading in readings}) == 2


def test_a_new_version_replaces_and_an_error_withdraws_and_a_retry_is_the_same():
    first, again, second, third = convert(
        "\n".join(
            json.dumps(one)
            for one in (
                observation(),
                observation(),
                observation(value=90, status="amended", meta={"versionId": "2"}),
                observation(value=90, status="entered-in-error", meta={"versionId": "3"}),
            )
        ).encode()
    )

    assert first.readings == again.readings
    assert second.readings[0]["corrects"] == first.readings[0]["sequence"]
    assert (third.readings[0]["corrects"], third.readings[0]["vitals"]) == (second.readings[0]["sequence"], {})


def test_xml_says_the_same_as_json():
    xml = (
        b'<Observation xmlns="http://hl7.org/fhir"><id value="o-1"/><status value="final"/><code><coding>'
        b'<system value="http://loinc.org"/><code value="8310-5"/></coding></code><subject>'
        b'<reference value="Patient/p-1"/></subject><effectiveDateTime value="2026-11-29T21:59:59+01:00"/>'
        b'<valueQuantity><value value="36.80"/><system value="http://unitsofmeasure.org"/><code value="Cel"/>'
        b"</valueQuantity></Observation>"
    )

    assert values(only(xml).readings[0]) == {"temperature": 36.8}


def test_a_document_type_is_not_read():
    one = only(b'<!DOCTYPE x [<!ENTITY a "b">]><Observation xmlns="http://hl7.org/fhir"/>')

    assert signs(one) == [("malformed", "resource")]


def test_a_period_gives_its_beginning_and_a_long_one_nothing():
    def during(end):
        return observation(effectiveDateTime=None, effectivePeriod={"start": "2026-11-29T21:00:00Z", "end": end})

    assert only(during("2026-11-29T21:10:00Z")).readings[0]["taken_at"] == "2026-11-29T21:00:00Z"
    assert only(during("2026-11-30T21:00:00Z")).readings == []


def test_test_data_is_marked():
    label = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]}

    assert only(observation(meta=label)).readings[0]["mode"] == "test"


@pytest.mark.parametrize("other", [{"a": 1}, {"resourceType": 3}, {"resourceType": ""}])
def test_what_has_no_resource_type_is_not_fhir(other):

    (one,) = convert(other, form=Format.FHIR)

    assert signs(one) == [("not_recognised", "resourceType")]


def bundle(*resources, kind="collection"):
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources]}


@pytest.mark.parametrize("name", ["modifierExtension", "implicitRules", "focus"])
def test_what_changes_the_meaning_of_a_value_is_refused(name):
    said = {
        "modifierExtension": [{"url": "urn:negated", "valueBoolean": True}],
        "implicitRules": "urn:rules",
        "focus": [{"reference": "RelatedPerson/fetus"}],
    }
    one = only(observation(**{name: said[name]}))

    assert (one.readings, signs(one)) == ([], [("modified", f"Observation.{name}")])


def test_a_component_that_is_modified_is_left_out_and_the_focus_may_be_the_patient():
    one = only(pressure(mmhg(120), {**mmhg(80), "modifierExtension": [{"url": "urn:x"}]}))

    assert values(one.readings[0]) == {"systolic_bp": 120.0}
    assert signs(one) == [("modified", "Observation.component[1].modifierExtension")]
    assert only(observation(focus=[{"reference": "Patient/p-1"}])).outcome is Outcome.TAKEN


def test_of_a_history_only_the_newest_version_counts():
    old = observation(value=161, meta={"versionId": "1"})
    patient = {"resourceType": "Patient", "id": "o-1"}

    assert only(bundle(observation(status="entered-in-error"), old, kind="history")).readings == []
    amended = only(bundle(patient, observation(status="amended"), old, kind="history"))
    assert [values(reading) for reading in amended.readings] == [{"heart_rate": 82.0}]
    deleted = {"request": {"method": "DELETE", "url": "Observation/o-1/_history/2"}}
    gone = only({"resourceType": "Bundle", "type": "history", "entry": [deleted, {"resource": old}]})
    assert (gone.readings, signs(gone)) == ([], [("status", "Bundle.entry[0].request.method")])


def test_what_a_bundle_withdraws_is_not_taken_from_the_same_bundle():
    assert only(bundle(observation(), observation(status="entered-in-error"))).readings == []


def test_resources_within_others_are_found():
    within = only(bundle(bundle(observation())))
    parameter = only({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": observation()}]})

    assert values(within.readings[0]) == values(parameter.readings[0]) == {"heart_rate": 82.0}
    deep = observation()
    for _ in range(6):
        deep = bundle(deep)
    assert [code for code, _ in signs(only(deep))] == ["malformed"]


def test_measurements_of_one_day_are_held_each_for_itself():
    day = {"effectiveDateTime": "2026-11-29"}
    one = only(bundle(*(observation(value=70 + at, id=f"o-{at}", **day) for at in range(30))))

    assert [values(held)["heart_rate"] for held in one.held] == [70.0 + at for at in range(30)]
    assert {code for code, _ in signs(one)} == {"time_imprecise"}
    assert len(only({**pressure(mmhg(120), mmhg(80)), **day}).held) == 1


def test_a_code_system_may_be_named_by_its_oid_and_a_wrong_name_is_told_loudly():
    assert only(observation(code=coded(("urn:oid:2.16.840.1.113883.6.1", "8867-4")))).outcome is Outcome.TAKEN
    assert signs(only(observation(code=coded(("http://loinc.org/", "8867-4"))))) == [("unmapped", "Observation.code")]


def test_a_timing_of_one_event_is_a_time():
    one = only(observation(effectiveDateTime=None, effectiveTiming={"event": ["2026-11-29T21:00:00Z"]}))

    assert one.readings[0]["taken_at"] == "2026-11-29T21:00:00Z"


@pytest.mark.parametrize("space", ["urn:hl7-org:v2xml", "urn:hl7-org:v3"])
def test_xml_of_another_standard_is_refused(space):
    assert signs(only(f'<ClinicalDocument xmlns="{space}"/>'.encode())) == [("malformed", "resource")]
    assert only(b'<f:Observation xmlns:f="http://hl7.org/fhir"/>').findings[0].place == "Observation.status"


def test_a_code_and_a_name_that_disagree_are_not_mapped():
    def named(code, display, value=22, unit="/min"):
        coding = {"system": "http://loinc.org", "code": code, "display": display}
        return only(observation(value=value, unit=unit, code={"coding": [coding]}))

    assert signs(named("8867-4", "Respiratory rate")) == [("code_mismatch", "Observation.code")]
    assert signs(named("8462-4", "Systolic blood pressure", 120, "mm[Hg]")) == [("code_mismatch", "Observation.code")]
    assert named("59408-5", "Oxygen saturation by Pulse oximetry", 97, "%").outcome is Outcome.TAKEN
    assert named("8867-4", "Herzfrequenz").outcome is Outcome.TAKEN


@pytest.mark.parametrize(
    ("changes", "place"),
    [({"code": None}, "Observation.code"), ({"code": "8867-4"}, "Observation.code"),
     ({"component": ["82"]}, "Observation.component[0]"), ({"component": "82"}, "Observation.component[0]")],
)  # fmt: skip
def test_what_lacks_its_code_or_has_a_part_that_is_none_is_no_observation(changes, place):
    (one,) = convert(observation(**changes))

    assert (one.readings, signs(one)) == ([], [("malformed", place)])


@pytest.mark.parametrize(
    ("held", "device"),
    [({"identifier": [{"system": "urn:eui", "value": "AB12"}], "serialNumber": "7"}, "AB12"),
     ({"serialNumber": "7"}, "7"),
     ({"udiCarrier": [{"deviceIdentifier": "a model"}]}, "a model"), ({}, "convert")],
)  # fmt: skip
def test_a_device_within_the_message_is_known_by_its_own_number(held, device):
    inner = {"resourceType": "Device", "id": "dev", **held}
    (alone,) = convert(observation(device={"reference": "#dev"}, contained=[inner]))
    bundle = [
        {"fullUrl": "urn:uuid:1", "resource": inner},
        {"resource": observation(device={"reference": "urn:uuid:1"})},
    ]
    (together,) = convert({"resourceType": "Bundle", "type": "collection", "entry": bundle})

    assert [one.readings[0]["device_id"] for one in (alone, together)] == [device] * 2
