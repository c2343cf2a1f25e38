"""A reading: what one device measured of one patient at one instant, each vital with its unit and quality."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from schemas.base import Identifier, Message, Moment, VersionOne
from schemas.vitals import Source, Vital


class Quality(StrEnum):
    """What the device said of its own value: the measurement validity list of IEEE 11073-10207 (BICEPS)."""

    VALID = "valid"
    VALIDATED = "validated"
    ONGOING = "ongoing"
    QUESTIONABLE = "questionable"
    CALIBRATING = "calibrating"
    INVALID = "invalid"
    OVERFLOW = "overflow"
    UNDERFLOW = "underflow"
    NOT_AVAILABLE = "not available"


class Mode(StrEnum):
    """Whether the data are of a real patient: the generation modes of BICEPS."""

    REAL = "real"
    TEST = "test"
    DEMO = "demo"


USABLE = frozenset({Quality.VALID, Quality.VALIDATED, Quality.ONGOING, Quality.QUESTIONABLE})
MAX_UNIT = 40
# A rejection carries the whole message, one for each refused vital: without a limit 64 kB could become half a gigabyte.
MAX_VITALS = 64
MAX_SEQUENCE = 2**53 - 1  # what JSON numbers carry exactly
Sequence = Annotated[int, Field(ge=0, le=MAX_SEQUENCE)]


class Measure(Message):
    """One vital's value as sent. A number needs its unit; consciousness and supplemental oxygen have none.

    `value` may be null only where `quality` says why there is none.
    """

    value: float | bool | str | None = None
    unit: Annotated[str, Field(max_length=MAX_UNIT)] | None = None
    quality: Quality = Field(Quality.VALID, strict=False)


class Envelope(Message):
    """All of a reading but its vitals."""

    version: VersionOne = 1
    patient_id: Identifier
    device_id: Identifier
    source: Source = Field(Source.MONITOR, strict=False)
    taken_at: Moment
    sequence: Sequence | None = Field(
        None,
        description="Counted up with every reading; messages of one device, source, sequence and taken_at are one.",
    )
    corrects: Sequence | None = Field(None, description="Sequence of this device's reading that this one replaces.")
    mode: Mode = Field(Mode.REAL, strict=False)


def _last_of_each(vitals: Any) -> Any:
    # That a function stands here makes pydantic read the object first, in which the last of two equal names counts.
    # Without it every one of them would be validated, and a good reading refused for a value that nobody would use.
    return vitals


class Reading(Envelope):
    """The message that integrators send to the readings topic, keyed by `patient_id`.

    >>> Reading.model_validate_json(
    ...     '''{"patient_id": "p-7f3a", "device_id": "mon-12", "taken_at": "2026-11-22T12:00:00Z",
    ...         "vitals": {"heart_rate": {"value": 82, "unit": "/min"}}}'''
    ... ).vitals["heart_rate"].value
    82.0
    """

    vitals: Annotated[dict[str, Measure], BeforeValidator(_last_of_each)] = Field(
        max_length=MAX_VITALS, json_schema_extra={"propertyNames": {"enum": [str(vital) for vital in Vital]}}
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Reading":
        if not self.vitals and self.corrects is None:
            raise ValueError("no vitals, and it withdraws none")
        return self
