"""What an OBX says apart from its value and its time: looked up once for each kind of row that a sender sends.

A monitor sends the same thirty rows every second, and only their values differ: codes, units, flags and places are
understood the first time and kept, refusals too.
"""

from typing import Final

import msgspec

from schemas.reading import Mode, Quality
from schemas.vitals import Source
from streams.formats import codes, units
from streams.formats.findings import Converted, Sign
from streams.formats.hl7v2_codes import (
    KEPT,
    LOINC,
    MODES,
    QUALITIES,
    CannotTake,
    CodeBook,
    Named,
    codes_of_form,
    triples,
    value_of,
)  # fmt: skip
from streams.formats.hl7v2_text import Delimiters, Segment
from streams.formats.statements import Change
from streams.formats.values import number_of_hl7

CHANGES: Final = {
    "R": Change.NEW, "V": Change.NEW, "F": Change.NEW, "": Change.NEW, "P": Change.NEW, "C": Change.CORRECTED,
    "D": Change.WITHDRAWN, "W": Change.WITHDRAWN,
}  # fmt: skip
_SPOT_METHODS: Final = frozenset({"MMEAS", "MSETT", "MCALC"})
_NUMBERS: Final = frozenset({"", "NM", "ST", "TX", "FT"})
_OF_NUMBERS: Final = frozenset("0123456789+-. ")
_LAST: Final = 18
_EMPTY: Final = ("",) * _LAST


Said = tuple[Sign, int, str]
"""A sign, the field at fault, and what was seen."""


class RowKind(msgspec.Struct, frozen=True, gc=False):
    """A kind of row. `what`: its vital, None if no row of it is taken, and `told` is what is said of each, if anything.

    `no_unit`: why its unit is none. `plain`: OBX-5 is one number, and may be read as such. `above`: OBX-4 and what it
    stands under, the nearest first. `name`: what it observes, and where.
    """

    what: Named | None
    told: Said | None = None
    status: str = ""
    change: Change = Change.NEW
    unit: str | None = None
    no_unit: Said | None = None
    quality: Quality = Quality.VALID
    mode: Mode = Mode.REAL
    source: Source = Source.MONITOR
    not_final: bool = False
    plain: bool = False
    above: tuple[str, ...] = ()
    name: str = ""


class Rows:
    """The kinds of rows seen under one set of delimiters."""

    def __init__(self, book: CodeBook, marks: Delimiters) -> None:
        self._book = book
        self._seen: dict[tuple[object, ...], RowKind] = {}
        letters = (marks.component, marks.repetition, marks.escape, marks.sub)
        self._plain = not any(one in _OF_NUMBERS for one in letters)

    def of(self, row: Segment) -> RowKind:
        """The kind of a row."""
        said = row.fields
        if len(said) < _LAST:
            said = said + _EMPTY[len(said) :]
        key = (said[1], said[2], said[3], said[5], said[7], said[10], said[16], not said[17], not said[4])
        found = self._seen.get(key)
        if found is None:
            found = self._look(row)
            if len(self._seen) >= KEPT:
                self._seen.clear()
            self._seen[key] = found
        return found

    def value(self, row: Segment, kind: RowKind) -> float | str | bool:
        """The one value in OBX-5. Raises CannotTake where there is none, or not one that can be taken."""
        if kind.plain and (value := number_of_hl7(row.fields[4])) is not None:
            return value
        assert kind.what is not None
        return value_of(row, kind.what)

    def _look(self, row: Segment) -> RowKind:
        status = row.text(11).upper()
        try:
            what = self._book.named(row)
        except CannotTake as refusal:
            return RowKind(None, (refusal.sign, refusal.at, refusal.what))
        if what is None:
            return RowKind(None, _unmapped(row, status))
        change = CHANGES.get(status)
        if change is None:
            return RowKind(None, (Sign.STATUS, 11, status))
        quality, mode = _flags(row)
        not_final = status in ("", "P") and quality is Quality.VALID
        withdrawn = change is Change.WITHDRAWN
        unit: str | None = None
        no_unit: Said | None = None
        try:
            unit = None if withdrawn else self._book.unit_of(row, what)
        except CannotTake as refusal:
            no_unit = refusal.sign, refusal.at, refusal.what
        words = what.mapped is not None and bool(what.mapped.rules[what.row].values)
        number = what.vital not in units.UNITLESS and not words and row.text(2).upper() in _NUMBERS
        return RowKind(
            what, None, status, change, unit, no_unit, Quality.QUESTIONABLE if not_final else quality, mode,
            _source(row, what), not_final, self._plain and number and bool(row.raw(5)),
            tuple(above(path(row.text(4)))), f"{row.raw(3)}\x1f{row.raw(4)}",
        )  # fmt: skip


def path(dotted: str) -> str:
    """OBX-4 without its trailing zeros, which mark a device's row.

    >>> path("1.2.0.0")
    '1.2'
    """
    parts = dotted.split(".")
    while len(parts) > 1 and parts[-1] in ("0", ""):
        parts.pop()
    return ".".join(parts)


def above(dotted: str) -> list[str]:
    """A path and what it stands under, the nearest first.

    >>> above("1.2.3")
    ['1.2.3', '1.2', '1']
    """
    found = []
    while dotted:
        found.append(dotted)
        dotted = dotted.rpartition(".")[0]
    return found


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


def _source(row: Segment, what: Named) -> Source:
    """A monitor's where the row stands in a device's tree; a spot check where a person measured or nothing is said."""
    if any(parts[0].strip().upper() in _SPOT_METHODS for parts in row.repetitions(17)):
        return Source.SPOT
    if what.mapped is not None:
        return what.mapped.source
    streamed = what.rule.startswith("MDIL") or "." in row.text(4) or row.raw(18)
    return Source.MONITOR if streamed else Source.SPOT


def _unmapped(row: Segment, status: str) -> Said | None:
    """What is to be said of a row that is none of ours; None for a device's or a compound's, which has no value."""
    if not row.raw(5) or status == "X":
        return None
    said = triples(row.first(3))
    code, name, system = said[0] if said else ("", "", "")
    if code in codes.LOINC_PANELS and system.upper() in LOINC:  # both pressures in one value
        return Sign.INEXACT_VALUE, 5, code
    local = not codes_of_form(code, name, system)
    vital = code in codes.LOINC or codes.looks_like_vital(name, code)
    loud = local and vital and row.text(2).upper() in ("", "NM", "SN", "ST")
    unit = row.text(6, 2) or row.text(6)
    what = " ".join(part for part in (code, name, system, units.known(unit) if loud and unit else "") if part)
    return Sign.UNMAPPED if loud else Sign.NOT_WATCHED, 3, what[:80]


def tell(row: Segment, said: Said | None, into: Converted) -> None:
    """Says of a row what is said of its kind."""
    if said is not None:
        into.say(said[0], row.place(said[1]), said[2])
