"""How soon a planted deterioration is told of, and how often a planted artefact calls someone for nothing."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from streams.lab.definitions import Array
from streams.lab.figures import Figures
from streams.lab.measures import Bootstrap, widened
from streams.lab.plants import PLANTS, Plant, planted
from streams.lab.stream import stream_folder
from streams.lab.trace import Course, Trace
from streams.lab.words import cell
from streams.ward.columns import VITALS_FILE, NotARecording

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
    if not (folder / VITALS_FILE).is_file():
        raise NotARecording(f"{folder} holds no {VITALS_FILE}: events are planted into recordings at about 1 Hz")
    table = pq.read_table(folder / VITALS_FILE, columns=["patient_id", "time_s", "signal", "value"])
    who = np.array(table["patient_id"].cast(pa.string()).to_pylist())
    what = np.array(table["signal"].cast(pa.string()).to_pylist())
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
        raise NotARecording(f"{folder} holds no heart rate, pulse, breathing or SpO2 at about 1 Hz to plant into")
    return found


def write(series: Series, target: Path, plant: Plant | None, starts: dict[str, float]) -> None:
    """A folder of recordings, each played to its end, backwards to its beginning and so on for forty minutes, with the
    plant where it begins.
    """
    columns: dict[str, list] = {name: [] for name in ("patient_id", "time_s", "signal", "value", "unit")}
    for (patient, signal), once in series.items():
        seconds = np.arange(LONG_S, dtype=float)
        values = np.resize(np.concatenate([once, once[::-1]]), LONG_S)
        known = ~np.isnan(values)
        seconds, values = seconds[known], values[known]
        for change in plant.changes if plant else ():
            if signal in change.signals:
                seconds, values = planted(signal, seconds, values, change, starts[patient])
        columns["patient_id"] += [patient] * len(seconds)
        columns["time_s"] += seconds.tolist()
        columns["signal"] += [signal] * len(seconds)
        columns["value"] += values.tolist()
        columns["unit"] += [SIGNALS[signal]] * len(seconds)
    pq.write_table(pa.table(columns), target / VITALS_FILE)


def evaluate_planted(
    folder: Path,
    *,
    seed: int = 20260101,
    plants: Sequence[Plant] = PLANTS,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Every plant into every patient of a folder, against the same recordings without it."""
    series = read_series(folder)
    patients = sorted({patient for patient, _ in series})
    rng = np.random.default_rng(seed)
    starts = {patient: BEGINS_S + float(rng.integers(0, SPREAD_S)) for patient in patients}
    draws = Bootstrap(len(patients), seed=seed)

    def run(plant: Plant | None) -> Trace:
        with tempfile.TemporaryDirectory() as place:
            write(series, Path(place), plant, starts)
            return stream_folder(Path(place), heads=(), workers=workers)

    control = run(None)
    told = []
    for done, plant in enumerate(plants, 1):
        told.append(_judge(plant, run(plant), control, starts, draws))
        if progress is not None:
            progress(done, len(plants))
    return {
        "folder": folder.name,
        "patients": len(patients),
        "seed": seed,
        "minutes_each": LONG_S // 60,
        "planted_from_minute": BEGINS_S // 60,
        "plants": told,
    }


def _judge(plant: Plant, trace: Trace, control: Trace, starts: dict[str, float], draws: Bootstrap) -> dict[str, Any]:
    until = max(change.over_s for change in plant.changes) + AFTER_S
    shown, called, technical = [], [], []
    for course, plain in zip(trace.courses, control.courses, strict=True):
        start = starts[course.patient]
        end = LONG_S if plant.harm else start + until
        shown.append(_first(course, plain, start, end, _level_shown) - start)
        called.append(_first(course, plain, start, end, _level_called) - start)
        technical.append(_more_technical(course, start, end) > _more_technical(plain, start, end))
    told = Figures(name=plant.name, kind="deterioration" if plant.harm else "artefact")
    everybody = np.ones(len(shown))
    for name, delays in (("shown", np.array(shown)), ("called", np.array(called))):
        caught = np.isfinite(delays)
        share = name if plant.harm else f"falsely_{name}"
        bounds = widened(draws.of_ratio(caught, everybody), float(caught.sum()), len(delays), share=True)
        told.tell(share, float(caught.mean()), bounds)
        if plant.harm:
            told.tell(
                f"{share}_missed", float(1 - caught.mean()), None if bounds is None else (1 - bounds[1], 1 - bounds[0])
            )
            rows = np.flatnonzero(caught)
            quantiles = draws.of_quantiles(delays[caught], rows, (0.25, 0.5, 0.75))
            for part, point, bound in zip(("q1", "median", "q3"), (0.25, 0.5, 0.75), quantiles, strict=True):
                value = float(np.quantile(delays[caught], point)) if caught.any() else None
                told.tell(f"{share}_delay_s_{part}", value, bound, "it was never told of")
    told.tell("told_as_technical", float(np.mean(technical)), draws.of_ratio(np.array(technical), everybody))
    return told


def _level_shown(turn: tuple) -> int:
    return int(turn[1])


def _level_called(turn: tuple) -> int:
    return int(turn[1]) if turn[2] else 0


def _first(course: Course, plain: Course, start: float, end: float, level: Callable[[tuple], int]) -> float:
    """The first moment at which more is asked for than without the plant; infinite if it never is."""
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
        f"{told['folder']}: {len(told['plants'])} plants in each of {told['patients']} patients, seed {told['seed']}",
        "",
        f"{'':<72}{'shown':>18}{'called':>18}{'delay s (median)':>22}{'technical':>18}",
    ]
    for one in told["plants"]:
        harm = one["kind"] == "deterioration"
        shown, called = ("shown", "called") if harm else ("falsely_shown", "falsely_called")
        delay = cell(one, "called_delay_s_median", 0) if harm else "artefact"
        cells = (cell(one, shown), cell(one, called), delay, cell(one, "told_as_technical"))
        found.append(f"{one['name']:<72}{cells[0]:>18}{cells[1]:>18}{cells[2]:>22}{cells[3]:>18}")
    return found
