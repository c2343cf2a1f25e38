"""What became of the recorded patients: outcomes, ages, onsets, for evaluation and never for a Vigil."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from streams.ward.columns import NotARecording
from streams.ward.recordings import START_MS

LABELS_FILE: Final = "labels.parquet"


@dataclass(frozen=True, slots=True)
class Label:
    """One fact: `at_ms` on the same clock as the readings, None for the whole stay; `value` None if not known."""

    name: str
    value: float | None
    at_ms: int | None


def labels(
    path: Path | str, *, patients: Collection[str] | None = None, start_ms: int = START_MS
) -> dict[str, tuple[Label, ...]]:
    """All labels of a folder by patient, in the order of the file.

    Raises `NotARecording` if there is no `labels.parquet`.
    """
    file = Path(path) / LABELS_FILE
    if not file.is_file():
        raise NotARecording(f"{path} holds no {LABELS_FILE}: it would say what became of the patients")
    table = pq.read_table(file, columns=["patient_id", "label", "value", "time_s"])
    told: dict[str, list[Label]] = {}
    for patient, name, value, time_s in zip(*(table[column].to_pylist() for column in table.column_names), strict=True):
        if patients is None or patient in patients:
            at_ms = None if time_s is None else start_ms + round(time_s * 1000)
            told.setdefault(str(patient), []).append(Label(name, value, at_ms))
    return {patient: tuple(found) for patient, found in told.items()}
