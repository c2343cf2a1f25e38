"""What became of each patient of a folder, as columns: the event, its moment, who the patient was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow.compute as pc  # type: ignore[import-untyped]

from streams.lab.evaluation.definitions import HOUR_S, LANDMARK_48_H, LANDMARK_H, SHIPPED, T0_S, Array, Event, Horizon
from streams.lab.evaluation.folder import CannotEvaluate
from streams.recordings.arrow_values import array_of, words
from streams.recordings.columns import codes
from streams.recordings.labels import Label, labels
from streams.recordings.signals import SIGNALS
from streams.recordings.tables import LABELS_FILE, Recorded, labels_of, tables_of

DAY_S: Final = 86_400
ABOUT: Final = frozenset({"age", "gender_male", "saps1", "icu_type", "onset_censored_early"})
"""Labels that are read beside the event: who the patient was, which landmark is asked at, who is left out."""
OF_EVENT: Final[Mapping[str, frozenset[str]]] = {
    Event.SEPSIS: frozenset({"sepsis", "label_first_1"}),
    Event.DEATH: frozenset({"death_time"}),
}
"""Labels that belong to an event that ships."""


class Asked(NamedTuple):
    """An event to judge by: the label that tells it, and how far ahead a call counts (None: as it ships)."""

    label: str
    horizon: Horizon | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One entry a patient; hours from the patient's first value, NaN where there is none.

    `happened`: 1, 0, or NaN where it is not known. `positive_from_h`: rows count as positive from here. `onset_h`: the
    moment to be ahead of. `censored`: the onset came too early to be ahead of it. `why_no_onset` says why nobody's
    onset is known, where that is so. `landmarks_h`: the landmark of each patient, where it is not the same for all.
    """

    event: str | None
    happened: Array
    onset_h: Array
    positive_from_h: Array
    censored: Array
    age: Array
    male: Array
    landmark_h: float
    why_no_onset: str | None
    cut_at_s: int | None
    horizon: Horizon = SHIPPED
    landmarks_h: Array | None = None

    @property
    def known(self) -> Array:
        """Patients of whom it is known whether the event happened."""
        return ~np.isnan(self.happened)

    @property
    def timed(self) -> Array:
        """Patients whose onset is known and not censored."""
        return ~np.isnan(self.onset_h) & ~self.censored


def event_of(recorded: Recorded, asked: Asked | None = None) -> str | None:
    """The label that tells the event: the one asked for, else the first that ships. Raises `CannotEvaluate` where
    nobody has the label asked for.
    """
    names = label_counts(recorded)
    if asked is None:
        return next((event for event in Event if event.value in names), None)
    if asked.label not in names:
        there = ", ".join(sorted(names)) or "none"
        raise CannotEvaluate("no_such_label", f"labels: {asked.label}", f"name a label that is there: {there}")
    return next((event for event in Event if event == asked.label), asked.label)


def label_counts(recorded: Recorded) -> dict[str, int]:
    """How many rows each label has."""
    table = labels_of(recorded)
    if table is None:
        return {}
    return {row["values"]: row["counts"] for row in table["label"].value_counts().to_pylist()}


def join(recorded: Recorded, patients: Sequence[str]) -> dict[str, int] | None:
    """How many of the patients have labels; None without labels. Raises `CannotEvaluate` where nobody has any."""
    tables = tables_of(recorded)
    if tables.labels is None:
        return None
    told = set(tables.labels["patient_id"].unique().to_pylist())
    both = told & set(patients)
    if patients and not both:
        theirs = ", ".join(repr(one) for one in sorted(told)[:2]) or "nobody"
        ours = ", ".join(repr(one) for one in sorted(patients)[:2])
        raise CannotEvaluate(
            "labels_do_not_join",
            "labels: patient_id",
            f"use the ids of the vitals: {ours} there, {theirs} in the labels",
        )
    return {"patients_with_labels": len(both), "patients_without": len(set(patients)) - len(both),
            "labelled_without_values": len(told - set(patients))}  # fmt: skip


