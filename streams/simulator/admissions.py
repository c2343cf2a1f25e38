"""The admission records of the demo's patients: who lies in which bed, with which devices."""

import json
from collections.abc import Iterable
from typing import Any, Final

from schemas.times import to_text
from streams.recordings.labels import Label

_SEXES: Final = {1.0: "male", 0.0: "female"}
_SCALE_2: Final = {"scale": 2, "prescriber": "demo prescriber"}


def bed(ward: str, number: int) -> str:
    """The name of a bed, counted from 1.

    >>> bed("A", 1)
    'A01'
    """
    return f"{ward}{number:02d}"


def admission(
    patient_id: str,
    *,
    at_ms: int,
    ward: str,
    bed: str,
    devices: Iterable[str],
    age_years: float | None = None,
    sex: str = "unknown",
    spo2_scale: int = 1,
) -> dict[str, Any]:
    """A record for the patients topic, as a plain dict. What is not known is left out or called unknown."""
    record: dict[str, Any] = {
        "version": 1,
        "patient_id": patient_id,
        "event": "admit",
        "at": to_text(at_ms),
        "ward": ward,
        "bed": bed,
        "encounter": f"stay-{patient_id}",
        "sex": sex,
        "maternity": "none",
        "devices": list(devices),
        "mode": "demo",
    }
    if age_years is not None:
        record["age_years"] = age_years
    if spo2_scale == 2:
        record["spo2_scale"] = dict(_SCALE_2)
    return record


def age_and_sex(labels: Iterable[Label]) -> dict[str, Any]:
    """What a recording's labels say for an admission record.

    >>> age_and_sex([Label("age", 64.0, None), Label("gender_male", 0.0, None)])
    {'age_years': 64.0, 'sex': 'female'}
    """
    told = {label.name: label.value for label in labels if label.at_ms is None}
    sex = told.get("gender_male")
    return {"age_years": told.get("age"), "sex": "unknown" if sex is None else _SEXES.get(sex, "unknown")}


def encode(record: dict[str, Any]) -> bytes:
    """The record as it goes on the topic."""
    return json.dumps(record, separators=(",", ":")).encode()
