"""What became of the recorded patients: outcomes, ages, onsets, for evaluation and never for a Vigil."""

from collections.abc import Collection
from dataclasses import dataclass

from streams.recordings.recordings import START_MS
from streams.recordings.tables import LABELS_FILE, NotARecording, Recorded, tables_of


@dataclass(frozen=True, slots=True)
class Label:
    """One fact: `at_ms` on the same clock as the readings, None for the whole stay; `value` None if not known."""

    name: str
    value: float | None
    at_ms: int | None


def labels(
    recorded: Recorded, *, patients: Collection[str] | None = None, start_ms: int = START_MS
) -> dict[str, tuple[Label, ...]]:
    """All labels of a folder by patient, in the order of the file; `start_ms` is the instant of second 0.

    Raises `NotARecording` if there are none.
    """
    tables = tables_of(recorded)
    if tables.labels is None:
        file = str(tables.path / LABELS_FILE) if tables.path is not None else "labels"
        raise NotARecording("no_labels", file, "it says what became of the patients")
    told: dict[str, list[Label]] = {}
    for patient, name, value, time_s in zip(*(column.to_pylist() for column in tables.labels.columns), strict=True):
        if patients is None or patient in patients:
            at_ms = None if time_s is None else start_ms + round(time_s * 1000)
            told.setdefault(patient, []).append(Label(name, value, at_ms))
    return {patient: tuple(found) for patient, found in told.items()}
