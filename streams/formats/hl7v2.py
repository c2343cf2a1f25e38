"""HL7 v2 observations to readings: ORU^R01, IHE PCD-01 (DEC), Continua WAN; versions 2.2 to 2.9.

OBX-14 is the time of a value, else that of the compound row above it, else OBR-7; never MSH-7, which only lends its
offset from UTC to times without one (chapter 2). OBX-11 decides what a value is worth: R, V and F are taken, P is
marked, C replaces, D and W withdraw, everything else is left.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from schemas.reading import Mode, Quality
from schemas.vitals import Source
from streams.formats import codes, hl7v2_adt, units
from streams.formats.findings import Converted, Sign
from streams.formats.hl7v2_codes import LOINC, MODES, QUALITIES, SNOMED, CannotTake, CodeBook, Named, triples, value_of
from streams.formats.hl7v2_text import Message, Segment, decode, split
from streams.formats.identity import Identity
from streams.formats.mapping import Mappings
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
    """What the rows under one OBR share: time, number, devices and times by OBX-4."""

    stamp: Stamp | None = None
    number: str = ""
    spot: bool = False
    cancelled: bool = False
    times: dict[str, Stamp] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    only_device: str | None = None


def convert(
    data: bytes, site: Site, memory: Memory, mappings: Mappings, identity: Identity, first: int = 1
) -> Iterator[Converted]:
    """Every message in some bytes, converted, in order. Raises nothing on any input."""
    text, doubtful = decode(data)
    held = split(text)
    if not held.messages:
        into = Converted(first, NAME)
        into.say(Sign.MALFORMED, "MSH", "no message header")
        yield into
        return
    if NAME not in mappings.kept:
        mappings.kept[NAME] = CodeBook(mappings.of(NAME))
    for number, message in enumerate(held.messages, first):
        into = Converted(number, NAME, control_id=message.control_id or None, header=message.header)
        if doubtful:
            into.say(Sign.CHARACTER_SET, "MSH[1].18", message.header.text(18)[:20])
        for line in message.broken[:10]:
            into.say(Sign.MALFORMED, f"line {line + 1}", "not a segment")
        if number == first and held.miscounted:
            into.say(Sign.COUNT_MISMATCH, held.miscounted[0])
        _Result(message, into, mappings.kept[NAME], identity).convert(site, memory)
        yield into


class _Result:
    """One message on its way to statements."""

    def __init__(self, message: Message, into: Converted, book: CodeBook, identity: Identity) -> None:
        header = message.header
        self.message, self.header, self.into, self.book, self.identity = message, header, into, book, identity
        self.sender = (header.raw(3), header.raw(4))
        self.system = header.text(3) or header.text(3, 2) or header.text(4) or None
        self.mode = Mode.REAL if header.text(11).upper()[:1] in ("", "P") else Mode.TEST
        sent = header.text(7)
        self.zone = sent[-5:] if len(sent) > 5 and sent[-5] in "+-" else ""

    def convert(self, site: Site, memory: Memory) -> None:
        """Puts into `into` what kind of message it is, and what is in it."""
        header, into = self.header, self.into
        kind, event, version = header.text(9).upper(), header.text(9, 2).upper(), header.text(12)
        if version and not version.startswith("2."):
            into.say(Sign.UNSUPPORTED_VERSION, "MSH[1].12", ascii(version[:12]))
        elif kind == "ADT":
            hl7v2_adt.convert(self.message, into, site, self.identity)
        elif not kind:
            into.say(Sign.NO_EVENT, "MSH[1].9")
        elif kind != "ORU" or event not in RESULTS:
            into.say(Sign.NOT_A_RESULT, "MSH[1].9", f"{kind}^{event}"[:20])
        else:
            assemble(list(self._statements()), into, site, memory, (*self.sender, self._control()))

    def _control(self) -> str:
        """What names a message of this sender for good: MSH-10, and without that its content."""
        if control := self.header.text(10):
            return control
        rows = repr([one.fields for one in self.message.segments])
        return hashlib.sha256(rows.encode("utf-8", "replace")).hexdigest()

    def _statements(self) -> Iterator[Statement]:
        patient: str | None = None
        order = _Order()
        for at, row in enumerate(self.message.segments):
            if row.name == "OBX":
                try:
                    one = self._row(row, order, patient)
                except CannotTake as refusal:
                    self.into.say(refusal.sign, row.place(refusal.at), refusal.what)
                    continue
                if one is not None:
                    yield one
            elif row.name == "PID":
                patient = self.identity.of_hl7(row)
            elif row.name == "PV1" and patient is None:
                patient = self.identity.of_bed(row.first(3))
            elif row.name == "OBR":
                order = self._order(at, row)

    def _order(self, at: int, row: Segment) -> _Order:
        name = f"{row.text(4)} {row.text(4, 2)}".upper()
        order = _Order(
            self._stamp(row.text(7), row, 7), row.raw(3) or row.raw(2), "SPOT" in name, row.text(25).upper() == "X"
        )
        for one in self.message.segments[at + 1 :]:
            if one.name in ("OBR", "PID"):
                break
            if one.name != "OBX":
                continue
            if device := _device_of(one):
                order.devices.setdefault(_path(one.text(4)), device)
            if not one.raw(5) and one.text(14) and one.text(11).upper() in ("R", "F", "V"):
                stamp, path = self._stamp(one.text(14), one, 14), _path(one.text(4))
                if stamp is not None and path:
                    order.times[path] = stamp
        if len(set(order.devices.values())) == 1:
            order.only_device = next(iter(order.devices.values()))
        return order

    def _stamp(self, text: str, row: Segment, number: int) -> Stamp | None:
        if not text:
            return None
        try:
            stamp = read_hl7(text)
            return read_hl7(text + self.zone) if self.zone and stamp.offset is None and stamp.precise else stamp
        except TimeError as error:
            self.into.say(error.sign, row.place(number), ascii(text[:24]))
            return None

    def _row(self, row: Segment, order: _Order, patient: str | None) -> Statement | None:
        """The statement of one OBX; None if it is none of ours. Raises CannotTake."""
        status = row.text(11).upper()
        what = self.book.named(row)
        if what is None:
            _say_unmapped(row, status, self.into)
            return None
        if status not in _CHANGES or order.cancelled:
            raise CannotTake(Sign.STATUS, 11, status or "OBR-25 X")
        change = _CHANGES[status]
        quality, mode = _flags(row)
        if status in ("", "P") and quality is Quality.VALID:
            self.into.say(Sign.NOT_FINAL, row.place(11), status)
            quality = Quality.QUESTIONABLE
        withdrawn = change is Change.WITHDRAWN
        value = None if withdrawn else value_of(row, what)
        unit = None if withdrawn else self.book.unit_of(row, what)
        own, path = row.text(14), _path(row.text(4))
        stamp = self._stamp(own, row, 14) if own else _inherited(path, order)
        device = next((order.devices[above] for above in _above(path) if above in order.devices), order.only_device)
        key = (*self.sender, order.number, row.raw(3), row.raw(4), patient, stamp.text if stamp else None)
        return Statement(
            what.vital, value, unit, row.place(), stamp, patient, device or self.system, quality,
            _source(row, order, what), self.mode if self.mode is not Mode.REAL else mode, change, key, what.rule,
            device is not None,
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


def _inherited(path: str, order: _Order) -> Stamp | None:
    """The time of the nearest compound row above, else the order's."""
    if order.times:
        for above in _above(path.rpartition(".")[0]):
            if above in order.times:
                return order.times[above]
    return order.stamp


