"""The unit of a value, from the code that was sent for it: UCUM, MDC or a spelling that can mean nothing else.

A unit is never guessed from the size of a number. Spellings without a system are those of HL7 v2's ISO+ table and of
wearables' exports; each belongs to one kind of vital only ("C" is a temperature's, never an electric charge here).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.vitals import SCALES, Vital

# IEEE 11073-10101, partition 4: name without MDC_DIM_, number, our unit for the vitals that may have it.
_MDC_UNITS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "BEAT_PER_MIN": (264864, "/min"),
        "RESP_PER_MIN": (264928, "/min"),
        "X_PER_MIN": (264672, "/min"),
        "PER_MIN": (264672, "/min"),
        "PERCENT": (262688, "%"),
        "DEGC": (268192, "Cel"),
        "FAHR": (266560, "[degF]"),
        "KELVIN": (266592, "K"),
        "MMHG": (266016, "mm[Hg]"),
        "KILO_PASCAL": (265987, "kPa"),
        "X_L_PER_MIN": (264992, "L/min"),
        "L_PER_MIN": (264992, "L/min"),
    }
)
_BY_NUMBER: Final = MappingProxyType(dict(_MDC_UNITS.values()))
_RATES: Final = (Vital.HEART_RATE, Vital.PULSE_RATE)
_PRESSURES: Final = (Vital.SYSTOLIC_BP, Vital.DIASTOLIC_BP, Vital.MEAN_BP)
_OXYGEN: Final = (Vital.SPO2, Vital.INSPIRED_OXYGEN)


def _spelt(unit: str, vitals: tuple[Vital, ...], *spellings: str) -> dict[tuple[Vital, str], str]:
    return {(vital, spelling.casefold()): unit for vital in vitals for spelling in spellings}


_SPELLINGS: Final[Mapping[tuple[Vital, str], str]] = MappingProxyType(
    {
        **_spelt("/min", _RATES, "bpm", "beats/min", "beats/minute", "beat/min", "1/min", "/min", "per minute",
                 "beats per minute", "{beats}/min", "count/min", "min-1"),
        **_spelt("/min", (Vital.RESP_RATE,), "rpm", "brpm", "bpm", "br/min", "breaths/min", "breaths/minute",
                 "resp/min", "1/min", "/min", "per minute", "breaths per minute", "{breaths}/min", "count/min",
                 "min-1"),
        **_spelt("%", _OXYGEN, "%", "percent", "pct"),
        **_spelt("mm[Hg]", _PRESSURES, "mmhg", "mm[hg]", "mm(hg)", "mm hg"),
        **_spelt("kPa", _PRESSURES, "kpa"),
        **_spelt("Cel", (Vital.TEMPERATURE,), "c", "cel", "degc", "deg c", "°c", "celsius", "degrees c",
                 "degree celsius", "degrees celsius"),
        **_spelt("[degF]", (Vital.TEMPERATURE,), "f", "[degf]", "degf", "deg f", "°f", "fahrenheit", "degrees f",
                 "degrees fahrenheit"),
        **_spelt("L/min", (Vital.OXYGEN_FLOW,), "l/min", "lpm", "l/m", "litres/min", "liters/min", "litre per minute"),
    }
)  # fmt: skip
UNITLESS: Final = frozenset({Vital.CONSCIOUSNESS, Vital.SUPPLEMENTAL_OXYGEN})


def ucum_of(vital: Vital, code: str) -> str | None:
    """The unit of a UCUM code for this vital, or None if it is no unit of it; an annotation says nothing (UCUM, 6).

    >>> ucum_of(Vital.OXYGEN_FLOW, "l/min"), ucum_of(Vital.HEART_RATE, "{Heart beats}/min"), ucum_of(Vital.SPO2, "bpm")
    ('L/min', '/min', None)
    """
    if code in _NOT_UCUM:
        return None
    return _ours(vital, code) or _ours(vital, _ANNOTATION.sub("", code))


_ANNOTATION: Final = re.compile(r"\{[^{}]{0,40}\}")


def _ours(vital: Vital, unit: str) -> str | None:
    """The one way in which a unit of this vital is written here; None if it is no unit of it."""
    return _ONE_WAY.get(unit, unit) if unit in SCALES[vital].units else None


_ONE_WAY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mmHg": "mm[Hg]", "degC": "Cel", "°C": "Cel", "degF": "[degF]", "°F": "[degF]", "l/min": "L/min",
        **dict.fromkeys(
            ("1/min", "{beats}/min", "{beat}/min", "{Beats}/min", "beats/min", "bpm", "count/min", "{breaths}/min",
             "{breath}/min", "{Breaths}/min", "breaths/min", "rpm"), "/min"),
    }
)  # fmt: skip


_NOT_UCUM: Final = frozenset(
    {"bpm", "rpm", "beats/min", "breaths/min", "count/min", "mmHg", "degC", "°C", "degF", "°F"}
)


def mdc_of(vital: Vital, code: str, name: str) -> str | None:
    """The unit of an MDC number and name; either may be empty, both must agree.

    >>> mdc_of(Vital.TEMPERATURE, "266560", "MDC_DIM_FAHR"), mdc_of(Vital.SPO2, "266016", "MDC_DIM_MMHG")
    ('[degF]', None)
    """
    plain = name.strip().removeprefix("MDC_DIM_")
    by_name = _MDC_UNITS.get(plain)
    by_number = _BY_NUMBER.get(int(code)) if code.isascii() and code.isdigit() and len(code) < 10 else None
    unit = by_name[1] if by_name else by_number
    if unit is None or (by_name and by_number and by_name[1] != by_number):
        return None
    return unit if unit in SCALES[vital].units else None


def spelt_of(vital: Vital, text: str) -> str | None:
    """The unit of a spelling without a system, where it can mean nothing else for this vital.

    >>> spelt_of(Vital.TEMPERATURE, "DegC"), spelt_of(Vital.SPO2, "mmHg")
    ('Cel', None)
    """
    exact = text.strip()
    return _ours(vital, exact) or _SPELLINGS.get((vital, exact.casefold()))


def known(text: str) -> str:
    """The text of a unit as a finding shows it: short, and never a value.

    >>> known("mmH")
    "'mmH'"
    """
    return ascii(text[:24])
