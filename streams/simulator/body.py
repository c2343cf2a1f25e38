"""What goes on in one made-up patient, whether anybody measures it or not."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from schemas.vitals import Vital
from streams.simulator.course import Scenario, State, Turn, Window
from streams.simulator.noise import Array, Noise, smooth

# Channels of the patient's noise: each number is used for one thing alone.
WANDER, HEART, BREATH, OXYGEN, PULSE, CUFF, THERMOMETER, STORM, PROBE, ARRHYTHMIC, PROFILE, DIASTOLE = range(12)

_DAY_S: Final = 86_400
_PEAK_S: Final = 17 * 3600
_WANDER_EVERY_S: Final = 420.0

# Well adults at rest, kept so narrow that a stable patient scores 0 on NEWS2 (RCP 2017, chart 1) nearly always:
# vital -> mean, spread between patients, lowest, highest.
_USUAL: Final = {
    Vital.HEART_RATE: (72.0, 6.0, 61.0, 80.0),
    Vital.RESP_RATE: (15.5, 1.0, 14.2, 17.0),
    Vital.SPO2: (97.6, 0.5, 97.1, 98.6),
    Vital.SYSTOLIC_BP: (130.0, 8.0, 121.0, 146.0),
    Vital.DIASTOLIC_BP: (76.0, 5.0, 66.0, 86.0),
    Vital.TEMPERATURE: (36.8, 0.12, 36.6, 37.1),
}
_BY_DAY: Final = {Vital.HEART_RATE: 3.5, Vital.SYSTOLIC_BP: 5.0, Vital.DIASTOLIC_BP: 3.0, Vital.TEMPERATURE: 0.25}
_BY_WANDER: Final = {Vital.HEART_RATE: 2.2, Vital.RESP_RATE: 0.5, Vital.SYSTOLIC_BP: 3.0, Vital.DIASTOLIC_BP: 2.0}


@dataclass(frozen=True, slots=True)
class Body:
    """One patient's true vitals at any second since the simulation began.

    `clock_s`: seconds since midnight when the simulation began, for day and night. `onset_s`: when the scenario begins.
    """

    noise: Noise
    scenario: Scenario
    onset_s: float
    clock_s: float
    usual: dict[Vital, float]

    def at(self, vital: Vital, seconds: Array) -> Array:
        """True value without the sensor's noise. Day and night, restlessness and illness add up to the usual."""
        usual = self.usual[vital]
        value = np.full(len(seconds), usual)
        liveliness = usual / _USUAL[vital][0]  # a slow heart also swings less
        if vital in _BY_DAY:
            value += liveliness * _BY_DAY[vital] * np.cos((seconds + self.clock_s - _PEAK_S) * (2 * np.pi / _DAY_S))
        if vital in _BY_WANDER:
            value += liveliness * _BY_WANDER[vital] * self.noise.wander(WANDER, seconds, _WANDER_EVERY_S)
        for turn in self.scenario.turns:
            if turn.vital is vital:
                value += turn.by * self._part(turn, seconds)
        return value

    def state(self, second: float) -> State:
        """What an observer would find at this second."""
        found = State(0.0)
        for state in self.scenario.states:
            if self.onset_s + state.at_s <= second:
                found = state
        return found

    def _part(self, turn: Turn, seconds: Array) -> Array | float:
        """How much of a turn has been taken; most turns lie wholly behind or ahead and cost nothing."""
        start = self.onset_s + turn.at_s
        if not len(seconds) or seconds[-1] <= start:
            return 0.0
        return 1.0 if seconds[0] >= start + turn.over_s else smooth((seconds - start) / turn.over_s)

    def within(self, windows: tuple[Window, ...], seconds: Array) -> Array:
        """Which of the seconds lie in one of the scenario's windows."""
        inside = np.zeros(len(seconds), dtype=bool)
        for window in windows:
            inside |= (seconds >= self.onset_s + window.at_s) & (seconds < self.onset_s + window.until_s)
        return inside


def usual_of(noise: Noise, scenario: Scenario) -> dict[Vital, float]:
    """Where this patient's vitals lie when well; the scenario's own word goes first."""
    drawn = noise.white(PROFILE, 0, len(_USUAL))
    usual = {
        vital: float(np.clip(mean + spread * draw, lowest, highest))
        for (vital, (mean, spread, lowest, highest)), draw in zip(_USUAL.items(), drawn, strict=True)
    }
    return usual | dict(scenario.usual)
