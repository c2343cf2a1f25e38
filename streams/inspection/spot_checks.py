"""One line of a round of observations: read strictly, scored by NEWS2, answered in one line.

Of a pregnant woman the maternal criteria are judged instead: NEWS2 is not valid for her (`maternity_checks.py`).
"""

import json
from dataclasses import asdict
from enum import StrEnum
from math import isfinite
from typing import Any, Final

from detectors.criteria import Criteria
from detectors.news2 import News2, Part, news2
from detectors.oxygen import on_oxygen
from detectors.response import observation_due, response
from schemas.patient import Maternity
from schemas.vitals import LETTERS, SCALES, Vital
from streams.inspection import maternity_checks
from streams.inspection.maternity_checks import ANSWERS, URINE

NUMBERS: Final = (
    Vital.HEART_RATE,
    Vital.PULSE_RATE,
    Vital.RESP_RATE,
    Vital.SPO2,
    Vital.SYSTOLIC_BP,
    Vital.TEMPERATURE,
    Vital.GCS,
    Vital.INSPIRED_OXYGEN,
    Vital.OXYGEN_FLOW,
)
SPO2_SCALE: Final = "spo2_scale"
MATERNITY: Final = "maternity"
FIELDS: Final = (*NUMBERS, Vital.CONSCIOUSNESS, Vital.SUPPLEMENTAL_OXYGEN, SPO2_SCALE, MATERNITY)
PASSED: Final = ("patient_id", "time")
"""Whose the line is and of when: not looked at, and written beside its answer."""
OF_PREGNANCY: Final = (Vital.DIASTOLIC_BP, *ANSWERS, URINE)
"""Fields that only a line with `"maternity": "pregnant"` may have; `spo2_scale` belongs to NEWS2, and it may not."""
NOT_ENOUGH: Final = "not enough to score"
EXAMPLE: Final = '{"resp_rate": 18, "spo2": 97, "pulse_rate": 72, "temperature": 36.8}'


class Fault(StrEnum):
    """Why a line was refused. Where the codes of refused readings mean the same, the words are the same."""

    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_FIELD = "unknown_field"
    REPEATED_FIELD = "repeated_field"
    BAD_VALUE = "bad_value"
    IMPOSSIBLE = "impossible"


class Refused(ValueError):
    """A line that is not scored: the code, the field at fault if it is one, and the way out."""

    def __init__(self, code: Fault, field: str | None, remedy: str) -> None:
        super().__init__(f"{code}: {field or 'line'}: {remedy}")
        self.code, self.field, self.remedy = code, field, remedy


def _shown(name: str) -> str:
    """A stranger's field name, short and harmless on a terminal."""
    return ascii(name[:60])[1:-1]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields all differ: of two values for one vital, neither can be believed."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refused(
                Fault.REPEATED_FIELD, _shown(name), "Name each field once; one line is one set of observations."
            )
        found[name] = value
    return found


def _number(vital: Vital, value: Any) -> float:
    scale = SCALES[vital]
    unit = scale.shown_unit.strip()
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not isfinite(value))
    ):
        raise Refused(Fault.BAD_VALUE, vital, f"Give a finite number without quotes{unit and f', in {unit}'}, or null.")
    if not scale.holds(value):
        low, high = scale.impossible
        raise Refused(
            Fault.IMPOSSIBLE,
            vital,
            f"Nobody's {scale.words} lies outside {low} to {high}{unit and f' {unit}'}: "
            "check the sensor, the unit and the decimal point.",
        )
    if vital is Vital.GCS and value != int(value):
        raise Refused(Fault.BAD_VALUE, vital, "Give a whole number from 3 to 15, or null.")
    return value


def _checked(field: str, value: Any) -> Any:
    """The value of one field, as it may be scored."""
    if field == SPO2_SCALE:
        if isinstance(value, bool) or value not in (1, 2):
            raise Refused(
                Fault.BAD_VALUE, field, "Give 1, or 2 where it is prescribed for this patient; 1 if left out."
            )
        return int(value)
    if field == MATERNITY:
        if value not in (Maternity.PREGNANT, Maternity.NONE):
            raise Refused(Fault.BAD_VALUE, field, 'Give "pregnant" (NEWS2 is not valid then) or "none", or null.')
        return value
    if field in ANSWERS:
        if not isinstance(value, bool):
            raise Refused(Fault.BAD_VALUE, field, "Give true or false, or null if not known.")
        return value
    if field == URINE:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
            raise Refused(Fault.BAD_VALUE, field, "Give the flow over two hours or more in mL/h, 0 or more, or null.")
        return value
    if field == Vital.SUPPLEMENTAL_OXYGEN:
        if not isinstance(value, bool):
            raise Refused(Fault.BAD_VALUE, field, "Give true on oxygen, false on air, or null if not known.")
        return value
    if field == Vital.CONSCIOUSNESS:
        if value not in LETTERS:
            raise Refused(Fault.BAD_VALUE, field, f"Give one of {', '.join(LETTERS)} as a capital letter, or null.")
        return value
    return _number(Vital(field), value)


