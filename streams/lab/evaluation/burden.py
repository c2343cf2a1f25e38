"""What it feels like to be called: the recorded patients put into the beds of a stated ward, hour by hour."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from streams.lab.evaluation.alerting import Alerting
from streams.lab.evaluation.definitions import HOUR_S, Array
from streams.lab.evaluation.trace import Revision, Trace

BEDS: Final = 24
PATIENTS_PER_NURSE: Final = 6
FLOOD_CALLS, FLOOD_S = 10, 600
"""More than ten calls in ten minutes: nobody can answer them (ANSI/ISA-18.2 calls it a flood)."""
SEED: Final = 20260101


def ward(trace: Trace) -> list[list[int]]:
    """Which patients lie in each bed one after the other: in an order drawn once, each where it is free first."""
    order = np.random.default_rng(SEED).permutation(len(trace.courses))
    free = np.zeros(min(BEDS, max(1, len(order))))
    beds: list[list[int]] = [[] for _ in free]
    for patient in order:
        bed = int(np.argmin(free))
        beds[bed].append(int(patient))
        free[bed] += max(_stay_s(trace, int(patient)), 1.0)
    return beds


def _stay_s(trace: Trace, patient: int) -> float:
    course = trace.courses[patient]
    return 0.0 if np.isnan(course.last_s) else course.last_s - course.first_s


def burden(trace: Trace, wanted: Callable[[Revision], bool]) -> dict[str, Any]:
    """Calls for each nurse and hour while all beds are taken, with the floods among them. `wanted` says which revisions
    count; each is a moment at which someone was called: a raise, a return, a breakthrough, an escalation.
    """

    def calls(patient: int) -> list[float]:
        return [one.at_s for one in trace.courses[patient].revisions if one.calls and wanted(one)]

    return _felt(trace, calls)


def burden_of(trace: Trace, alerting: Alerting) -> dict[str, Any]:
    """The same for the raises of a score."""
    moments = alerting.raised_h * HOUR_S
    return _felt(trace, lambda patient: moments[alerting.raised_by == patient].tolist())


def _felt(trace: Trace, calls: Callable[[int], list[float]]) -> dict[str, Any]:
    beds = ward(trace)
    nurses = -(-len(beds) // PATIENTS_PER_NURSE)
    moments: list[list[float]] = [[] for _ in range(nurses)]
    ends = []
    for bed, patients in enumerate(beds):
        now = 0.0
        for patient in patients:
            first = trace.courses[patient].first_s
            moments[bed // PATIENTS_PER_NURSE] += [now + at - first for at in calls(patient)]
            now += max(_stay_s(trace, patient), 1.0)
        ends.append(now)
    until = min(ends, default=0.0)
    hours = int(until // HOUR_S)
    if hours < 1:
        return {"nurse_hours": 0, "reason": "the recordings do not fill an hour of the ward"}
    counts = np.concatenate([_hourly(np.array(sorted(times)), hours) for times in moments])
    flooded = sum(_floods(np.array(sorted(time for time in times if time < until))) for times in moments)
    return {
        "nurse_hours": hours * nurses,
        "beds": len(beds),
        "patients_per_nurse": PATIENTS_PER_NURSE,
        "calls_per_nurse_hour": round(float(counts.mean()), 5),
        "calls_per_nurse_hour_p95": round(float(np.quantile(counts, 0.95)), 5),
        "calls_per_nurse_hour_most": int(counts.max()),
        "floods": flooded,
        "floods_per_nurse_day": round(flooded / (hours * nurses) * 24, 5),
    }


def _hourly(times: Array, hours: int) -> Array:
    return np.bincount((times[times < hours * HOUR_S] // HOUR_S).astype(int), minlength=hours)


def _floods(times: Array) -> int:
    """Stretches in which more than ten calls fell within ten minutes; a stretch ends when they no longer do."""
    found, flooded = 0, False
    for place in range(len(times)):
        first = np.searchsorted(times, times[place] - FLOOD_S, side="right")
        now = place - first + 1 > FLOOD_CALLS
        found += int(now and not flooded)
        flooded = bool(now)
    return found