def _flags(row: Segment) -> tuple[Quality, Mode]:
    quality, mode = Quality.VALID, Mode.REAL
    if not row.raw(8):
        return quality, mode
    said = [part.strip().upper() for parts in row.repetitions(8) for part in parts[:1]]
    for flag in said:
        mode = MODES.get(flag, mode)
        one = QUALITIES.get(flag)
        if one is not None and (quality in (Quality.VALID, Quality.ONGOING) or one is not Quality.ONGOING):
            quality = one
    return quality, mode


def _source(row: Segment, order: _Order, what: Named) -> Source:
    """A monitor's where the row stands in a device's tree; a spot check where a person measured or nothing is said."""
    if order.spot or any(parts[0].strip().upper() in _SPOT_METHODS for parts in row.repetitions(17)):
        return Source.SPOT
    if what.mapped is not None:
        return what.mapped.source
    streamed = what.rule.startswith("MDIL") or "." in row.text(4) or row.raw(18)
    return Source.MONITOR if streamed else Source.SPOT


def _say_unmapped(row: Segment, status: str, into: Converted) -> None:
    if not row.raw(5) or status == "X":
        return  # a device's or a compound's row: it has no value
    said = triples(row.first(3))
    code, name, system = said[0] if said else ("", "", "")
    if code in codes.LOINC_PANELS and system.upper() in LOINC:  # both pressures in one value
        into.say(Sign.INEXACT_VALUE, row.place(5), code)
        return
    local = system.upper() not in ("MDC", "LN", "LOINC") and system.upper() not in SNOMED
    named = code in codes.LOINC or codes.looks_like_vital(name, code)
    loud = local and named and row.text(2).upper() in ("", "NM", "SN", "ST")
    unit = row.text(6, 2) or row.text(6)
    what = " ".join(part for part in (code, name, system, units.known(unit) if loud and unit else "") if part)
    into.say(Sign.UNMAPPED if loud else Sign.NOT_WATCHED, row.place(3), what[:80])
