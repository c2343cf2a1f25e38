"""HL7 v2 observations to readings: ORU^R01, IHE PCD-01 (DEC), Continua WAN; versions 2.2 to 2.9.

OBX-14 is the time of a value, else that of the compound row above it, else OBR-7; never MSH-7, which only lends its
offset from UTC to times without one (chapter 2). OBX-11 decides what a value is worth: R, V and F are taken, P is
marked, C replaces, D and W withdraw, everything else is left.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from schemas.reading import Mode, Quality
from schemas.vitals import Source
from streams.formats import hl7v2_adt, units
from streams.formats.codes import looks_like_vital
from streams.formats.findings import Converted, Sign
from streams.formats.hl7v2_codes import MODES, QUALITIES, SNOMED, CannotTake, Named, named, triples, unit_of, value_of
from streams.formats.hl7v2_text import Message, Segment, decode, split
from streams.formats.identity import Identity
from streams.formats.mapping import Mapping
from streams.formats.moments import Stamp, TimeError, read_hl7
from streams.formats.statements import Change, Memory, Site, Statement, assemble

NAME: Final = "hl7v2"
RESULTS: Final = frozenset({"R01", "R30", "R31", "R32", "R42", ""})
_CHANGES: Final = {
    "R": Change.NEW, "V": Change.NEW, "F": Change.NEW, "": Change.NEW, "P": Change.NEW, "C": Change.CORRECTED,
    "D": Change.WITHDRAWN, "W": Change.WITHDRAWN,
}  # fmt: skip
_SPOT_METHODS: Final = frozenset({"MMEAS", "MSETT", "MCALC"})


@dataclass(slots=True)
class _Order:
    """What the rows under one OBR share."""

    stamp: Stamp | None
    number: str
    spot: bool
    cancelled: bool
    times: dict[str, Stamp]
    devices: dict[str, str]


def convert(
    data: bytes, site: Site, memory: Memory, mappings: tuple[Mapping, ...], identity: Identity, first: int = 1
) -> Iterator[Converted]:
    """Every message in some bytes, converted, in order. Raises nothing on any input."""
    text, doubtful = decode(data)
    held = split(text)
    if not held.messages:
        into = Converted(first, NAME)
        into.say(Sign.MALFORMED, "MSH", "no message header")
        yield into
        return
    for number, message in enumerate(held.messages, first):
        into = Converted(number, NAME, control_id=message.control_id or None)
        if doubtful:
            into.say(Sign.CHARACTER_SET, "MSH[1].18", message.header.text(18)[:20])
        for line in message.broken[:10]:
            into.say(Sign.MALFORMED, f"line {line + 1}", "not a segment")
        if number == first and held.miscounted:
            into.say(Sign.COUNT_MISMATCH, held.miscounted[0])
        _convert(message, into, site, memory, _for_hl7(mappings), identity)
        yield into


def _for_hl7(mappings: tuple[Mapping, ...]) -> tuple[Mapping, ...]:
    return tuple(one for one in mappings if one.format == NAME)


def _convert(
    message: Message, into: Converted, site: Site, memory: Memory, mappings: tuple[Mapping, ...], identity: Identity
) -> None:
    header = message.header
    kind, event, version = header.text(9).upper(), header.text(9, 2).upper(), header.text(12)
    if version and not version.startswith("2."):
        into.say(Sign.UNSUPPORTED_VERSION, "MSH[1].12", ascii(version[:12]))
    elif kind == "ADT":
        hl7v2_adt.convert(message, into, site, identity)
    elif not kind:
        into.say(Sign.NO_EVENT, "MSH[1].9")
    elif kind != "ORU" or event not in RESULTS:
        into.say(Sign.NOT_A_RESULT, "MSH[1].9", f"{kind}^{event}"[:20])
    else:
        statements = list(_statements(message, into, mappings, identity))
        assemble(statements, into, site, memory, _identity_of(message))


def _identity_of(message: Message) -> tuple[str, ...]:
    """What names a message for good: its sender and MSH-10, and without that its content."""
    header = message.header
    control = header.text(10)
    if not control:
        digest = hashlib.sha256(repr([one.fields for one in message.segments]).encode("utf-8", "replace"))
        control = digest.hexdigest()
    return (header.raw(3), header.raw(4), control)


def _statements(
    message: Message, into: Converted, mappings: tuple[Mapping, ...], identity: Identity
) -> Iterator[Statement]:
    header = message.header
    mode = Mode.REAL if header.text(11).upper()[:1] in ("", "P") else Mode.TEST
    zone = _zone_of(header)
    patient: str | None = None
    order = _Order(None, "", False, False, {}, {})
    for at, row in enumerate(message.segments):
        if row.name == "PID":
            patient = identity.of_hl7(row)
        elif row.name == "PV1" and patient is None:
            patient = identity.of_bed(row.first(3))
        elif row.name == "OBR":
            order = _order(message, at, row, zone, into)
        elif row.name == "OBX":
            try:
                one = _row(row, order, mappings, into, zone)
            except CannotTake as refusal:
                into.say(refusal.sign, row.place(refusal.at), refusal.what)
                continue
            if one is not None:
                yield _placed(one, row, order, patient, header, mode)


def _zone_of(header: Segment) -> str:
    text = header.text(7)
    return text[-5:] if len(text) > 5 and text[-5] in "+-" else ""


def _stamp(text: str, zone: str, place: str, into: Converted) -> Stamp | None:
    if not text:
        return None
    try:
        stamp = read_hl7(text)
        return read_hl7(text + zone) if zone and stamp.offset is None and stamp.precise else stamp
    except TimeError as error:
        into.say(error.sign, place, ascii(text[:24]))
        return None


def _order(message: Message, at: int, row: Segment, zone: str, into: Converted) -> _Order:
    times: dict[str, Stamp] = {}
    devices: dict[str, str] = {}
    for one in message.segments[at + 1 :]:
        if one.name in ("OBR", "PID"):
            break
        if one.name != "OBX":
            continue
        path = _path(one.text(4))
        if device := _device_of(one):
            devices.setdefault(path, device)
        if not one.raw(5) and one.text(14) and one.text(11).upper() in ("R", "F", "V"):
            stamp = _stamp(one.text(14), zone, one.place(14), into)
            if stamp is not None and path:
                times[path] = stamp
    name = f"{row.text(4)} {row.text(4, 2)}".upper()
    return _Order(
        _stamp(row.text(7), zone, row.place(7), into), row.raw(3) or row.raw(2), "SPOT" in name,
        row.text(25).upper() == "X", times, devices,
    )  # fmt: skip


def _path(dotted: str) -> str:
    """OBX-4 without its trailing zeros, which mark a device's row."""
    parts = dotted.split(".")
    while len(parts) > 1 and parts[-1] in ("0", ""):
        parts.pop()
    return ".".join(parts)


