"""NEWS2: the national early warning score, from what a nurse charts, as an interval where something is not known.

Valid from 16 years and outside pregnancy: whoever calls decides that. Scale 2 is for a patient with hypercapnic
respiratory failure and a prescribed SpO2 target of 88-92 %; it is never inferred.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from math import inf
from types import MappingProxyType
from typing import Final

from detectors.alertness import not_alert
from detectors.chart_row import ChartRow
from detectors.pulse import disagree
from detectors.shapes import Fixed


class Part(StrEnum):
    """The seven items of the score, in the order of the chart. The names are those of the vitals."""

    RESP_RATE = "resp_rate"
    SPO2 = "spo2"
    SUPPLEMENTAL_OXYGEN = "supplemental_oxygen"
    SYSTOLIC_BP = "systolic_bp"
    PULSE_RATE = "pulse_rate"
    CONSCIOUSNESS = "consciousness"
    TEMPERATURE = "temperature"


RED = 3  # points in one item that call for a review by themselves (RCP, NEWS2, 2017, Chart 2)
HIGHEST = 20

# Royal College of Physicians. National Early Warning Score (NEWS) 2: standardising the assessment of acute-illness
# severity in the NHS. London: RCP, 2017, Chart 1. Each band is written as its last value and its points.
CHART: Final[Mapping[Part, ChartRow]] = MappingProxyType(
    {
        Part.RESP_RATE: ChartRow("resp_rate", (8, 3), (11, 1), (20, 0), (24, 2), (inf, 3)),
        Part.SPO2: ChartRow("spo2", (91, 3), (93, 2), (95, 1), (inf, 0)),  # scale 1
        Part.SYSTOLIC_BP: ChartRow("systolic_bp", (90, 3), (100, 2), (110, 1), (219, 0), (inf, 3)),
        Part.PULSE_RATE: ChartRow("pulse_rate", (40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (inf, 3)),
        Part.TEMPERATURE: ChartRow("temperature", (35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (inf, 2), per_unit=10),
    }
)
# Chart 1, SpO2 scale 2: "88-92, or 93 and above on air" scores 0; above 92 only oxygen scores.
SCALE_2_ON_AIR: Final = ChartRow("spo2", (83, 3), (85, 2), (87, 1), (inf, 0))
SCALE_2_ON_OXYGEN: Final = ChartRow("spo2", (83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (inf, 3))
OXYGEN_POINTS: Final = 2  # Chart 1, air or oxygen
NOT_ALERT_POINTS: Final = 3  # Chart 1, consciousness: C, V, P or U


class News2(Fixed, frozen=True):
    """What the score certainly reaches, what it may reach, and from what.

    `parts` holds every item in chart order with its least and most points, equal where certain; `missing` the items
    without a value; `red` those that certainly score 3; `rounded` each number used, raw and as charted. `complete` says
    that every item is certain, so that `score_min == score_max`.
    """

    score_min: int
    score_max: int
    complete: bool
    parts: tuple[tuple[Part, int, int], ...]
    missing: tuple[Part, ...]
    red: tuple[Part, ...]
    rounded: tuple[tuple[Part, float, float], ...]


def _spo2(value: float, scale: int, oxygen: bool | None) -> tuple[float, int, int]:
    """SpO2 as charted, least and most points: without knowledge of oxygen, scale 2 has two answers above 92 %."""
    if scale == 1:
        charted, sure = _spo2_scale_1(value)
        return charted, sure, sure
    if scale != 2:
        raise ValueError(f"SpO2 scale {scale!r} does not exist; known: 1, 2")
    if oxygen is False:
        charted, sure = SCALE_2_ON_AIR.read(value)
        return charted, sure, sure
    charted, most = SCALE_2_ON_OXYGEN.read(value)
    return charted, most if oxygen else SCALE_2_ON_AIR.read(value)[1], most


def points(part: Part, value: float, *, spo2_scale: int = 1, oxygen: bool | None = None) -> tuple[int, int]:
    """Least and most points of one measured item; they differ only for scale 2 when oxygen is not known.

    `ValueError` for a value that is not finite, another scale, or an item that is not measured in numbers.

    >>> points(Part.RESP_RATE, 8.5), points(Part.TEMPERATURE, 38.05)
    ((3, 3), (1, 1))
    >>> points(Part.SPO2, 98, spo2_scale=2, oxygen=False), points(Part.SPO2, 98, spo2_scale=2)
    ((0, 0), (0, 3))
    """
    if part is Part.SPO2:
        return _spo2(value, spo2_scale, oxygen)[1:]
    row = CHART.get(part)
    if row is None:
        raise ValueError(f"{part} is not measured in numbers; known: {', '.join(CHART)}")
    sure = row.read(value)[1]
    return sure, sure


# Bound once: an enum's member costs 0.1 us a look in Python 3.11, and this runs at every window of every patient.
RESP_RATE, SPO2, SUPPLEMENTAL_OXYGEN, SYSTOLIC_BP, PULSE_RATE, CONSCIOUSNESS, TEMPERATURE = tuple(Part)
# What was read is remembered: all patients of a ward have few different values of each vital.
_resp_rate, _systolic_bp, _pulse_rate, _temperature, _spo2_scale_1 = (
    lru_cache(maxsize=1_024)(CHART[part].read) for part in (RESP_RATE, SYSTOLIC_BP, PULSE_RATE, TEMPERATURE, SPO2)
)


def news2(
    resp_rate: float | None,
    spo2: float | None,
    systolic_bp: float | None,
    pulse_rate: float | None,
    heart_rate: float | None,
    temperature: float | None,
    consciousness: str | None,
    oxygen: bool | None,
    *,
    spo2_scale: int = 1,
    gcs: float | None = None,
    long_standing_confusion: bool = False,
) -> News2:
    """Score one set of values, each already one robust value, not a raw sample; None where there is no valid one.

    Units: /min, %, mmHg, degrees Celsius. A missing item is never normal: it may score anything. The pulse comes before
    the ECG's heart rate; where both contradict each other (`detectors.pulse`) the item lies between the points of the
    two. `detectors.alertness` says how letter, coma scale and long-standing confusion go together. `ValueError` for a
    number that is not finite, an unknown letter, coma scale or SpO2 scale.

    Examples
    --------
    >>> night = news2(18, 97, 124, 72, None, 36.8, "A", False)
    >>> night.score_min, night.score_max, night.complete
    (0, 0, True)
    >>> streamed = news2(26, 93, 124, 112, None, None, None, None)      # no device supplies the other three
    >>> streamed.score_min, streamed.score_max, [str(part) for part in streamed.missing]
    (7, 15, ['supplemental_oxygen', 'consciousness', 'temperature'])
    >>> [str(part) for part in streamed.red]
    ['resp_rate']

    References
    ----------
    Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017, Chart 1. Intervals, rounding
    and ties are this product's own.
    """
    missing: list[Part] = []
    rounded: list[tuple[Part, float, float]] = []

    if resp_rate is None:
        resp_min, resp_max = 0, 3
        missing.append(RESP_RATE)
    else:
        charted, resp_min = _resp_rate(resp_rate)
        resp_max = resp_min
        rounded.append((RESP_RATE, resp_rate, charted))

    if spo2 is None:
        spo2_min, spo2_max = 0, 3
        missing.append(SPO2)
        if spo2_scale not in (1, 2):
            raise ValueError(f"SpO2 scale {spo2_scale!r} does not exist; known: 1, 2")
    else:
        charted, spo2_min, spo2_max = _spo2(spo2, spo2_scale, oxygen)
        rounded.append((SPO2, spo2, charted))

    if oxygen is None:
        oxygen_min, oxygen_max = 0, OXYGEN_POINTS
        missing.append(SUPPLEMENTAL_OXYGEN)
    else:
        oxygen_min = oxygen_max = OXYGEN_POINTS if oxygen else 0

    if systolic_bp is None:
        bp_min, bp_max = 0, 3
        missing.append(SYSTOLIC_BP)
    else:
        charted, bp_min = _systolic_bp(systolic_bp)
        bp_max = bp_min
        rounded.append((SYSTOLIC_BP, systolic_bp, charted))

    rate = heart_rate if pulse_rate is None else pulse_rate
    if rate is None:
        rate_min, rate_max = 0, 3
        missing.append(PULSE_RATE)
    else:
        charted, rate_min = _pulse_rate(rate)
        rate_max = rate_min
        rounded.append((PULSE_RATE, rate, charted))
        if pulse_rate is not None and heart_rate is not None and disagree(pulse_rate, heart_rate):
            charted, other = _pulse_rate(heart_rate)
            rate_min, rate_max = min(rate_min, other), max(rate_max, other)
            rounded.append((PULSE_RATE, heart_rate, charted))

    dulled = not_alert(consciousness, gcs, long_standing_confusion)
    if dulled is None:
        mind_min, mind_max = 0, NOT_ALERT_POINTS
        if consciousness is None and gcs is None:
            missing.append(CONSCIOUSNESS)
    else:
        mind_min = mind_max = NOT_ALERT_POINTS if dulled else 0

    if temperature is None:
        temperature_min, temperature_max = 0, 3
        missing.append(TEMPERATURE)
    else:
        charted, temperature_min = _temperature(temperature)
        temperature_max = temperature_min
        rounded.append((TEMPERATURE, temperature, charted))

    parts = (
        (RESP_RATE, resp_min, resp_max),
        (SPO2, spo2_min, spo2_max),
        (SUPPLEMENTAL_OXYGEN, oxygen_min, oxygen_max),
        (SYSTOLIC_BP, bp_min, bp_max),
        (PULSE_RATE, rate_min, rate_max),
        (CONSCIOUSNESS, mind_min, mind_max),
        (TEMPERATURE, temperature_min, temperature_max),
    )
    score_min = resp_min + spo2_min + oxygen_min + bp_min + rate_min + mind_min + temperature_min
    score_max = resp_max + spo2_max + oxygen_max + bp_max + rate_max + mind_max + temperature_max
    red = tuple([part for part, least, _ in parts if least == RED]) if score_min >= RED else ()
    return News2(score_min, score_max, score_min == score_max, parts, tuple(missing), red, tuple(rounded))
