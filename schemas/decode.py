"""From the bytes of a record to a reading: fast for the good ones, pydantic's word for the others.

`decode` is the hot path. msgspec reads what is well formed and fully known; whatever it refuses, `decode_slowly`
decides and explains by the contract, `schemas.reading`. Both ways around: what one takes, the other takes, with the
same result (tests/schemas/test_decode.py).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct
from pydantic import ValidationError
from pydantic_core import from_json

from schemas.base import END_OF_TIME, FIRST_MOMENT, MAX_ID, NO_CONTROLS
from schemas.reading import MAX_SEQUENCE, MAX_UNIT, MAX_VITALS, Envelope, Measure, Mode, Quality
from schemas.reasons import Refusal, Unreadable
from schemas.vitals import SCALES, Source, Vital

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Count = Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)]
# A constant, not a setting: it decides what is rejected, and a replay must decide the same.
MAX_BYTES = 65_536


class FastMeasure(Struct, frozen=True, gc=False):
    """One vital's value as sent."""

    value: float | bool | str | None = None
    unit: Annotated[str, Meta(max_length=MAX_UNIT)] | None = None
    quality: Quality = Quality.VALID


class FastReading(Struct, frozen=True, gc=False):
    """A reading as the hot path holds it; `schemas.reading.Reading` is its contract."""

    patient_id: Id
    device_id: Id
    taken_at: Annotated[datetime, Meta(tz=True)]
    vitals: Annotated[dict[str, FastMeasure], Meta(max_length=MAX_VITALS)]
    source: Source = Source.MONITOR
    sequence: Count | None = None
    corrects: Count | None = None
    mode: Mode = Mode.REAL
    version: Literal[1] = 1


class Refused(NamedTuple):
    """One vital of a readable reading that could not be taken: its name, the code, and the field at fault."""

    vital: str
    code: Refusal
    field: str


class Decoded(NamedTuple):
    """A readable reading: the reading, what of it was refused already, and the names of unknown fields."""

    reading: FastReading
    refused: tuple[Refused, ...] = ()
    unknown: tuple[str, ...] = ()


# Closed lists are decoded to one and the same string each, whose hash is known: all that is looked up by a vital's name
# or unit afterwards is found the sooner.
_Name = Literal[tuple(str(vital) for vital in Vital)]  # type: ignore[valid-type]
_Unit = Literal[tuple(sorted({unit for scale in SCALES.values() for unit in scale.units}))]  # type: ignore[valid-type]


class _StrictMeasure(FastMeasure, frozen=True, gc=False, forbid_unknown_fields=True):
    unit: _Unit | None = None  # type: ignore[assignment, valid-type]


class _StrictReading(FastReading, frozen=True, gc=False, forbid_unknown_fields=True):
    vitals: Annotated[dict[_Name, _StrictMeasure], Meta(max_length=MAX_VITALS)]  # type: ignore[assignment, valid-type]


_strict = msgspec.json.Decoder(_StrictReading).decode
_clean = re.compile(NO_CONTROLS).fullmatch  # `$` alone lets a line break at the end through
_KNOWN = frozenset(FastReading.__struct_fields__)
_KNOWN_OF_VITAL = frozenset(FastMeasure.__struct_fields__)


def decode(value: bytes | None) -> FastReading | Decoded:
    """The reading in a record's value: bare when all is well, otherwise with what was refused or not known.

    Raises `Unreadable` with a code, the field and the remedy, and nothing else.

    >>> decode(
    ...     b'''{"patient_id": "p-7f3a", "device_id": "mon-12", "taken_at": "2026-11-22T12:00:00Z",
    ...          "vitals": {"spo2": {"value": 97, "unit": "%"}}}'''
    ... ).vitals["spo2"].value
    97.0
    """
    return decode_fast(value) or decode_slowly(value)


def decode_fast(value: bytes | None) -> FastReading | None:
    """The reading, where it is well formed and fully known; None where the contract has to decide, and to say why."""
    try:
        reading: FastReading = _strict(value)  # type: ignore[arg-type]
        # what can be printed holds no control character: asked in a third of the time
        if not (reading.patient_id.isprintable() and reading.device_id.isprintable()) and not _has_clean_ids(reading):
            return None
        if reading.vitals and len(value) <= MAX_BYTES and FIRST_MOMENT <= reading.taken_at < END_OF_TIME:  # type: ignore[arg-type]
            return reading
    except Exception:  # whatever it is
        pass
    return None


def _has_clean_ids(reading: FastReading) -> bool:
    return _clean(reading.patient_id) is not None and _clean(reading.device_id) is not None


def decode_slowly(value: bytes | None) -> Decoded:
    """As `decode`, by the contract: explains every refusal, names what is unknown, keeps a bad vital's neighbours."""
    body = open_value(value)
    return _read_unknown(body) or _read_by_contract(body)


