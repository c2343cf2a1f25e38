"""The codes of an HL7 v2 observation: which vital OBX-3 names, which unit OBX-6, which value OBX-5 holds."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.reading import Mode, Quality
from schemas.vitals import Vital
from streams.formats import codes, units
from streams.formats.findings import Sign
from streams.formats.hl7v2_text import Segment
from streams.formats.mapping import Mapping
from streams.formats.values import letter_of, number_of_hl7, yes_or_no

MDC: Final = frozenset({"MDC", "ISO11073", "ISO11073-10101", "2.16.840.1.113883.6.24"})
MDIL: Final = "MDIL"
LOINC: Final = frozenset({"LN", "LOINC", "2.16.840.1.113883.6.1"})
SNOMED: Final = frozenset({"SCT", "SNM", "SNOMED", "SNOMED-CT", "SNOMEDCT", "2.16.840.1.113883.6.96"})
# IHE PCD TF-2, table of OBX-8: what the device says of its value.
QUALITIES: Final = {
    "INV": Quality.INVALID, "NAV": Quality.NOT_AVAILABLE, "BUSY": Quality.NOT_AVAILABLE, "OFF": Quality.NOT_AVAILABLE,
    "CAL": Quality.CALIBRATING, "QUES": Quality.QUESTIONABLE, "EARLY": Quality.ONGOING,
}  # fmt: skip
MODES: Final = {"TEST": Mode.TEST, "DEMO": Mode.DEMO}


class CannotTake(ValueError):
    """Why an observation cannot be taken: the sign, the field at fault, and what was seen."""

    def __init__(self, sign: Sign, at: int, what: str = "") -> None:
        super().__init__(f"{sign}: {what}")
        self.sign, self.at, self.what = sign, at, what


@dataclass(frozen=True, slots=True)
class Named:
    """What OBX-3 names: the vital, and the rule by which it was found."""

    vital: Vital
    rule: str
    mapped: Mapping | None = field(default=None, compare=False)
    row: int = 0


_LOINC_FORM: Final = re.compile(r"\d{1,7}-\d", re.ASCII)
KEPT: Final = 10_000  # codes and units that were looked up; a hospital has some hundreds


class CodeBook:
    """Which vital OBX-3 names and which unit OBX-6, by a site's mappings and the standards; what was found is kept."""

    def __init__(self, mappings: tuple[Mapping, ...]) -> None:
        self._mappings = mappings
        self._named: dict[tuple[str, str], Named | CannotTake | None] = {}
        self._units: dict[tuple[str, Named, str], str | CannotTake | None] = {}

    def named(self, row: Segment) -> Named | None:
        """As `named`."""
        key = (row.raw(3), row.marks.component)
        return _kept(self._named, key, lambda: named(row, self._mappings))

    def unit_of(self, row: Segment, what: Named) -> str | None:
        """As `unit_of`."""
        return _kept(self._units, (row.raw(6), what, row.marks.component), lambda: unit_of(row, what))


def _kept(known: dict[Any, Any], key: Any, find: Callable[[], Any]) -> Any:
    found = known.get(key, known)
    if found is known:  # not asked before
        try:
            found = find()
        except CannotTake as refusal:
            found = refusal.with_traceback(None)
        if len(known) >= KEPT:
            known.clear()
        known[key] = found
    if isinstance(found, CannotTake):
        raise CannotTake(found.sign, found.at, found.what)
    return found


def triples(parts: list[str]) -> list[tuple[str, str, str]]:
    """A coded element's codings: identifier, text and system, and the alternates."""
    padded = [part.strip() for part in parts] + [""] * 6
    return [one for one in (tuple(padded[0:3]), tuple(padded[3:6])) if any(one)]  # type: ignore[misc]


def named(row: Segment, mappings: tuple[Mapping, ...]) -> Named | None:
    """The vital that an OBX is about; None if it is none of ours. Raises CannotTake where its codes disagree."""
    found: list[Named] = []
    said = triples(row.first(3))
    for code, name, system in said:
        one = _by_mapping(code, name, system, mappings) or _by_system(code, name, system)
        if one is not None:
            found.append(one)
    vitals = {one.vital for one in found}
    if vitals == {Vital.HEART_RATE, Vital.PULSE_RATE}:  # the pulse's own code, and LOINC's for any heart rate
        return next(one for one in found if one.vital is Vital.PULSE_RATE)
    if len(vitals) > 1:
        raise CannotTake(Sign.CODE_MISMATCH, 3, " and ".join(sorted(vitals)))
    if not found:
        return None
    for code, _, system in said if found[0].mapped is None else ():
        number = codes.of_mdil(code) if system.upper() == MDIL else code
        if codes.elsewhere(found[0].vital, number, mdc=system.upper() in MDC or system.upper() == MDIL):
            raise CannotTake(Sign.CODE_MISMATCH, 3, f"{found[0].rule} is not {code[:24]}")
    if found[0].mapped is None:
        _in_place(found[0], [name for _, name, _ in said])
    return found[0]


def codes_of_form(code: str, name: str, system: str) -> bool:
    """Whether a code is written as its system writes codes; a local one under the name of a standard is not.

    >>> codes_of_form("8302-2", "Body height", "LN"), codes_of_form("HR", "Heart Rate", "MDC")
    (True, False)
    """
    said = system.upper()
    if said in MDC:
        return (code.isascii() and code.isdigit()) or name.startswith("MDC_")
    if said in LOINC:
        return _LOINC_FORM.fullmatch(code) is not None
    return said in SNOMED and code.isascii() and code.isdigit()


