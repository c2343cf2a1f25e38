"""What was measured while nobody could see it, and came too late to be scored: its extremes, until they are told."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import Struct

from detectors.rules import Rules
from detectors.vigil.red import RED_LIMITS, is_extreme
from detectors.vigil.wording import value_words, vital_words
from schemas.times import to_text

SCALE_2_RED: Final = 83.0  # RCP 2017, chart 1: on scale 2 an SpO2 of 83 % or less scores 3
TOLD_AT_MOST: Final = 3


class Extremes(Struct, array_like=True):
    """The least and the greatest old value of one vital, when each was measured, and the newest time of the device."""

    low: float
    low_at: int
    high: float
    high_at: int
    newest: int

    def add(self, value: float, at: int, taken: int) -> None:
        """One value more; of equal ones the newest stays."""
        if (value, -at) < (self.low, -self.low_at):
            self.low, self.low_at = value, at
        if (value, at) > (self.high, self.high_at):
            self.high, self.high_at = value, at
        self.newest = max(self.newest, taken)


class Unseen(NamedTuple):
    """One value that was red or extreme, and when it was measured."""

    vital: str
    value: float
    at: int


def grave(extremes: Mapping[str, Extremes], scale: int, rules: Rules) -> list[Unseen]:
    """The values among these that score 3 or are extreme, in the order of vitals."""
    found = []
    for name in sorted(extremes):
        one = extremes[name]
        low, high = RED_LIMITS.get(name, (None, None))
        if name == "spo2" and scale == 2:
            low = SCALE_2_RED
        if (low is not None and one.low <= low) or is_extreme(name, one.low, rules):
            found.append(Unseen(name, one.low, one.low_at))
        elif (high is not None and one.high >= high) or is_extreme(name, one.high, rules):
            found.append(Unseen(name, one.high, one.high_at))
    return found


def unseen_words(found: list[Unseen]) -> str:
    """One line: what, and when, in UTC.

    >>> unseen_words([Unseen("spo2", 71.0, 1_795_316_000_000)])
    'While unseen: SpO2 71% at 02:53 UTC'
    """
    told = [
        f"{vital_words(one.vital)} {value_words(one.vital, one.value)} at {to_text(one.at)[11:16]} UTC" for one in found
    ]
    more = len(told) - TOLD_AT_MOST
    return "While unseen: " + ", ".join(told[:TOLD_AT_MOST]) + (f", and {more} more" if more > 0 else "")
