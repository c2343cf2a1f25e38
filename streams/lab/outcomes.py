"""What became of each patient of a folder, as columns: the event, its moment, who the patient was."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from streams.lab.definitions import HOUR_S, LANDMARK_48_H, LANDMARK_H, T0_S, Array, Event
from streams.ward.labels import LABELS_FILE, Label, labels

DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One entry a patient; hours from the start of the record, NaN where there is none.

    `happened`: 1, 0, or NaN where it is not known. `positive_from_h`: rows count as positive from here. `onset_h`: the
    moment to be ahead of. `censored`: the onset came too early to be ahead of it. `why_no_onset` says why nobody's
    onset is known, where that is so.
    """

    event: Event | None
    happened: Array
    onset_h: Array
    positive_from_h: Array
    censored: Array
    age: Array
    male: Array
    landmark_h: float
    why_no_onset: str | None
    cut_at_s: int | None

    @property
    def known(self) -> Array:
        """Patients of whom it is known whether the event happened."""
        return ~np.isnan(self.happened)

    @property
    def timed(self) -> Array:
        """Patients whose onset is known and not censored."""
        return ~np.isnan(self.onset_h) & ~self.censored


def read_outcomes(folder: Path, patients: list[str]) -> Outcomes:
    """The outcomes of `patients`, in their order; a folder without labels knows of no event."""
    told = labels(folder, start_ms=0) if (folder / LABELS_FILE).is_file() else {}
    names = {label.name for found in told.values() for label in found}
    event = next((event for event in Event if event.value in names), None)
    lookup = [{label.name: label for label in told.get(patient, ())} for patient in patients]

    def value(name: str) -> Array:
        return np.array([_value(one.get(name)) for one in lookup], dtype=float)

    def hour(name: str) -> Array:
        return np.array([_hour(one.get(name)) for one in lookup], dtype=float)

    none = np.full(len(patients), np.nan)
    happened, onset, positive, why, cut, landmark = none, none, none, None, None, LANDMARK_H
    if event is Event.SEPSIS:
        onset, positive = hour("sepsis_onset"), hour("label_first_1")
        positive = np.where(np.isnan(positive), onset, positive)
        happened = (~np.isnan(onset)).astype(float)
    elif event is Event.DEATH:
        happened = value("in_hospital_death")
        onset, why = _deaths(hour("death_time"), happened)
        positive = np.where(happened == 1, -np.inf, np.nan)
        landmark = LANDMARK_48_H if {"saps1", "icu_type"} & names else LANDMARK_H
    elif event is Event.HYPOTENSION:
        happened = value(Event.HYPOTENSION)
        onset = np.where(happened == 1, T0_S / HOUR_S, np.nan)  # within the hour after T0, which is not in the record
        positive, cut, landmark = np.where(happened == 1, -np.inf, np.nan), T0_S, T0_S / HOUR_S
    return Outcomes(
        event,
        happened,
        onset,
        positive,
        value("onset_censored_early") == 1,
        value("age"),
        value("gender_male"),
        landmark,
        why if event is not None else f"{LABELS_FILE} names none of the events: {', '.join(Event)}",
        cut,
    )


def _value(label: Label | None) -> float:
    return np.nan if label is None or label.value is None else float(label.value)


def _hour(label: Label | None) -> float:
    return np.nan if label is None or label.at_ms is None or not label.value else label.at_ms / 1000 / HOUR_S


def _deaths(at_h: Array, happened: Array) -> tuple[Array, str | None]:
    """The moments of deaths in hospital; none where they are known to the day only."""
    at = np.where(happened == 1, at_h, np.nan)
    given = at[~np.isnan(at)]
    if not len(given):
        return np.full_like(at, np.nan), "the labels do not say when a patient died"
    if np.all(given * HOUR_S % DAY_S == 0):
        return np.full_like(at, np.nan), "deaths are known to the day only: no lead time can be told"
    return at, None
