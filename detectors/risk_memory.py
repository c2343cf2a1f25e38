"""What the risk models remember of one patient: the newest values, and how they went over hours and days."""

import sys
from array import array
from bisect import bisect_right
from collections.abc import Collection, Mapping
from math import exp, sqrt
from typing import Final, Self

from schemas.times import HOUR_MS
from schemas.vitals import SPOT_VALIDITY, Vital

WATCHED: Final = (
    Vital.HEART_RATE,
    Vital.RESP_RATE,
    Vital.SPO2,
    Vital.SYSTOLIC_BP,
    Vital.DIASTOLIC_BP,
    Vital.MEAN_BP,
    Vital.TEMPERATURE,
    Vital.GCS,
    Vital.INSPIRED_OXYGEN,
)
FADES_H: Final = (6.0, 24.0, 72.0)  # after this many hours a value counts 1/e of what it counted
VALID_MS: Final = SPOT_VALIDITY
LOST_MS: Final = 24 * HOUR_MS  # a mean to which nothing was added for a day says nothing of today
WARM: Final = 3.0  # values that must still count before a spread is one

# Of each vital: newest value, its time, time of the newest learned; then of each fade its weight, sum (and squares).
_VALUE, _AT, _LEARNED, _W6, _S6, _Q6, _W24, _S24, _Q24, _W72, _S72 = range(11)
_WIDTH: Final = 11
_NEVER: Final = -1e18
_PLACES: Final = {vital: place * _WIDTH for place, vital in enumerate(WATCHED)}
_NEWS: Final = len(WATCHED) * _WIDTH  # weight, sum, time of the 6 h mean of the score
_EMPTY: Final = array("d", [0.0, _NEVER, _NEVER, *[0.0] * 8] * len(WATCHED) + [0.0, 0.0, _NEVER])
_MEAN: Final = _PLACES[Vital.MEAN_BP]
_OXYGEN: Final = _PLACES[Vital.INSPIRED_OXYGEN]
_BIG: Final = sys.byteorder == "big"

KINDS: Final = ("now", "6h", "6h-24h", "24h-72h", "spread_6h", "spread_24h")
"""What is seen of each vital: the newest value, its mean over hours, how that differs from the mean over a day, how the
day differs from three days, and the spread over hours and over a day. (Each mean fades; the span is its time constant.)
"""
_NAMES: Final = {
    vital: tuple(f"{vital}.{kind}" for kind in KINDS) for vital in WATCHED if vital != Vital.INSPIRED_OXYGEN
}
FEATURES: Final = (
    *(name for names in _NAMES.values() for name in names),
    "pulse_pressure.now",
    "pulse_pressure.6h",
    "inspired_oxygen.now",
    "gcs.now@steady",
    "gcs.now@uneven",
    "gcs.now@swinging",
    "gcs.now@erratic",
    "gcs.now@cool",
    "gcs.now@warm",
    "gcs.now@hot",
    "news2.now",
    "news2.6h",
    "age.years",
)
# A low coma scale means another thing while it swings (sedation, waking) and while the patient is cooled or feverish:
# the only pairs of features of which trees made more than tables do (measured in the lab).
_UNEVEN: Final = (0.3, 1.5, 3.0), ("gcs.now@steady", "gcs.now@uneven", "gcs.now@swinging", "gcs.now@erratic")
_HEAT: Final = (36.4, 37.4), ("gcs.now@cool", "gcs.now@warm", "gcs.now@hot")


