"""The alerts that a score or the Vigil raises on recorded patients, patient by patient, all counted by one rule."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from streams.lab.evaluation.definitions import (
    HOUR_S,
    SETTLE_S,
    SHIPPED,
    Array,
    Horizon,
    catches,
    raises,
    raises_of_spans,
)
from streams.lab.evaluation.trace import Course, Trace


@dataclass(frozen=True, slots=True)
class Alerting:
    """One entry a patient. `calls` counts alerts that interrupt, `shown` all of them; `hits` the calls that were early
    enough and not too early; `lead_h` is from the first of them to the onset (NaN: none). `on` are the rows in alert.
    `raised_h` are the calls themselves, in hours, `raised_by` whose they are.
    """

    calls: Array
    shown: Array
    hits: Array
    detected: Array
    detected_short: Array
    detected_shown: Array
    lead_h: Array
    on: Array
    raised_by: Array
    raised_h: Array


def of_rows(trace: Trace, on: Array, onset_h: Array, horizon: Horizon = SHIPPED) -> Alerting:
    """The alerts of a condition that holds on some rows; all of them interrupt."""
    rows = np.flatnonzero(on)
    who, hours = trace.who[rows], trace.hours[rows]
    raised = raises(who, hours)
    calls = who[raised], hours[raised]
    return _count(calls, calls, on, onset_h, horizon)


def of_turns(
    trace: Trace, onset_h: Array, spans: Callable[[Course], tuple[list, list]], horizon: Horizon = SHIPPED
) -> Alerting:
    """The alerts of what a Vigil held open. `spans(course)` gives the stretches (s) that call, and those shown."""
    calls: list[tuple[int, float]] = []
    shown: list[tuple[int, float]] = []
    on = np.zeros(len(trace.who), dtype=bool)
    starts = np.searchsorted(trace.who, np.arange(len(trace.courses) + 1))
    for patient, course in enumerate(trace.courses):
        calling, showing = spans(course)
        calls += [(patient, at) for at in raises_of_spans(_hours(calling))]
        shown += [(patient, at) for at in raises_of_spans(_hours(showing))]
        rows = slice(starts[patient], starts[patient + 1])
        seen = trace.at_s[rows] + SETTLE_S
        for begin, end in calling:
            on[rows] |= (seen >= begin) & (seen < end)
    return _count(_columns(calls), _columns(shown), on, onset_h, horizon)


def _columns(pairs: list[tuple[int, float]]) -> tuple[Array, Array]:
    return np.array([pair[0] for pair in pairs], dtype=int), np.array([pair[1] for pair in pairs], dtype=float)


def _hours(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(begin / HOUR_S, end / HOUR_S) for begin, end in spans]


def _count(
    calls: tuple[Array, Array], shown: tuple[Array, Array], on: Array, onset_h: Array, horizon: Horizon
) -> Alerting:
    patients = len(onset_h)
    who, at = calls
    early = catches(at, onset_h[who], horizon.within_h, horizon.lead_h)
    shortly = catches(at, onset_h[who], horizon.short_h, horizon.lead_h)
    seen = catches(shown[1], onset_h[shown[0]], horizon.within_h, horizon.lead_h)
    first = np.full(patients, np.inf)
    np.minimum.at(first, who[early], at[early])

    def anyone(whose: Array) -> Array:
        return np.bincount(whose, minlength=patients) > 0

    return Alerting(
        calls=np.bincount(who, minlength=patients).astype(float),
        shown=np.bincount(shown[0], minlength=patients).astype(float),
        hits=np.bincount(who[early], minlength=patients).astype(float),
        detected=anyone(who[early]),
        detected_short=anyone(who[shortly]),
        detected_shown=anyone(shown[0][seen]),
        lead_h=np.where(np.isfinite(first), onset_h - first, np.nan),
        on=on,
        raised_by=who,
        raised_h=at,
    )


def _stretches(course: Course, wanted: Callable[[tuple], bool], turns: list) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    began: float | None = None
    for turn in turns:
        holds = wanted(turn)
        if holds and began is None:
            began = turn[0]
        elif not holds and began is not None:
            spans.append((began, turn[0]))
            began = None
    if began is not None:
        spans.append((began, course.last_s + SETTLE_S))
    return spans


def armed_spans(course: Course) -> tuple[list, list]:
    """Everything that is armed: stretches in which an alert about the patient asked for someone, and stood open."""
    return _stretches(course, lambda turn: turn[2], course.turns), _stretches(course, lambda t: t[1] > 0, course.turns)


def policy_spans(course: Course) -> tuple[list, list]:
    """The learned rules alone, as if nothing by protocol were armed."""
    return _stretches(course, lambda t: t[1] > 1, course.learned), _stretches(
        course, lambda t: t[1] > 0, course.learned
    )
