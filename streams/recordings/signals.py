"""Which column of a recording is which vital, and in what unit it was written down."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.vitals import SCALES, Vital
from streams.recordings.encoding import measure, number

SIGNALS: Final[Mapping[str, Vital]] = MappingProxyType(
    {
        "HR": Vital.HEART_RATE,
        "PULSE": Vital.PULSE_RATE,
        "RR": Vital.RESP_RATE,
        "SPO2": Vital.SPO2,
        "SBP": Vital.SYSTOLIC_BP,
        "NISBP": Vital.SYSTOLIC_BP,
        "DBP": Vital.DIASTOLIC_BP,
        "NIDBP": Vital.DIASTOLIC_BP,
        "MAP": Vital.MEAN_BP,
        "NIMAP": Vital.MEAN_BP,
        "TEMP": Vital.TEMPERATURE,
        "GCS": Vital.GCS,
        "FIO2": Vital.INSPIRED_OXYGEN,
        "O2_SUPP": Vital.SUPPLEMENTAL_OXYGEN,
    }
)
"""By exact name. Near names are other things: SAO2 is a blood gas, SPO2_AVG a night's mean, RESTING_HR a summary, and
a skin temperature is not body temperature. They are counted as not watched."""

CUFF: Final = frozenset({"NISBP", "NIDBP", "NIMAP"})
"""Taken with a cuff; the same vital may come from an arterial line at the same instant."""

WORN: Final = frozenset({Vital.HEART_RATE, Vital.PULSE_RATE, Vital.RESP_RATE})
"""All that a stream from a wrist or a patch carries; a bedside monitor adds at least SpO2 or a pressure."""

_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {"bpm": "/min", "1/min": "/min", "%": "%", "mmHg": "mm[Hg]", "degC": "Cel", "degF": "[degF]", "score": "{score}"}
)
_TRUTH: Final = {1.0: "true", 0.0: "false"}
_PERCENT_OF_ONE: Final = 100


def written(signal: str, unit: str, value: float) -> str:
    """One recorded value as JSON of a reading. The value stays raw; a unit that we do not know is passed on as it is.

    >>> written("TEMP", "degC", 36.9)
    '"temperature":{"value":36.9,"unit":"Cel"}'
    >>> written("FIO2", "fraction", 0.4)
    '"inspired_oxygen":{"value":40,"unit":"%"}'
    >>> written("O2_SUPP", "bool", 1.0)
    '"supplemental_oxygen":{"value":true}'
    """
    vital = SIGNALS[signal]
    if unit == "bool":
        text, quality = number(value)
        return measure(vital, _TRUTH.get(value, text), None, quality)
    if unit == "fraction":
        text, quality = number(value, times=_PERCENT_OF_ONE)
        return measure(vital, text, "%", quality)
    text, quality = number(value)
    return measure(vital, text, _UNITS.get(unit, unit), quality)


def in_our_unit(signal: str, unit: str, value: float) -> float | None:
    """A recorded number in its vital's own unit, as the border would take it; None in a unit that it would refuse.

    >>> in_our_unit("TEMP", "degF", 98.6), in_our_unit("SBP", "kPa", 16.0), in_our_unit("TEMP", "mmHg", 37.0)
    (37.0, 120.01, None)
    """
    if unit == "fraction":
        unit, value = "%", value * _PERCENT_OF_ONE
    convert = SCALES[SIGNALS[signal]].units.get(_UNITS.get(unit, unit))
    return None if convert is None else convert(value)
