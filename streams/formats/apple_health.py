"""Apple Health's export.xml to readings: the records of vitals, one by one, however long the file is.

HealthKit's percent is a fraction of one. A record that a person typed in is a spot check. Records inside a Correlation
stand at the top level too, so only those are read. A period's beginning is its time. The export names no patient: it is
one person's, and gets one id of its own unless the site names the person.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from schemas.vitals import Source, Vital
from streams.formats import units
from streams.formats.findings import Converted, Sign
from streams.formats.identity import UNASSIGNED, Identity
from streams.formats.mapping import Mappings
from streams.formats.memory import Memory
from streams.formats.moments import Stamp, TimeError, read_hl7, read_iso
from streams.formats.statements import Site, Statement, assemble
from streams.formats.values import number_of
from streams.formats.xml import Element, XmlError, stream

NAME: Final = "apple-health"
_PREFIX: Final = "HKQuantityTypeIdentifier"
VITALS: Final = {
    "HeartRate": Vital.HEART_RATE,
    "RespiratoryRate": Vital.RESP_RATE,
    "OxygenSaturation": Vital.SPO2,
    "BodyTemperature": Vital.TEMPERATURE,
    "BloodPressureSystolic": Vital.SYSTOLIC_BP,
    "BloodPressureDiastolic": Vital.DIASTOLIC_BP,
}
# Derived from many beats or hours by the phone.
AGGREGATES: Final = frozenset({"RestingHeartRate", "WalkingHeartRateAverage", "HeartRateRecoveryOneMinute"})
_COMPACT: Final = re.compile(r"\d{14}", re.ASCII)
AT_ONCE: Final = 5_000  # records of a long export that are grouped together


def convert(data: bytes, site: Site, memory: Memory, _: Mappings, __: Identity, first: int = 1) -> Iterator[Converted]:
    """The export, converted: one message, or several if it is long. Raises nothing on any input."""
    into = Converted(first, NAME)
    digest = hashlib.sha256(data[:65_536]).hexdigest()
    patient = site.patient or f"{UNASSIGNED}{digest[:12]}"
    statements: list[Statement] = []
    others: dict[str, int] = {}
    try:
        for number, record in enumerate(stream(data, frozenset({"Record"}))):
            one = _statement(record, f"Record[{number + 1}]", patient, into, others)
            if one is not None:
                statements.append(one)
            if len(statements) >= AT_ONCE:
                _finish(statements, others, into, site, memory, digest)
                yield into
                statements, others, into = [], {}, Converted(into.number + 1, NAME)
    except XmlError as error:
        into.say(Sign.MALFORMED, "HealthData", str(error)[:80])
    _finish(statements, others, into, site, memory, digest)
    yield into


def _finish(
    statements: list[Statement], others: dict[str, int], into: Converted, site: Site, memory: Memory, digest: str
) -> None:
    for name, count in others.items():
        into.say(Sign.AGGREGATE if name in AGGREGATES else Sign.NOT_WATCHED, "Record", f"{name[:40]}: {count}")
    if statements and not site.patient:
        into.say(Sign.NO_PATIENT, "Me")
    assemble(statements, into, site, memory, (digest, str(into.number)))


def _statement(record: Element, place: str, patient: str, into: Converted, others: dict[str, int]) -> Statement | None:
    said = record.attributes
    name = said.get("type", "").removeprefix(_PREFIX)
    vital = VITALS.get(name)
    if vital is None:
        others[name] = others.get(name, 0) + 1
        return None
    unit, value = said.get("unit", ""), number_of(said.get("value", ""))
    if value is None:
        into.say(Sign.INEXACT_VALUE, f"{place}.value")
        return None
    ours = units.spelt_of(vital, unit)
    if vital is Vital.SPO2 and unit == "%":
        value = round(value * 100, 4)
    if not unit or ours is None:
        into.say(Sign.UNKNOWN_UNIT if unit else Sign.MISSING_UNIT, f"{place}.unit", units.known(unit) if unit else "")
        return None
    typed = any(
        one.attributes.get("key") == "HKWasUserEntered" and one.attributes.get("value") == "1"
        for one in record.children
    )
    source = Source.SPOT if typed else Source.WEARABLE
    device = (said.get("sourceName") or said.get("source", "")).strip() or None
    stamp = _time_of(said, place, into)
    return Statement(vital, value, ours, place, stamp, patient, device, source=source, rule=f"apple-health {name}")


def _time_of(said: dict[str, str], place: str, into: Converted) -> Stamp | None:
    try:
        when = said.get("startDate", "")
        if _COMPACT.match(when):  # as iOS 8 wrote them
            return read_hl7(when)
        return read_iso(when) if when else None
    except TimeError as error:
        into.say(error.sign, f"{place}.startDate")
        return None
