"""One made-up patient with the devices around the bed, and the nurse who comes by."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

import numpy as np

from schemas.vitals import Vital
from streams.recordings import encoding
from streams.recordings.encoding import measure
from streams.simulator import bedside
from streams.simulator.bedside import BLOCK_S, Block
from streams.simulator.body import CUFF, DIASTOLE, PROFILE, THERMOMETER, Body, usual_of
from streams.simulator.course import Scenario, Window
from streams.simulator.noise import Noise

Reading = tuple[int, str, bytes]

_DAY_MS: Final = 86_400_000
_SOURCES: Final = ("monitor", "monitor", "monitor", "spot")  # of the devices below, in their order
_CUFF_EVERY_S: Final = (900, 1200, 1800)
_TEMPERATURE_EVERY_S: Final = 300
_ROUND_EVERY_S: Final = 4 * 3600
_FIRST_ROUND_S: Final = 20
_BY_HAND_MS: Final = 40_000  # so long after she came the nurse has the pressure
_CUFF_SD, _DIASTOLE_SD, _TEMPERATURE_SD = 3.0, 2.0, 0.05
_MEAN_PART: Final = 1 / 3  # mean pressure = diastolic + a third of the pulse pressure
_CHOICES, _AGE, _SEX = 64, 65, 66  # places in the PROFILE channel, behind those of the baselines


class MadeUpPatient:
    """Monitor, cuff, thermometer and observations of one patient; `readings` may be asked for any stretch.

    Times are milliseconds since 1970; `onset_s` is when the scenario begins, in seconds after `start_ms`.
    """

    def __init__(
        self,
        patient_id: str,
        index: int,
        *,
        seed: int,
        start_ms: int,
        scenario: Scenario,
        onset_s: float,
        interval_ms: int = 1000,
        mode: str = "demo",
    ) -> None:
        self.patient_id, self.scenario, self.onset_s = patient_id, scenario, onset_s
        noise = Noise(seed, index)
        self.body = Body(noise, scenario, onset_s, start_ms % _DAY_MS / 1000, usual_of(noise, scenario))
        draws = noise.uniform(PROFILE, _CHOICES, 4)
        self.cuff_every_s = _CUFF_EVERY_S[int(draws[0] * len(_CUFF_EVERY_S))]
        self.age_years = 25 + int(draws[1] * 65)
        self.sex = "female" if draws[2] < 0.5 else "male"
        self._start_ms, self._interval_ms = start_ms, interval_ms
        self._phase_ms = int(draws[3] * 1000) % interval_ms
        self._ahead_s = int(draws[3] * 1_000_000) % BLOCK_S  # blocks of different patients are not all due at once
        self._middle = encoding.middle(mode)
        self.devices = tuple(f"{device}-{patient_id}" for device in ("monitor", "cuff", "thermometer", "rounds"))
        self._heads = [
            encoding.head(patient_id, device, source) for device, source in zip(self.devices, _SOURCES, strict=True)
        ]
        self._silent = [self._ticks(window) for window in scenario.silent]
        self._block: tuple[int, Block] | None = None
        self._all: list[int] = []
        self._extra: list[int] = []
        self._planned_ms = -1

    def readings(self, from_ms: int, to_ms: int) -> Iterator[Reading]:
        """`(taken_at in ms, patient_id, reading as JSON)` with `from_ms <= taken_at < to_ms`, device by device."""
        since, until = max(0, from_ms - self._start_ms), to_ms - self._start_ms
        yield from self._monitor(since, until)
        yield from self._cuff(since, until)
        yield from self._thermometer(since, until)
        yield from self._rounds(since, until)
        yield from self._by_hand(since, until)

    def _monitor(self, since: int, until: int) -> Iterator[Reading]:
        head, middle = self._heads[0], self._middle
        step, phase = self._interval_ms, self._phase_ms
        for tick in range(-((phase - since) // step), -((phase - until) // step)):
            after = phase + tick * step
            told = self._told(after // 1000)
            if told is not None:
                at = self._start_ms + after
                sequence = tick - self._unsent(tick) if self._silent else tick
                value = f'{head}{encoding.moment(at)}","sequence":{sequence}{middle}{told}}}}}'
                yield at, self.patient_id, value.encode()

    def _told(self, second: int) -> str | None:
        number, place = divmod(second + self._ahead_s, BLOCK_S)
        if self._block is None or self._block[0] != number:
            self._block = number, bedside.shown(self.body, number * BLOCK_S - self._ahead_s)
        return bedside.vitals(self._block[1], place)

    def _ticks(self, window: Window) -> tuple[int, int]:
        """First monitor tick in a window, and first after it."""
        begin, end = (int(-(-(self.onset_s + edge) // 1)) for edge in (window.at_s, window.until_s))
        return tuple(max(0, -((self._phase_ms - edge * 1000) // self._interval_ms)) for edge in (begin, end))  # type: ignore[return-value]

    def _unsent(self, tick: int) -> int:
        return sum(min(max(tick, first), last) - first for first, last in self._silent)

    def _cuff(self, since: int, until: int) -> Iterator[Reading]:
        for count, after in self._counts(self.cuff_every_s, since, until):
            yield self._reading(1, after, count, self._pressures(after))

    def _by_hand(self, since: int, until: int) -> Iterator[Reading]:
        """The pressure that a nurse takes, with a cuff of her own, when she comes because of illness."""
        for came in self._rounds_in(since - _BY_HAND_MS, until - _BY_HAND_MS, extra=True):
            after = came + _BY_HAND_MS
            before = bisect_right(self._all, after) + bisect_left(self._extra, came)
            yield self._reading(3, after, before, self._pressures(after))

    def _pressures(self, after: int) -> list[str]:
        second, noise = np.array([after / 1000]), self.body.noise
        systolic = self.body.at(Vital.SYSTOLIC_BP, second)[0] + _CUFF_SD * noise.white(CUFF, after // 1000, 1)[0]
        diastolic = (
            self.body.at(Vital.DIASTOLIC_BP, second)[0] + _DIASTOLE_SD * noise.white(DIASTOLE, after // 1000, 1)[0]
        )
        mean = diastolic + (systolic - diastolic) * _MEAN_PART
        values = ((Vital.SYSTOLIC_BP, systolic), (Vital.DIASTOLIC_BP, diastolic), (Vital.MEAN_BP, mean))
        return [measure(vital, str(round(float(value)))) for vital, value in values]

    def _thermometer(self, since: int, until: int) -> Iterator[Reading]:
        for count, after in self._counts(_TEMPERATURE_EVERY_S, since, until):
            yield self._reading(2, after, count, [self._temperature(after)])

    def _rounds(self, since: int, until: int) -> Iterator[Reading]:
        for after in self._rounds_in(since, until, extra=False):
            state = self.body.state(after / 1000)
            on_oxygen = state.oxygen_l_min > 0
            found = [
                measure(Vital.CONSCIOUSNESS, f'"{state.consciousness}"'),
                measure(Vital.SUPPLEMENTAL_OXYGEN, "true" if on_oxygen else "false"),
                self._temperature(after),
            ]
            if on_oxygen:
                found.append(measure(Vital.OXYGEN_FLOW, f"{state.oxygen_l_min:g}"))
            before = bisect_left(self._all, after) + bisect_left(self._extra, after - _BY_HAND_MS)
            yield self._reading(3, after, before, found)

    def _rounds_in(self, since: int, until: int, *, extra: bool) -> list[int]:
        """Milliseconds after the start at which the nurse comes: every four hours, and `extra` because of illness."""
        if until > self._planned_ms:
            self._plan(until + _DAY_MS)
        times = self._extra if extra else self._all
        return times[bisect_left(times, since) : bisect_left(times, until)]

    def _plan(self, until: int) -> None:
        extra: set[int] = set()
        for rounds in self.scenario.rounds:
            begin = round((self.onset_s + rounds.at_s) * 1000) + self._phase_ms
            end = min(until, round((self.onset_s + rounds.until_s) * 1000))
            extra |= set(range(begin, end, max(1, round(rounds.every_s * 1000))))
        usual = range(_FIRST_ROUND_S * 1000 + self._phase_ms, until, _ROUND_EVERY_S * 1000)
        self._extra = sorted(time for time in extra if time >= 0)
        self._all = sorted({*usual, *self._extra})
        self._planned_ms = until

    def _counts(self, every_s: int, since: int, until: int) -> Iterator[tuple[int, int]]:
        """(count, milliseconds after the start) of what is measured every so often, first within two minutes."""
        for count in range(self._before(every_s, since), self._before(every_s, until)):
            yield count, self._ahead_s * 1000 + self._phase_ms + count * every_s * 1000

    def _before(self, every_s: int, after: int) -> int:
        return max(0, -((self._ahead_s * 1000 + self._phase_ms - after) // (every_s * 1000)))

    def _temperature(self, after: int) -> str:
        true = self.body.at(Vital.TEMPERATURE, np.array([after / 1000]))[0]
        shown = true + _TEMPERATURE_SD * self.body.noise.white(THERMOMETER, after // 1000, 1)[0]
        return measure(Vital.TEMPERATURE, f"{shown:.1f}")

    def _reading(self, device: int, after: int, sequence: int, measured: list[str]) -> Reading:
        at = self._start_ms + after
        value = (
            f'{self._heads[device]}{encoding.moment(at)}","sequence":{sequence}{self._middle}{",".join(measured)}}}}}'
        )
        return at, self.patient_id, value.encode()
