"""Deteriorations and artefacts of known shape and size, to be written into real recordings."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from streams.lab.evaluation.definitions import Array

MINUTE_S: Final = 60


class Shape(StrEnum):
    """How a value leaves its course."""

    RAMP = "ramp"  # by so much, evenly over the time, and stays there
    STEP = "step"  # by so much at once, and stays there
    SET = "set"  # to this value, for the time
    TIMES = "times"  # by this factor, for the time
    GONE = "gone"  # nothing is sent, for the time
    FROZEN = "frozen"  # the last value again and again, for the time


@dataclass(frozen=True, slots=True)
class Change:
    """One course of some signals: `size` in their own units, `over_s` seconds."""

    signals: tuple[str, ...]
    shape: Shape
    size: float
    over_s: int


@dataclass(frozen=True, slots=True)
class Injection:
    """A named event. `harm`: it is a deterioration, and someone should come; otherwise an artefact, and nobody need."""

    name: str
    harm: bool
    changes: tuple[Change, ...]


RATES: Final = ("HR", "PULSE")
INJECTIONS: Final = (
    *(
        Injection(f"SpO2 falls by {size} over 10 min", True, (Change(("SPO2",), Shape.RAMP, -size, 10 * MINUTE_S),))
        for size in (4, 8, 12)
    ),
    *(
        Injection(f"heart rate rises by {size} within 2 min", True, (Change(RATES, Shape.RAMP, size, 2 * MINUTE_S),))
        for size in (25, 45, 65)
    ),
    *(
        Injection(f"breathing rises by {size} over 10 min", True, (Change(("RR",), Shape.RAMP, size, 10 * MINUTE_S),))
        for size in (6, 12)
    ),
    Injection("heart stops being felt: rate falls by 45 at once", True, (Change(RATES, Shape.STEP, -45, 0),)),
    Injection(
        "all three a little: heart rate +20, breathing +6, SpO2 -4 over 15 min",
        True,
        (
            Change(RATES, Shape.RAMP, 20, 15 * MINUTE_S),
            Change(("RR",), Shape.RAMP, 6, 15 * MINUTE_S),
            Change(("SPO2",), Shape.RAMP, -4, 15 * MINUTE_S),
        ),
    ),
    *(
        Injection(f"SpO2 reads 70 for {seconds} s", False, (Change(("SPO2",), Shape.SET, 70, seconds),))
        for seconds in (5, 20, 60)
    ),
    *(
        Injection(f"heart rate is counted twice for {seconds} s", False, (Change(RATES, Shape.TIMES, 2, seconds),))
        for seconds in (10, 30)
    ),
    Injection("breathing reads 0 for 20 s", False, (Change(("RR",), Shape.SET, 0, 20),)),
    Injection("SpO2 is not sent for 5 min", False, (Change(("SPO2",), Shape.GONE, 0, 5 * MINUTE_S),)),
    Injection(
        "everything repeats the last value for 2 min", False, (Change(("HR", "RR", "SPO2"), Shape.FROZEN, 0, 120),)
    ),
)
"""Sizes around the limits of NEWS2 (RCP 2017): the smallest of each row need not cross one."""

SLOWLY_S: Final = 45 * MINUTE_S
HOUR_S: Final = 60 * MINUTE_S
SLOW: Final = (
    Injection("heart rate rises by 20 over 45 min", True, (Change(RATES, Shape.RAMP, 20, SLOWLY_S),)),
    Injection("heart rate moves up by 15 at once", True, (Change(RATES, Shape.STEP, 15, 0),)),
    Injection("breathing rises by 5 over 45 min", True, (Change(("RR",), Shape.RAMP, 5, SLOWLY_S),)),
    Injection("SpO2 falls by 3 over 45 min", True, (Change(("SPO2",), Shape.RAMP, -3, SLOWLY_S),)),
    Injection("heart rate rises by 40 over 60 min", True, (Change(RATES, Shape.RAMP, 40, HOUR_S),)),
    Injection("breathing rises by 10 over 60 min", True, (Change(("RR",), Shape.RAMP, 10, HOUR_S),)),
    Injection("SpO2 falls by 8 over 60 min", True, (Change(("SPO2",), Shape.RAMP, -8, HOUR_S),)),
    Injection(
        "all three a little: heart rate +20, breathing +6, SpO2 -4 over 60 min",
        True,
        (
            Change(RATES, Shape.RAMP, 20, HOUR_S),
            Change(("RR",), Shape.RAMP, 6, HOUR_S),
            Change(("SPO2",), Shape.RAMP, -4, HOUR_S),
        ),
    ),
)
"""What comes slowly, stays, and need cross no limit: what learned detectors of one vital are there for. The small ones
are two and a half to four floors (`data/rules.json`), the last four could cross a limit."""

LEAST: Final = {"SPO2": (0.0, 100.0)}


def injected(signal: str, seconds: Array, values: Array, change: Change, start_s: float) -> tuple[Array, Array]:
    """The seconds and values of one signal after a change that begins at `start_s`; whole numbers, as devices send.

    >>> change = Change(("SPO2",), Shape.RAMP, -10, 10)
    >>> injected("SPO2", np.arange(4.0), np.full(4, 97.0), change, 1.0)[1].tolist()
    [97.0, 97.0, 96.0, 95.0]
    """
    since = seconds - start_s
    during = (since >= 0) & (since < change.over_s)
    now = values.astype(float).copy()
    if change.shape is Shape.GONE:
        return seconds[~during], values[~during]
    if change.shape is Shape.SET:
        now[during] = change.size
    elif change.shape is Shape.TIMES:
        now[during] *= change.size
    elif change.shape is Shape.FROZEN:
        before = np.flatnonzero(since < 0)
        if len(before):
            now[during] = values[before[-1]]
    else:
        share = np.ones_like(since) if change.over_s == 0 else np.clip(since / change.over_s, 0, 1)
        now += np.where(since >= 0, change.size * share, 0.0)
    low, high = LEAST.get(signal, (0.0, 300.0))
    return seconds, np.clip(np.round(now), low, high)
