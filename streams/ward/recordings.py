"""Recorded patients: a folder of measurements, read as the readings that their devices would have sent."""

import logging
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.vitals import Source
from streams.ward import encoding
from streams.ward.columns import Array, read_columns
from streams.ward.signals import SIGNALS, WORN

START_MS: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z: where the zero of every recording is put, for recordings only say seconds."""

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
    """A folder with `vitals.parquet`: patient_id, time_s, signal, value, unit.

    Values stay raw (zeros, -1, 99 degC, duplicates): what they are worth is decided where readings are taken in.
    All that one patient has at one instant is one reading; a vital that is there twice (an arterial line and a cuff, or
    a duplicate) goes into a further reading of the same instant, the cuff's under a device of its own.

    `source`: spot when values are at least ten minutes apart (median), wearable when a faster stream carries nothing
    but heart rate, pulse and breathing, otherwise monitor. The columns do not say more: a telemetry set with the heart
    rate alone needs `source=Source.MONITOR`.

    `patients`: only these. `start_ms`: the instant of second 0. `mode`: as in the message; None leaves it out.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        patients: Collection[str] | None = None,
        start_ms: int = START_MS,
        source: Source | str | None = None,
        mode: str | None = None,
    ) -> None:
        self.path = Path(path)
        columns = read_columns(self.path, patients, start_ms)
        interval = columns.interval_s()
        told = _source(interval, columns.watched) if source is None else Source(source)
        self.survey = Survey(columns.present, told, interval, columns.watched, columns.unwatched)
        self._columns = columns
        self._middle = encoding.middle(mode)
        if columns.unwatched:
            _log.warning("%s: %s", self.path.name, self.survey)

    def readings(self) -> Iterator[tuple[int, str, bytes]]:
        """`(taken_at in ms since 1970, patient_id, reading as JSON bytes)`, by time and then patient."""
        yield from self._emit(self._columns.by_time())

    def per_patient(self) -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
        """Each patient, by id, with all of their readings `(taken_at in ms, bytes)` by time."""
        for patient, rows in self._columns.by_patient():
            yield patient, [(ms, value) for ms, _, value in self._emit(rows)]

    def _emit(self, order: Array) -> Iterator[tuple[int, str, bytes]]:
        fragments = self._columns.fragments
        write = _Writer(self._columns.patients, self.survey.source, self._middle).write
        instant: list[tuple[str, bool]] = []
        now, patient = 0, -1
        for ms, who, told, cuff in self._rows(order):
            if ms != now or who != patient:
                yield from write(now, patient, instant)
                now, patient, instant = ms, who, []
            instant.append((fragments[told], cuff))
        yield from write(now, patient, instant)

    def _rows(self, order: Array) -> Iterator[tuple[int, int, int, bool]]:
        columns = (self._columns.ms, self._columns.who, self._columns.told, self._columns.cuff)
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
    path: Path | str,
    *,
    patients: Collection[str] | None = None,
    start_ms: int = START_MS,
    source: Source | str | None = None,
    mode: str | None = None,
) -> Iterator[tuple[int, str, bytes]]:
    """All readings of a folder, merged by time: `Recording(...).readings()`."""
    return Recording(path, patients=patients, start_ms=start_ms, source=source, mode=mode).readings()


def per_patient(
    path: Path | str,
    *,
    patients: Collection[str] | None = None,
    start_ms: int = START_MS,
    source: Source | str | None = None,
    mode: str | None = None,
) -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    """The readings of a folder patient by patient: `Recording(...).per_patient()`."""
    return Recording(path, patients=patients, start_ms=start_ms, source=source, mode=mode).per_patient()


def _source(interval_s: float | None, watched: dict[str, int]) -> Source:
    if interval_s is None or interval_s >= SPOT_INTERVAL_S:
        return Source.SPOT
    return Source.WEARABLE if {SIGNALS[name] for name in watched} <= WORN else Source.MONITOR
