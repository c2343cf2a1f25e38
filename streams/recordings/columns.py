"""The columns of a recording, brought into a shape in which five thousand stays can be merged by time."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from streams.recordings.arrow_values import array_of
from streams.recordings.signals import CUFF, SIGNALS, written
from streams.recordings.tables import EMPTY, Array, Tables


@dataclass(frozen=True, slots=True)
class Columns:
    """One row a watched value. `patients[who]` says whose, `fragments[told]` is the value as JSON of a reading.

    `first_ms`: when each patient's first watched value was taken, on the clock of the table. `repeated`: how many rows
    said again what another row says, and were left out.
    """

    patients: list[str]
    who: Array
    ms: Array
    first_ms: Array
    repeated: int
    cuff: Array
    told: Array
    fragments: list[str]
    signal_of: list[str]
    present: int
    watched: dict[str, int]
    unwatched: dict[str, int]

    def of_rows(self, rows: Array) -> "Columns":
        """Some rows; only the patients and fragments that they need are kept."""
        used, told = np.unique(self.told[rows], return_inverse=True)
        whose, who = np.unique(self.who[rows], return_inverse=True)
        return replace(
            self,
            patients=[self.patients[place] for place in whose.tolist()],
            first_ms=self.first_ms[whose],
            who=who,
            ms=self.ms[rows],
            cuff=self.cuff[rows],
            told=told,
            fragments=[self.fragments[place] for place in used.tolist()],
            signal_of=[self.signal_of[place] for place in used.tolist()],
        )

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


def read_columns(
    tables: Tables,
    patients: Collection[str] | None,
    start_ms: int,
    *,
    own_clock: bool,
    until_s: float | None = None,
) -> Columns:
    """The watched values of a vitals table. With `own_clock` each patient's first value is taken at `start_ms`;
    otherwise second 0 of the table is.
    """
    table = tables.vitals
    who, ids = codes(table, "patient_id")
    what, signals = codes(table, "signal")
    units, unit_names = codes(table, "unit")
    chosen = np.ones(len(who), dtype=bool) if patients is None else np.isin(who, _places(ids, patients))
    if until_s is not None:
        chosen &= array_of(table["time_s"]) < until_s
    known = np.isin(what, _places(signals, SIGNALS))
    rows = np.flatnonzero(chosen & known)
    value = array_of(table["value"])[rows]
    ms = np.round(array_of(table["time_s"])[rows] * 1000).astype(np.int64)
    told, fragments, signal_of = _render(what[rows], signals, units[rows], unit_names, value)
    new = _first_of_each(who[rows], ms, what[rows], told)
    rows, told, ms = rows[new], told[new], ms[new]
    first = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(first, who[rows], ms)
    return Columns(
        patients=ids,
        who=who[rows],
        ms=start_ms + ms - (first[who[rows]] if own_clock else 0),
        first_ms=first,
        repeated=len(new) - int(new.sum()),
        cuff=np.isin(what[rows], _places(signals, CUFF)),
        told=told,
        fragments=fragments,
        signal_of=signal_of,
        present=len(np.unique(who[chosen])),
        watched=_count(signals, what[rows]),
        unwatched=_count(signals, what[chosen & ~known]),
    )


def _first_of_each(*columns: Array) -> Array:
    """Which rows are the first that say what they say: whose, when, which signal, what value."""
    order = np.lexsort(columns[::-1])
    again = np.zeros(len(order), dtype=bool)
    if len(order):
        again[1:] = np.all([np.diff(column[order]) == 0 for column in columns], axis=0)
    new = np.ones(len(order), dtype=bool)
    new[order[again]] = False
    return new


def codes(table: pa.Table, column: str) -> tuple[Array, list[str]]:
    """A column of words as numbers, and the words."""
    words = table[column].fill_null(EMPTY).combine_chunks().dictionary_encode()
    return array_of(words.indices).astype(np.int64), words.dictionary.to_pylist()


def _places(words: list[str], wanted: Collection[str]) -> list[int]:
    return [place for place, word in enumerate(words) if word in wanted]


def _count(names: list[str], codes: Array) -> dict[str, int]:
    present, counts = np.unique(codes, return_counts=True)
    return {names[code]: int(count) for code, count in zip(present, counts, strict=True)}


def _render(
    what: Array, signals: list[str], units: Array, names: list[str], value: Array
) -> tuple[Array, list[str], list[str]]:
    """For each row which of the distinct (signal, unit, value) it is; each of them once as JSON, and its signal."""
    distinct, which = np.unique(value, return_inverse=True)
    sizes = (max(1, len(signals)), max(1, len(names)), max(1, len(distinct)))
    keys, told = np.unique(np.ravel_multi_index((what, units, which), sizes), return_inverse=True)
    triples = list(zip(*(part.tolist() for part in np.unravel_index(keys, sizes)), strict=True))
    fragments = [written(signals[signal], names[unit], distinct[place]) for signal, unit, place in triples]
    return told, fragments, [signals[signal] for signal, _, _ in triples]
