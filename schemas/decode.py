"""From the bytes of a record to a reading: fast for the good ones, pydantic's word for the others.

`decode` is the hot path. msgspec reads what is well formed; whatever it refuses, pydantic (`schemas.reading`) decides and
explains. What msgspec accepts, pydantic accepts with the same result (tests/schemas/test_decode.py).
"""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct
from pydantic import ValidationError

from schemas.base import FIRST_YEAR, LAST_YEAR, MAX_ID
from schemas.reading import MAX_SEQUENCE, Envelope, Measure, Mode, Quality
from schemas.reasons import Refusal, Unreadable
from schemas.vitals import Source

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Count = Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)]
MAX_BYTES = 65_536


class FastMeasure(Struct, frozen=True, gc=False):
    """One vital's value as sent."""

    value: float | bool | str | None = None
    unit: Annotated[str, Meta(max_length=40)] | None = None
    quality: Quality = Quality.VALID


class FastReading(Struct, frozen=True, gc=False):
    """A reading as the hot path holds it; `schemas.reading.Reading` is its contract."""

    patient_id: Id
    device_id: Id
    taken_at: Annotated[datetime, Meta(tz=True)]
    vitals: dict[str, FastMeasure]
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


class _StrictMeasure(FastMeasure, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _StrictReading(FastReading, frozen=True, gc=False, forbid_unknown_fields=True):
    vitals: dict[str, _StrictMeasure]  # type: ignore[assignment]


_strict = msgspec.json.Decoder(_StrictReading).decode
_any = msgspec.json.Decoder().decode
NOTHING: tuple[()] = ()


def decode(value: bytes | None) -> FastReading | Decoded:
    """The reading in a record's value: bare when all is well, otherwise with what was refused or not known.

    Raises `Unreadable` with a code, the field and the remedy.

    >>> decode(b'{"patient_id":"p","device_id":"d","taken_at":"2026-11-22T12:00:00Z","vitals":{"spo2":{"value":97,"unit":"%"}}}').vitals["spo2"].value
    97.0
    """
    try:
        reading = _strict(value)  # type: ignore[arg-type]
        if reading.vitals and len(value) <= MAX_BYTES and FIRST_YEAR <= reading.taken_at.year <= LAST_YEAR:  # type: ignore[arg-type]
            return reading
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
        pass
    return decode_slowly(value)


def decode_slowly(value: bytes | None) -> Decoded:
    """As `decode`, by pydantic: explains every refusal, and keeps the good neighbours of a bad vital."""
    if not value:
        raise Unreadable(Refusal.EMPTY)
    if len(value) > MAX_BYTES:
        raise Unreadable(Refusal.TOO_LARGE)
    body = _read_object(value)
    try:
        envelope = Envelope.model_validate({name: sent for name, sent in body.items() if name != "vitals"})
    except ValidationError as error:
        raise _explain(error) from None
    if "vitals" not in body:
        raise Unreadable(Refusal.MISSING_FIELD, "vitals")
    if not isinstance(body["vitals"], dict):
        raise Unreadable(Refusal.BAD_FIELD, "vitals", "not an object of vitals by name")
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


def _read_object(value: bytes) -> dict[str, Any]:
    try:
        body = _any(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(Refusal.NOT_JSON, None, str(error)) from None
    if not isinstance(body, dict):
        raise Unreadable(Refusal.NOT_AN_OBJECT)
    return body


def _read_vital(name: str, sent: Any, good: dict[str, FastMeasure], refused: list[Refused], unknown: list[str]) -> None:
    field = f"vitals.{name[:MAX_ID]}"
    if not isinstance(sent, dict):
        refused.append(Refused(name, Refusal.BAD_SHAPE, field))
        return
    try:
        measure = Measure.model_validate(sent)
    except ValidationError as error:
        at = str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else ""
        code = {"unit": Refusal.UNKNOWN_UNIT, "quality": Refusal.UNKNOWN_QUALITY}.get(at, Refusal.BAD_VALUE)
        refused.append(Refused(name, code, f"{field}.{at}" if at else field))
        return
    unknown += [f"{field}.{extra}" for extra in measure.unknown_fields]
    good[name] = FastMeasure(measure.value, measure.unit, measure.quality)


def _explain(error: ValidationError) -> Unreadable:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"]) or None
    if first["type"] == "missing":
        return Unreadable(Refusal.MISSING_FIELD, field)
    if field == "taken_at":
        return Unreadable(Refusal.BAD_TIME, field, first["msg"])
    if field == "version":
        return Unreadable(Refusal.UNSUPPORTED_VERSION, field)
    return Unreadable(Refusal.BAD_FIELD, field, first["msg"])
