"""How soon a injected deterioration is told of, and how often a injected artefact calls someone for nothing."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from streams.lab.ablation.injections import INJECTIONS, Injection, injected
from streams.lab.evaluation.definitions import Array
from streams.lab.evaluation.figures import Figures
from streams.lab.evaluation.figures_table import cell
from streams.lab.evaluation.measures import Bootstrap, widened
from streams.lab.evaluation.stream import stream_folder
from streams.lab.evaluation.trace import Course, Trace
from streams.recordings.tables import VITALS_FILE, NotARecording, tables_of

LONG_S: Final = 40 * 60
BEGINS_S: Final = 14 * 60
SPREAD_S: Final = 60
AFTER_S: Final = 300
SIGNALS: Final = {"HR": "bpm", "PULSE": "bpm", "RR": "1/min", "SPO2": "%"}
LONGEST_STEP_S: Final = 5

Series = dict[tuple[str, str], Array]


def read_series(folder: Path) -> Series:
    """Each patient's signals at one value a second, as they were recorded; a second without a value is NaN.

    Raises `NotARecording` where the folder holds no recordings of a few seconds' step.
    """
    table = tables_of(folder).vitals
    who = np.array(table["patient_id"].to_pylist())
    what = np.array(table["signal"].to_pylist())
    when, value = table["time_s"].to_numpy(), table["value"].to_numpy()
    found: Series = {}
    for patient in np.unique(who):
        for signal in SIGNALS:
            rows = np.flatnonzero((who == patient) & (what == signal))
            if len(rows) < 60 or np.median(np.diff(np.sort(when[rows]))) > LONGEST_STEP_S:
                continue
            second = np.round(when[rows] - when[rows].min()).astype(int)
            series = np.full(second.max() + 1, np.nan)
            series[second] = value[rows]
            found[str(patient), signal] = series
    if not found:
        raise NotARecording(
            "not_at_1_hz",
            f"{folder}: time_s",
            "events are injected into heart rate, pulse, breathing or SpO2 at about 1 Hz",
        )
    return found


def write(
    series: Series, target: Path, injection: Injection | None, starts: dict[str, float], long_s: int = LONG_S
) -> None:
    """A folder of recordings, each played to its end, backwards to its beginning and so on for `long_s`, with the
    injection where it begins.
    """
    columns: dict[str, list] = {name: [] for name in ("patient_id", "time_s", "signal", "value", "unit")}
    for (patient, signal), once in series.items():
        seconds = np.arange(long_s, dtype=float)
        values = np.resize(np.concatenate([once, once[::-1]]), long_s)
        known = ~np.isnan(values)
        seconds, values = seconds[known], values[known]
        for change in injection.changes if injection else ():
            if signal in change.signals:
                seconds, values = injected(signal, seconds, values, change, starts[patient])
        columns["patient_id"] += [patient] * len(seconds)
        columns["time_s"] += seconds.tolist()
        columns["signal"] += [signal] * len(seconds)
        columns["value"] += values.tolist()
        columns["unit"] += [SIGNALS[signal]] * len(seconds)
    pq.write_table(pa.table(columns), target / VITALS_FILE)


def begins(patients: Sequence[str], seed: int, from_s: int = BEGINS_S) -> dict[str, float]:
    """When each patient's injection begins: within a minute, drawn by lot."""
    rng = np.random.default_rng(seed)
    return {patient: from_s + float(rng.integers(0, SPREAD_S)) for patient in patients}


