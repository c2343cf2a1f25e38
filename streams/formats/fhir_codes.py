"""What an Observation or one of its components says of a vital: code, value and unit, or why it cannot be taken."""

from dataclasses import dataclass
from typing import Any, Final

from schemas.vitals import Vital
from streams.formats import codes, units
from streams.formats.findings import Sign
from streams.formats.mapping import Mapping
from streams.formats.plain import items, mapping_of, text_of
from streams.formats.values import letter_of

LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
_BY_OID: Final = {"urn:oid:2.16.840.1.113883.6.1": LOINC, "urn:oid:2.16.840.1.113883.6.96": SNOMED}
MDC: Final = frozenset({"urn:iso:std:iso:11073:10101", "urn:oid:2.16.840.1.113883.6.24"})
STATISTICS: Final = "http://terminology.hl7.org/CodeSystem/observation-statistics"
UCUM: Final = "http://unitsofmeasure.org"


class CannotTake(ValueError):
    """Why a value cannot be taken: the sign, the element at fault, and what was seen."""

    def __init__(self, sign: Sign, at: str, what: str = "") -> None:
        super().__init__(f"{sign}: {what}")
        self.sign, self.at, self.what = sign, at, what


@dataclass(frozen=True, slots=True)
class Said:
    """One vital with its value, and the code by which it was known."""

    vital: Vital
    value: float | bool | str | None
    unit: str | None
    rule: str


def read(
    part: dict[str, Any], whole: dict[str, Any], mappings: tuple[Mapping, ...], withdrawn: bool
) -> list[Said] | None:
    """What is said here of vitals, in an Observation or a component of it; None if none of ours. Raises CannotTake."""
    oxygen = _oxygen(part)
    vital, rule = _vital_of(part, whole, mappings)
    if vital is None and oxygen is None:
        return None
    if withdrawn:
        return [Said(vital or Vital.SUPPLEMENTAL_OXYGEN, None, None, rule)]
    if part.get("dataAbsentReason") is not None:
        raise CannotTake(Sign.DATA_ABSENT, ".dataAbsentReason", _reason(part))
    _only_value(part)
    if (
        oxygen is None
        and (part.get("component") or part.get("hasMember"))
        and not any(n.startswith("value") for n in part)
    ):
        return None  # its parts or members hold the values
    if vital is None or vital is Vital.SUPPLEMENTAL_OXYGEN:
        return _said_of_oxygen(part, bool(oxygen), rule)
    if vital is Vital.CONSCIOUSNESS:
        return [Said(vital, _letter(part), None, rule)]
    value, unit = _quantity(part, vital)
    return [Said(vital, value, unit, rule)]


def _only_value(part: dict[str, Any]) -> None:
    """value[x] is one element of one type. Raises CannotTake where there are two."""
    given = [name for name, value in part.items() if name.startswith("value") and value is not None]
    if len(given) > 1:
        raise CannotTake(Sign.REPEATED_VALUE, ".value[x]", " and ".join(sorted(given))[:60])


def described(part: dict[str, Any]) -> tuple[bool, str]:
    """Whether an unmapped code looks like a vital although its system is none that is known, and its words."""
    codings = _codings(part)
    if not codings:
        said = text_of(mapping_of(part.get("code")).get("text"))
        return codes.looks_like_vital(said) and "valueQuantity" in part, ascii(said[:40])
    local = all(system not in (LOINC, SNOMED) and system not in MDC for system, _, _ in codings)
    _, code, display = codings[0]
    known = codes.LOINC.get(code) or codes.SNOMED.get(code)  # the right code under a system that is none
    loud = local and "valueQuantity" in part and (known is not None or codes.looks_like_vital(code, display))
    return loud, " ".join(one for one in (code[:24], display[:40]) if one)


def _codings(part: dict[str, Any]) -> list[tuple[str, str, str]]:
    said = (mapping_of(one) for one in items(mapping_of(part.get("code")).get("coding")))
    return [(_system(one), text_of(one.get("code")), text_of(one.get("display"))) for one in said]


def _system(coding: dict[str, Any]) -> str:
    said = text_of(coding.get("system"))
    return _BY_OID.get(said, said)


