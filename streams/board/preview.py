"""What NEWS2 would be with values that are being entered, and which of them are unusual enough to ask once more."""

from collections.abc import Mapping
from typing import Any, Final

from detectors.news2 import News2, news2
from detectors.oxygen import on_oxygen
from schemas.vitals import SCALES, Vital

IN_FORCE: Final = frozenset({"live", "delayed"})
OXYGEN: Final = ("supplemental_oxygen", "inspired_oxygen", "oxygen_flow")


def unusual(values: Mapping[str, Any]) -> list[str]:
    """Values that are possible, and outside what is usual of anybody: a slip of the finger, or a dying patient.

    >>> unusual({"spo2": 9.0, "pulse_rate": 80.0, "consciousness": "A"})
    ['spo2']
    """
    found = []
    for name, value in values.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = SCALES[Vital(name)].suspect
            if not low <= value <= high:
                found.append(name)
    return found


def scored_by(status: Mapping[str, Any]) -> tuple[int, bool]:
    """The SpO2 scale that is in force, and whether confusion is known to be long-standing.

    >>> scored_by({"orders": [{"order": "spo2_scale", "value": "2"}]}), scored_by({})
    ((2, False), (1, False))
    """
    kinds = {one["order"]: one["value"] for one in status.get("orders", ())}
    return 2 if kinds.get("spo2_scale") == "2" else 1, "long_standing_confusion" in kinds


def preview(status: Mapping[str, Any], entered: Mapping[str, Any]) -> News2 | None:
    """The score of the values in force with those that are entered in their place; None where NEWS2 is not valid."""
    if status.get("coverage") == "not covered":
        return None
    told = {
        name: one["value"]
        for name, one in status.get("vitals", {}).items()
        if one["state"] in IN_FORCE and one["value"] is not None
    }
    if any(name in entered for name in OXYGEN):
        told = {name: value for name, value in told.items() if name not in OXYGEN}
    if "pulse_rate" in entered:
        told.pop("heart_rate", None)
    if "consciousness" in entered:
        told.pop("gcs", None)
    told |= entered
    get = told.get
    scale, confused = scored_by(status)
    return news2(
        get("resp_rate"),
        get("spo2"),
        get("systolic_bp"),
        get("pulse_rate"),
        get("heart_rate"),
        get("temperature"),
        get("consciousness"),
        on_oxygen(get("supplemental_oxygen"), get("inspired_oxygen"), get("oxygen_flow")),
        spo2_scale=scale,
        gcs=get("gcs"),
        long_standing_confusion=confused,
    )
