"""What all messages have in common: they are frozen, finite, and carry their version."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from schemas.times import EPOCH, to_ms, to_text

MAX_ID = 200
MAX_TEXT = 2_000

# NUL, line breaks and other controls, and what turns the direction of writing: an id that holds one looks like another
# on a screen, and breaks the line of a log or a file.
CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
NO_CONTROLS = f"^[^{CONTROLS}]+$"

Identifier = Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=NO_CONTROLS)]
ShortText = Annotated[str, Field(max_length=MAX_TEXT)]


def _is_whole(value: Any) -> Any:
    # To Literal, True and 1.0 are 1; to JSON's readers elsewhere they are not.
    if isinstance(value, bool | float):
        raise ValueError("a version is a whole number")
    return value


VersionOne = Annotated[Literal[1], BeforeValidator(_is_whole)]

# A device whose clock says anything else has lost it. Moments, not years: 1970 begins in Berlin while here it is 1969.
FIRST_MOMENT, END_OF_TIME = EPOCH, datetime(2200, 1, 1, tzinfo=UTC)
END_MS = to_ms(END_OF_TIME)


def read_moment(value: Any) -> datetime:
    """RFC 3339 text with a zone, and nothing else, to an aware moment: the one parser of times, fast path and slow.

    Finer than a microsecond is rounded to it. A leap second (23:59:60) is refused: no such moment exists here.
    Raises ValueError in words that name the remedy.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        try:
            moment = msgspec.convert(value, datetime)
        except msgspec.ValidationError as error:
            raise ValueError("not an RFC 3339 time such as 2026-11-22T12:00:00.123Z") from error
    else:
        raise ValueError("a time is RFC 3339 text such as 2026-11-22T12:00:00.123Z, not a number")
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, such as Z or +01:00")
    if not FIRST_MOMENT <= moment < END_OF_TIME:
        raise ValueError("a time lies between the years 1970 and 2199")
    return moment


def _write_moment(moment: datetime) -> str:
    return to_text(to_ms(moment))


Moment = Annotated[
    datetime,
    BeforeValidator(read_moment, json_schema_input_type=str),
    PlainSerializer(_write_moment, return_type=str, when_used="json"),
    Field(json_schema_extra={"format": "date-time", "type": "string"}),
]


class Message(BaseModel):
    """A frozen message; unknown fields are tolerated and kept apart: old and new producers must live together."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False, strict=True)

    @property
    def unknown_fields(self) -> tuple[str, ...]:
        """Names that this version does not know, in the order in which they came."""
        return tuple(self.model_extra or ())
