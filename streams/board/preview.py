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
    confused = any(one["order"] == "long_standing_confusion" for one in status.get("orders", ()))
    scale = 2 if any(one["order"] == "spo2_scale" and one["value"] == "2" for one in status.get("orders", ())) else 1
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
