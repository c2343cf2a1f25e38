"""The alerts that a score or the Vigil raises on recorded patients, patient by patient, all counted by one rule."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from streams.lab.definitions import (
    CAUGHT_WITHIN_H,
    CAUGHT_WITHIN_SHORT_H,
    HOUR_S,
    SETTLE_S,
    Array,
    catches,
    raises,
    raises_of_spans,
)
from streams.lab.trace import Course, Trace


@dataclass(frozen=True, slots=True)
class Alerting:
    """One entry a patient. `calls` counts alerts that interrupt, `shown` all of them; `hits` the calls that were early
    enough and not too early; `lead_h` is from the first of them to the onset (NaN: none). `on` are the rows in alert.
    `raised` are the calls themselves, in hours.
    """

    calls: Array
    shown: Array
    hits: Array
    caught: Array
    caught_short: Array
    caught_shown: Array
    lead_h: Array
    on: Array
    raised: list[Array]


def of_rows(trace: Trace, on: Array, onset_h: Array) -> Alerting:
    """The alerts of a condition that holds on some rows; all of them interrupt."""
    hours = trace.dense(trace.hours, fill=np.inf)
    raised = raises(trace.dense(on, fill=False), hours)
    who, place = np.nonzero(raised)
    times = hours[who, place]
    ends = np.searchsorted(who, np.arange(len(trace.courses) + 1))
    calls = [times[ends[patient] : ends[patient + 1]] for patient in range(len(trace.courses))]
    return _count(calls, calls, on, onset_h)


def of_turns(trace: Trace, onset_h: Array, spans: Callable[[Course], tuple[list, list]]) -> Alerting:
    """The alerts of what a Vigil held open. `spans(course)` gives the stretches (s) that call, and those shown."""
    calls, shown = [], []
    on = np.zeros(len(trace.who), dtype=bool)
    starts = np.searchsorted(trace.who, np.arange(len(trace.courses) + 1))
    for patient, course in enumerate(trace.courses):
        calling, showing = spans(course)
        calls.append(np.array(raises_of_spans(_hours(calling))))
        shown.append(np.array(raises_of_spans(_hours(showing))))
        rows = slice(starts[patient], starts[patient + 1])
        seen = trace.at_s[rows] + SETTLE_S
        for begin, end in calling:
            on[rows] |= (seen >= begin) & (seen < end)
    return _count(calls, shown, on, onset_h)


def _hours(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(begin / HOUR_S, end / HOUR_S) for begin, end in spans]


def _count(calls: list[Array], shown: list[Array], on: Array, onset_h: Array) -> Alerting:
    hit = [catches(times, onset) for times, onset in zip(calls, onset_h, strict=True)]
    short = [catches(times, onset, CAUGHT_WITHIN_SHORT_H) for times, onset in zip(calls, onset_h, strict=True)]
    seen = [catches(times, onset, CAUGHT_WITHIN_H) for times, onset in zip(shown, onset_h, strict=True)]
    leads = [
        onset - times[early].min() if early.any() else np.nan
        for times, early, onset in zip(calls, hit, onset_h, strict=True)
    ]
    return Alerting(
        np.array([len(times) for times in calls], dtype=float),
        np.array([len(times) for times in shown], dtype=float),
        np.array([early.sum() for early in hit], dtype=float),
        np.array([early.any() for early in hit]),
        np.array([early.any() for early in short]),
        np.array([early.any() for early in seen]),
        np.array(leads, dtype=float),
        on,
        calls,
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
    """The learned rules alone, as if nothing by the book were armed."""
    return _stretches(course, lambda t: t[1] > 1, course.learned), _stretches(
        course, lambda t: t[1] > 0, course.learned
    )