class RiskMemory:
    """The running means and spreads of one patient's vitals, fading with time; 816 bytes, whatever the stay.

    `learn_one` takes what is new since the last call, `features` gives what a model sees now. Times are milliseconds,
    values are in our units (/min, %, mmHg, degrees Celsius, GCS points). These means follow the patient, in sickness
    too: they are no baseline, and learning goes on while an alert is open.

    No feature counts anything, keeps an extreme or says how long ago something was charted: such things tell the hours
    since admission and the habits of a ward. The contrast of 24 h and 72 h, which starts at nothing, tells a little of
    them all the same: the lab measures how much.

    Examples
    --------
    >>> memory = RiskMemory()
    >>> memory.learn_one({"heart_rate": 80.0}, 0, news2=0)
    >>> memory.learn_one({"heart_rate": 100.0}, 3_600_000, news2=1)
    >>> seen = memory.features(3_600_000, news2=1)
    >>> seen["heart_rate.now"], round(seen["heart_rate.6h"], 1), seen["resp_rate.now"], seen["heart_rate.spread_6h"]
    (100.0, 90.8, None, None)

    References
    ----------
    G. Cormode et al., Forward decay, ICDE 2009: weights that fade with time. The fades are ours, chosen in the lab.
    """

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers = _EMPTY[:]

    def learn_one(
        self, values: Mapping[str, float], at: int, *, news2: int | None, suspect: Collection[str] = ()
    ) -> None:
        """Takes the values that are new at `at`; a suspect one is the newest, but moves no mean.

        `values` by vital; vitals that no model uses are passed over. `news2` is the least score by protocol now.
        A mean pressure that nobody sent is worked out from systolic and diastolic of the same call. Values must be
        finite. A time before that of a vital's newest value is passed over.
        """
        numbers = self._numbers
        for vital, value in values.items():
            place = _PLACES.get(vital)  # type: ignore[call-overload]
            if place is not None and at >= numbers[place + _AT]:
                self._take(place, value, at, vital not in suspect)
        if Vital.MEAN_BP not in values and Vital.SYSTOLIC_BP in values and Vital.DIASTOLIC_BP in values:
            mean = (values[Vital.SYSTOLIC_BP] + 2 * values[Vital.DIASTOLIC_BP]) / 3
            sure = Vital.SYSTOLIC_BP not in suspect and Vital.DIASTOLIC_BP not in suspect
            if at >= numbers[_MEAN + _AT]:
                self._take(_MEAN, mean, at, sure)
        if news2 is not None and at >= numbers[_NEWS + 2]:
            left = exp((numbers[_NEWS + 2] - at) / (HOUR_MS * FADES_H[0]))
            numbers[_NEWS] = numbers[_NEWS] * left + 1.0
            numbers[_NEWS + 1] = numbers[_NEWS + 1] * left + news2
            numbers[_NEWS + 2] = at

    def _take(self, place: int, value: float, at: int, learned: bool) -> None:
        numbers = self._numbers
        numbers[place + _VALUE], numbers[place + _AT] = value, at
        if not learned:
            return
        hours = (at - numbers[place + _LEARNED]) / HOUR_MS
        hours_fade, day_fade, days_fade = FADES_H
        left = exp(-hours / hours_fade)
        numbers[place + _W6] = numbers[place + _W6] * left + 1.0
        numbers[place + _S6] = numbers[place + _S6] * left + value
        numbers[place + _Q6] = numbers[place + _Q6] * left + value * value
        left = exp(-hours / day_fade)
        numbers[place + _W24] = numbers[place + _W24] * left + 1.0
        numbers[place + _S24] = numbers[place + _S24] * left + value
        numbers[place + _Q24] = numbers[place + _Q24] * left + value * value
        left = exp(-hours / days_fade)
        numbers[place + _W72] = numbers[place + _W72] * left + 1.0
        numbers[place + _S72] = numbers[place + _S72] * left + value
        numbers[place + _LEARNED] = at

    def features(self, at: int, *, news2: int | None, age: float | None = None) -> dict[str, float | None]:
        """What a model sees at `at`, by name (`FEATURES`); None is "not known", never 0."""
        numbers, seen = self._numbers, dict.fromkeys(FEATURES)
        for vital, (now, mean, drift, anchor, spread, spread_day) in _NAMES.items():
            place = _PLACES[vital]
            if at - numbers[place + _AT] <= VALID_MS:
                seen[now] = numbers[place]
            if at - numbers[place + _LEARNED] > LOST_MS:
                continue
            weight, weight_day = numbers[place + _W6], numbers[place + _W24]
            hours = numbers[place + _S6] / weight
            day = numbers[place + _S24] / weight_day
            seen[mean], seen[drift] = hours, hours - day
            seen[anchor] = day - numbers[place + _S72] / numbers[place + _W72]
            if weight_day >= WARM:
                # Sums of squares of a flat line may come out a hair below the square of its mean.
                seen[spread] = sqrt(max(0.0, numbers[place + _Q6] / weight - hours * hours))
                seen[spread_day] = sqrt(max(0.0, numbers[place + _Q24] / weight_day - day * day))
        _add_pairs(seen)
        if at - numbers[_OXYGEN + _AT] <= VALID_MS:
            seen["inspired_oxygen.now"] = numbers[_OXYGEN]
        seen["news2.now"] = news2
        if numbers[_NEWS]:
            seen["news2.6h"] = numbers[_NEWS + 1] / numbers[_NEWS]
        seen["age.years"] = age
        return seen

    def forget_newest(self, vital: str) -> None:
        """The newest value of a vital was taken back: there is none in force; what it moved stays moved a little."""
        place = _PLACES.get(vital)  # type: ignore[call-overload]
        if place is not None:
            self._numbers[place + _AT] = _NEVER

    def state(self) -> bytes:
        """Plain numbers, as little-endian doubles."""
        numbers = self._numbers[:]
        if _BIG:
            numbers.byteswap()
        return numbers.tobytes()

    @classmethod
    def restore(cls, state: bytes) -> Self:
        """The memory that `state` was taken from; ValueError if it is none."""
        one = cls()
        if len(state) != len(_EMPTY) * 8:
            raise ValueError(f"a risk memory has {len(_EMPTY) * 8} bytes, not {len(state)}")
        one._numbers = array("d", state)
        if _BIG:
            one._numbers.byteswap()
        return one


def _add_pairs(seen: dict[str, float | None]) -> None:
    """What takes two vitals, or a vital and how it went."""
    for kind in ("now", "6h"):
        high, low = seen[f"systolic_bp.{kind}"], seen[f"diastolic_bp.{kind}"]
        if high is not None and low is not None:
            seen[f"pulse_pressure.{kind}"] = high - low
    gcs = seen["gcs.now"]
    if gcs is None:
        return
    for by, (edges, names) in (("gcs.spread_24h", _UNEVEN), ("temperature.6h", _HEAT)):
        value = seen[by]
        if value is not None:
            seen[names[bisect_right(edges, value)]] = gcs
