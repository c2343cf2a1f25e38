"""What limits on raw values would call: each crossing of a red limit by a single sample, as a bedside device counts."""

from typing import Any, Final

import numpy as np
import pyarrow.compute as pc  # type: ignore[import-untyped]

from detectors.vigil.red import RED_LIMITS
from schemas.vitals import SCALES
from streams.lab.evaluation.definitions import Array
from streams.lab.evaluation.measures import Bootstrap, widened
from streams.lab.evaluation.scores import Compared
from streams.lab.evaluation.trace import Trace
from streams.recordings.arrow_values import array_of, number
from streams.recordings.columns import codes
from streams.recordings.signals import SIGNALS, in_our_unit
from streams.recordings.tables import Tables

FIXED: Final = ("raised", "worsened")


def raw_crossings(tables: Tables, trace: Trace, compared: Compared, draws: Bootstrap) -> dict[str, Any] | None:
    """Crossings of the red limits of NEWS2 by raw samples, beside the learned alerts; only for streams."""
    if trace.source == "spot":
        return None
    crossings = _count(tables, trace, compared.outcomes.cut_at_s)
    policy, armed = compared.all["policy"].alerting, compared.all["armed"].alerting
    assert policy is not None and armed is not None
    days = float(trace.days.sum())
    learned = policy.shown
    bounds = draws.of_ratio(learned, crossings)
    told: dict[str, Any] = {
        "crossings": int(crossings.sum()),
        "crossings_per_patient_day": round(float(crossings.sum()) / days, 3) if days else None,
        "learned_alerts": int(learned.sum()),
        "learned_alerts_that_interrupt": int(policy.calls.sum()),
        "armed_alerts": int(armed.shown.sum()),
        "armed_alerts_that_interrupt": int(armed.calls.sum()),
        "fewer": None,
        "fewer_low": None,
        "fewer_high": None,
    }
    if crossings.sum():
        told["fewer"] = round(1 - float(learned.sum()) / float(crossings.sum()), 5)
        bounds = widened(bounds, float(learned.sum()), float(crossings.sum()), share=False)
        if bounds is not None:
            told["fewer_low"], told["fewer_high"] = round(1 - bounds[1], 5), round(1 - bounds[0], 5)
    else:
        told["reason"] = "no raw sample crossed a red limit"
    return told


def _count(tables: Tables, trace: Trace, cut_at_s: float | None) -> Array:
    table = tables.vitals
    if cut_at_s is not None:
        table = table.filter(pc.less(table["time_s"], number(cut_at_s)))
    (who, ids), (what, signals), (units, names) = (codes(table, name) for name in ("patient_id", "signal", "unit"))
    when, value = array_of(table["time_s"]), array_of(table["value"])
    places = {patient: place for place, patient in enumerate(trace.patients)}
    place_of = np.array([places.get(patient, len(places)) for patient in ids], dtype=int)
    counts = np.zeros(len(places) + 1, dtype=int)
    for place, signal in enumerate(signals):
        low, high = RED_LIMITS.get(SIGNALS[signal].value, (None, None)) if signal in SIGNALS else (None, None)
        if low is None and high is None:
            continue
        rows = np.flatnonzero(what == place)
        rows = rows[np.lexsort((when[rows], who[rows]))]
        values = _in_our_unit(signal, units[rows], names, value[rows].astype(float))
        red = np.zeros(len(rows), dtype=bool)
        impossible = SCALES[SIGNALS[signal]].impossible
        possible = (values >= impossible[0]) & (values <= impossible[1])
        red |= possible & (values <= (-np.inf if low is None else low))
        red |= possible & (values >= (np.inf if high is None else high))
        same = np.concatenate([[False], who[rows][1:] == who[rows][:-1]])
        begins = red & ~(same & np.concatenate([[False], red[:-1]]))
        counts += np.bincount(place_of[who[rows][begins]], minlength=len(counts))
    return counts[:-1].astype(float)


def _in_our_unit(signal: str, units: Array, names: list[str], values: Array) -> Array:
    """Values in the vital's own unit; NaN, which is beyond no limit, in a unit that would be refused."""
    found = np.full(len(values), np.nan)
    for unit in np.unique(units).tolist():
        rows = units == unit
        distinct, which = np.unique(values[rows], return_inverse=True)
        told = [in_our_unit(signal, names[unit], one) for one in distinct.tolist()]
        found[rows] = np.array(told, dtype=float)[which]
    return found


def alerts_one_by_one(trace: Trace) -> list[dict[str, Any]]:
    """Every alert by protocol about a patient, one by one: when, how urgent, in what words, and from when on it called
    someone (None: it was only shown).
    """
    found = []
    for course in trace.courses:
        called: dict[str, float] = {}
        for one in course.revisions:
            if one.calls:
                called.setdefault(one.alert_id, round(one.at_s, 1))
        found += [
            {
                "patient": course.patient,
                "alert_id": one.alert_id,
                "at_s": round(one.at_s, 1),
                "state": one.state,
                "priority": one.priority,
                "interrupts": one.alert_id in called,
                "notified_at_s": called.get(one.alert_id),
                "reason": one.reason,
                "headline": one.headline,
            }
            for one in course.revisions
            if one.kind == "physiological" and one.state in FIXED and one.reason != "learned"
        ]
    return found
