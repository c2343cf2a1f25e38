"""Why a learned head speaks, vital by vital, in words that a nurse understands and that name no illness."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.vitals import Vital

SPEAKS: Final = 0.15  # log-odds that a vital must add to be named: one sixth more in odds
NAMED_AT_MOST: Final = 3
# What a healthy adult has about, to say "high" or "low" by; what counts is what was learned.
MIDDLE: Final[dict[str, float]] = {
    Vital.HEART_RATE.value: 80.0,
    Vital.RESP_RATE.value: 16.0,
    Vital.SPO2.value: 96.0,
    Vital.SYSTOLIC_BP.value: 120.0,
    Vital.DIASTOLIC_BP.value: 70.0,
    Vital.MEAN_BP.value: 87.0,
    Vital.TEMPERATURE.value: 37.0,
    Vital.GCS.value: 15.0,
    Vital.INSPIRED_OXYGEN.value: 21.0,
    "pulse_pressure": 45.0,
}
# Of what no vital of its own is: the vital beside which it is told.
_OF: Final = {"pulse_pressure": Vital.SYSTOLIC_BP.value}
REASONS: Final = frozenset(
    {
        "high",
        "low",
        "high_for_hours",
        "low_for_hours",
        "rising",
        "falling",
        "rising_over_the_day",
        "falling_over_the_day",
        "unsteady",
        "hardly_changing",
        "pulse_pressure_narrow",
        "pulse_pressure_wide",
    }
)
_ENDS: Final = {
    "high": "high",
    "low": "low",
    "high_for_hours": "high for hours",
    "low_for_hours": "low for hours",
    "rising": "rising over hours",
    "falling": "falling over hours",
    "rising_over_the_day": "rising over the day",
    "falling_over_the_day": "falling over the day",
    "unsteady": "changing much",
    "hardly_changing": "hardly changing",
    "pulse_pressure_narrow": "close to the diastolic",
    "pulse_pressure_wide": "far from the diastolic",
}


class Contributor(NamedTuple):
    """What one vital adds to a forecast, against the average, and how: a reason from the closed list."""

    vital: str
    added: float
    reason: str


def contributors(
    contributions: Iterable[tuple[str, float]], features: dict[str, float | None]
) -> tuple[Contributor, ...]:
    """The vitals that speak for a forecast, loudest first, three at most and one at least; the score by the
    book is none of them.

    >>> seen = {"heart_rate.now": 84.0, "heart_rate.24h-72h": 9.0, "spo2.now": 97.0, "news2.now": 3.0}
    >>> contributors([("heart_rate.24h-72h", 0.5), ("news2.now", 0.3), ("heart_rate.now", 0.1), ("spo2.now", -1)], seen)
    (Contributor(vital='heart_rate', added=0.6, reason='rising_over_the_day'),)
    """
    sums: dict[str, float] = {}
    loudest: dict[str, tuple[float, str]] = {}
    for feature, added in contributions:
        name = feature.partition(".")[0]
        if name not in MIDDLE:
            continue
        vital = _OF.get(name, name)
        sums[vital] = sums.get(vital, 0.0) + added
        if vital not in loudest or added > loudest[vital][0]:
            loudest[vital] = added, feature
    ranked = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [pair for pair in ranked if pair[1] >= SPEAKS][:NAMED_AT_MOST] or ranked[:1]
    return tuple(
        Contributor(vital, round(added, 6), _reason(loudest[vital][1], features[loudest[vital][1]] or 0.0))
        for vital, added in named
    )


def _reason(feature: str, value: float) -> str:
    name, _, kind = feature.partition(".")
    kind = kind.partition("@")[0]
    if name == "pulse_pressure":
        return "pulse_pressure_narrow" if value < MIDDLE[name] else "pulse_pressure_wide"
    if kind == "6h-24h":
        return "rising" if value > 0 else "falling"
    if kind == "24h-72h":
        return "rising_over_the_day" if value > 0 else "falling_over_the_day"
    if kind.startswith("spread"):
        return "unsteady" if value > _STEADY[name] else "hardly_changing"
    side = "high" if value > MIDDLE[name] else "low"
    return side if kind == "now" else f"{side}_for_hours"


_STEADY: Final[dict[str, float]] = {
    Vital.HEART_RATE.value: 5.0,
    Vital.RESP_RATE.value: 2.5,
    Vital.SPO2.value: 1.2,
    Vital.SYSTOLIC_BP.value: 10.0,
    Vital.DIASTOLIC_BP.value: 6.0,
    Vital.MEAN_BP.value: 8.0,
    Vital.TEMPERATURE.value: 0.3,
    Vital.GCS.value: 0.5,
}


def voice_words(vital_words: str, reason: str) -> str:
    """How a vital speaks.

    >>> voice_words("heart rate", "rising_over_the_day")
    'heart rate rising over the day'
    """
    return f"{vital_words} {_ENDS[reason]}"
