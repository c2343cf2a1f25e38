"""Made-up readings in others' formats, whole or with a fault that integrators meet: what a gateway is tried with.

A fault is put in before the message is written, so that every format has it: what should be refused is refused in each.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

Reading = dict[str, Any]


class Fault(StrEnum):
    """What may be wrong with a sender."""

    NONE = "none"
    WRONG_UNIT = "wrong_unit"
    SWAPPED_PRESSURES = "swapped_pressures"
    STUCK_CLOCK = "stuck_clock"
    DRIFTING_CLOCK = "drifting_clock"
    REPEATED = "repeated"
    MISSING = "missing"
    PATIENT_SWAP = "patient_swap"
    BURST = "burst"
    WRONG_PARTITIONER = "wrong_partitioner"
    """Only by a sender that writes to Kafka itself: a gateway places what it takes."""


BURST_OF: Final = 60  # readings that a device stored while it was out of reach
DRIFT: Final = 1.05  # a clock that gains three minutes an hour
# vital: LOINC, MDC number and name
CODES: Final = {
    "heart_rate": ("8867-4", 147842, "MDC_ECG_HEART_RATE"),
    "pulse_rate": ("8889-8", 149530, "MDC_PULS_OXIM_PULS_RATE"),
    "resp_rate": ("9279-1", 151562, "MDC_RESP_RATE"),
    "spo2": ("59408-5", 150456, "MDC_PULS_OXIM_SAT_O2"),
    "systolic_bp": ("8480-6", 150021, "MDC_PRESS_BLD_NONINV_SYS"),
    "diastolic_bp": ("8462-4", 150022, "MDC_PRESS_BLD_NONINV_DIA"),
    "mean_bp": ("8478-0", 150023, "MDC_PRESS_BLD_NONINV_MEAN"),
    "temperature": ("8310-5", 150344, "MDC_TEMP"),
}


def faulty(readings: Iterable[Reading], fault: Fault) -> Iterator[Reading]:
    """The readings as a faulty sender would send them.

    >>> one = {"patient_id": "p", "taken_at": "2026-01-01T00:00:00Z", "vitals": {"spo2": {"value": 97, "unit": "%"}}}
    >>> next(faulty([one], Fault.WRONG_UNIT))["vitals"]["spo2"]["unit"]
    'mm'
    """
    held: list[Reading] = []
    first: str | None = None
    for number, one in enumerate(readings):
        first = first or one["taken_at"]
        match fault:
            case Fault.WRONG_UNIT:
                yield {**one, "vitals": {name: _with_unit(said, "mm") for name, said in one["vitals"].items()}}
            case Fault.SWAPPED_PRESSURES:
                yield {**one, "vitals": _swapped(one["vitals"])}
            case Fault.STUCK_CLOCK:
                yield {**one, "taken_at": first}
            case Fault.DRIFTING_CLOCK:
                yield {**one, "taken_at": _drifted(first, one["taken_at"])}
            case Fault.REPEATED:
                yield from (one, one)
            case Fault.MISSING if number % 10 == 9:
                continue
            case Fault.PATIENT_SWAP if number % 2:
                yield {**one, "patient_id": f"{one['patient_id']}-other"}
            case Fault.BURST:
                held.append(one)
                if len(held) >= BURST_OF:
                    yield from held
                    held.clear()
            case _:
                yield one
    yield from held


def _with_unit(said: dict[str, Any], unit: str) -> dict[str, Any]:
    return {**said, "unit": unit} if "unit" in said else said


def _swapped(vitals: dict[str, Any]) -> dict[str, Any]:
    high, low = vitals.get("systolic_bp"), vitals.get("diastolic_bp")
    return {**vitals, "systolic_bp": low, "diastolic_bp": high} if high and low else vitals


def _drifted(first: str, now: str) -> str:
    begin, at = datetime.fromisoformat(first), datetime.fromisoformat(now)
    moved = begin + timedelta(seconds=(at - begin).total_seconds() * DRIFT)
    return moved.isoformat(timespec="milliseconds")


def hl7v2(one: Reading, control: str) -> bytes:
    """An ORU^R01 as IHE PCD-01 writes it, in enhanced mode with the application's answer."""
    taken = datetime.fromisoformat(one["taken_at"])
    stamp = taken.strftime("%Y%m%d%H%M%S.") + f"{taken.microsecond // 1000:03d}" + taken.strftime("%z")
    mode = "P" if one.get("mode", "real") == "real" else "T"
    rows = [
        rf"MSH|^~\&|DEVICE-SIM|WARD|||{stamp}||ORU^R01^ORU_R01|{control}|{mode}|2.6|||NE|AL||UNICODE UTF-8",
        f"PID|||{one['patient_id']}^^^WARD^MR",
        f"OBR|1|{control}^SIM|{control}^SIM|182777000^monitoring of patient^SCT|||{stamp}",
        f"OBX|1||70001^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||{one['device_id']}",
    ]
    for number, (name, said) in enumerate(one["vitals"].items(), 2):
        if name in CODES and said.get("value") is not None:
            _, code, refid = CODES[name]
            flags = {"questionable": "QUES", "invalid": "INV"}.get(said.get("quality", ""), "")
            unit = f"{said['unit']}^{said['unit']}^UCUM"
            rows.append(f"OBX|{number}|NM|{code}^{refid}^MDC|1.1.{number}.1|{said['value']:g}|{unit}||{flags}|||R")
    return ("\r".join(rows) + "\r").encode()


def fhir(one: Reading) -> list[dict[str, Any]]:
    """One Observation a vital."""
    return [
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": CODES[name][0]}]},
            "subject": {"reference": f"Patient/{one['patient_id']}"},
            "device": {"reference": f"DeviceMetric/{one['device_id']}"},
            "effectiveDateTime": one["taken_at"],
            "valueQuantity": {"value": said["value"], "system": "http://unitsofmeasure.org", "code": said["unit"]},
        }
        for name, said in one["vitals"].items()
        if name in CODES and said.get("value") is not None and said.get("quality", "valid") == "valid"
    ]


def mqtt(one: Reading) -> tuple[str, bytes]:
    """Topic and payload: who and which device stand in the topic."""
    inner = {name: part for name, part in one.items() if name not in ("patient_id", "device_id")}
    return f"vitals/{one['patient_id']}/{one['device_id']}", json.dumps(inner).encode()
