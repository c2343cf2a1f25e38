"""Recorded patients: a folder of measurements, read as the readings that their devices would have sent."""

import logging
from collections import Counter
from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from schemas.vitals import Source
from streams.recordings import encoding
from streams.recordings.columns import Array, read_columns
from streams.recordings.signals import SIGNALS, WORN
from streams.recordings.tables import Recorded, Tables, tables_of

START_MS: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z: when each patient's first value counts as taken, for recordings only say seconds."""

SPOT_INTERVAL_S: Final = 600
"""From ten minutes between values on, they are rounds and not a stream."""

_CHUNK: Final = 65_536
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a folder holds: patients, how its values came about, and how many values of each signal (not) watched."""

    patients: int
    source: Source
    interval_s: float | None
    watched: dict[str, int]
    unwatched: dict[str, int]

    def __str__(self) -> str:
        """One line for the log."""
        pace = "one instant a patient" if self.interval_s is None else f"values every {self.interval_s:g} s"
        left = ", ".join(f"{name} {count}" for name, count in sorted(self.unwatched.items())) or "none"
        return f"{self.patients} patients, {pace}, read as source {self.source}; values of signals not watched: {left}"


class Recording:
    """A folder with `vitals.parquet` or one of its kind (`tables.py`): patient_id, time_s, signal, value, unit.

    Values stay raw (zeros, -1, 99 degC, two at one instant): what they are worth is decided where readings are taken
    in. A row that says what another row says, patient, time, signal, unit and value, counts once. All that one patient
    has at one instant is one reading; a vital that is there twice (an arterial line and a cuff) goes into a further
    reading of the same instant, the cuff's under a device of its own.

    `source`: spot when values are at least ten minutes apart (median), wearable when a faster stream carries nothing
    but heart rate, pulse and breathing, otherwise monitor. The columns do not say more: a telemetry set with the heart
    rate alone needs `source=Source.MONITOR`.

    Each patient has a clock of its own: the first value is taken at `START_MS`, whatever the table's zero means
    (admission, onset, a date). With `start_ms` all patients share one, and second 0 is that instant.

    `patients`: only these. `mode`: as in the message; None leaves it out. `until_s`: nothing from that second of the
    table on. Raises `NotARecording`.
    """

    def __init__(
        self,
        recorded: Recorded,
        *,
        patients: Collection[str] | None = None,
        start_ms: int | None = None,
        source: Source | str | None = None,
        mode: str | None = None,
        until_s: float | None = None,
    ) -> None:
        self.tables = tables_of(recorded)
        source = self.tables.source if source is None else source
        zero = START_MS if start_ms is None else start_ms
        columns = read_columns(self.tables, patients, zero, own_clock=start_ms is None, until_s=until_s)
        interval = columns.interval_s()
        told = _source(interval, columns.watched) if source is None else Source(source)
        self.survey = Survey(columns.present, told, interval, columns.watched, columns.unwatched)
        self.columns = columns
        self._middle = encoding.middle(mode)
        if columns.unwatched:
            _log.warning("%s: %s", self.tables.name, self.survey)

    def starts_s(self) -> dict[str, float]:
        """When each patient's first watched value was taken, in seconds of the table."""
        present = np.unique(self.columns.who)
        return {self.columns.patients[who]: self.columns.first_ms[who] / 1_000 for who in present.tolist()}

    def readings(self) -> Iterator[tuple[int, str, bytes]]:
        """`(taken_at in ms since 1970, patient_id, reading as JSON bytes)`, by time and then patient."""
        yield from self._emit(self.columns.by_time())

    def per_patient(self) -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
        """Each patient, by id, with all of their readings `(taken_at in ms, bytes)` by time."""
        for patient, rows in self.columns.by_patient():
            yield patient, [(ms, value) for ms, _, value in self._emit(rows)]

    def parts(self, readings: int) -> Iterator["Recording"]:
        """The same recording in parts of whole patients, by id; a part is closed once it has so many readings' values.
        A part holds its own rows alone, so that it is cheap to send to another process.
        """
        rows: list[Array] = []
        size = 0
        for _, mine in self.columns.by_patient():
            rows.append(mine)
            size += len(np.unique(self.columns.ms[mine]))
            if size >= readings:
                yield self._of_rows(np.concatenate(rows))
                rows, size = [], 0
        if rows:
            yield self._of_rows(np.concatenate(rows))

    def _of_rows(self, rows: Array) -> "Recording":
        one = copy(self)
        one.columns = self.columns.of_rows(rows)
        one.tables = Tables(self.tables.name, pa.Table.from_batches([], self.tables.vitals.schema))
        return one

    def _emit(self, order: Array) -> Iterator[tuple[int, str, bytes]]:
        fragments = self.columns.fragments
        write = _Writer(self.columns.patients, self.survey.source, self._middle).write
        instant: list[tuple[str, bool]] = []
        now, patient = 0, -1
        for ms, who, told, cuff in self._rows(order):
            if ms != now or who != patient:
                yield from write(now, patient, instant)
                now, patient, instant = ms, who, []
            instant.append((fragments[told], cuff))
        yield from write(now, patient, instant)

    def _rows(self, order: Array) -> Iterator[tuple[int, int, int, bool]]:
        columns = (self.columns.ms, self.columns.who, self.columns.told, self.columns.cuff)
        for first in range(0, len(order), _CHUNK):
            part = order[first : first + _CHUNK]
            yield from zip(*(column[part].tolist() for column in columns), strict=True)