def _vital_of(part: dict[str, Any], whole: dict[str, Any], mappings: tuple[Mapping, ...]) -> tuple[Vital | None, str]:
    found: dict[Vital, str] = {}
    codings = _codings(part)
    for system, code, display in codings:
        vital = _by_mapping(code, display, system, mappings) or _by_system(system, code, display)
        if vital is not None:
            found.setdefault(vital, f"{system} {code}")
    if set(found) == {Vital.HEART_RATE, Vital.PULSE_RATE}:  # the pulse's own code, and LOINC's for any heart rate
        del found[Vital.HEART_RATE]
    if len(found) > 1:
        raise CannotTake(Sign.CODE_MISMATCH, ".code", " and ".join(sorted(found)))
    if not found:
        return None, ""
    vital, rule = next(iter(found.items()))
    around = [] if part is whole else _codings(whole)
    all_codings = codings + around
    if any(
        system == STATISTICS or (system == LOINC and code in codes.LOINC_AGGREGATES) for system, code, _ in all_codings
    ):
        raise CannotTake(Sign.AGGREGATE, ".code")
    if codes.of_another_panel(vital, [code for system, code, _ in around if system == LOINC]):
        raise CannotTake(Sign.CODE_MISMATCH, ".code", "a pressure in another panel")
    for system, code, _ in all_codings:
        if codes.elsewhere(vital, code, mdc=system in MDC):
            raise CannotTake(Sign.CODE_MISMATCH, ".code", f"{rule.rpartition(' ')[2]} is not {code[:24]}")
    try:
        codes.in_place(vital, rule.rpartition(" ")[2], *_words(part, whole, all_codings, vital))
    except codes.Mismatch as error:
        raise CannotTake(Sign.CODE_MISMATCH, ".code", str(error)) from error
    return vital, rule


def _words(part: dict[str, Any], whole: dict[str, Any], codings: list[tuple[str, str, str]], vital: Vital) -> list[str]:
    """All words beside the codes; not the site of a temperature: on a forehead's skin a body's is measured, too."""
    said = [display for _, _, display in codings]
    said += [text_of(mapping_of(one.get("code")).get("text")) for one in (part, whole)]
    if vital is not Vital.TEMPERATURE:
        site = mapping_of(whole.get("bodySite"))
        said += [text_of(site.get("text"))]
        said += [text_of(mapping_of(one).get("display")) for one in items(site.get("coding"))]
    return said


def _by_mapping(code: str, display: str, system: str, mappings: tuple[Mapping, ...]) -> Vital | None:
    for mapping in mappings:
        if rule := mapping.rule_for(code, display, system):
            return rule.vital
    return None


def _by_system(system: str, code: str, display: str) -> Vital | None:
    if system == LOINC:
        if code in codes.LOINC_AGGREGATES:
            raise CannotTake(Sign.AGGREGATE, ".code", code)
        if code in codes.LOINC_OTHER_SCALE:
            raise CannotTake(Sign.OTHER_SCALE, ".code", code)
        return _agreed(codes.LOINC.get(code), code, display)
    if system in MDC:
        try:
            vital = codes.mdc_of(code, display if "_" in display else "")
        except codes.Mismatch as error:
            raise CannotTake(Sign.CODE_MISMATCH, ".code", str(error)) from error
        if vital is None and code in codes.MDC_OTHER_SCALE:
            raise CannotTake(Sign.OTHER_SCALE, ".code", code)
        return vital
    if system == SNOMED:
        if code in codes.SNOMED_OTHER_SCALE:
            raise CannotTake(Sign.OTHER_SCALE, ".code", code)
        return _agreed(codes.SNOMED.get(code), code, display)
    return None


def _agreed(vital: Vital | None, code: str, display: str) -> Vital | None:
    try:
        return codes.agreed(vital, code, display)
    except codes.Mismatch as error:
        raise CannotTake(Sign.CODE_MISMATCH, ".code", str(error)) from error


def _reason(part: dict[str, Any]) -> str:
    codings = items(mapping_of(part.get("dataAbsentReason")).get("coding"))
    return text_of(mapping_of(codings[0]).get("code"))[:40] if codings else ""


