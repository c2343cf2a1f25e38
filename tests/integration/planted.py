"""Names, ids and values that are found again wherever they should not be."""

import json
from typing import Any

from schemas.times import to_text
from streams.config.topics import Topic
from tests.browser.made import now
from tests.integration.gates import ask
from tests.integration.staging import Stage
from tests.integration.whole_ward import UNITS, WholeWard
from tests.streams.formats.making import message, observation, obx

PATIENT, DEVICE, BED, MRN = "zqpatientplanted", "zqdeviceplanted", "ZQBEDPLANTED", "ZQMRNPLANTED"
FAMILY, GIVEN = "Zqfamilyplanted", "Zqgivenplanted"
VALUE, TEMPERATURE = 83.4519, 39.4519
ODD = "ODDWORD"
"""A unit, or a kind of message, that nobody knows is told to its sender; a name stands in no such place."""
PLANTED = (PATIENT, DEVICE, BED, MRN, FAMILY, GIVEN, str(VALUE), str(TEMPERATURE))
ILL = {"resp_rate": 31, "spo2": VALUE, "systolic_bp": 88, "pulse_rate": 131, "temperature": TEMPERATURE}


def found_in(text: str) -> set[str]:
    """Which of them stand in a text, whatever their case."""
    low = text.lower()
    return {one for one in PLANTED if one.lower() in low}


def reading(**changes: Any) -> bytes:
    vitals = {vital: {"value": value, "unit": UNITS[vital]} for vital, value in ILL.items()}
    about = {"patient_id": PATIENT, "device_id": DEVICE, "source": "spot", "mode": "demo", "taken_at": to_text(now())}
    return json.dumps({**about, "vitals": vitals, **changes}).encode()


def plant_in_kafka(stage: Stage) -> None:
    """Good records, and every kind of bad one, on each topic that somebody reads."""
    key = PATIENT.encode()
    admitted = {"event": "admit", "patient_id": PATIENT, "mode": "demo", "bed": BED, "ward": "A", "at": to_text(now())}
    stage.publish(Topic.PATIENTS, [(key, json.dumps(admitted).encode())])
    wrong = [{"source": MRN}, {"taken_at": f"at {FAMILY}"}, {"mode": "real"}, {"vitals": {FAMILY: {"value": VALUE}}},
             {"sequence": PATIENT}, {"vitals": {"spo2": {"value": str(VALUE), "unit": MRN}}}, {MRN: VALUE}]  # fmt: skip
    bad = [f"{{{FAMILY}".encode(), f'["{PATIENT}", {VALUE}]'.encode(), f"\xff{MRN}".encode("latin-1"), b""]
    records = [(key, reading()), *((key, reading(**one)) for one in wrong), *((key, one) for one in bad)]
    stage.publish(Topic.READINGS, [*records, (b"another key", reading()), (None, reading())])
    said = json.dumps({"patient_id": PATIENT, "name": FAMILY, "value": VALUE}).encode()
    for topic in (Topic.PATIENTS, Topic.ACTIONS, Topic.RULES, Topic.ALERTS, Topic.STATUS, Topic.TRENDS, Topic.CANARY):
        stage.publish(topic, [(key, said), (key, f"{FAMILY} {MRN}".encode())])


def plant_by_gateways(ward: WholeWard) -> list[str]:
    """Messages through the HL7 v2 door, good and refused; what it answered, without the sender's own control id."""
    pid = f"PID|||{MRN}^^^Ward^MR||{FAMILY}^{GIVEN}"
    spo2 = obx(1, "150456^MDC_PULS_OXIM_SAT_O2^MDC", VALUE, "262688^MDC_DIM_PERCENT^MDC", path="1.1.2.1")
    bad = obx(1, f"8867-4^{FAMILY}^LN", f"{VALUE}{GIVEN}", ODD)
    sent = [message(spo2, pid=pid), message(bad, pid=pid), message(bad, pid=pid, kind=f"SIU^{ODD}"),
            message(spo2, pid=pid, taken=FAMILY)]  # fmt: skip
    ward.mllp.send(*sent)
    return [ward.mllp.answer() for _ in sent]


def plant_by_mqtt(sender: Any) -> None:
    """Three messages of a device, two of them refused; the sender ends."""
    good = json.dumps({"taken_at": to_text(now()), "vitals": {"spo2": {"value": VALUE, "unit": "%"}}}).encode()
    for body in (good, f"{{{FAMILY}".encode(), f'{{"{MRN}": {VALUE}}}'.encode()):
        sender.publish(f"vitals/{PATIENT}/{DEVICE}", body, qos=1).wait_for_publish(30)
    sender.loop_stop()
    sender.disconnect()


def plant_by_http(fhir: int, http: int, ports: list[int]) -> list[str]:
    """Requests to every port, with them in path, question, header and body; the answers as text."""
    one = observation(value=VALUE, unit=ODD, subject={"reference": f"Patient/{MRN}", "display": FAMILY})
    bodies = (one, {**one, "valueQuantity": FAMILY}, f"{{{FAMILY}".encode(), {"resourceType": ODD, "name": FAMILY})
    heads = {"Content-Type": "application/fhir+json"}
    answers = [ask(fhir, "/fhir/Observation", body, **heads) for body in bodies]
    answers += [ask(http, "/readings", body) for body in (reading(), reading(source=MRN), bodies[2], [FAMILY, VALUE])]
    for port in (fhir, http, *ports):
        answers.append(ask(port, f"/{PATIENT}/{BED}?name={FAMILY}", **{"X-Patient": MRN}))
        answers.append(ask(port, f"/api/history?patient={PATIENT}", {"patient_id": PATIENT, "value": VALUE}))
        answers.append(ask(port, "/receipts", {"id": PATIENT, "text": FAMILY}))
        answers += [ask(port, path) for path in ("/livez", "/readyz", "/metrics")]
    return [json.dumps(answer[1]) + json.dumps(answer[2]) for answer in answers]
