"""Single patients as time lines: who was missed, and who was called for without need."""

from collections.abc import Iterator
from html import escape
from typing import Final, NamedTuple

import numpy as np

from streams.lab.evaluation.alerting import Alerting
from streams.lab.evaluation.definitions import HEADS, HOUR_S, Array, Horizon
from streams.lab.evaluation.scores import Compared
from streams.lab.evaluation.svg import Plot

MANY: Final = 10
ONSET, CALL, SEEN, NEWS2, RATE, PRESSURE, BREATHS = (
    "#b3261e",
    "#b45309",
    "#94a3b8",
    "#1f5fa8",
    "#c2410c",
    "#6d28d9",
    "#0f766e",
)
LINES: Final = (
    ("heart_rate", "heart rate", RATE),
    ("systolic_bp", "systolic", PRESSURE),
    ("resp_rate", "resp", BREATHS),
)


class Story(NamedTuple):
    """One patient, and why the time line is shown."""

    patient: int
    words: str


def misses(compared: Compared, alerting: Alerting) -> Iterator[Story]:
    """Patients with the event for whom nobody was called in time; first those in whom NEWS2 was highest by then."""
    outcomes, trace = compared.outcomes, compared.trace
    horizon = outcomes.horizon
    found = []
    for patient in np.flatnonzero(outcomes.timed & compared.kept & ~alerting.detected).tolist():
        onset = float(outcomes.onset_h[patient])
        rows = (
            (trace.who == patient) & (trace.hours <= onset - horizon.lead_h) & (trace.hours >= onset - horizon.within_h)
        )
        scores = trace.column("news2")[rows]
        highest = float(np.nanmax(scores)) if len(scores) and not np.isnan(scores).all() else -1.0
        earlier = alerting.raised_h[alerting.raised_by == patient]
        found.append((highest, patient, onset, earlier))
    found.sort(key=lambda one: (-one[0], one[1]))
    for highest, patient, onset, calls in found[:MANY]:
        seen = f"NEWS2 reached {highest:.0f} in that time" if highest >= 0 else "no reading in that time"
        other = _others(calls, onset, horizon)
        yield Story(
            patient, f"not called for in the {horizon.within_h:g} h before the onset at hour {onset:.1f}; {seen}{other}"
        )


def _others(calls: Array, onset: float, horizon: Horizon) -> str:
    if not len(calls):
        return "; never called for"
    late, early = calls[calls > onset - horizon.lead_h], int((calls < onset - horizon.within_h).sum())
    told = [f"{early} call{'s' if early > 1 else ''} more than {horizon.within_h:g} h before"] if early else []
    if len(late):
        apart = late.min() - onset
        told.append(f"called {abs(apart):.1f} h {'after' if apart >= 0 else 'before'} the onset, too late to count")
    return f"; {' and '.join(told)}" if told else ""


def useless(compared: Compared, alerting: Alerting) -> Iterator[Story]:
    """Patients free of the event for whom someone was called most often."""
    free = (compared.outcomes.happened == 0) & compared.kept
    days = compared.trace.days
    order = sorted(np.flatnonzero(free & (alerting.calls > 0)), key=lambda one: (-alerting.calls[one], int(one)))
    for patient in order[:MANY]:
        count = int(alerting.calls[patient])
        yield Story(int(patient), f"{count} calls in {days[patient]:.1f} days, and the event never came")


def picture(compared: Compared, alerting: Alerting, story: Story, *, risk: bool) -> str:
    """The time line: NEWS2 above, vitals below, calls as marks, the onset as a line, with what was said."""
    trace, outcomes = compared.trace, compared.outcomes
    rows = trace.who == story.patient
    hours = trace.hours[rows]
    onset = float(outcomes.onset_h[story.patient])
    end = max(float(hours.max(initial=1.0)), onset if onset == onset else 0.0)
    begin = max(0.0, end - 72.0)
    calls = alerting.raised_h[alerting.raised_by == story.patient]
    upper = Plot(1160, 150, (begin, end), (0, 20), "", "NEWS2")
    upper.line([point for point in _pairs(hours, trace.column("news2")[rows]) if point[0] >= begin], NEWS2, "NEWS2")
    if risk:
        score = trace.column(f"risk_{_head(compared)}")
        low, high = np.nanquantile(score, [0.01, 0.999])
        scaled = np.clip((score[rows] - low) / (high - low), 0, 1) * 20
        upper.line([point for point in _pairs(hours, scaled) if point[0] >= begin], CALL, "learned risk (scaled)")
    lower = Plot(1160, 170, (begin, end), (0, 220), "hours since the first value", "/min, mmHg")
    for name, words, colour in LINES:
        points = [point for point in _pairs(hours, trace.column(name)[rows]) if point[0] >= begin]
        lower.line(points, colour, words, wide=1.6)
    for plot in (upper, lower):
        if onset == onset:
            plot.upright(onset, ONSET, "onset" if plot is upper else "")
        for at in calls[calls >= begin]:
            plot.upright(float(at), CALL, "call" if plot is upper else "", lower=14)
    course = trace.courses[story.patient]
    said = [one for one in course.revisions if one.kind == "physiological" and one.state in ("raised", "worsened")]
    quoted = "".join(
        f"<li>hour {one.at_s / HOUR_S:.1f}: {escape(one.headline)} <small>({one.priority}"
        f"{', calls' if one.calls else ', shown'})</small></li>"
        for one in said[-4:]
    )
    drawn = f"{upper.svg()}{lower.svg()}" if (hours >= begin).any() else ""  # of what was not measured, no empty frame
    return (
        f"<article><h4>{escape(course.patient)}: {escape(story.words)}</h4>{drawn}"
        f"<p class='said'>Said by everything armed, last:</p><ul>{quoted}</ul></article>"
    )


def _pairs(hours: Array, values: Array) -> list[tuple[float, float]]:
    return [(float(hour), float(value)) for hour, value in zip(hours, values, strict=True) if value == value]


def _head(compared: Compared) -> str:
    event = compared.outcomes.event
    return HEADS.get(event or "", "")
