"""An answer key of our own writing, one message of each kind, held by the program that holds a folder of others'."""

import json
from zoneinfo import ZoneInfo

import pytest

from tests.interop.answer_key import run
from tests.streams.formats.making import HEART_RATE, SPO2, fit, message, observation, obx

BERLIN = ZoneInfo("Europe/Berlin")
AT = "2026-11-29T21:59:59+01:00"
UCUM = "http://unitsofmeasure.org"


def pressure(code, value):
    coding = [{"system": "http://loinc.org", "code": code}]
    return {"code": {"coding": coding}, "valueQuantity": {"value": value, "system": UCUM, "code": "mm[Hg]"}}


def panel(**changes):
    code = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
    parts = [pressure("8480-6", 121), pressure("8462-4", 80)]
    return observation(code=code, valueQuantity=None, component=parts, **changes)


def body(name, value, unit, **more):
    return {name: {"value": value, "unit": unit}, "effective_time_frame": {"date_time": AT}, **more}


def record(kind, value, unit):
    head = f'<Record type="HKQuantityTypeIdentifier{kind}" sourceName="W" unit="{unit}" value="{value}" '
    return f'<HealthData>{head} startDate="2026-11-29 21:59:59 +0100"/></HealthData>'.encode()


XML = f"""<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><coding>
<system value="http://loinc.org"/><code value="9279-1"/></coding></code>
<subject><reference value="Patient/p-1"/></subject>
<effectiveDateTime value="{AT}"/><valueQuantity><value value="18"/><system value="{UCUM}"/><code value="/min"/>
</valueQuantity></Observation>""".encode()
WITHDRAWN = obx(1, "147842^MDC_ECG_HEART_RATE^MDC", 82, "264864^MDC_DIM_BEAT_PER_MIN^MDC", status="X")
# file: the message, the patient, the vitals that the key wants; none: it must not come through
KEY = {
    "pcd01.hl7": (message(HEART_RATE, SPO2), "4711", {"heart_rate": (82, "/min"), "spo2": (97, "%")}),
    "oru.hl7": (message(obx(1, "8310-5^Temp^LN", "98.6", "F")), "4711", {"temperature": (98.6, "[degF]")}),
    "withdrawn.hl7": (message(WITHDRAWN), None, {}),
    "inexact.hl7": (message(obx(1, "59408-5^SpO2^LN", ">97", "%")), None, {}),
    "coma.hl7": (message(obx(1, "9269-2^GCS^LN", 15, "{score}")), None, {}),
    "panel.json": (panel(), "Patient/p-1", {"systolic_bp": (121, "mm[Hg]"), "diastolic_bp": (80, "mm[Hg]")}),
    "rate.xml": (XML, "Patient/p-1", {"resp_rate": (18, "/min")}),
    "error.json": (observation(status="entered-in-error"), None, {}),
    "bpm.json": (observation(unit="bpm"), None, {}),
    "absent.json": (observation(valueQuantity=None, dataAbsentReason={"text": "off"}), None, {}),
    "omh.json": (body("respiratory_rate", 14, "breaths/min"), None, {"resp_rate": (14, "/min")}),
    "omh-lowest.json": (body("heart_rate", 50, "beats/min", descriptive_statistic="minimum"), None, {}),
    "omh-unit.json": (body("body_temperature", 36.8, "G"), None, {}),
    "apple.xml": (record("OxygenSaturation", "0.97", "%"), None, {"spo2": (97, "%")}),
    "apple-mean.xml": (record("RestingHeartRate", "58", "count/min"), None, {}),
    "off-wrist.fit": (fit((297, (253, 0x86, 1_133_000_000), (0, 0x83, -100))), None, {}),
}


@pytest.fixture
def folder(tmp_path):
    key = []
    for name, (data, patient, vitals) in KEY.items():
        (tmp_path / name).write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
        told = {vital: {"value": value, "unit": unit} for vital, (value, unit) in vitals.items()}
        readings = [{"patient_id": patient, "taken_at": AT, "vitals": told}] if told else []
        key.append({"file": name, "readings": readings, "must_reject": [] if told else ["all of it"]})
    (tmp_path / "expect.json").write_text(json.dumps(key))
    return tmp_path


def test_each_kind_of_message_is_as_its_key_says(folder, capsys):
    assert run(folder, BERLIN) == 0
    assert capsys.readouterr().out.startswith("16 files; readings 6/6; must-reject 10/10; crashes 0;")


def test_a_key_that_says_otherwise_falls_short(folder, capsys):
    (folder / "bpm.json").write_text(json.dumps(observation()))
    (folder / "apple.xml").write_bytes(record("OxygenSaturation", "97", "%"))

    assert run(folder, BERLIN) == 2
    assert "readings 5/6; must-reject 9/10" in capsys.readouterr().out
