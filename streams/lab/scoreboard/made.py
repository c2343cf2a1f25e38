"""What the devices and the nurse of one made-up patient send, in the order of time."""

from collections.abc import Iterator
from datetime import timedelta
from heapq import merge
from itertools import count
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec
import numpy as np

from schemas.decode import FastMeasure, FastReading
from schemas.patient import PatientRecord
from schemas.reading import Quality
from schemas.times import EPOCH, to_text
from schemas.vitals import SCALES, Source, Vital
from streams.lab.scoreboard.patient import NOISE, WELL, Cadence, Kind

START_MS: Final = 1_795_348_800_000  # 2026-11-22T12:00:00Z
MINUTE_MS: Final = 60_000
TRANSIT_MS: Final = 300
EVERY_S: Final = {Cadence.SECOND: 1, Cadence.MINUTE: 60, Cadence.FIVE: 300, Cadence.CUFF: 3_600}
CUFF_EVERY_S: Final = 900
_UNITS: Final = {vital.value: SCALES[vital].unit for vital in Vital}
_PLACES: Final = {"temperature": 1}
_PRESSURES: Final = ("systolic_bp",)


class Sent(NamedTuple):
    """A reading or a patient record, and when the log has it."""

    at: int
    order: int
    what: FastReading | PatientRecord


