"""The detectors of one vital as river's anomaly detectors, for a pipeline of one's own.

Each learns what is usual of one patient: one estimator a patient. `x` holds any numbers by name; those named like a
vital (`heart_rate`) have the floor of that vital's rules, others `floor`. `score_one` is the greatest score of all
features, in spreads of the patient's own, and 0.0 before the warm-up: river knows no "no opinion".
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from river.base import AnomalyDetector

from detectors.baseline import Baseline as OwnBaseline
from detectors.level_shift import LevelShift as OwnLevelShift
from detectors.rules import Rules
from detectors.trend import Trend as OwnTrend
from streams.config.packaged_rules import packaged_rules

TIME: Final = "time_s"


class _Personal(AnomalyDetector):
    """A detector for each feature, with a clock: `time` names the feature that holds seconds; where it is not there,
    each value comes `interval_s` after the one before.
    """

    def __init__(self, time: str = TIME, interval_s: float = 60.0, floor: float = 1.0) -> None:
        self.time, self.interval_s, self.floor = time, interval_s, floor
        self._own: dict[Any, Any] = {}
        self._at = 0

    def learn_one(self, x: Mapping[Any, Any]) -> None:
        """Takes the values as usual. A time before that of the values before it counts as theirs."""
        self._at = max(self._at, self._now(x))
        for name, value in self._values(x):
            own = self._own.get(name)
            if own is None:
                own = self._own[name] = self._new(self._floor(name))
            self._learn(own, value, self._at)

    def score_one(self, x: Mapping[Any, Any]) -> float:
        """How unusual the values are; nothing is learned."""
        at = max(self._at, self._now(x))
        scores = [self._score(self._own[name], value, at) for name, value in self._values(x) if name in self._own]
        return max((score for score in scores if score is not None), default=0.0)

    def _now(self, x: Mapping[Any, Any]) -> int:
        seconds = x.get(self.time)
        if isinstance(seconds, int | float) and isfinite(seconds):
            return round(seconds * 1_000)
        return self._at + round(self.interval_s * 1_000)

    def _values(self, x: Mapping[Any, Any]) -> list[tuple[Any, float]]:
        """The features that are finite numbers; a missing one teaches nothing."""
        return [
            (name, float(value))
            for name, value in x.items()
            if name != self.time and isinstance(value, int | float) and isfinite(value)
        ]

    def _floor(self, name: Any) -> float:
        return float(_rules().floors.get(name, self.floor))

    def _new(self, floor: float) -> Any:
        raise NotImplementedError

    def _learn(self, own: Any, value: float, at: int) -> None:
        raise NotImplementedError

    def _score(self, own: Any, value: float, at: int) -> float | None:
        raise NotImplementedError


def _rules() -> Rules:
    return packaged_rules()


class Baseline(_Personal):
    """Distance from the patient's own recent normal, in spreads (`detectors/baseline.py`).

    Examples
    --------
    >>> usual = Baseline()
    >>> for minute in range(30):
    ...     usual.learn_one({"heart_rate": 70 + minute % 3, "time_s": 60 * minute})
    >>> usual.score_one({"heart_rate": 71, "time_s": 1800}) < 1 < 6 < usual.score_one({"heart_rate": 120})
    True
    """

    def _new(self, floor: float) -> OwnBaseline:
        return OwnBaseline(floor, _rules().baseline)

    def _learn(self, own: OwnBaseline, value: float, at: int) -> None:
        own.learn_one(value, at)

    def _score(self, own: OwnBaseline, value: float, at: int) -> float | None:
        return own.score_one(value)


class LevelShift(_Personal):
    """Size of a lasting change of level, in spreads of the patient's own; 0.0 while none is found
    (`detectors/level_shift.py`).

    Examples
    --------
    >>> moved = LevelShift()
    >>> for minute in range(300):
    ...     moved.learn_one({"heart_rate": 70 + minute % 3 + (30 if minute > 150 else 0), "time_s": 60 * minute})
    >>> moved.score_one({"heart_rate": 100}) > 2
    True
    """

    def _new(self, floor: float) -> tuple[OwnBaseline, OwnLevelShift]:
        return OwnBaseline(floor, _rules().baseline), OwnLevelShift(_rules().level_shift)

    def _learn(self, own: tuple[OwnBaseline, OwnLevelShift], value: float, at: int) -> None:
        usual, shift = own
        far = usual.deviation(value)
        if far is not None:
            shift.learn_one(far, at)
        if not shift.found:  # what lasts is not taken as usual while it is new
            usual.learn_one(value, at)

    def _score(self, own: tuple[OwnBaseline, OwnLevelShift], value: float, at: int) -> float | None:
        return own[1].score_one()


class Trend(_Personal):
    """How far the last minutes lie from the last hour, in floors (`detectors/trend.py`).

    Examples
    --------
    >>> going = Trend()
    >>> for minute in range(60):
    ...     going.learn_one({"heart_rate": 80 + minute, "time_s": 60 * minute})
    >>> going.score_one({"heart_rate": 140, "time_s": 3600}) > 2
    True
    """

    def _new(self, floor: float) -> OwnTrend:
        return OwnTrend(floor, _rules().trend)

    def _learn(self, own: OwnTrend, value: float, at: int) -> None:
        own.learn_one(value, at)

    def _score(self, own: OwnTrend, value: float, at: int) -> float | None:
        return own.score_one(at)
