"""The columns of a recording, brought into a shape in which five thousand stays can be merged by time."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from streams.ward.signals import CUFF, SIGNALS, written

VITALS_FILE: Final = "vitals.parquet"
_COLUMNS: Final = ("patient_id", "time_s", "signal", "value", "unit")

Array = np.ndarray[Any, Any]


class NotARecording(ValueError):
    """The folder is not in the layout that we read; the message says what is missing."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """One row a watched value. `patients[who]` says whose, `fragments[told]` is the value as JSON of a reading."""

    patients: list[str]
    who: Array
    ms: Array
    cuff: Array
    told: Array
    fragments: list[str]
    present: int
    watched: dict[str, int]
    unwatched: dict[str, int]

    def interval_s(self) -> float | None:
        """Median seconds between one instant of a patient and the next; None if nobody has two."""
        order = np.lexsort((self.ms, self.who))
        gaps, same = np.diff(self.ms[order]), np.diff(self.who[order]) == 0
        apart = gaps[same & (gaps > 0)]
        return float(np.median(apart)) / 1000 if len(apart) else None

    def by_time(self) -> Array:
        """Row numbers by time, then patient; a cuff's values after the others of their instant."""
        rank = np.argsort(np.argsort(np.array(self.patients)))
        return np.lexsort((self.cuff, rank[self.who], self.ms))

    def by_patient(self) -> list[tuple[str, Array]]:
        """Each patient by id, with their row numbers by time."""
        order = np.lexsort((self.cuff, self.ms, self.who))
        starts = np.flatnonzero(np.diff(self.who[order]) != 0) + 1
        return sorted((self.patients[self.who[part[0]]], part) for part in np.split(order, starts) if len(part))


def read_columns(folder: Path, patients: Collection[str] | None, start_ms: int) -> Columns:
    """Read `vitals.parquet`; refuses a folder without it, or a file without the five columns."""
    file = folder / VITALS_FILE
    if not file.is_file():
        raise NotARecording(f"{folder} holds no {VITALS_FILE}: a recording is a folder with that file in it")
    if missing := set(_COLUMNS) - set(pq.read_schema(file).names):
        raise NotARecording(f"{file} lacks the columns {', '.join(sorted(missing))}")
    table = pq.read_table(file, columns=list(_COLUMNS))
    who, ids = _codes(table, "patient_id")
    what, signals = _codes(table, "signal")
    units, unit_names = _codes(table, "unit")
    chosen = np.ones(len(who), dtype=bool) if patients is None else np.isin(who, _places(ids, patients))
    known = np.isin(what, _places(signals, SIGNALS))
    rows = np.flatnonzero(chosen & known)
    value = table["value"].to_numpy()[rows]
    told, fragments = _render(what[rows], signals, units[rows], unit_names, value)
    return Columns(
        patients=ids,
        who=who[rows],
        ms=start_ms + np.round(table["time_s"].to_numpy()[rows] * 1000).astype(np.int64),
        cuff=np.isin(what[rows], _places(signals, CUFF)),
        told=told,
        fragments=fragments,
        present=len(np.unique(who[chosen])),
        watched=_count(signals, what[rows]),
        unwatched=_count(signals, what[chosen & ~known]),
    )


def _codes(table: pa.Table, column: str) -> tuple[Array, list[str]]:
    """A column of words as numbers, and the words."""
    words = table[column].cast(pa.string()).combine_chunks().dictionary_encode()
    return words.indices.to_numpy(zero_copy_only=False).astype(np.int64), words.dictionary.to_pylist()


def _places(words: list[str], wanted: Collection[str]) -> list[int]:
    return [place for place, word in enumerate(words) if word in wanted]


def _count(names: list[str], codes: Array) -> dict[str, int]:
    present, counts = np.unique(codes, return_counts=True)
    return {names[code]: int(count) for code, count in zip(present, counts, strict=True)}


def _render(what: Array, signals: list[str], units: Array, names: list[str], value: Array) -> tuple[Array, list[str]]:
    """Each distinct (signal, unit, value) as JSON once, and for each row which of them it is."""
    distinct, which = np.unique(value, return_inverse=True)
    sizes = (max(1, len(signals)), max(1, len(names)), max(1, len(distinct)))
    keys, told = np.unique(np.ravel_multi_index((what, units, which), sizes), return_inverse=True)
    triples = zip(*(part.tolist() for part in np.unravel_index(keys, sizes)), strict=True)
    return told, [written(signals[signal], names[unit], distinct[place]) for signal, unit, place in triples]