def read_outcomes(
    recorded: Recorded,
    patients: Sequence[str],
    begins_s: Sequence[float] | None = None,
    asked: Asked | None = None,
) -> Outcomes:
    """The outcomes of `patients`, in their order; a folder without labels knows of no event.

    `begins_s`: the moment of each patient's first value, in seconds of the table. Who is not in the labels is unknown,
    and not free of the event.
    """
    tables = tables_of(recorded)
    event = event_of(tables, asked)
    names = set(label_counts(tables))
    told = labels(tables, start_ms=0) if names else {}
    lookup = [{label.name: label for label in told.get(patient, ())} for patient in patients]
    begins = np.zeros(len(patients)) if begins_s is None else np.array(begins_s, dtype=float)

    def value(name: str) -> Array:
        return np.array([_value(one.get(name)) for one in lookup], dtype=float)

    def hour(name: str) -> Array:
        return (np.array([_second(one.get(name)) for one in lookup], dtype=float) - begins) / HOUR_S

    none = np.full(len(patients), np.nan)
    happened, onset, positive, why, cut, landmark = none, none, none, None, None, LANDMARK_H
    landmarks: Array | None = None
    horizon = (asked and asked.horizon) or SHIPPED
    own = asked is not None and asked.horizon is not None
    if event is Event.DEATH:
        happened = value("in_hospital_death")
        onset, why = _deaths(hour("death_time") * HOUR_S + begins, happened, begins)
        positive = onset - horizon.within_h if own and why is None else np.where(happened == 1, -np.inf, np.nan)
        landmark = LANDMARK_48_H if {"saps1", "icu_type"} & names else LANDMARK_H
    elif event is Event.HYPOTENSION:
        happened = value(Event.HYPOTENSION)
        landmarks = (T0_S - begins) / HOUR_S
        onset = np.where(happened == 1, landmarks, np.nan)  # within the hour after T0, which is not in the record
        positive, cut, landmark = np.where(happened == 1, -np.inf, np.nan), T0_S, T0_S / HOUR_S
    elif event is not None:
        happened, onset = _happened(event, lookup, told), hour(event)
        onset = np.where(happened == 1, onset, np.nan)
        positive = onset - horizon.within_h
        if event is Event.SEPSIS and not own:
            first = hour("label_first_1")
            positive = np.where(np.isnan(first), onset, first)
        untimed = (happened == 1) & np.isnan(onset)
        positive = np.where(untimed, -np.inf if np.isnan(onset).all() else positive, positive)
        if np.isnan(onset).all():
            why = f"no row of the label {event} says when it happened"
    if event is None:
        why = f"{LABELS_FILE} names none of the events: {', '.join(Event)}"
    return Outcomes(
        event, happened, onset, positive, value("onset_censored_early") == 1, value("age"), value("gender_male"),
        landmark, why, cut, horizon, landmarks,
    )  # fmt: skip


def require_one_clock(recorded: Recorded, asked: Asked | None = None) -> None:
    """Raises `CannotEvaluate` where no onset lies within what is watched of its patient. Of whom nothing is watched, no
    onset is known.
    """
    tables = tables_of(recorded)
    watched = tables.vitals.filter(pc.is_in(tables.vitals["signal"], words(SIGNALS)))
    who, ids = codes(watched, "patient_id")
    when = array_of(watched["time_s"])
    begins, ends = np.full(len(ids), np.nan), np.full(len(ids), np.nan)
    np.fmin.at(begins, who, when)
    np.fmax.at(ends, who, when)
    outcomes = read_outcomes(tables, ids, begins.tolist(), asked)
    timed = outcomes.timed
    if timed.any() and outside(outcomes, (ends - begins) / HOUR_S)[timed].all():
        raise CannotEvaluate(
            "other_clock",
            f"labels: {outcomes.event}: time_s",
            f"use the clock of the values: each of {int(timed.sum())} onsets lies before the patient's first value or "
            f"more than {outcomes.horizon.within_h:g} h after the last",
        )


def outside(outcomes: Outcomes, last_h: Array) -> Array:
    """Patients whose onset lies before their first value, or later than the horizon after their last."""
    with np.errstate(invalid="ignore"):
        return (outcomes.onset_h < 0) | (outcomes.onset_h > last_h + outcomes.horizon.within_h)


def _happened(event: str, lookup: Sequence[Mapping[str, Label]], told: Mapping[str, Sequence[Label]]) -> Array:
    """1, 0, or NaN where nobody says. A moment alone says that it happened. Where some row says 0, everybody needs a
    row; where the label is only there for those to whom it happened, the others in the labels are free of it.
    """
    companion = "sepsis" if event is Event.SEPSIS else None
    said = {_truth(label) for found in told.values() for label in found if label.name == event}
    return np.array([_one(event, companion, one, sparse=0.0 not in said) for one in lookup], dtype=float)


def _one(event: str, companion: str | None, known: Mapping[str, Label], *, sparse: bool) -> float:
    if event in known:
        return _truth(known[event])
    if companion is not None and companion in known:
        return _truth(known[companion])
    return 0.0 if known and sparse else np.nan


def _truth(label: Label) -> float:
    if label.value is None:
        return np.nan if label.at_ms is None else 1.0
    return float(label.value > 0)


def _value(label: Label | None) -> float:
    return np.nan if label is None or label.value is None else float(label.value)


def _second(label: Label | None) -> float:
    """The moment of a label, in seconds of the table; NaN where it has none or says that nothing happened."""
    return np.nan if label is None or label.at_ms is None or label.value == 0 else label.at_ms / 1000


def _deaths(at_s: Array, happened: Array, begins_s: Array) -> tuple[Array, str | None]:
    """The hours of deaths in hospital from each first value; none where they are known to the day only."""
    at = np.where(happened == 1, at_s, np.nan)
    given = at[~np.isnan(at)]
    if not len(given):
        return np.full_like(at, np.nan), "the labels do not say when a patient died"
    if np.all(np.abs(given - np.round(given / DAY_S) * DAY_S) < 0.5):
        return np.full_like(at, np.nan), "deaths are known to the day only: no lead time can be told"
    return (at - begins_s) / HOUR_S, None
