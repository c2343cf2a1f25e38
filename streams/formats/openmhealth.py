"""Open mHealth and IEEE 1752.1 data points, or their bodies alone, to readings.

`descriptive_statistic` makes a body an aggregate; a number as text is none; a unit is one of the schema's own list.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import msgspec

from schemas.vitals import Source, Vital
from streams.formats import units
from streams.formats.findings import Converted, Sign
from streams.formats.identity import Identity
from streams.formats.jsons import documents
from streams.formats.mapping import Mappings
from streams.formats.memory import Memory
from streams.formats.moments import Stamp, TimeError, later, read_iso, start_of
from streams.formats.plain import mapping_of, text_of
from streams.formats.statements import Site, Statement, assemble, impossible

NAME: Final = "openmhealth"
_SECONDS: Final = {"ps": 1e-12, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "sec": 1.0, "min": 60.0, "h": 3600.0}  # else: days
VITALS: Final = {
    "heart_rate": Vital.HEART_RATE,
    "respiratory_rate": Vital.RESP_RATE,
    "oxygen_saturation": Vital.SPO2,
    "body_temperature": Vital.TEMPERATURE,
    "systolic_blood_pressure": Vital.SYSTOLIC_BP,
    "diastolic_blood_pressure": Vital.DIASTOLIC_BP,
    "supplemental_oxygen_flow_rate": Vital.OXYGEN_FLOW,
}
_UNITS: Final = {
    Vital.HEART_RATE: frozenset({"beats/min"}),
    Vital.RESP_RATE: frozenset({"breaths/min"}),
    Vital.SPO2: frozenset({"%"}),
    Vital.TEMPERATURE: frozenset({"C", "F", "K"}),
    Vital.SYSTOLIC_BP: frozenset({"mmHg"}),
    Vital.DIASTOLIC_BP: frozenset({"mmHg"}),
    Vital.OXYGEN_FLOW: frozenset({"L/min"}),
}
_OF_A_LIMB: Final = frozenset({"finger", "toe", "left wrist", "right wrist", "wrist"})  # colder than the body
_STATISTIC: Final = re.compile(r"descriptive[-_]statistics?")  # so or so in the schemas' own examples
_REPORTED: Final = "self-reported"


def recognised(document: Any) -> bool:
    """Whether a JSON document is a data point or a body of this format.

    >>> recognised({"heart_rate": {"value": 61, "unit": "beats/min"}}), recognised({"heart_rate": 61})
    (True, False)
    """
    said = mapping_of(document)
    if isinstance(said.get("header"), dict) and "body" in said:
        return True
    if isinstance(said.get("schema_id"), dict):
        return True
    return any(isinstance(said.get(name), dict) for name in VITALS) or bool(_listed(said))


def _listed(said: dict[str, Any]) -> list[Any]:
    """The data points that a server's answer lists; none if the document is a data point itself."""
    if isinstance(said.get("header"), dict):
        return []
    for name in ("body", "data"):
        points = said.get(name)
        if (
            isinstance(points, list)
            and points
            and all(isinstance(mapping_of(one).get("header"), dict) for one in points)
        ):
            return points
    return []


def _points(data: bytes) -> Iterator[tuple[Any, str]]:
    for document, problem in documents(data):
        points = _listed(mapping_of(document))
        yield from ((one, "") for one in points) if points else iter([(document, problem)])


def convert(
    data: bytes, site: Site, memory: Memory, _: Mappings, identity: Identity, first: int = 1
) -> Iterator[Converted]:
    """Every data point in some bytes, converted, in order. Raises nothing on any input."""
    for number, (document, problem) in enumerate(_points(data), first):
        into = Converted(number, NAME)
        if problem:
            into.say(Sign.MALFORMED, "message", problem)
        elif not recognised(document):
            into.say(Sign.NOT_RECOGNISED, "message", "no data point, and no body with a vital")
        else:
            convert_one(document, into, site, memory, identity)
        yield into


