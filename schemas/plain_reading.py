"""Readings as nearly all are: numbers in their vitals' own units, neither suspect nor impossible.

The JSON reader asks all of that while it reads, so that nothing is left to be judged. Whatever is anything else is none
of these, and `schemas.decode` decides.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from schemas.decode import MAX_BYTES, Count, Id
from schemas.reading import Mode, Quality
from schemas.vitals import SAME, SCALES, Range, Source, Vital

# For numbers that need no conversion: name, unit, and the range in which there is nothing to judge. No range here holds
# 0 or 1, so that none holds a yes or a no.
PLAUSIBLE: Final[dict[str, dict[str, Range]]] = {
    scale.vital.value: {unit: scale.suspect for unit, conversion in scale.units.items() if conversion is SAME}
    for scale in SCALES.values()
    if scale.vital is not Vital.GCS and scale.suspect[0] > 1
}


def _measure(name: str) -> type[Struct]:
    low, high = SCALES[Vital(name)].suspect
    return msgspec.defstruct(
        f"Plain_{name}",
        [
            ("value", Annotated[float, Meta(ge=low, le=high)]),
            ("unit", Literal[tuple(sorted(PLAUSIBLE[name]))]),  # type: ignore[misc]
            ("quality", Literal[Quality.VALID.value], Quality.VALID.value),  # type: ignore[misc]
        ],
        frozen=True,
        gc=False,
        forbid_unknown_fields=True,
    )


# One field a vital; those that were not sent are UNSET.
_Vitals: Final = msgspec.defstruct(
    "PlainVitals",
    [(name, _measure(name) | UnsetType, UNSET) for name in PLAUSIBLE],
    frozen=True,
    gc=False,
    forbid_unknown_fields=True,
)


class PlainReading(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A reading of which nothing has to be judged, and which corrects nothing.

    Its ids were not asked for control characters, nor its time for its limits: it may count for a patient and a device
    that are known already, between moments of that device that have been taken.
    """

    patient_id: Id
    device_id: Id
    taken_at: Annotated[datetime, Meta(tz=True)]
    vitals: _Vitals  # type: ignore[valid-type]
    source: Source = Source.MONITOR
    sequence: Count | None = None
    corrects: None = None
    mode: Mode = Mode.REAL
    version: Literal[1] = 1


_read = msgspec.json.Decoder(PlainReading).decode


def decode_plain(value: bytes | None) -> PlainReading | None:
    """The reading in a record's value, where nothing in it has to be judged; otherwise None.

    >>> reading = decode_plain(
    ...     b'''{"patient_id": "p-7f3a", "device_id": "mon-12", "taken_at": "2026-11-22T12:00:00Z",
    ...          "vitals": {"spo2": {"value": 97, "unit": "%"}, "heart_rate": {"value": 71, "unit": "/min"}}}'''
    ... )
    >>> values_of(("spo2", "heart_rate"))(reading.vitals)
    (97.0, 71.0)
    """
    try:
        if len(value) <= MAX_BYTES:  # type: ignore[arg-type]
            return _read(value)  # type: ignore[arg-type]
    except Exception:  # whatever it is
        pass
    return None


@lru_cache(maxsize=1_024)
def values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[float, ...]] | None:
    """What reads the values of just these vitals, in this order, from a plain reading's; AttributeError where one was
    not sent. None where no plain reading has them all.
    """
    if not names or not PLAUSIBLE.keys() >= set(names):
        return None
    read: Callable[[Any], Any] = attrgetter(*(f"{name}.value" for name in names))
    return read if len(names) > 1 else lambda vitals: (read(vitals),)
