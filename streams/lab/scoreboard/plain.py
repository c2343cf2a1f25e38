"""The same made-up patient without us: NEWS2 on a paper chart, and limits on raw values."""

from typing import Final, NamedTuple

import numpy as np

from detectors.news2 import news2
from detectors.response import URGENT_FROM, response
from detectors.vigil.red import RED_LIMITS
from streams.lab.scoreboard.made import MINUTE_MS, START_MS, MadeUp
from streams.lab.scoreboard.patient import WELL

_CHARTED_EVERY_MIN: Final = 240.0  # chart 4 asks for rounds each four to six hours while nothing stands out
_SAMPLED_EVERY_S: Final = 5.0


class Plain(NamedTuple):
    """When either would have called, in the log's milliseconds."""

    chart: list[int]
    raw: list[int]


def plain(made: MadeUp) -> Plain:
    """NEWS2 of true values at the rounds that chart 4 asks for, and each crossing of a red limit by a true value."""
    return Plain(_chart(made), _raw(made))


def _chart(made: MadeUp) -> list[int]:
    minute, calls = 1.0, []
    while minute < made.kind.hours * 60:
        at = np.array([minute])
        value = {name: round(float(made.truth(name, at)[0]), 1) for name in WELL if name not in made.kind.lack}
        score = news2(
            value.get("resp_rate"),
            value.get("spo2"),
            value.get("systolic_bp"),
            value.get("pulse_rate"),
            value.get("heart_rate"),
            value.get("temperature"),
            "A",
            made.kind.oxygen,
        )
        if score.score_min >= URGENT_FROM or score.red:
            calls.append(START_MS + int(minute * MINUTE_MS))
        every = response(score.score_min, score.red).frequency_minutes or 60.0
        minute += min(_CHARTED_EVERY_MIN, every)
    return calls


def _raw(made: MadeUp) -> list[int]:
    minutes = np.arange(0, made.kind.hours * 60, _SAMPLED_EVERY_S / 60)
    calls: list[int] = []
    for name in WELL:
        if name in made.kind.lack:
            continue
        low, high = RED_LIMITS[name]
        values = made.truth(name, minutes)
        out = np.zeros(len(minutes), dtype=bool)
        if low is not None:
            out |= values <= low
        if high is not None:
            out |= values >= high
        begins = np.flatnonzero(out & ~np.concatenate([[False], out[:-1]]))
        calls += [START_MS + int(minutes[place] * MINUTE_MS) for place in begins]
    return sorted(calls)
