"""The bedside monitor of a made-up patient: what it shows each second, and how its sensors fail."""

from typing import Final, NamedTuple

import numpy as np

from schemas.vitals import Vital
from streams.recordings.encoding import measure
from streams.simulator.body import ARRHYTHMIC, BREATH, HEART, OXYGEN, PROBE, PULSE, STORM, Body
from streams.simulator.course import Window
from streams.simulator.noise import Array

BLOCK_S: Final = 120

_LOOSE_S, _ZERO_S = 8, 30
"""A probe that comes off wobbles for some seconds, then shows zero, then the monitor gives up on it."""

SENDS, SILENT, LOOSE, ZERO, OFF = range(5)

# Spread and memory (per second) of what a monitor shows of a resting adult, at its resolution of 1.
_HEART_SD, _HEART_MEMORY = 1.1, 0.90
_BREATH_SD, _BREATH_MEMORY = 0.7, 0.96
_OXYGEN_SD, _OXYGEN_MEMORY = 0.35, 0.97
_PULSE_SD = 0.4
# In atrial fibrillation beats come as they like, and weak ones do not reach the finger (pulse deficit).
_IRREGULAR_SD, _IRREGULAR_MEMORY, _PULSE_PART = 10.0, 0.5, 0.80
# Movement: most minutes have one burst of 5 to 25 s.
_SLOT_S, _BURST_SHARE, _BURST_STARTS_S, _BURST_MIN_S, _BURST_MORE_S = 60, 0.75, 34, 5, 20


class Block(NamedTuple):
    """Two minutes of the monitor, second by second; `mark` says what there is to send (None: all of it, always)."""

    heart: list[int]
    pulse: list[int]
    breath: list[int]
    oxygen: list[int]
    mark: list[int] | None


def shown(body: Body, first_s: int) -> Block:
    """What the monitor shows in the `BLOCK_S` seconds from `first_s` on."""
    noise, scenario = body.noise, body.scenario
    seconds = np.arange(first_s, first_s + BLOCK_S, dtype=float)
    heart = body.at(Vital.HEART_RATE, seconds)
    pulse_part: Array | float = 1.0
    if scenario.fibrillation:
        fibrillates = body.within(scenario.fibrillation, seconds)
        irregular = _IRREGULAR_SD * noise.slow(ARRHYTHMIC, first_s, BLOCK_S, _IRREGULAR_MEMORY)
        heart = heart + np.where(fibrillates, irregular, 0.0)
        pulse_part = np.where(fibrillates, _PULSE_PART, 1.0)
    heart = heart + _HEART_SD * noise.slow(HEART, first_s, BLOCK_S, _HEART_MEMORY)
    pulse = heart * pulse_part + _PULSE_SD * noise.white(PULSE, first_s, BLOCK_S)
    breath = body.at(Vital.RESP_RATE, seconds) + _BREATH_SD * noise.slow(BREATH, first_s, BLOCK_S, _BREATH_MEMORY)
    oxygen = body.at(Vital.SPO2, seconds) + _OXYGEN_SD * noise.slow(OXYGEN, first_s, BLOCK_S, _OXYGEN_MEMORY)
    if scenario.storms:
        moving = _moving(body, seconds, first_s)
        wild = noise.slow(STORM, first_s, BLOCK_S, 0.7), noise.uniform(STORM, first_s, BLOCK_S)
        heart = np.where(moving, heart + 60 * np.abs(wild[0]), heart)
        pulse = np.where(moving, 40 + 140 * wild[1], pulse)
        breath = np.where(moving, 55 * wild[1], breath)
        oxygen = np.where(moving, 78 + 9 * wild[0], oxygen)
    return Block(
        _whole(heart, 20, 300),
        _whole(pulse, 20, 300),
        _whole(breath, 0, 120),
        _whole(oxygen, 40, 100),
        _marks(body, seconds),
    )


def _whole(value: Array, lowest: int, highest: int) -> list[int]:
    whole: list[int] = np.clip(np.rint(value), lowest, highest).astype(np.int64).tolist()
    return whole


def _moving(body: Body, seconds: Array, first_s: int) -> Array:
    slots = (seconds // _SLOT_S).astype(np.int64)
    first = first_s // _SLOT_S
    share, start, length = (
        body.noise.uniform(PROBE + 100 + k, first, BLOCK_S // _SLOT_S + 2)[slots - first] for k in range(3)
    )
    into = seconds - slots * _SLOT_S - start * _BURST_STARTS_S
    burst = (share < _BURST_SHARE) & (into >= 0) & (into < _BURST_MIN_S + length * _BURST_MORE_S)
    return np.logical_and(burst, body.within(body.scenario.storms, seconds))


def _marks(body: Body, seconds: Array) -> list[int] | None:
    scenario = body.scenario
    if not scenario.probe_off and not scenario.silent:
        return None
    mark = np.full(len(seconds), SENDS)
    mark[body.within(scenario.probe_off, seconds)] = OFF
    mark[body.within(tuple(Window(w.at_s, min(w.until_s, w.at_s + _ZERO_S)) for w in scenario.probe_off), seconds)] = (
        ZERO
    )
    mark[body.within(tuple(Window(w.at_s, min(w.until_s, w.at_s + _LOOSE_S)) for w in scenario.probe_off), seconds)] = (
        LOOSE
    )
    mark[body.within(scenario.silent, seconds)] = SILENT
    return None if (mark == SENDS).all() else mark.tolist()


def vitals(block: Block, place: int) -> str | None:
    """What the monitor sends of one second, as the inside of `vitals`; None if it is silent."""
    mark = SENDS if block.mark is None else block.mark[place]
    if mark == SENDS:
        return (
            f'"heart_rate":{{"value":{block.heart[place]},"unit":"/min"}},'
            f'"pulse_rate":{{"value":{block.pulse[place]},"unit":"/min"}},'
            f'"resp_rate":{{"value":{block.breath[place]},"unit":"/min"}},'
            f'"spo2":{{"value":{block.oxygen[place]},"unit":"%"}}'
        )
    if mark == SILENT:
        return None
    chest = f"{measure(Vital.HEART_RATE, str(block.heart[place]))},{measure(Vital.RESP_RATE, str(block.breath[place]))}"
    if mark == OFF:
        return chest
    if mark == LOOSE:
        pulse, oxygen = str(block.pulse[place] // 2), str(block.oxygen[place] - 3 * (place % 5))
        finger = (
            measure(Vital.PULSE_RATE, pulse, quality="questionable"),
            measure(Vital.SPO2, oxygen, quality="questionable"),
        )
    else:
        finger = (measure(Vital.PULSE_RATE, "0", quality="invalid"), measure(Vital.SPO2, "0", quality="invalid"))
    return f"{chest},{','.join(finger)}"
