"""One patient's last hours, minute by minute, for charts: each vital with the band that is usual for the patient."""

from array import array
from bisect import bisect_left
from math import nan
from typing import Any, Final

import msgspec

from schemas.times import MINUTE_MS

NUMBERS: Final = (
    "heart_rate",
    "pulse_rate",
    "resp_rate",
    "spo2",
    "systolic_bp",
    "diastolic_bp",
    "temperature",
)
"""The vitals that are drawn, in the order of the charts."""
SPARK_MINUTES: Final = 60
SLACK: Final = 240
PRIORITIES: Final = {None: 0, "low": 1, "medium": 2, "high": 3}


class Vital(msgspec.Struct):
    """A vital of one minute; the band is two spreads around what is usual."""

    value: float | str | bool | None = None
    low: float | None = None
    high: float | None = None


class Score(msgspec.Struct):
    """NEWS2 of one minute as an interval."""

    score_min: int
    score_max: int


class Minute(msgspec.Struct):
    """What is read of a trend record (`schemas.trend`)."""

    patient_id: str
    minute: Any
    vitals: dict[str, Vital]
    news2: Score | None = None
    priority: str | None = None


class Lane:
    """One vital: value and band, a number or NaN for each minute."""

    __slots__ = ("high", "low", "value")

    def __init__(self, minutes: int) -> None:
        self.value, self.low, self.high = (array("f", [nan] * minutes) for _ in range(3))

    def add(self, value: float, low: float | None, high: float | None) -> None:
        """The next minute."""
        self.value.append(value)
        self.low.append(nan if low is None else low)
        self.high.append(nan if high is None else high)

    def cut(self, minutes: int) -> None:
        """Forget the oldest."""
        for row in (self.value, self.low, self.high):
            del row[:minutes]

    def since(self, index: int) -> dict[str, list[float | None]]:
        """From that minute on, as JSON can carry it."""
        return {
            "value": _shown(self.value[index:]),
            "low": _shown(self.low[index:]),
            "high": _shown(self.high[index:]),
        }


def _shown(row: array) -> list[float | None]:  # type: ignore[type-arg]
    return [None if one != one else round(one, 1) for one in row]


class Columns:
    """The minutes that were heard of, oldest first; a minute without data is not there, and shows as a gap.

    >>> one = Columns(60)
    >>> one.take(60_000, {"spo2": Vital(97.0, 95.0, 99.0)}, None, None), one.take(60_000, {}, None, None)
    (True, False)
    >>> one.since(0)["vitals"]["spo2"]["value"]
    [97.0]
    """

    __slots__ = ("_keep", "lanes", "least", "minutes", "most", "priority")

    def __init__(self, keep_minutes: int) -> None:
        self._keep = keep_minutes
        self.minutes = array("q")
        self.lanes: dict[str, Lane] = {}
        self.least, self.most, self.priority = array("b"), array("b"), array("b")

    def take(self, minute: int, vitals: dict[str, Vital], score: Score | None, priority: str | None) -> bool:
        """One more minute; False if it is already known (a repeat after a restart)."""
        if self.minutes and minute <= self.minutes[-1]:
            return False
        known = len(self.minutes)
        self.minutes.append(minute)
        self.least.append(-1 if score is None else score.score_min)
        self.most.append(-1 if score is None else score.score_max)
        self.priority.append(PRIORITIES.get(priority, 0))
        for name in NUMBERS:
            one = vitals.get(name)
            lane = self.lanes.get(name)
            if one is not None and isinstance(one.value, int | float):
                if lane is None:
                    lane = self.lanes[name] = Lane(known)
                lane.add(float(one.value), one.low, one.high)
            elif lane is not None:
                lane.add(nan, None, None)
        if len(self.minutes) > self._keep + SLACK:
            self._forget(len(self.minutes) - self._keep)
        return True

    def since(self, moment: int) -> dict[str, Any]:
        """All from that moment (ms) on: minutes as whole minutes since 1970, one list a row."""
        index = self._index(moment)
        return {
            "minutes": [at // MINUTE_MS for at in self.minutes[index:]],
            "vitals": {name: self.lanes[name].since(index) for name in NUMBERS if name in self.lanes},
            "least": [None if one < 0 else one for one in self.least[index:]],
            "most": [None if one < 0 else one for one in self.most[index:]],
            "priority": list(self.priority[index:]),
        }

    def minutes_known(self, since: int) -> int:
        """How many minutes with data there are from that moment on."""
        return len(self.minutes) - self._index(since)

    def minutes_of(self, vital: str, since: int) -> int:
        """In how many minutes from then on the vital had a valid value."""
        lane = self.lanes.get(vital)
        return 0 if lane is None else sum(1 for one in lane.value[self._index(since) :] if one == one)

    def _index(self, moment: int) -> int:
        return bisect_left(self.minutes, moment)

    def _forget(self, count: int) -> None:
        for row in (self.minutes, self.least, self.most, self.priority):
            del row[:count]
        for lane in self.lanes.values():
            lane.cut(count)
