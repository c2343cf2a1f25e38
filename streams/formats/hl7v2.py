"""HL7 v2 observations to readings: ORU^R01, IHE PCD-01 (DEC), Continua WAN; versions 2.2 to 2.9.

OBX-14 is the time of a value, else that of the compound row above it, else OBR-7; never MSH-7, which only lends its
offset from UTC to times without one (chapter 2). OBX-11 decides what a value is worth: R, V and F are taken, P is
marked, C replaces, D and W withdraw, everything else is left.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from schemas.reading import Mode
from schemas.vitals import Source
from streams.formats import hl7v2_adt
from streams.formats.findings import Converted, Sign
from streams.formats.hl7v2_codes import CannotTake, CodeBook
from streams.formats.hl7v2_rows import Rows, path, tell
from streams.formats.hl7v2_text import Delimiters, Message, Segment, decode, split
from streams.formats.identity import Identity
from streams.formats.mapping import Mappings
from streams.formats.memory import Memory
from streams.formats.moments import Stamp, TimeError, read_hl7
from streams.formats.statements import Change, Site, Statement, assemble

NAME: Final = "hl7v2"
KEPT_MARKS: Final = 20
_KIND: Final = re.compile(r"[A-Z]{3}")
RESULTS: Final = frozenset({"R01", "R30", "R31", "R32", "R42", ""})


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
    _scopes: dict[str | None, str] = field(default_factory=dict)

    def inherited(self, above: tuple[str, ...]) -> Stamp | None:
        """The time of the nearest compound row above, else the order's."""
        if self.times:
            for one in above[1:]:
                if one in self.times:
                    return self.times[one]
        return self.stamp

    def device_of(self, above: tuple[str, ...]) -> str | None:
        """The device of the row or of the nearest one above; the only one that is named, wherever it stands."""
        if self.only_device is not None or not self.devices:
            return self.only_device
        return next((self.devices[one] for one in above if one in self.devices), None)

    def scope_of(self, stamp: Stamp | None, sender: tuple[str, str], patient: str | None) -> str:
        """What a row's name is unique in: sender, order, patient and time."""
        when = stamp.text if stamp else None
        found = self._scopes.get(when)
        if found is None:
            found = self._scopes[when] = "\x1f".join((*sender, self.number, patient or "", when or "", ""))
        return found


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
        mappings.kept[NAME] = _Books(CodeBook(mappings.of(NAME)))
    for number, message in enumerate(held.messages, first):
        into = Converted(number, NAME, control_id=message.control_id or None, header=message.header)
        if doubtful:
            into.say(Sign.CHARACTER_SET, "MSH[1].18", message.header.text(18)[:20])
        for line in message.broken[:10]:
            into.say(Sign.MALFORMED, f"line {line + 1}", "not a segment")
        if number == first and held.miscounted:
            into.say(Sign.COUNT_MISMATCH, held.miscounted[0])
        _Result(message, into, mappings.kept[NAME].of(message.header.marks), identity).convert(site, memory)
        yield into


class _Books:
    """What is known of rows, by the delimiters that they are written with."""

    def __init__(self, book: CodeBook) -> None:
        self._book = book
        self._rows: dict[Delimiters, Rows] = {}

    def of(self, marks: Delimiters) -> Rows:
        """The kinds of rows under these delimiters."""
        found = self._rows.get(marks)
        if found is None:
            if len(self._rows) >= KEPT_MARKS:  # a hospital has one or two
                self._rows.clear()
            found = self._rows[marks] = Rows(self._book, marks)
        return found


class _Result:
    """One message on its way to statements."""

    def __init__(self, message: Message, into: Converted, rows: Rows, identity: Identity) -> None:
        header = message.header
        self.message, self.header, self.into, self.rows, self.identity = message, header, into, rows, identity
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
            self._name_vitals()
        elif not kind:
            into.say(Sign.NO_EVENT, "MSH[1].9")
        elif _KIND.fullmatch(kind) is None:  # a header that lacks a field
            into.say(Sign.MALFORMED, "MSH[1].9", ascii(kind[:12]))
        elif kind != "ORU" or event not in RESULTS:
            into.say(Sign.NOT_A_RESULT, "MSH[1].9", f"{kind}^{event}"[:20])
        elif all(one.name not in ("OBR", "OBX") for one in self.message.segments):
            into.say(Sign.MALFORMED, "OBR[1]", "neither OBR nor OBX: are the segments on lines of their own?")
        else:
            assemble(list(self._statements()), into, site, memory, (*self.sender, self._control()))

    def _name_vitals(self) -> None:
        """Says which vitals stand in an admission: there they have no order, and come again with each update."""
        for row in self.message.all("OBX"):
            what = self.rows.of(row).what
            if what is not None:
                self.into.say(Sign.IN_ADMISSION, row.place(3), what.vital.value)

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
            if one.raw(18) and (device := _device_of(one)):
                order.devices.setdefault(path(one.text(4)), device)
            if one.raw(14) and not one.raw(5) and one.text(14) and one.text(11).upper() in ("R", "F", "V"):
                stamp, dotted = self._stamp(one.text(14), one, 14), path(one.text(4))
                if stamp is not None and dotted:
                    order.times[dotted] = stamp
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
        kind = self.rows.of(row)
        what = kind.what
        if what is None:
            tell(row, kind.told, self.into)
            return None
        if order.cancelled:
            raise CannotTake(Sign.STATUS, 11, kind.status or "OBR-25 X")
        if kind.not_final:
            self.into.say(Sign.NOT_FINAL, row.place(11), kind.status)
        value = None if kind.change is Change.WITHDRAWN else self.rows.value(row, kind)
        if kind.no_unit is not None:
            tell(row, kind.no_unit, self.into)
            return None
        own = row.text(14)
        stamp = self._stamp(own, row, 14) if own else order.inherited(kind.above)
        device = order.device_of(kind.above)
        scope = order.scope_of(stamp, self.sender, patient)
        return Statement(
            what.vital, value, kind.unit, f"OBX[{row.index}]", stamp, patient, device or self.system, kind.quality,
            Source.SPOT if order.spot else kind.source, kind.mode if self.mode is Mode.REAL else self.mode,
            kind.change, scope + kind.name, what.rule, device is not None,
        )  # fmt: skip


def _device_of(row: Segment) -> str | None:
    """The equipment instance in OBX-18: its universal id where that is an EUI-64, else its entity identifier."""
    parts = [part.strip() for part in row.first(18)]
    if not any(parts):
        return None
    if len(parts) > 3 and parts[3].upper().startswith("EUI") and parts[2]:
        return parts[2]
    return parts[0] or next(part for part in parts if part)