class MadeUp:
    """One kind, one cadence, one seed. `sent()` walks what is sent; `truth(vital, minutes)` what is so."""

    def __init__(self, kind: Kind, cadence: Cadence, seed: int) -> None:
        self.kind, self.cadence, self.seed = kind, cadence, seed
        self.patient = f"{kind.name}-{cadence.name.lower()}-{seed}"
        self._draw = np.random.default_rng([seed, crc32(kind.name.encode()), list(Cadence).index(cadence)])
        self.jitter_s = float(self._draw.uniform(0, 15))  # nothing begins with a window
        self._order = count()

    def truth(self, vital: str, minutes: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """The vital at these minutes, before any sensor."""
        path, turns = self.kind.paths.get(vital), self.kind.turns.get(vital)
        if turns is not None:
            one, other, every = turns
            values = np.where(minutes % (2 * every) < every, one, other)
        elif path is None:
            values = np.full(len(minutes), WELL[vital])
        elif len(path) == 1:
            values = np.full(len(minutes), path[0][1])
        else:
            times, points = (np.array(side, dtype=float) for side in zip(*path, strict=True))
            times = times + 1e-9 * np.arange(len(times))
            values = np.interp(minutes - self.jitter_s / 60, times, points)
        flicker = self.kind.flicker
        if flicker is not None and flicker[0] == vital:
            _, level, on_s, every_s, since = flicker
            after = minutes * 60 - self.jitter_s - since * 60
            values = np.where((after >= 0) & (after % every_s < on_s), level, values)
        return values

    def onset_ms(self, minute: float) -> int:
        """The log's time at which something that begins at this minute begins."""
        return START_MS + int(minute * MINUTE_MS + self.jitter_s * 1_000)

    def sent(self) -> Iterator[Sent]:
        """Everything, in the order of time."""
        parts = [self._records(), self._charts()]
        if self.cadence is not Cadence.SPOT:
            parts.append(self._device("device", self._streamed(), EVERY_S[self.cadence]))
            if self.cadence is Cadence.SECOND and "systolic_bp" not in self.kind.lack:
                parts.append(self._device("cuff", _PRESSURES, CUFF_EVERY_S))
        return merge(*parts, key=lambda sent: (sent.at, sent.order))

    def _streamed(self) -> tuple[str, ...]:
        if self.cadence is Cadence.CUFF:
            return ("pulse_rate", "systolic_bp")
        lack = {*self.kind.lack, *(_PRESSURES if self.cadence is Cadence.SECOND else ())}
        return tuple(name for name in WELL if name not in lack)

    def _values(self, names: tuple[str, ...], seconds: "np.ndarray[Any, Any]") -> dict[str, Any]:
        found = {}
        for name in names:
            noise = NOISE[name] * (self.kind.scatter if name not in ("temperature", "systolic_bp") else 1.0)
            values = self.truth(name, seconds / 60) + noise * self._draw.standard_normal(len(seconds))
            if self.kind.storm and name != "temperature":
                self._storm(name, values, seconds)
            scale = SCALES[Vital(name)]
            values = np.clip(values, max(scale.impossible[0], 1.0), scale.impossible[1])
            found[name] = np.round(values, _PLACES.get(name, 0)).tolist()
        return found

    def _storm(self, name: str, values: "np.ndarray[Any, Any]", seconds: "np.ndarray[Any, Any]") -> None:
        """For 3 to 12 seconds at a time, six times an hour, anything at all; of slow streams one value in sixty."""
        low, high = SCALES[Vital(name)].suspect
        if len(seconds) > 1 and seconds[1] - seconds[0] > 5:
            wild = self._draw.random(len(values)) < 1 / 150
            values[wild] = self._draw.uniform(low, high, int(wild.sum()))
            return
        for begin in np.flatnonzero(self._draw.random(len(values)) < 6 / 3_600):
            end = begin + int(self._draw.integers(3, 13))
            values[begin:end] = self._draw.uniform(low, high, len(values[begin:end]))

    def _device(self, device: str, names: tuple[str, ...], every_s: int) -> Iterator[Sent]:
        kind, total = self.kind, int(self.kind.hours * 3_600)
        phase = float(self._draw.uniform(0, every_s)) if every_s > 1 else 0.0
        phase = min(phase, 300.0)
        if device == "cuff" and kind.cuff_phase_s >= 0:
            phase = kind.cuff_phase_s + self.jitter_s
        seconds = np.arange(phase, total, every_s)
        values, source = self._values(names, seconds), Source(kind.source)
        bad = [(off, Quality(off.how)) for off in kind.offs if off.how != "silent"]
        silent = [off for off in kind.offs if off.how == "silent"]
        for place, second in enumerate(seconds.tolist()):
            minute = (second - self.jitter_s) / 60
            gone = {name for off in silent if off.since <= minute < off.until for name in off.vitals}
            unusable = {name: q for off, q in bad if off.since <= minute < off.until for name in off.vitals}
            told = {
                name: FastMeasure(None, _UNITS[name], unusable[name])
                if name in unusable
                else FastMeasure(float(values[name][place]), _UNITS[name])
                for name in names
                if name not in gone
            }
            if told:
                at = START_MS + int(second * 1_000)
                yield self._sent(f"{device}-{self.patient}", at, told, source, place)

    def _charts(self) -> Iterator[Sent]:
        """What people enter: rounds, whole sets where nothing streams, and what the kind says."""
        kind, charts = self.kind, []
        if self.cadence is Cadence.SPOT:
            minute = 1.0
            while minute < kind.hours * 60:
                charts.append((minute, self._full(minute)))
                minute += kind.spot_every_min
        elif kind.rounds_h:
            minute = 1.0
            while minute < kind.hours * 60:
                charts.append((minute, self._round()))
                minute += kind.rounds_h * 60
        charts += [(one.minute, dict(one.values)) for one in kind.charted]
        for place, (minute, values) in enumerate(sorted(charts, key=lambda pair: pair[0])):
            told = {
                name: FastMeasure(float(value) if type(value) is int else value, _UNITS[name])
                for name, value in values.items()
            }
            yield self._sent("rounds", self.onset_ms(minute), told, Source.SPOT, place)

    def _round(self) -> dict[str, Any]:
        return {"consciousness": "A", "supplemental_oxygen": self.kind.oxygen}

    def _full(self, minute: float) -> dict[str, Any]:
        at = np.array([minute + self.jitter_s / 60])
        told = {
            name: round(float(self.truth(name, at)[0]), _PLACES.get(name, 0))
            for name in WELL
            if name not in self.kind.lack and name != "heart_rate"
        }
        return {**told, **self._round()}

    def _records(self) -> Iterator[Sent]:
        record = {"event": "admit", "ward": "w-1", "bed": "b-1", "age_years": 61, "sex": "male", "encounter": "e-1"}
        yield self._record(START_MS, {**record, **self.kind.record})
        for minute, body in self.kind.records:
            at = self.onset_ms(minute)
            told = dict(body)
            if "pause" in told:
                pause = dict(told["pause"])
                told["pause"] = {"reason": pause["reason"], "until": to_text(at + int(pause["minutes"] * MINUTE_MS))}
            yield self._record(at, told)

    def _record(self, at: int, body: dict[str, Any]) -> Sent:
        told = msgspec.json.encode({"patient_id": self.patient, **body})
        return Sent(at, next(self._order), PatientRecord.model_validate_json(told))

    def _sent(self, device: str, at: int, told: dict[str, FastMeasure], source: Source, place: int) -> Sent:
        moment = EPOCH + timedelta(milliseconds=at)
        reading = FastReading(self.patient, device, moment, told, source, place)
        return Sent(at + TRANSIT_MS, next(self._order), reading)
