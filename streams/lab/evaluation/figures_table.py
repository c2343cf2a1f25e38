"""The figures of a folder as a table for a terminal; `python -m streams.lab.evaluation.figures_table FILE.json` of kept
figures.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from streams.lab.evaluation import data_quality
from streams.lab.evaluation.definitions import Event

COLUMNS: Final = (
    ("auroc_row", "AUROC row"),
    ("auroc_patient", "patient"),
    ("sensitivity", "detected 24h"),
    ("sensitivity_12h", "12h"),
    ("interruptive_per_patient_day", "calls/day"),
    ("ppv", "PPV"),
    ("lead_time_h_median", "lead h"),
    ("time_in_alert", "in alert"),
)
KEYS: Final = (
    "news2",
    "news2_ge5",
    "news2_ge7",
    "red_score",
    "qsofa",
    "sirs",
    "shock_index",
    "clock",
    "last_value",
    "random",
    "baseline",
    "level_shift",
    "trend",
    "pattern",
    "risk",
    "policy",
    "armed",
)
FEW: Final = ("news2", "news2_ge5", "news2_ge7", "clock", "last_value", "random", "risk", "policy", "armed")
DIGITS: Final = {"lead_time_h_median": 1}


def lines(told: dict[str, Any]) -> Iterator[str]:
    """The table, then what has to be said about it; the patients from whom nothing was learned come first."""
    yield (f"{told['folder']}: {told['patients']} patients, {told['patient_days']:g} patient-days, {event_words(told)}")
    if told["cross_fitted"]:
        yield crossed_words(told)
    if "data" in told:
        yield from data_quality.lines(told["data"])
    yield ""
    overlap = told["in_sample"]["patients"]
    apart = told["unseen"]
    if apart:
        yield (
            f"of those from whom no weights were learned, the figures to believe: {apart['patients']} patients, "
            f"{apart['patient_days']:g} patient-days, {apart['patients_with_event'] or 0} with the event"
        )
        yield from _table(apart, KEYS)
        yield from (f"of those: {line}" for line in _headline(apart))
        yield ""
    if overlap:
        yield (
            f"of all, {overlap} of whom the weights were learned from (`risk`, `policy` and `armed` are in sample, and "
            "look better than they are):"
        )
    yield from _table(told, FEW if apart else KEYS)
    yield ""
    yield from (f"of all, in sample: {line}" if overlap else line for line in _headline(told))
    yield from _remarks(told)


def event_words(told: dict[str, Any]) -> str:
    """The event, how many had it, and of how many nobody knows."""
    if not told["event"]:
        labels = (told.get("data") or {}).get("labels")
        there = ", ".join(labels["ignored"]) if labels else ""
        choose = f"; --event takes one of {there}" if there else ""
        return f"no outcome known: the labels name none of {', '.join(Event)}{choose}"
    within, _, lead = told["horizon"].values()
    unknown = told["patients_of_unknown_outcome"]
    return (
        f"event {told['event']} ({told['patients_with_event']} patients"
        + (f", {unknown} of unknown outcome" if unknown else "")
        + f"; detected: {lead:g} to {within:g} h before)"
    )


def _table(told: dict[str, Any], keys: Sequence[str]) -> Iterator[str]:
    yield f"{'':<14}" + "".join(f" {title:>18}" for title in titles(told).values())
    for key in keys:
        if key in told:
            yield f"{key:<14}" + "".join(f" {cell(told[key], name):>18}" for name, _ in COLUMNS)


def titles(told: dict[str, Any]) -> dict[str, str]:
    """The heads of the columns; what counts as detected is said in hours."""
    within, short, _ = told.get("horizon", {"within": 24.0, "short": 12.0, "lead": 1.0}).values()
    return {**dict(COLUMNS), "sensitivity": f"detected {within:g}h", "sensitivity_12h": f"{short:g}h"}


def crossed_words(told: dict[str, Any]) -> str:
    """Whose weights these figures are of."""
    return (
        f"Cross-fitted: each of {told['cross_fitted']} parts of the patients was streamed under weights that were "
        "learned from the other parts, not under the shipped ones."
    )


def _headline(told: dict[str, Any]) -> Iterator[str]:
    for name, found in told["headline"].items():
        if found is not None and found["detected_more"] is not None:
            yield (
                f"{name} against NEWS2 at {found['interruptive_per_patient_day']:.2f} calls a patient-day: "
                f"detected {cell(found, 'detected_more', 3, sign=True)} more of those with the event, "
                f"warned {cell(found, 'warned_earlier_h', 1, sign=True)} h earlier"
            )


def cell(figures: dict[str, Any], name: str, digits: int | None = None, *, sign: bool = False) -> str:
    """A figure with its interval, or a dash.

    >>> cell({"ppv": 0.123456, "ppv_low": 0.1, "ppv_high": 0.15}, "ppv")
    '0.12 [0.10, 0.15]'
    """
    value, low, high = figures.get(name), figures.get(f"{name}_low"), figures.get(f"{name}_high")
    if value is None:
        return "-"
    digits = DIGITS.get(name, 2) if digits is None else digits
    plus = "+" if sign else ""
    shown = f"{value:{plus}.{digits}f}"
    return shown if low is None else f"{shown} [{low:{plus}.{digits}f}, {high:{plus}.{digits}f}]"


def _remarks(told: dict[str, Any]) -> Iterator[str]:
    raw = told["raw_crossings"]
    if raw is not None:
        fewer = "" if raw["fewer"] is None else f": {cell(raw, 'fewer', 3)} fewer"
        yield (
            f"raw values crossed a red limit {raw['crossings']} times; {raw['learned_alerts']} learned alerts{fewer}, "
            f"{raw['armed_alerts']} alerts of everything armed, {raw['armed_alerts_that_interrupt']} that interrupt"
        )
    for alert in told["protocol_alerts"] or ():
        said = f"{alert['state']:<9} {alert['priority']:<6} {'calls' if alert['interrupts'] else 'shown'}"
        yield f"  {alert['patient']} {alert['at_s']:>8g} s {said}: {alert['headline']}"
    if told["in_sample"]["patients"] and not told["unseen"]:
        yield "the weights were learned from every one of these patients: nothing here tells how they do on others"
    felt = told["burden"]["about_the_patient"]
    if "calls_per_nurse_hour" in felt:
        yield (
            f"as felt: {felt['calls_per_nurse_hour']:.2f} calls a nurse and hour about patients "
            f"({felt['patients_per_nurse']} patients a nurse), 95th percentile {felt['calls_per_nurse_hour_p95']:g}, "
            f"{felt['floods']} floods of more than ten in ten minutes"
        )
    yield "All of these patients were in intensive care unless the folder says otherwise: nothing is claimed for wards."


if __name__ == "__main__":
    for line in lines(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        sys.stdout.write(f"{line}\n")