def _quantity(part: dict[str, Any], vital: Vital) -> tuple[float, str]:
    said = part.get("valueQuantity")
    if not isinstance(said, dict):
        other = next((name for name in part if name.startswith("value")), None)
        if other is None:
            raise CannotTake(Sign.NO_VALUE, ".value", vital.value)
        raise CannotTake(Sign.WRONG_TYPE, f".{other[:40]}", f"{vital} is a Quantity")
    value = said.get("value")
    if value is None:
        raise CannotTake(Sign.NO_VALUE, ".valueQuantity.value", vital.value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CannotTake(Sign.WRONG_TYPE, ".valueQuantity.value", "not a number")
    if said.get("comparator") is not None:
        raise CannotTake(Sign.INEXACT_VALUE, ".valueQuantity.comparator")
    code, system = text_of(said.get("code")), text_of(said.get("system"))
    if not code or not system:
        raise CannotTake(Sign.MISSING_UNIT, ".valueQuantity.code" if not code else ".valueQuantity.system")
    unit = units.ucum_of(vital, code) if system == UCUM else None
    if system in MDC:
        unit = units.mdc_of(vital, code, "")
    if unit is None:
        raise CannotTake(Sign.UNKNOWN_UNIT, ".valueQuantity.code", units.known(code))
    try:
        return float(value), unit
    except OverflowError as error:
        raise CannotTake(Sign.INEXACT_VALUE, ".valueQuantity.value") from error


def _value_codings(part: dict[str, Any]) -> list[tuple[str, str, str]]:
    said = (mapping_of(one) for one in items(mapping_of(part.get("valueCodeableConcept")).get("coding")))
    return [(_system(one), text_of(one.get("code")), text_of(one.get("display"))) for one in said]


def _letter(part: dict[str, Any]) -> str:
    said = [(_letter_of(system, code), display) for system, code, display in _value_codings(part)]
    found = {letter for letter, _ in said} - {None}
    if any(letter is not None and not codes.letter_said(letter, display) for letter, display in said):
        raise CannotTake(Sign.CODE_MISMATCH, ".valueCodeableConcept")
    words = part.get("valueString") if not said else None
    words = words or (mapping_of(part.get("valueCodeableConcept")).get("text") if not said else None)
    if isinstance(words, str):  # no code at all: the word for people says it
        found = {letter_of(words)} - {None}
    if len(found) != 1:
        sign = Sign.CODE_MISMATCH if found else Sign.INEXACT_VALUE
        at = ".valueCodeableConcept" if "valueCodeableConcept" in part else ".value"
        raise CannotTake(sign if at != ".value" or any(n.startswith("value") for n in part) else Sign.NO_VALUE, at)
    return str(found.pop())


def _letter_of(system: str, code: str) -> str | None:
    if system == SNOMED:
        return codes.SNOMED_LETTERS.get(code)
    return codes.LOINC_LETTERS.get(code) if system == LOINC else None


def _oxygen(part: dict[str, Any]) -> bool | None:
    """Whether SNOMED CT's findings on oxygen or on room air are the code or the value; None if neither."""
    said = [code for system, code, _ in _codings(part) if system == SNOMED]
    said += [code for system, code, _ in _value_codings(part) if system == SNOMED]
    found = {codes.SNOMED_OXYGEN[code] for code in said if code in codes.SNOMED_OXYGEN}
    if len(found) > 1:
        raise CannotTake(Sign.CODE_MISMATCH, ".code", "on oxygen and on room air")
    return found.pop() if found else None


def _said_of_oxygen(part: dict[str, Any], on: bool, rule: str) -> list[Said]:
    if "valueQuantity" in part:
        value, unit = _quantity(part, Vital.OXYGEN_FLOW)
        return [Said(Vital.OXYGEN_FLOW, value, unit, rule)]
    answer = part.get("valueBoolean")
    if answer is not None and not isinstance(answer, bool):
        raise CannotTake(Sign.WRONG_TYPE, ".valueBoolean")
    return [Said(Vital.SUPPLEMENTAL_OXYGEN, on if answer is None else on == answer, None, rule)]