def evaluate_injected(
    folder: Path,
    *,
    seed: int = 20260101,
    injections: Sequence[Injection] = INJECTIONS,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Every injection into every patient of a folder, against the same recordings without it."""
    series = read_series(folder)
    patients = sorted({patient for patient, _ in series})
    starts = begins(patients, seed)
    draws = Bootstrap(len(patients), seed=seed)

    def run(injection: Injection | None) -> Trace:
        with tempfile.TemporaryDirectory() as place:
            write(series, Path(place), injection, starts)
            return stream_folder(Path(place), heads=(), workers=workers)

    control = run(None)
    told = []
    for done, injection in enumerate(injections, 1):
        told.append(_judge(injection, run(injection), control, starts, draws))
        if progress is not None:
            progress(done, len(injections))
    return {
        "folder": folder.name,
        "patients": len(patients),
        "seed": seed,
        "minutes_each": LONG_S // 60,
        "injected_from_minute": BEGINS_S // 60,
        "injections": told,
    }


def _judge(
    injection: Injection, trace: Trace, control: Trace, starts: dict[str, float], draws: Bootstrap
) -> dict[str, Any]:
    pairs = list(zip(trace.courses, control.courses, strict=True))
    found = np.array([delays(injection, course, plain, starts[course.patient]) for course, plain in pairs])
    technical = []
    for course, plain in pairs:
        start = starts[course.patient]
        end = ends(injection, start)
        technical.append(_more_technical(course, start, end) > _more_technical(plain, start, end))
    told = Figures(name=injection.name, kind="deterioration" if injection.harm else "artefact")
    everybody = np.ones(len(pairs))
    for name, delay_s in (("shown", found[:, 0]), ("called", found[:, 1])):
        detected = np.isfinite(delay_s)
        share = name if injection.harm else f"falsely_{name}"
        bounds = widened(draws.of_ratio(detected, everybody), float(detected.sum()), len(delay_s), share=True)
        told.tell(share, float(detected.mean()), bounds)
        if injection.harm:
            told.tell(
                f"{share}_missed",
                float(1 - detected.mean()),
                None if bounds is None else (1 - bounds[1], 1 - bounds[0]),
            )
            rows = np.flatnonzero(detected)
            quantiles = draws.of_quantiles(delay_s[detected], rows, (0.25, 0.5, 0.75))
            for part, point, bound in zip(("q1", "median", "q3"), (0.25, 0.5, 0.75), quantiles, strict=True):
                value = float(np.quantile(delay_s[detected], point)) if detected.any() else None
                told.tell(f"{share}_delay_s_{part}", value, bound, "it was never told of")
    told.tell("told_as_technical", float(np.mean(technical)), draws.of_ratio(np.array(technical), everybody))
    return told


def ends(injection: Injection, start: float, long_s: int = LONG_S) -> float:
    """Until when an injection may be found: a deterioration stays to the end, an artefact has passed after five
    minutes.
    """
    return long_s if injection.harm else start + max(change.over_s for change in injection.changes) + AFTER_S


def delays(
    injection: Injection, course: Course, plain: Course, start: float, long_s: int = LONG_S
) -> tuple[float, float]:
    """Seconds until an injection is shown, and until someone is called; infinite where that never comes.

    Where an alert calls already, being called once more because the patient got worse counts too.
    """
    end = ends(injection, start, long_s)
    shown = _first(course, plain, start, end, _level_shown)
    called = min(_first(course, plain, start, end, _level_called), _worsened(course, plain, start, end))
    return shown - start, called - start


def _worsened(course: Course, plain: Course, start: float, end: float) -> float:
    """The first moment by which someone was called more often for a patient who got worse than without the
    injection.
    """
    mine, theirs = (
        [
            one.at_s
            for one in told.revisions
            if one.kind == "physiological" and one.state == "worsened" and one.calls and start <= one.at_s < end
        ]
        for told in (course, plain)
    )
    for before, moment in enumerate(mine):
        if sum(at <= moment for at in theirs) <= before:
            return moment
    return np.inf


def _level_shown(turn: tuple) -> int:
    return int(turn[1])


def _level_called(turn: tuple) -> int:
    return int(turn[1]) if turn[2] else 0


def _first(course: Course, plain: Course, start: float, end: float, level: Callable[[tuple], int]) -> float:
    """The first moment at which more is asked for than without the injection; infinite if it never is."""
    moments = sorted({turn.at_s for turn in (*course.turns, *plain.turns) if start <= turn.at_s < end} | {start})
    for moment in moments:
        if _at(course, moment, level) > _at(plain, moment, level):
            return moment
    return np.inf


def _at(course: Course, moment: float, level: Callable[[tuple], int]) -> int:
    now = 0
    for turn in course.turns:
        if turn.at_s > moment:
            break
        now = level(turn)
    return now


def _more_technical(course: Course, start: float, end: float) -> int:
    return sum(
        one.kind == "technical" and one.state == "raised" and start <= one.at_s < end for one in course.revisions
    )


def lines(told: dict[str, Any]) -> list[str]:
    """The same as a table for a terminal."""
    found = [
        f"{told['folder']}: {len(told['injections'])} injections in each of {told['patients']} patients, "
        f"seed {told['seed']}",
        "",
        f"{'':<72}{'shown':>18}{'called':>18}{'delay s (median)':>22}{'technical':>18}",
    ]
    for one in told["injections"]:
        harm = one["kind"] == "deterioration"
        shown, called = ("shown", "called") if harm else ("falsely_shown", "falsely_called")
        delay = cell(one, "called_delay_s_median", 0) if harm else "artefact"
        cells = (cell(one, shown), cell(one, called), delay, cell(one, "told_as_technical"))
        found.append(f"{one['name']:<72}{cells[0]:>18}{cells[1]:>18}{cells[2]:>22}{cells[3]:>18}")
    return found
