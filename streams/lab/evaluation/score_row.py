"""One look at a patient's watch: every score as it stands at one moment, as a row of numbers. Changes nothing."""

from collections.abc import Collection
from math import nan
from typing import Final

from detectors.calling import PRIORITIES
from detectors.qsofa import qsofa
from detectors.risk import heads_of
from detectors.risk_memory import VALID_MS
from detectors.rules import OF_ONE_VITAL, Rules
from detectors.shock_index import shock_index
from detectors.sirs import sirs
from detectors.vigil import Vigil
from detectors.vigil.assessment import Assessment
from streams.lab.evaluation.definitions import HEADS

VALUES: Final = (
    "heart_rate",
    "resp_rate",
    "spo2",
    "systolic_bp",
    "diastolic_bp",
    "mean_bp",
    "temperature",
    "gcs",
    "inspired_oxygen",
)
"""Vitals whose value in force is kept beside the scores."""

RISKS: Final = tuple(HEADS.values())
COLUMNS: Final = (
    "news2",
    "red",
    "qsofa",
    "sirs",
    "shock_index",
    *OF_ONE_VITAL,
    *(f"{name}_on" for name in OF_ONE_VITAL),
    *(f"risk_{head}" for head in RISKS),
    "measured",
    *VALUES,
    "pattern",
)
"""What a row holds. `measured` is how many vitals had a valid value, `NAME_on` whether a detector holds an opinion."""


class Heads:
    """What the learned heads say of one patient, worked out once for each time that the Vigil looks.

    It is what `Vigil.forecasts` says, without its reasons and only for the heads asked: those take most of the time. A
    stream is looked at every minute, its risk memory every ten: between two looks nothing of it changes.
    """

    __slots__ = ("_asked", "_said", "_seen_at")

    def __init__(self, asked: Collection[str] = RISKS) -> None:
        self._asked = asked
        self._seen_at: int | None = None
        self._said = [nan] * len(RISKS)

    def log_odds(self, vigil: Vigil, at: int) -> list[float]:
        """The log-odds of each of `RISKS`; NaN is no opinion."""
        risk_forecast = vigil.risk_forecast
        if not self._asked or at - risk_forecast.seen_at > VALID_MS:
            return [nan] * len(RISKS)
        if risk_forecast.seen_at != self._seen_at:
            self._seen_at, self._said = risk_forecast.seen_at, self._asked_now(vigil)
        return self._said

    def _asked_now(self, vigil: Vigil) -> list[float]:
        seen, heads = vigil.risk_forecast.features(), heads_of(vigil.rules.risk)
        known = [heads.get(name) if name in self._asked else None for name in RISKS]
        return [nan if head is None or not head.knows_enough(seen) else head.log_odds(seen) for head in known]


def look(vigil: Vigil, at: int, heads: Heads, *, pattern: float = nan) -> tuple[float, ...]:
    """The row of a moment (ms), in the order of `COLUMNS`; NaN is no opinion. `pattern` is what was thought beside the
    Vigil.
    """
    assessment = vigil.assessment(at)
    value, score = assessment.value, assessment.score
    letter, gcs = assessment.mind()
    rate, pressure, breaths = value("heart_rate"), value("systolic_bp"), value("resp_rate")
    rate = value("pulse_rate") if rate is None else rate
    index = shock_index(rate, pressure)
    return (
        nan if score is None else score.score_min,
        nan if score is None else float(bool(score.red)),
        qsofa(breaths, pressure, letter, gcs=gcs, long_standing_confusion=assessment.stay.confusion).score_min,
        sirs(value("temperature"), rate, breaths).score_min,
        nan if index is None else index,
        *_detectors(assessment, at),
        *heads.log_odds(vigil, at),
        len(assessment.values),
        *(nan if (known := value(name)) is None else known for name in VALUES),
        pattern,
    )


def _detectors(assessment: Assessment, at: int) -> tuple[float, ...]:
    """The greatest opinion of each detector over all vitals with a valid value, then whether it holds one."""
    far, moved, steep = nan, nan, nan
    held = {opinion.detector for name in assessment.noticed() for opinion in assessment.tracks[name].opinions}
    for name in assessment.values:
        track = assessment.tracks[name]
        if track.baseline is None or track.shift is None or track.trend is None:
            continue
        deviation = None if track.known is None else track.baseline.deviation(track.known.value)
        far = _greater(far, None if deviation is None else abs(deviation))
        moved = _greater(moved, track.shift.score_one())
        steep = _greater(steep, track.trend.score_one(at))
    return (far, moved, steep, *(float(name in held) for name in OF_ONE_VITAL))


def _greater(one: float, other: float | None) -> float:
    if other is None:
        return one
    return other if one != one else max(one, other)


def learned_level(vigil: Vigil, rules: Rules, *, spot: bool) -> int:
    """What the learned rules alone ask for now: 0 nothing, 1 to be shown, 2 someone to come."""
    asks = vigil.risk_forecast.asking(vigil.now)
    if vigil.persistence.learned < (rules.spot if spot else rules.stream).learned:
        return asks
    if not any(track.opinions and not track.stale for track in vigil.tracks.values()):
        return asks
    return max(asks, PRIORITIES.index(rules.calling.learned_priority))