class _Writer:
    """Puts the values of one instant into readings, and counts each device's sequence."""

    def __init__(self, patients: list[str], source: Source, middle: str) -> None:
        self._patients, self._source, self._middle = patients, source, middle
        self._main = "chart" if source is Source.SPOT else str(source)
        self._heads: dict[tuple[int, bool], str] = {}
        self._next: Counter[tuple[int, bool]] = Counter()

    def write(self, ms: int, who: int, instant: list[tuple[str, bool]]) -> Iterator[tuple[int, str, bytes]]:
        cuff_only = False
        while instant:
            vitals: dict[str, str] = {}
            again: list[tuple[str, bool]] = []
            for fragment, cuff in instant:
                name = fragment[: fragment.index(":")]
                if name in vitals or (cuff_only and not cuff):
                    again.append((fragment, cuff))
                else:
                    vitals[name] = fragment
            yield ms, self._patients[who], self._bytes(ms, who, cuff_only, ",".join(vitals.values()))
            cuff_only = any(cuff for _, cuff in again)
            instant = again

    def _bytes(self, ms: int, who: int, cuff: bool, vitals: str) -> bytes:
        device = (who, cuff)
        head = self._heads.get(device)
        if head is None:
            patient = self._patients[who]
            head = encoding.head(patient, f"{'cuff' if cuff else self._main}-{patient}", self._source)
            self._heads[device] = head
        sequence = self._next[device]
        self._next[device] = sequence + 1
        return f'{head}{encoding.moment(ms)}","sequence":{sequence}{self._middle}{vitals}}}}}'.encode()


def read_folder(
    recorded: Recorded,
    *,
    patients: Collection[str] | None = None,
    start_ms: int | None = None,
    source: Source | str | None = None,
    mode: str | None = None,
) -> Iterator[tuple[int, str, bytes]]:
    """All readings of a folder, merged by time: `Recording(...).readings()`."""
    return Recording(recorded, patients=patients, start_ms=start_ms, source=source, mode=mode).readings()


def per_patient(
    recorded: Recorded,
    *,
    patients: Collection[str] | None = None,
    start_ms: int | None = None,
    source: Source | str | None = None,
    mode: str | None = None,
) -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    """The readings of a folder patient by patient: `Recording(...).per_patient()`."""
    return Recording(recorded, patients=patients, start_ms=start_ms, source=source, mode=mode).per_patient()


def _source(interval_s: float | None, watched: dict[str, int]) -> Source:
    if interval_s is None or interval_s >= SPOT_INTERVAL_S:
        return Source.SPOT
    return Source.WEARABLE if {SIGNALS[name] for name in watched} <= WORN else Source.MONITOR
