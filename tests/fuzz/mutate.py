"""Good messages of each format, and how they are bent: bytes flipped, cut, doubled, words of the format put in."""

import json
import random
from collections.abc import Iterator

from streams.formats.format import Format
from tests.streams.formats.making import HEART_RATE, SPO2, fit, message, observation, obx

FULL = 1_164_931_200
PRESSURES = [
    obx(3, "8480-6^S^LN", 120, "mm[Hg]^^UCUM", status="C", kind="SN"),
    obx(4, "8462-4^D^LN", 80, "mm[Hg]^^UCUM", status="D", taken="20261129215900"),
]
BUNDLE = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": observation()}]}
BODY = {"heart_rate": {"value": 60, "unit": "beats/min"}, "effective_time_frame": {"date_time": "2026-11-29T20:00:00Z"}}
NATIVE = {"patient_id": "p", "device_id": "d", "taken_at": "2026-11-29T20:00:00Z",
          "vitals": {"spo2": {"value": 97, "unit": "%"}}}  # fmt: skip
XML = (
    b'<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><coding><system value="http://loinc.org"/>'
    b'<code value="8310-5"/></coding></code><effectiveDateTime value="2026-11-29T21:59:59+01:00"/><valueQuantity>'
    b'<value value="36.8"/><system value="http://unitsofmeasure.org"/><code value="Cel"/></valueQuantity></Observation>'
)
APPLE = (
    b'<HealthData><Record type="HKQuantityTypeIdentifierHeartRate" sourceName="W" unit="count/min" value="72" '
    b'startDate="2026-11-29 20:00:00 +0100" endDate="2026-11-29 20:00:00 +0100"/></HealthData>'
)
WITHINGS = {"body": {"measuregrps": [{"date": 1_795_996_800, "measures": [{"type": 10, "value": 1234, "unit": -1}]}]}}
SEEDS: dict[Format, list[bytes]] = {
    Format.HL7V2: [message(HEART_RATE, SPO2, *PRESSURES), message(SPO2, kind="ADT^A01"), b"\x0b" + message(SPO2)],
    Format.FHIR: [json.dumps(observation()).encode(), json.dumps(BUNDLE).encode(), XML],
    Format.OPENMHEALTH: [json.dumps({"header": {"user_id": "u"}, "body": BODY}).encode(), json.dumps(BODY).encode()],
    Format.APPLE_HEALTH: [APPLE],
    Format.FIT: [fit((20, (253, 0x86, FULL), (3, 0x02, 61)), (297, (253, 0x86, FULL), (0, 0x83, 1450)))],
    Format.MAPPED: [json.dumps(WITHINGS).encode()],
    Format.NATIVE: [json.dumps(NATIVE).encode()],
    Format.AUTO: [],
}
SEEDS[Format.AUTO] = [seed for seeds in SEEDS.values() for seed in seeds]
WORDS = [
    *(bytes([one]) for one in b'|^~\\&\r\n"{[]\x0b\x1c'), b"null", b"1e999", b"-1", b"NaN", b"MSH|", b"OBX|1|NM|",
    b"\\X0D\\",
    b"99999999999999999999", b"<a>", b"</", b"&#0;", b"\xff\xfe", b"+9999", b"[]",
]  # fmt: skip


def bent(form: Format, count: int, seed: int = 1) -> Iterator[bytes]:
    """`count` inputs, always the same for one seed."""
    rnd = random.Random(f"{form}{seed}")
    for _ in range(count):
        data = bytearray(rnd.choice(SEEDS[form]))
        for _ in range(rnd.choice((1, 1, 2, 3, 8))):
            _bend(data, rnd, form)
        yield bytes(data[:20_000])


def _bend(data: bytearray, rnd: random.Random, form: Format) -> None:
    at = rnd.randrange(len(data) + 1)
    match rnd.randrange(6):
        case 0 if data:
            data[at % len(data)] = rnd.randrange(256)
        case 1:
            del data[at : at + rnd.choice((1, 2, 10, 100))]
        case 2:
            data[at:at] = rnd.choice(WORDS)
        case 3:
            data[at:at] = data[at : at + rnd.choice((5, 50, 500))] * rnd.choice((1, 2, 20))
        case 4:
            other = rnd.choice(SEEDS[form])
            data[at:] = other[rnd.randrange(len(other)) :]
        case _ if data:
            data[at % len(data)] ^= 1 << rnd.randrange(8)