def whose(value: bytes | None) -> str | None:
    """Who a record that `decode_fast` left aside may be about, "" where it does not say; None if it is no object of
    JSON, which `decode_slowly` refuses at sight.
    """
    try:
        patient = open_value(value).get("patient_id")
    except Unreadable:
        return None
    return patient if isinstance(patient, str) else ""


def open_value(value: bytes | None) -> dict[str, Any]:
    """The object in a record's value. Raises `Unreadable`.

    JSON by pydantic's own reader, so that there is one opinion of what JSON is.

    It takes NaN and Infinity, which Python's `json.dumps` writes by default: then one vital is bad, not all.
    """
    if not value:
        raise Unreadable(Refusal.EMPTY)
    if len(value) > MAX_BYTES:
        raise Unreadable(Refusal.TOO_LARGE)
    try:
        body = from_json(value)
    except ValueError as error:
        raise Unreadable(Refusal.NOT_JSON, None, str(error)) from None
    if not isinstance(body, dict):
        raise Unreadable(Refusal.NOT_AN_OBJECT)
    return body


def _read_unknown(body: dict[str, Any]) -> Decoded | None:
    """A reading with nothing wrong but fields that we do not know, at a third of pydantic's price; None if it is more.

    Whoever sends one unknown field sends it with every reading.
    """
    try:
        reading = msgspec.convert(body, FastReading)
    except msgspec.ValidationError:
        return None
    if not _has_clean_ids(reading):
        return None
    if not (reading.vitals or reading.corrects is not None) or not FIRST_MOMENT <= reading.taken_at < END_OF_TIME:
        return None
    if any(measure.value.__class__ is float and not isfinite(measure.value) for measure in reading.vitals.values()):  # type: ignore[arg-type]
        return None
    unknown = [name for name in body if name not in _KNOWN]
    for name, sent in body["vitals"].items():
        unknown += [f"{_field(name)}.{extra}" for extra in sent if extra not in _KNOWN_OF_VITAL]
    return Decoded(reading, (), tuple(unknown))


def _read_by_contract(body: dict[str, Any]) -> Decoded:
    try:
        envelope = Envelope.model_validate({name: sent for name, sent in body.items() if name != "vitals"})
    except ValidationError as error:
        raise _explain(error) from None
    if "vitals" not in body:
        raise Unreadable(Refusal.MISSING_FIELD, "vitals")
    if not isinstance(body["vitals"], dict):
        raise Unreadable(Refusal.BAD_FIELD, "vitals", "not an object of vitals by name")
    if len(body["vitals"]) > MAX_VITALS:
        raise Unreadable(Refusal.BAD_FIELD, "vitals", f"more than {MAX_VITALS} vitals")
    if not body["vitals"] and envelope.corrects is None:
        raise Unreadable(Refusal.NO_VITALS, "vitals")
    good: dict[str, FastMeasure] = {}
    refused: list[Refused] = []
    unknown = list(envelope.unknown_fields)
    for name, sent in body["vitals"].items():
        _read_vital(name, sent, good, refused, unknown)
    reading = FastReading(
        envelope.patient_id,
        envelope.device_id,
        envelope.taken_at,
        good,
        envelope.source,
        envelope.sequence,
        envelope.corrects,
        envelope.mode,
    )
    return Decoded(reading, tuple(refused), tuple(unknown))


def _read_vital(name: str, sent: Any, good: dict[str, FastMeasure], refused: list[Refused], unknown: list[str]) -> None:
    if not isinstance(sent, dict):
        refused.append(Refused(name, Refusal.BAD_SHAPE, _field(name)))
        return
    try:
        measure = Measure.model_validate(sent)
    except ValidationError as error:
        at = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
        code = {"unit": Refusal.UNKNOWN_UNIT, "quality": Refusal.UNKNOWN_QUALITY}.get(at, Refusal.BAD_VALUE)
        refused.append(Refused(name, code, f"{_field(name)}.{at}"))
        return
    unknown += [f"{_field(name)}.{extra}" for extra in measure.unknown_fields]
    good[name] = FastMeasure(measure.value, measure.unit, measure.quality)


def _field(name: str) -> str:
    return f"vitals.{name[:MAX_ID]}"  # a name may be as long as the record


def _explain(error: ValidationError) -> Unreadable:
    first, *more = (_explain_one(one) for one in error.errors(include_url=False, include_input=False))
    first.more = tuple(more)
    return first


def _explain_one(problem: Mapping[str, Any]) -> Unreadable:
    field = ".".join(str(part) for part in problem["loc"]) or None
    detail = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return Unreadable(Refusal.MISSING_FIELD, field)
    if field == "taken_at":
        return Unreadable(Refusal.BAD_TIME, field, detail)
    if field == "version":
        return Unreadable(Refusal.UNSUPPORTED_VERSION, field)
    return Unreadable(Refusal.BAD_FIELD, field, detail)