def read(line: bytes) -> dict[str, Any]:
    """The values of one line, by field, null ones left out; `Refused` at the first fault."""
    try:
        found = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_once)
    except Refused:
        raise
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad JSON, numbers and nesting beyond all measure
        raise Refused(Fault.NOT_JSON, None, f"Send one JSON object a line, in UTF-8, such as {EXAMPLE}") from error
    if not isinstance(found, dict):
        raise Refused(Fault.NOT_AN_OBJECT, None, f"Send one JSON object a line, such as {EXAMPLE}")
    known = fields_of(found.get(MATERNITY))
    for field in found:
        if field not in known and field not in PASSED:
            raise Refused(
                Fault.UNKNOWN_FIELD, _shown(field), f"Leave it out or correct its name; known: {', '.join(known)}"
            )
    return {field: _checked(field, value) for field, value in found.items() if value is not None and field in known}


def passed(line: bytes) -> dict[str, Any]:
    """`patient_id` and `time` of a line, as they are; nothing of a line that is no object, or of odd values.

    >>> passed(b'{"patient_id": "p", "time": "2026-01-01T00:00:00Z", "spo2": 140}')
    {'patient_id': 'p', 'time': '2026-01-01T00:00:00Z'}
    """
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: found[name] for name in PASSED if isinstance(found.get(name), str | int | float)}


def fields_of(maternity: object) -> tuple[str, ...]:
    """The fields that a line may have, by what it says of a pregnancy."""
    if maternity != Maternity.PREGNANT.value:
        return FIELDS
    return tuple(field for field in FIELDS if field != SPO2_SCALE) + OF_PREGNANCY


def score(line: bytes) -> News2 | Criteria:
    """NEWS2 of one line, or the maternal criteria of a pregnant woman; `Refused` if it cannot be trusted.

    >>> score(b'{"resp_rate": 22, "spo2": 98, "spo2_scale": 2, "supplemental_oxygen": false}').score_min
    2
    """
    values = read(line)
    if values.get(MATERNITY) == Maternity.PREGNANT:
        return maternity_checks.judged(values)
    return news2(
        values.get(Vital.RESP_RATE),
        values.get(Vital.SPO2),
        values.get(Vital.SYSTOLIC_BP),
        values.get(Vital.PULSE_RATE),
        values.get(Vital.HEART_RATE),
        values.get(Vital.TEMPERATURE),
        values.get(Vital.CONSCIOUSNESS),
        on_oxygen(
            values.get(Vital.SUPPLEMENTAL_OXYGEN), values.get(Vital.INSPIRED_OXYGEN), values.get(Vital.OXYGEN_FLOW)
        ),
        spo2_scale=values.get(SPO2_SCALE, 1),
        gcs=values.get(Vital.GCS),
    )


def answer(result: News2 | Criteria) -> dict[str, Any]:
    """A score as it is written out: `parts` holds the items whose points are certain."""
    if isinstance(result, Criteria):
        return maternity_checks.answer(result)
    advised = asdict(response(result.score_min, result.red))
    if not _scores_anything(result):
        advised |= {
            "trigger": None,
            "risk": None,
            "advice": f"{NOT_ENOUGH.capitalize()}: take a full set of observations.",
        }
        advised |= {"frequency": None, "frequency_minutes": None}
    return {
        "score_min": result.score_min,
        "score_max": result.score_max,
        "complete": result.complete,
        "parts": {part: least for part, least, most in result.parts if least == most},
        "missing": list(result.missing),
        "red": list(result.red),
        "response": {**advised, "observation_due": list(observation_due(result))},
    }


def _scores_anything(result: News2) -> bool:
    """Whether any item is known: of nothing no risk and no frequency may be told."""
    return len(result.missing) < len(result.parts)


def refusal(refused: Refused, number: int) -> dict[str, Any]:
    """A refused line as it is written out, in its place."""
    return {"error": {"code": refused.code, "field": refused.field, "remedy": refused.remedy}, "line": number}


def in_words(result: News2 | Criteria) -> str:
    """A score as one line for a person.

    >>> in_words(score(b'{"resp_rate": 22, "spo2": 98, "pulse_rate": 70, "systolic_bp": 120, "consciousness": "A"}'))
    'NEWS2 at least 2   at least low        resp rate 2; observation due: supplemental oxygen, temperature'
    """
    if isinstance(result, Criteria):
        return maternity_checks.in_words(result)
    advised = response(result.score_min, result.red)
    due = observation_due(result)
    if not _scores_anything(result):
        return f"{NOT_ENOUGH}; observation due: {_named(due)}"
    total = f"NEWS2 {result.score_min}" if result.complete else f"NEWS2 at least {result.score_min}"
    risk = f"at least {advised.risk}" if due else advised.risk
    earned = [(part, least) for part, least, most in result.parts if least == most and least]
    told = ", ".join(f"{SCALES[Vital(part)].words} {least}" for part, least in earned) or "no points"
    if due:
        return f"{total:<18} {risk:<19} {told}; observation due: {_named(due)}"
    if result.missing:
        told += f"; missing: {_named(result.missing)}"
    return f"{total:<18} {risk:<19} {told}; observe {advised.frequency}"


def _named(parts: tuple[Part, ...]) -> str:
    return ", ".join(SCALES[Vital(part)].words for part in parts)
