"""Messages of our own writing, in the formats of others."""

import json
import struct
from zoneinfo import ZoneInfo

from streams.formats.converter import Converter
from streams.formats.fit_text import crc
from streams.formats.format import Format
from streams.formats.statements import Site

BERLIN = ZoneInfo("Europe/Berlin")
MSH = r"MSH|^~\&|{app}|H|||{sent}||{kind}|{control}|{mode}|2.6|||NE|AL||{charset}"
PID = "PID|||4711^^^Ward Hospital^MR~99^^^National^NI||Doe^Jane"
OBR = "OBR|1|P-1^H|F-1^H|69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||{taken}"


def obx(number, code, value, unit, *, path="1.1.1.1", status="R", taken="", flags="", kind="NM", device=""):
    return f"OBX|{number}|{kind}|{code}|{path}|{value}|{unit}||{flags}|||{status}|||{taken}||||{device}"


HEART_RATE = obx(1, "147842^MDC_ECG_HEART_RATE^MDC", 82, "264864^MDC_DIM_BEAT_PER_MIN^MDC")
SPO2 = obx(2, "150456^MDC_PULS_OXIM_SAT_O2^MDC", 97, "262688^MDC_DIM_PERCENT^MDC", path="1.1.2.1")


def message(*rows, kind="ORU^R01^ORU_R01", control="M-1", app="GATE", sent="20261129220000+0100", mode="P",
            charset="UNICODE UTF-8", taken="20261129215959+0100", pid=PID, end="\r"):  # fmt: skip
    head = MSH.format(app=app, sent=sent, kind=kind, control=control, mode=mode, charset=charset)
    return end.join((head, *([pid] if pid else ()), OBR.format(taken=taken), *rows, "")).encode()


def observation(loinc="8867-4", value=82, unit="/min", **changes):
    said = {
        "resourceType": "Observation",
        "id": "o-1",
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                  "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "subject": {"reference": "Patient/p-1"},
        "device": {"reference": "Device/d-1"},
        "effectiveDateTime": "2026-11-29T21:59:59+01:00",
        "valueQuantity": {"value": value, "unit": "anything", "system": "http://unitsofmeasure.org", "code": unit},
    }  # fmt: skip
    said.update(changes)
    return {name: part for name, part in said.items() if part is not None}


def convert(data, *, zone=None, mappings=(), form=Format.AUTO, **site):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return list(Converter(Site(zone, **site), mappings=tuple(mappings)).convert(data, form))


def values(reading):
    return {name: measure["value"] for name, measure in reading["vitals"].items()}


def signs(one, level="finding"):
    return [(str(said.code), said.place) for said in one.findings if said.level == level]


def fit(*rows, serial=123456):
    """A FIT file: each row is a message number and its fields, (field, base type, value)."""
    letters = {0x00: "B", 0x02: "B", 0x83: "h", 0x84: "H", 0x86: "I", 0x8C: "I"}
    body = b""
    for number, *fields in ((0, (3, 0x8C, serial)), *rows):
        body += struct.pack("<BBBHB", 0x40, 0, 0, number, len(fields))
        body += b"".join(struct.pack("<BBB", n, struct.calcsize(letters[base]), base) for n, base, _ in fields)
        body += b"\0" + b"".join(struct.pack("<" + letters[base], value) for _, base, value in fields)
    head = struct.pack("<BBHI4sH", 14, 0x20, 2132, len(body), b".FIT", 0)
    return head + body + crc(head + body).to_bytes(2, "little")
