"""What NEWS2 would be with values that are being entered, and which of them are unusual enough to ask once more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from detectors.news2 import News2, news2
from detectors.oxygen import on_oxygen
from schemas.status import Coverage
from schemas.times import to_ms
from schemas.vitals import SCALES, Source, Vital

IN_FORCE: Final = frozenset({"live", "delayed"})
OXYGEN: Final = frozenset({"supplemental_oxygen", "inspired_oxygen", "oxygen_flow"})
REPLACES: Final = dict.fromkeys(OXYGEN, OXYGEN) | {
    "pulse_rate": frozenset({"pulse_rate", "heart_rate"}),
    "consciousness": frozenset({"consciousness", "gcs"}),
}
"""What gives way to a vital that is entered, unless it was measured later; every other vital to itself alone."""


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


def is_covered(status: Mapping[str, Any]) -> bool:
    """Whether NEWS2 is valid for this patient at present.

    >>> is_covered({"coverage": "not covered"}), is_covered({"coverage": "covered"})
    (False, True)
    """
    return status.get("coverage") != Coverage.NOT_COVERED


def preview(
    status: Mapping[str, Any], entered: Mapping[str, Any], *, now: int, taken_at: int | None = None
) -> News2 | None:
    """The score of the values in force with those that are entered; None where NEWS2 is not valid.

    `now`, `taken_at`: milliseconds; when what is entered was measured (None: now). As the worker does it: what was
    measured later stays in force, and what was measured too long ago to count does not come into force.
    """
    if not is_covered(status):
        return None
    taken = now if taken_at is None else taken_at
    known = {
        name: one
        for name, one in status.get("vitals", {}).items()
        if one["state"] in IN_FORCE and one["value"] is not None
    }
    newer = {name for name, one in known.items() if to_ms(datetime.fromisoformat(one["taken_at"])) > taken}
    told = {name: one["value"] for name, one in known.items()}
    counts = {name: value for name, value in entered.items() if name not in newer and _still_counts(name, now - taken)}
    for name in counts:
        for other in REPLACES.get(name, frozenset({name})) - newer:
            told.pop(other, None)
    told |= counts
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


def _still_counts(name: str, age_ms: int) -> bool:
    # Oxygen stays in force until it is charted otherwise, whatever the table says.
    return name in OXYGEN or age_ms < SCALES[Vital(name)].validity[Source.SPOT]
