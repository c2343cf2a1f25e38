"""The contracts as documents: JSON Schema of every message, and the table of vitals."""

from typing import Any, Final

from pydantic import BaseModel

from schemas.action import Action
from schemas.alert import Alert
from schemas.control_record import KIND_HEADER, SIGNATURE_HEADER, ControlRecordKind
from schemas.patient import PatientRecord
from schemas.reading import Reading
from schemas.reasons import REMEDIES
from schemas.rejection import Rejection
from schemas.status import Status
from schemas.trend import Trend
from schemas.vitals import SCALES, Scale, Source, Vital

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

# What is sent to us is described as it may be sent, what we send as it is sent.
_SENT_TO_US: Final[dict[str, type[BaseModel]]] = {"reading": Reading, "patient": PatientRecord, "action": Action}
_SENT_BY_US: Final[dict[str, type[BaseModel]]] = {
    "alert": Alert,
    "status": Status,
    "trend": Trend,
    "rejection": Rejection,
}
MESSAGES: Final = (*_SENT_TO_US, *_SENT_BY_US, "forwarded")


def document(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one of `MESSAGES`. A rejection's describes its headers, whose values are text.

    >>> document("reading")["required"]
    ['patient_id', 'device_id', 'taken_at', 'vitals']
    """
    if name == "forwarded":
        schema = _forwarded()
    elif name in _SENT_TO_US:
        schema = _SENT_TO_US[name].model_json_schema(mode="validation")
    elif name in _SENT_BY_US:
        schema = _SENT_BY_US[name].model_json_schema(mode="serialization")
    else:
        raise KeyError(f"{name!r} is not a message; known: {', '.join(MESSAGES)}")
    described: dict[str, Any] = _tidied(schema)
    if name == "reading":
        described["properties"]["vitals"]["properties"] = {str(v): _measure(scale) for v, scale in SCALES.items()}
        described["anyOf"] = [
            {"properties": {"vitals": {"minProperties": 1}}},
            {"properties": {"corrects": {"type": "integer"}}, "required": ["corrects"]},
        ]
    if name == "rejection":
        described["properties"]["code"] = {"enum": [str(code) for code in REMEDIES], "type": "string"}
    return {"$schema": DIALECT, "title": name, **{key: value for key, value in described.items() if key != "title"}}


def _tidied(part: Any) -> Any:
    """Without the titles that repeat a field's name, and without doctests in descriptions."""
    if isinstance(part, list):
        return [_tidied(one) for one in part]
    if not isinstance(part, dict):
        return part
    tidy = {}
    for key, value in part.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "description" and isinstance(value, str):
            value = value.partition("\n\n>>>")[0]
        tidy[key] = _tidied(value)
    return tidy


def _measure(scale: Scale) -> dict[str, Any]:
    """What one vital's own measure adds to the general one."""
    if scale.letters:
        return {"$ref": "#/$defs/Measure", "properties": {"value": {"enum": [*scale.letters, None]}, **_NO_UNIT}}
    if scale.vital is Vital.SUPPLEMENTAL_OXYGEN:
        return {"$ref": "#/$defs/Measure", "properties": {"value": {"type": ["boolean", "null"]}, **_NO_UNIT}}
    kind = "integer" if scale.vital is Vital.GCS else "number"
    return {
        "$ref": "#/$defs/Measure",
        "properties": {"value": {"type": [kind, "null"]}, "unit": {"enum": [*scale.units, None]}},
    }


_NO_UNIT: Final = {"unit": {"enum": [None, ""]}}


def _forwarded() -> dict[str, Any]:
    where = {"type": "integer", "minimum": 0}
    return {
        "type": "object",
        "description": "Written by workers only, into the readings topic: a record of another topic, so that one log "
        f"holds all that can change a patient's state. The header `{KIND_HEADER}` says what it is "
        f"({', '.join(ControlRecordKind)}); `{SIGNATURE_HEADER}` vouches for it, except for ticks.",
        "properties": {
            "source_topic": {"type": "string"},
            "source_partition": where,
            "source_offset": where,
            "key": {"type": "string"},
            "body": {"type": "string", "contentEncoding": "base64"},
        },
        "required": ["source_topic", "source_partition", "source_offset", "key", "body"],
        "additionalProperties": False,
    }


def vitals_table() -> list[dict[str, Any]]:
    """The table of vitals, one object a vital: units with our own first, ranges in it, codes, validity in seconds."""
    return [_row(scale) for scale in SCALES.values()]


def refusals_table() -> list[dict[str, str]]:
    """Every code of a refusal, how much it takes with it (record, reading, vital), and the remedy."""
    return [{"code": str(code), "takes": str(level), "remedy": remedy} for code, (level, remedy) in REMEDIES.items()]


def _row(scale: Scale) -> dict[str, Any]:
    return {
        "vital": str(scale.vital),
        "words": scale.words,
        "unit": scale.unit,
        "units": list(scale.units),
        "values": list(scale.letters) or ([True, False] if scale.vital is Vital.SUPPLEMENTAL_OXYGEN else None),
        "resolution": scale.resolution,
        "suspect_outside": list(scale.suspect) if scale.units else None,
        "impossible_outside": list(scale.impossible) if scale.units else None,
        "valid_for_s": {str(source): scale.validity[source] // 1_000 for source in Source},
        "may_be_late_s": {str(source): scale.lateness[source] // 1_000 for source in Source},
        "loinc": list(scale.loinc),
        "mdc": list(scale.mdc),
    }