def _above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _device_of(row: Segment) -> str | None:
    """The equipment instance in OBX-18: its universal id where that is an EUI-64, else its entity identifier."""
    parts = [part.strip() for part in row.first(18)]
    if not any(parts):
        return None
    if len(parts) > 3 and parts[3].upper().startswith("EUI") and parts[2]:
        return parts[2]
    return parts[0] or next(part for part in parts if part)


def _row(row: Segment, order: _Order, mappings: tuple[Mapping, ...], into: Converted, zone: str) -> Statement | None:
    """The statement of one OBX, without whose it is; None if it is none of ours. Raises CannotTake."""
    status = row.text(11).upper()
    what = named(row, mappings)
    if what is None:
        _say_unmapped(row, status, into)
        return None
    if status not in _CHANGES or order.cancelled:
        raise CannotTake(Sign.STATUS, 11, status or "OBR-25 X")
    change = _CHANGES[status]
    quality, mode = _flags(row)
    if status in ("", "P") and quality is Quality.VALID:
        into.say(Sign.NOT_FINAL, row.place(11), status)
        quality = Quality.QUESTIONABLE
    withdrawn = change is Change.WITHDRAWN
    value = None if withdrawn else value_of(row, what)
    unit = None if withdrawn else unit_of(row, what)
    stamp = _stamp(row.text(14), zone, row.place(14), into) if row.text(14) else _inherited(row, order)
    return Statement(
        what.vital, value, unit, row.place(), stamp, None, None, quality, _source(row, order, what), mode, change,
        None, what.rule,
    )  # fmt: skip


def _inherited(row: Segment, order: _Order) -> Stamp | None:
    for path in _above(_path(row.text(4)).rpartition(".")[0]):
        if path in order.times:
            return order.times[path]
    return order.stamp


def _flags(row: Segment) -> tuple[Quality, Mode]:
    quality, mode = Quality.VALID, Mode.REAL
    said = [part.strip().upper() for parts in row.repetitions(8) for part in parts[:1]]
    for flag in said:
        mode = MODES.get(flag, mode)
        one = QUALITIES.get(flag)
        if one is not None and (quality in (Quality.VALID, Quality.ONGOING) or one is not Quality.ONGOING):
            quality = one
    return quality, mode


def _source(row: Segment, order: _Order, what: Named) -> Source:
    """A monitor's where the row stands in a device's tree; a spot check where a person measured or nothing is said."""
    if what.mapped is not None:
        return what.mapped.source
    methods = {parts[0].strip().upper() for parts in row.repetitions(17) if parts}
    if order.spot or methods & _SPOT_METHODS:
        return Source.SPOT
    return Source.MONITOR if "." in row.text(4) or row.raw(18) else Source.SPOT


def _placed(one: Statement, row: Segment, order: _Order, patient: str | None, header: Segment, mode: Mode) -> Statement:
    path = _path(row.text(4))
    device = next((order.devices[above] for above in _above(path) if above in order.devices), None)
    if device is None and len(set(order.devices.values())) == 1:
        device = next(iter(order.devices.values()))
    named_device = device is not None
    if device is None:
        device = header.text(3) or header.text(3, 2) or header.text(4) or None
    when = one.stamp.text if one.stamp else None
    key = (header.raw(3), header.raw(4), order.number, row.text(3), row.text(4), patient, when)
    if mode is Mode.REAL:
        mode = one.mode
    return replace(one, patient=patient, device=device, mode=mode, key=key, named_device=named_device)


def _say_unmapped(row: Segment, status: str, into: Converted) -> None:
    if not row.raw(5) or status == "X":
        return  # a device's or a compound's row: it has no value
    said = triples(row.first(3))
    code, name, system = said[0] if said else ("", "", "")
    local = system.upper() not in ("MDC", "LN", "LOINC") and system.upper() not in SNOMED
    loud = local and looks_like_vital(name, code) and row.text(2).upper() in ("", "NM", "SN", "ST")
    unit = row.text(6, 2) or row.text(6)
    what = " ".join(part for part in (code, name, system, units.known(unit) if loud and unit else "") if part)
    into.say(Sign.UNMAPPED if loud else Sign.NOT_WATCHED, row.place(3), what[:80])
