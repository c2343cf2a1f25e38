"""FHIR R4 and R4B: Observations, alone or in Bundles, to readings; JSON, NDJSON and XML.

The code of a quantity counts, never its unit's text; a value needs UCUM. `dataAbsentReason` is no value. What a
validator calls valid proves nothing (a well-known one, by default, lets a heart rate in "bpm" pass): all is asked here.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from schemas.reading import Mode, Quality
from schemas.vitals import Source
from streams.formats import fhir_codes
from streams.formats.fhir_codes import CannotTake
from streams.formats.fhir_xml import resource_of
from streams.formats.findings import Converted, Sign
from streams.formats.identity import Identity
from streams.formats.jsons import documents
from streams.formats.mapping import Mapping, Mappings
from streams.formats.memory import Memory
from streams.formats.moments import Stamp, TimeError, read_iso, start_of
from streams.formats.plain import items, mapping_of, text_of
from streams.formats.statements import Change, Site, Statement, assemble
from streams.formats.xml import XmlError

NAME: Final = "fhir"
_CHANGES: Final = {
    "final": Change.NEW, "preliminary": Change.NEW, "amended": Change.CORRECTED, "corrected": Change.CORRECTED,
    "entered-in-error": Change.WITHDRAWN, "cancelled": Change.WITHDRAWN,
}  # fmt: skip
_DEEPEST: Final = 4  # Bundles in Bundles
_TEST_LABELS: Final = frozenset({"HTEST"})


@dataclass(slots=True)
class _Context:
    """What an Observation refers to: the resources around it by their URL."""

    into: Converted
    identity: Identity
    mappings: tuple[Mapping, ...]
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)


def convert(
    data: bytes, site: Site, memory: Memory, mappings: Mappings, identity: Identity, first: int = 1
) -> Iterator[Converted]:
    """Every resource in some bytes, converted, in order. Raises nothing on any input."""
    for number, (resource, problem) in enumerate(_resources(data), first):
        into = Converted(number, NAME)
        if problem:
            into.say(Sign.MALFORMED, "resource", problem)
        else:
            convert_one(resource, into, site, memory, mappings, identity)
        yield into


def _resources(data: bytes) -> Iterator[tuple[Any, str]]:
    body = data.removeprefix(b"\xef\xbb\xbf").strip()
    if body.startswith(b"<"):
        try:
            yield resource_of(body), ""
        except XmlError as error:
            yield None, str(error)
        return
    yield from documents(body)


def convert_one(
    resource: Any, into: Converted, site: Site, memory: Memory, mappings: Mappings, identity: Identity
) -> None:
    """One resource, a Bundle with all of its entries being one."""
    kind = text_of(mapping_of(resource).get("resourceType"))
    if not kind:
        into.say(Sign.NOT_RECOGNISED, "resourceType", "no resourceType: not FHIR")
        return
    context = _Context(into, identity, mappings.of(NAME))
    into.control_id = text_of(resource.get("id")) or None
    observations = list(_with_contained(resource, kind, context))
    if not observations:
        into.say(Sign.NOT_A_RESULT, kind[:40])
    statements: list[Statement] = []
    for place, one in observations:
        local = _Context(into, identity, context.mappings, {**context.resources, **_contained(one)})
        statements += _statements(one, place, local)
    assemble(statements, into, site, memory, ())


def _entries(bundle: dict[str, Any], place: str, context: _Context, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    listed = items(bundle.get("entry"))
    history, newer = bundle.get("type") == "history", set[str]()
    for entry in listed:
        resource = mapping_of(mapping_of(entry).get("resource"))
        if (url := text_of(mapping_of(entry).get("fullUrl"))) and resource:
            context.resources[url] = resource
    for at, entry in enumerate(listed):
        resource = mapping_of(mapping_of(entry).get("resource"))
        request = mapping_of(mapping_of(entry).get("request"))
        name = _version_of(resource, text_of(request.get("url")))
        if history and name:  # the newest version stands first and is the only one in force
            if name in newer:
                continue
            newer.add(name)
        if request.get("method") == "DELETE":
            context.into.say(Sign.STATUS, f"{place}.entry[{at}].request.method", "DELETE")
            continue
        yield from _with_contained(resource, f"{place}.entry[{at}].resource", context, depth)


def _version_of(resource: dict[str, Any], url: str) -> str:
    """The resource that an entry of a history is a version of."""
    if found := text_of(resource.get("id")):
        return f"{text_of(resource.get('resourceType'))}/{found}"
    return _lasting_name(resource) if resource else url.split("/_history/")[0]


def _with_contained(
    resource: dict[str, Any], place: str, context: _Context, depth: int = 0
) -> Iterator[tuple[str, dict[str, Any]]]:
    if resource.get("resourceType") == "Bundle":
        if depth >= _DEEPEST:
            context.into.say(Sign.MALFORMED, place, "Bundles in Bundles")
            return
        yield from _entries(resource, place, context, depth + 1)
        return
    if resource.get("resourceType") == "Parameters":
        for at, one in enumerate(items(resource.get("parameter"))):
            inner = mapping_of(mapping_of(one).get("resource"))
            if inner.get("resourceType") in ("Observation", "Bundle", "DiagnosticReport"):
                yield from _with_contained(inner, f"{place}.parameter[{at}].resource", context, depth)
        return
    if resource.get("resourceType") == "Observation":
        yield place, resource
        return
    if resource.get("resourceType") == "DiagnosticReport":
        for at, one in enumerate(items(resource.get("contained"))):
            if mapping_of(one).get("resourceType") == "Observation":
                yield f"{place}.contained[{at}]", {"subject": resource.get("subject"), **one}


def _contained(observation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    held = (mapping_of(one) for one in items(observation.get("contained")))
    return {f"#{one['id']}": one for one in held if text_of(one.get("id"))}


def _name_of(observation: dict[str, Any]) -> tuple[str, ...]:
    """What names this version of the resource: its id and version, else an identifier of its own, else its content."""
    digest = hashlib.sha256(msgspec.json.encode(observation, order="sorted")).hexdigest()
    name = _lasting_name(observation)
    version = text_of(mapping_of(observation.get("meta")).get("versionId"))
    return (name, version or digest) if name else (digest,)


def _lasting_name(observation: dict[str, Any]) -> str:
    if found := text_of(observation.get("id")):
        return f"Observation/{found}"
    for one in items(observation.get("identifier")):
        said = mapping_of(one)
        if value := text_of(said.get("value")):
            return f"{text_of(said.get('system'))}|{value}"
    return ""


def _statements(observation: dict[str, Any], place: str, context: _Context) -> Iterator[Statement]:
    status = text_of(observation.get("status"))
    change = _CHANGES.get(status)
    if change is None:
        context.into.say(Sign.STATUS, f"{place}.status", ascii(status[:24]) if status else "missing")
        return
    if at := _ill_formed(observation):
        context.into.say(Sign.MALFORMED, f"{place}.{at}")
        return
    if change is not Change.WITHDRAWN and (at := _changes_meaning(observation)):
        context.into.say(Sign.MODIFIED, f"{place}.{at}")
        return
    stamp = _time_of(observation, place, context.into)
    quality = Quality.VALID
    device, named_device = _device_of(observation, context)
    patient = _patient_of(observation, context)
    source = Source.MONITOR if device and device.startswith("DeviceMetric/") else Source.SPOT
    mode = Mode.TEST if _is_test(observation, context) else Mode.REAL
    name, origin = _lasting_name(observation), _name_of(observation)
    for at, part in _parts(observation, place):
        if part is not observation and part.get("modifierExtension"):
            context.into.say(Sign.MODIFIED, f"{at}.modifierExtension")
            continue
        try:
            found = fhir_codes.read(part, observation, context.mappings, withdrawn=change is Change.WITHDRAWN)
        except CannotTake as refusal:
            context.into.say(refusal.sign, f"{at}{refusal.at}", refusal.what)
            continue
        if found is None:
            _say_unmapped(part, at, context.into)
            continue
        if status == "preliminary":
            context.into.say(Sign.NOT_FINAL, f"{place}.status", status)
            quality = Quality.QUESTIONABLE
        for one in found:
            yield Statement(
                one.vital, one.value, one.unit, at, stamp, patient, device, quality, source, mode, change,
                (name, at.removeprefix(place), one.vital) if name else None, one.rule, named_device, origin,
            )  # fmt: skip


def _ill_formed(observation: dict[str, Any]) -> str:
    """The element without which, or of a shape with which, it is no Observation at all; empty if none."""
    if not isinstance(observation.get("code"), dict):
        return "code"
    parts = items(observation.get("component"))
    return next((f"component[{at}]" for at, one in enumerate(parts) if not isinstance(one, dict)), "")


def _changes_meaning(observation: dict[str, Any]) -> str:
    """The element that makes it mean something that is not known here, or be about someone else; empty if none."""
    for name in ("modifierExtension", "implicitRules"):
        if observation.get(name):
            return name
    subject = text_of(mapping_of(observation.get("subject")).get("reference"))
    about = (text_of(mapping_of(one).get("reference")) for one in items(observation.get("focus")))
    return "focus" if any(one != subject for one in about) else ""  # a mother's chart, and the fetus's heart


def _parts(observation: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield place, observation
    for at, one in enumerate(items(observation.get("component"))):
        yield f"{place}.component[{at}]", one


def _time_of(observation: dict[str, Any], place: str, into: Converted) -> Stamp | None:
    period = mapping_of(observation.get("effectivePeriod"))
    events = items(mapping_of(observation.get("effectiveTiming")).get("event"))
    given = [name for name, value in observation.items() if name.startswith("effective") and value is not None]
    if len(given) > 1:
        into.say(Sign.REPEATED_VALUE, f"{place}.effective[x]", " and ".join(sorted(given))[:60])
        return None
    try:
        if len(events) == 1 and text_of(events[0]):
            return read_iso(text_of(events[0]))
        for name in ("effectiveDateTime", "effectiveInstant"):
            if said := text_of(observation.get(name)):
                return read_iso(said)
        start, end = text_of(period.get("start")), text_of(period.get("end"))
        if start and end and start != end:
            into.say(Sign.PERIOD, f"{place}.effectivePeriod")
            return start_of(read_iso(start), read_iso(end))
        if start:
            return read_iso(start)
        return replace(read_iso(end), precise=False) if end else None
    except TimeError as error:
        into.say(error.sign, f"{place}.effective")
        return None


def _is_test(observation: dict[str, Any], context: _Context) -> bool:
    reference = text_of(mapping_of(observation.get("subject")).get("reference"))
    for one in (observation, context.resources.get(reference, {})):
        labels = items(mapping_of(one.get("meta")).get("security"))
        if any(text_of(mapping_of(label).get("code")) in _TEST_LABELS for label in labels):
            return True
    return False


def _patient_of(observation: dict[str, Any], context: _Context) -> str | None:
    subject = mapping_of(observation.get("subject"))
    reference = text_of(subject.get("reference")).split("/_history/")[0]
    known = context.resources.get(reference)
    if known is not None and (reference.startswith(("#", "urn:"))):
        if known.get("resourceType") != "Patient":
            return None
        return _identified(known, context) or context.identity.named(reference.removeprefix("#"), "contained")
    if reference and "Patient/" not in reference and not reference.startswith("urn:"):
        return None  # a device, a group, a place
    if reference:
        return context.identity.named(reference)
    said = mapping_of(subject.get("identifier"))
    value = text_of(said.get("value"))
    return context.identity.named(value, text_of(said.get("system"))) if value else None


def _identified(patient: dict[str, Any], context: _Context) -> str | None:
    listed = [mapping_of(one) for one in items(patient.get("identifier"))]
    known = [
        (text_of(one.get("value")), text_of(one.get("system")), _type_of(one))
        for one in listed
        if text_of(one.get("value"))
    ]
    return context.identity.chosen(known)


def _type_of(identifier: dict[str, Any]) -> str:
    codings = items(mapping_of(identifier.get("type")).get("coding"))
    return text_of(mapping_of(codings[0]).get("code")) if codings else ""


def _device_of(observation: dict[str, Any], context: _Context) -> tuple[str | None, bool]:
    """The device, and whether that names one device rather than a model.

    A reference into the same message names nothing beyond it: there the device's own identifier or number counts.
    """
    device = mapping_of(observation.get("device"))
    reference = text_of(device.get("reference"))
    if reference.startswith(("#", "urn:")) and (known := context.resources.get(reference)) is not None:
        carriers = (mapping_of(one).get("deviceIdentifier") for one in items(known.get("udiCarrier")))
        listed = [*(mapping_of(one).get("value") for one in items(known.get("identifier"))), known.get("serialNumber")]
        own = next((text_of(one) for one in listed if text_of(one)), "")
        model = next((text_of(one) for one in (*carriers, device.get("display")) if text_of(one)), None)
        return (own, True) if own else (model, False)
    named = text_of(device.get("reference")) or text_of(mapping_of(device.get("identifier")).get("value"))
    return named or text_of(device.get("display")) or None, bool(named)


def _say_unmapped(part: dict[str, Any], place: str, into: Converted) -> None:
    if not any(name.startswith("value") for name in part):
        return  # a panel: it has no value of its own
    loud, words = fhir_codes.described(part)
    into.say(Sign.UNMAPPED if loud else Sign.NOT_WATCHED, f"{place}.code", words)
