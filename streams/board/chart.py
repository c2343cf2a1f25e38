"""Observations laid out after NEWS2: the bands of its chart 1 with their points, and in which band each value lies.

The bands are those that the score itself reads, so that no picture can contradict it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from detectors.alertness import not_alert
from detectors.chart_row import ChartRow
from detectors.news2 import (
    CHART,
    NOT_ALERT_POINTS,
    OXYGEN_POINTS,
    SCALE_2_ON_AIR,
    SCALE_2_ON_OXYGEN,
    Part,
)
from detectors.oxygen import on_oxygen
from schemas.vitals import SCALES, Vital

NUMBERS: Final = (Part.RESP_RATE, Part.SPO2, Part.SYSTOLIC_BP, Part.PULSE_RATE, Part.TEMPERATURE)


def _row(part: Part, scale: int, oxygen: bool | None) -> ChartRow:
    if part is not Part.SPO2 or scale == 1:
        return CHART[part]
    return SCALE_2_ON_AIR if oxygen is False else SCALE_2_ON_OXYGEN


def _shown(low: float | None, high: float | None, points: int, note: str | None = None) -> dict[str, Any]:
    return {"low": low, "high": high, "points": points, "note": note}


def bands(scale: int, *, confusion_known: bool = False) -> dict[str, list[dict[str, Any]]]:
    """By item, the bands from the highest value down, as the chart is read; on scale 2 also those on air. Of oxygen and
    consciousness each value that may be charted. Each with its points.

    >>> [(one["low"], one["high"], one["points"]) for one in bands(1)["spo2"]]
    [(96.0, None, 0), (94.0, 95.0, 1), (92.0, 93.0, 2), (None, 91.0, 3)]
    >>> [(one["low"], one["high"], one["points"], one["note"]) for one in bands(2)["spo2"]][:4]
    [(97.0, None, 3, 'oxygen'), (95.0, 96.0, 2, 'oxygen'), (93.0, 94.0, 1, 'oxygen'), (93.0, None, 0, 'air')]
    """
    found = {part.value: [_shown(*band) for band in reversed(_row(part, 1, None).bands())] for part in NUMBERS}
    if scale == 2:
        rows = [*reversed(SCALE_2_ON_OXYGEN.bands())]
        above = [_shown(*band, "oxygen") for band in rows if band[0] is not None and band[0] > 92]
        below = [_shown(*band) for band in rows if band[0] is None or band[0] <= 92]
        found[Part.SPO2.value] = [*above, _shown(93.0, None, 0, "air"), *below]
    charted: dict[Part, tuple[Any, ...]] = {
        Part.SUPPLEMENTAL_OXYGEN: (False, True),
        Part.CONSCIOUSNESS: SCALES[Vital.CONSCIOUSNESS].letters,
    }
    for part, values in charted.items():
        each = (read({part.value: value}, scale, confusion_known=confusion_known)[part.value] for value in values)
        found[part.value] = [{"value": one["value"], "points": one["points"]} for one in each]
    return found


def read(values: Mapping[str, Any], scale: int, *, confusion_known: bool = False) -> dict[str, dict[str, Any]]:
    """Each item that was charted: the value as charted, its points and, of a number, its band's place in `bands`.

    >>> read({"spo2": 97.0, "supplemental_oxygen": False}, 2)["spo2"]
    {'value': 97, 'points': 0, 'band': 3}
    """
    oxygen = on_oxygen(values.get("supplemental_oxygen"), values.get("inspired_oxygen"), values.get("oxygen_flow"))
    found: dict[str, dict[str, Any]] = {}
    for part in NUMBERS:
        value = values.get(part.value)
        if part is Part.PULSE_RATE and value is None:
            value = values.get("heart_rate")
        if value is None:
            continue
        charted, points = _row(part, scale, oxygen).read(value)
        on_air = part is Part.SPO2 and scale == 2 and oxygen is False
        band = next(
            number
            for number, one in enumerate(bands(scale)[part.value])
            if one["points"] == points and _holds(one, charted) and (one["note"] == "air") is (on_air and charted > 92)
        )
        found[part.value] = {"value": charted, "points": points, "band": band}
    if oxygen is not None:
        found[Part.SUPPLEMENTAL_OXYGEN.value] = {
            "value": oxygen,
            "points": OXYGEN_POINTS if oxygen else 0,
            "band": None,
        }
    letter = values.get("consciousness")
    if letter is not None:
        worse = not_alert(letter, None, long_standing_confusion=confusion_known)
        found[Part.CONSCIOUSNESS.value] = {"value": letter, "points": NOT_ALERT_POINTS if worse else 0, "band": None}
    return found


def _holds(band: Mapping[str, Any], value: float) -> bool:
    return (band["low"] is None or band["low"] <= value) and (band["high"] is None or value <= band["high"])


def laid_out(
    sets: Iterable[Mapping[str, Any]], scale: int, *, confusion_known: bool, covered: bool = True
) -> dict[str, Any]:
    """The chart of these sets, oldest first: bands, and each set with where its values lie.

    Each set is counted by what was in force when it was entered; `scale`, `confusion_known` and `covered` (whether
    NEWS2 is valid for this patient): now, and of sets that do not tell. Where it is not valid nothing is counted.
    Where sets of both scales are shown the SpO2 bands of the other scale follow those of today's.
    """
    columns = []
    for one in sets:
        if not one["vitals"] or one["replaced_by"] is not None:
            continue
        mine, confused = one.get("spo2_scale") or scale, one.get("long_standing_confusion")
        items = read(one["vitals"], mine, confusion_known=confusion_known if confused is None else confused)
        valid = covered if one.get("covered") is None else one["covered"]
        if not valid:
            items = {name: {**item, "points": None} for name, item in items.items()}
        columns.append(
            {
                "action_id": one["action_id"],
                "taken_at": one["taken_at"],
                "who": one["who"],
                "scale": mine,
                "items": items,
                "covered": valid,
                "total": sum(item["points"] for item in items.values()) if valid else None,
                "complete": valid and len(items) == len(Part),
            }
        )
    shown, spo2 = bands(scale, confusion_known=confusion_known), Part.SPO2.value
    others = [one for one in columns if one["scale"] != scale and spo2 in one["items"]]
    if others:
        first = len(shown[spo2])
        for one in others:
            one["items"][spo2]["band"] += first
        both = (scale, shown[spo2]), (3 - scale, bands(3 - scale)[spo2])
        shown[spo2] = [{**band, "note": band["note"] or f"scale_{of}"} for of, rows in both for band in rows]
    return {"scale": scale, "covered": covered, "bands": shown, "columns": columns}