def convert_one(document: dict[str, Any], into: Converted, site: Site, memory: Memory, identity: Identity) -> None:
    """One data point, or its body alone."""
    header = mapping_of(document.get("header"))
    body = mapping_of(document["body"]) if "body" in document else document
    place = "body"
    present = [name for name in VITALS if name in body]
    if not present:
        into.say(Sign.NOT_A_RESULT, place)
        return
    for name, statistic in body.items():
        if _STATISTIC.fullmatch(name) and statistic is not None:
            into.say(Sign.AGGREGATE, f"{place}.{name}", ascii(text_of(statistic)[:24]))
            return
    stamp = _time_of(body, place, into)
    provenance = mapping_of(header.get("acquisition_provenance"))
    modality = text_of(provenance.get("modality")) or text_of(header.get("modality"))
    source = Source.SPOT if modality == _REPORTED else Source.WEARABLE
    user = text_of(header.get("user_id"))
    patient = identity.named(user) if user else None
    device = text_of(provenance.get("source_name")) or None
    statements = []
    if "body_temperature" in present and text_of(body.get("measurement_location")).casefold() in _OF_A_LIMB:
        into.say(Sign.NOT_WATCHED, f"{place}.measurement_location", "temperature of a limb")
        present.remove("body_temperature")
    measured = {name: _measured(body[name], VITALS[name], f"{place}.{name}", into) for name in present}
    if None in measured.values():
        for name in sorted(measured):  # one measurement: half of it is not to be trusted
            if measured.pop(name) is not None:
                into.say(Sign.HELD_WITH_PAIR, f"{place}.{name}", VITALS[name].value)
    for name, said in measured.items():
        if said is not None:
            statements.append(
                Statement(
                    VITALS[name],
                    said[0],
                    said[1],
                    f"{place}.{name}",
                    stamp,
                    patient,
                    device,
                    source=source,
                    rule=f"openmhealth {name}",
                    named_device=False,
                )
            )
    name = text_of(header.get("id")) or text_of(header.get("uuid"))
    into.control_id = name or None
    digest = hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()
    assemble(statements, into, site, memory, (name or digest,))


def _measured(said: Any, vital: Vital, place: str, into: Converted) -> tuple[float, str] | None:
    measure = mapping_of(said)
    value, unit = measure.get("value"), measure.get("unit")
    if value is None:
        into.say(Sign.NO_VALUE, f"{place}.value")
    elif isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9:
        into.say(Sign.WRONG_TYPE, f"{place}.value", "not a number")
    elif not isinstance(unit, str) or not unit:
        into.say(Sign.MISSING_UNIT, f"{place}.unit")
    elif unit not in _UNITS[vital] or (ours := units.spelt_of(vital, unit)) is None:
        into.say(Sign.UNKNOWN_UNIT, f"{place}.unit", units.known(unit))
    elif (refused := impossible(vital, float(value), ours)) is not None:
        into.say(refused, place, vital.value)
    else:
        return float(value), ours
    return None


def _duration(said: Any) -> timedelta | None:
    value, unit = mapping_of(said).get("value"), mapping_of(said).get("unit")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        return None
    seconds = _SECONDS.get(text_of(unit))
    return timedelta(days=1) if seconds is None else timedelta(seconds=value * seconds)


def _time_of(body: dict[str, Any], place: str, into: Converted) -> Stamp | None:
    frame = mapping_of(body.get("effective_time_frame"))
    interval = mapping_of(frame.get("time_interval"))
    try:
        if said := text_of(frame.get("date_time")):
            return read_iso(said)
        said, end = text_of(interval.get("start_date_time")), text_of(interval.get("end_date_time"))
        lasting = _duration(interval.get("duration"))
        if said or (end and lasting is not None):
            into.say(Sign.PERIOD, f"{place}.effective_time_frame.time_interval")
            start = read_iso(said) if said else later(read_iso(end), -(lasting or timedelta(0)))
            return start_of(start, read_iso(end) if end else later(start, lasting or timedelta(0)))
        for name in ("date", "end_date_time"):
            if said := text_of(interval.get(name)):
                stamp = read_iso(said)
                return Stamp(stamp.text, stamp.local, stamp.offset, False)
    except TimeError as error:
        into.say(error.sign, f"{place}.effective_time_frame")
    return None