def _in_place(one: Named, names: list[str]) -> None:
    try:
        codes.in_place(one.vital, one.rule, *names)
    except codes.Mismatch as error:
        raise CannotTake(Sign.CODE_MISMATCH, 3, str(error)) from error


def _by_mapping(code: str, name: str, system: str, mappings: tuple[Mapping, ...]) -> Named | None:
    for mapping in mappings:
        rule = mapping.rule_for(code, name, system)
        if rule is not None:
            return Named(rule.vital, f"{mapping.name}: {rule.label}", mapping, rule.number)
    return None


def _by_system(code: str, name: str, system: str) -> Named | None:
    if system.upper() == MDIL and (number := codes.of_mdil(code)):
        vital = codes.mdc_of(number, "")
        return Named(vital, f"MDIL {code} {name}".strip()) if vital else None
    if system.upper() in MDC or (not system and name.startswith("MDC_")):
        try:
            vital = codes.mdc_of(code, name)
        except codes.Mismatch as error:
            raise CannotTake(Sign.CODE_MISMATCH, 3, str(error)) from error
        if vital is None and code in codes.MDC_OTHER_SCALE:
            raise CannotTake(Sign.OTHER_SCALE, 3, code)
        return Named(vital, f"MDC {code} {name}".strip()) if vital else None
    if system.upper() in LOINC:
        if code in codes.LOINC_OTHER_SCALE:
            raise CannotTake(Sign.OTHER_SCALE, 3, code)
        if code in codes.LOINC_AGGREGATES:
            raise CannotTake(Sign.AGGREGATE, 3, code)
        vital = _agreed(codes.LOINC.get(code), code, name)
        return Named(vital, f"LOINC {code}") if vital else None
    if not system and codes.LOINC.get(code) is not None and codes.says(codes.LOINC[code], name):
        return Named(codes.LOINC[code], f"LOINC {code}")
    if system.upper() in SNOMED:
        vital = _agreed(codes.SNOMED.get(code), code, name)
        return Named(vital, f"SNOMED CT {code}") if vital else None
    return None


def _agreed(vital: Vital | None, code: str, name: str) -> Vital | None:
    try:
        return codes.agreed(vital, code, name)
    except codes.Mismatch as error:
        raise CannotTake(Sign.CODE_MISMATCH, 3, str(error)) from error


def unit_of(row: Segment, what: Named) -> str | None:
    """The unit in OBX-6. Raises CannotTake where it is missing or no unit of this vital."""
    if what.vital in units.UNITLESS:
        return None
    said = triples(row.first(6))
    if not said:
        constant = what.mapped.rules[what.row].unit if what.mapped else None
        if constant is None:
            raise CannotTake(Sign.MISSING_UNIT, 6, what.vital.value)
        return constant
    for code, name, system in said:
        unit = _unit(code, name, system, what)
        if unit is not None:
            return unit
    raise CannotTake(Sign.UNKNOWN_UNIT, 6, units.known(" ".join(part for part in said[0] if part)))


def _unit(code: str, name: str, system: str, what: Named) -> str | None:
    if what.mapped is not None and (mapped := what.mapped.unit_for(what.row, code, name)):
        return mapped
    if system.upper() == MDIL and (number := codes.of_mdil(code)):
        return units.mdc_of(what.vital, number, "")
    if code.startswith("MDC_DIM"):
        return units.mdc_of(what.vital, "", code)
    if system.upper() in MDC or name.startswith("MDC_DIM"):
        return units.mdc_of(what.vital, code, name)
    return units.ucum_of(what.vital, code) or units.spelt_of(what.vital, code)


def value_of(row: Segment, what: Named) -> float | str | bool:
    """The one value in OBX-5. Raises CannotTake where there is none, or not one that can be taken."""
    repeated = row.repetitions(5)
    if len(repeated) > 1:
        raise CannotTake(Sign.REPEATED_VALUE, 5)
    parts = repeated[0] if repeated else []
    if not any(part.strip() and part.strip() != '""' for part in parts):
        raise CannotTake(Sign.NO_VALUE, 5)
    if what.mapped is not None:
        for part in parts[:2]:  # by its code or by its text
            if (word := what.mapped.value_for(what.row, part)) is not None:
                return word
    if what.vital in units.UNITLESS:
        return _word(parts, what.vital)
    kind = row.text(2).upper()
    if kind in ("", "NM", "ST", "TX", "FT"):
        value = number_of_hl7(parts[0]) if not any(part.strip() for part in parts[1:]) else None
    elif kind == "SN":
        padded = [part.strip() for part in parts] + [""] * 4
        value = number_of_hl7(padded[1]) if padded[0] in ("", "=") and not padded[2] and not padded[3] else None
    else:
        raise CannotTake(Sign.WRONG_TYPE, 2, kind[:8])
    if value is None:
        raise CannotTake(Sign.INEXACT_VALUE, 5)
    return value


def _word(parts: list[str], vital: Vital) -> str | bool:
    for code, name, system in triples(parts):
        if vital is Vital.CONSCIOUSNESS:
            letter = codes.SNOMED_LETTERS.get(code) if system.upper() in SNOMED else codes.LOINC_LETTERS.get(code)
            if letter and not codes.letter_said(letter, name):
                raise CannotTake(Sign.CODE_MISMATCH, 5)
            letter = letter or letter_of(name or code) or letter_of(code)
            if letter:
                return letter
        elif system.upper() in SNOMED and code in codes.SNOMED_OXYGEN:
            return codes.SNOMED_OXYGEN[code]
        elif (said := yes_or_no(name or code)) is not None:
            return said
    raise CannotTake(Sign.INEXACT_VALUE, 5)
