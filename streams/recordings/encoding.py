"""How a recorded or made-up reading is written as the message that integrators send."""

import json
import math
from decimal import Decimal
from functools import lru_cache

from schemas.times import to_text
from schemas.vitals import SCALES, Vital

_CALENDAR_SECONDS = 16_384


@lru_cache(maxsize=_CALENDAR_SECONDS)
def _second(second: int) -> str:
    return to_text(second * 1000)[:20]


def moment(ms: int) -> str:
    """A moment (milliseconds since 1970) in RFC 3339; whole seconds are remembered, for thousands share them.

    >>> moment(1_767_225_600_007)
    '2026-01-01T00:00:00.007Z'
    """
    return f"{_second(ms // 1000)}{ms % 1000:03d}Z"


def head(patient_id: str, device_id: str, source: str) -> str:
    """The part of a reading that never changes for one device: everything before the time."""
    return (
        f'{{"patient_id":{json.dumps(patient_id)},"device_id":{json.dumps(device_id)},'
        f'"source":{json.dumps(source)},"taken_at":"'
    )


def middle(mode: str | None) -> str:
    """What stands between the sequence and the vitals; a reading without a mode is a real patient's."""
    return ',"vitals":{' if mode is None else f',"mode":{json.dumps(mode)},"vitals":{{'


def measure(vital: Vital, value: str, unit: str | None = "", quality: str | None = None) -> str:
    """One vital as JSON. `value` is JSON already; `unit` is the vital's own unless another, or None, is said.

    >>> measure(Vital.SPO2, "97")
    '"spo2":{"value":97,"unit":"%"}'
    """
    told = SCALES[vital].unit if unit == "" else unit
    unit_part = "" if told is None else f',"unit":{json.dumps(told)}'
    quality_part = "" if quality is None else f',"quality":{json.dumps(quality)}'
    return f'"{vital}":{{"value":{value}{unit_part}{quality_part}}}'


def number(value: float, *, times: int = 1) -> tuple[str, str | None]:
    """The shortest decimal that is this number, `times` a factor, and the quality if it is no number at all.

    Single precision is read as what was written: 36.9 stays 36.9 and a fraction of 0.28 is 28 %, exactly.

    >>> import numpy
    >>> number(numpy.float32(0.28), times=100)
    ('28', None)
    >>> number(float("nan"))
    ('null', 'not available')
    """
    if math.isnan(value):
        return "null", "not available"
    if math.isinf(value):
        return "null", "overflow" if value > 0 else "underflow"
    exact = Decimal(str(value)) * times
    text = f"{exact:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text), None
