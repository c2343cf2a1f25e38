"""Whether a value as sent can be taken: its unit, what the device said of it, and whether a body can have it.

`judge` is on the hot path, once per vital of every reading: one look-up by name and unit, two comparisons.
"""

from typing import Final, NamedTuple

from schemas.decode import FastMeasure, Refused
from schemas.reading import USABLE, Quality
from schemas.reasons import Refusal
from schemas.vitals import LETTERS, SAME, SCALES, Conversion, Vital


class Judged(NamedTuple):
    """A value that can be taken, in the vital's own unit; `suspect` values are scored and flagged, never learned from.

    Consciousness is an index into `LETTERS` (0 = A ... 4 = U), supplemental oxygen 1.0 (yes) or 0.0 (no).
    """

    vital: Vital
    value: float
    suspect: bool


# vital, conversion (None: nothing to convert), suspect below, suspect above, impossible below, impossible above
_Row = tuple[Vital, Conversion | None, float, float, float, float]

_NUMBERS: Final[dict[str, dict[str, _Row]]] = {
    str(scale.vital): {
        unit: (scale.vital, None if conversion is SAME else conversion, *scale.suspect, *scale.impossible)
        for unit, conversion in scale.units.items()
    }
    for scale in SCALES.values()
    if scale.units
}
_WHOLE: Final = frozenset({Vital.GCS})
_QUICK: Final = {name: rows for name, rows in _NUMBERS.items() if name not in _WHOLE}
_WORDS: Final[dict[str, dict[object, Judged]]] = {
    str(Vital.CONSCIOUSNESS): {
        letter: Judged(Vital.CONSCIOUSNESS, float(place), False) for place, letter in enumerate(LETTERS)
    },
    str(Vital.SUPPLEMENTAL_OXYGEN): {
        answer: Judged(Vital.SUPPLEMENTAL_OXYGEN, float(answer), False) for answer in (True, False)
    },
}
_VALID: Final = Quality.VALID
_new = tuple.__new__  # a third of the price of calling the class


def judge(name: str, measure: FastMeasure) -> Judged | Refused:
    """The value in our own unit, or why it cannot be taken.

    What is wrong is told in this order: the name, the quality, no value, the unit, the kind of value, the range.

    >>> judge("temperature", FastMeasure(98.6, "[degF]"))
    Judged(vital=<Vital.TEMPERATURE: 'temperature'>, value=37.0, suspect=False)
    >>> judge("spo2", FastMeasure(140.0, "%"))
    Refused(vital='spo2', code=<Refusal.IMPOSSIBLE: 'impossible'>, field='vitals.spo2.value')
    """
    value = measure.value
    if value.__class__ is float and measure.quality is _VALID:
        try:
            vital, conversion, low, high, _, _ = _QUICK[name][measure.unit]  # type: ignore[index]
        except KeyError:
            return _judge_slowly(name, measure)
        if conversion is not None:
            value = conversion(value)
        if low <= value <= high:
            return _new(Judged, (vital, value + 0.0, False))  # + 0.0: there is no minus zero
    return _judge_slowly(name, measure)


# The byte that stands for "no value": no heart is so quick for long, and a device that means it is rare.
NO_VALUE_BYTE: Final = 255.0
_RATES: Final = frozenset({Vital.HEART_RATE.value, Vital.PULSE_RATE.value})


def means_something_else(name: str, measure: FastMeasure) -> Refused | None:
    """What is refused although a body might have it, because it nearly always means something else: a fraction under
    "%", the byte for "no value".

    >>> means_something_else("spo2", FastMeasure(0.97, "%"))
    Refused(vital='spo2', code=<Refusal.FRACTION: 'fraction'>, field='vitals.spo2.value')
    >>> means_something_else("spo2", FastMeasure(0.97, "1")) is None
    True
    """
    value = measure.value
    if not isinstance(value, float) or measure.quality not in USABLE:
        return None
    if name == Vital.SPO2 and measure.unit == "%" and 0 < value <= 1:
        return Refused(name, Refusal.FRACTION, f"vitals.{name}.value")
    if name in _RATES and value == NO_VALUE_BYTE:
        return Refused(name, Refusal.NOT_MEASURED, f"vitals.{name}.value")
    return None


def _judge_slowly(name: str, measure: FastMeasure) -> Judged | Refused:
    """As `judge`, for everything."""
    value, unit, quality = measure.value, measure.unit or None, measure.quality
    if name not in SCALES:
        return Refused(name, Refusal.UNKNOWN_VITAL, f"vitals.{name[:200]}")
    if quality not in USABLE:
        return Refused(name, Refusal.NOT_USABLE, f"vitals.{name}.quality")
    if value is None:
        return Refused(name, Refusal.NO_VALUE, f"vitals.{name}.value")
    doubtful = quality is Quality.QUESTIONABLE
    if name in _WORDS:
        return _judge_word(name, value, unit, doubtful)
    if unit is None:
        return Refused(name, Refusal.MISSING_UNIT, f"vitals.{name}.unit")
    row = _NUMBERS[name].get(unit)
    if row is None:
        return Refused(name, Refusal.UNKNOWN_UNIT, f"vitals.{name}.unit")
    if not isinstance(value, float):
        return Refused(name, Refusal.BAD_VALUE, f"vitals.{name}.value")
    vital, conversion, low, high, least, most = row
    ours = (value if conversion is None else conversion(value)) + 0.0
    if vital in _WHOLE and not ours.is_integer():
        return Refused(name, Refusal.BAD_VALUE, f"vitals.{name}.value")
    if not least <= ours <= most:
        return Refused(name, Refusal.IMPOSSIBLE, f"vitals.{name}.value")
    return Judged(vital, ours, doubtful or not low <= ours <= high)


def _judge_word(name: str, value: object, unit: str | None, doubtful: bool) -> Judged | Refused:
    if unit is not None:
        return Refused(name, Refusal.UNKNOWN_UNIT, f"vitals.{name}.unit")
    # True == 1.0 to a dictionary, and neither vital takes a number.
    found = None if isinstance(value, float) else _WORDS[name].get(value)
    if found is None:
        return Refused(name, Refusal.BAD_VALUE, f"vitals.{name}.value")
    return found._replace(suspect=doubtful)
