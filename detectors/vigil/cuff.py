"""A cuff that shuts off the arm on which the finger probe sits: SpO2 and pulse fall, and come back once it is done."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from detectors.vigil.window import SPOT, WINDOW_MS, Decided
from detectors.vigil.windows import AT, BIT, EXTREME, MEASURED, RED, Window

if TYPE_CHECKING:
    from detectors.vigil.assessment import Assessment

MASKS_MS: Final = 90_000
MASKED: Final = frozenset({"spo2", "pulse_rate"})
_BEFORE: Final = 4  # windows before it that have to be well
_REGULAR: Final = 0.1


class Cuff(Struct, array_like=True):
    """When a cuff last measured, how far apart, and how often SpO2 was low just before and well until then."""

    last: int = 0
    gap: int = 0
    seen: int = 0
    since: int = 0  # since when it has masked without a break
    masked_at: int = 0  # when it last did

    def note(self, fresh: Mapping[str, Decided], windows: Sequence[Window]) -> None:
        """Takes a cuff's value into account, if there is one."""
        pressure = fresh.get("systolic_bp")
        if pressure is None or pressure.source == SPOT:
            return
        gap = pressure.at - self.last if self.last else 0
        regular = self.gap and abs(gap - self.gap) <= _REGULAR * self.gap
        often = _measured_since(windows, self.last, _BEFORE) if self.last else False
        if often or self.seen:
            during, before = _around(windows, pressure.at - MASKS_MS)
            if any(during) and before and not any(before) and often:
                self.seen += 1
            elif during and not any(during) and pressure.at - self.masked_at > MASKS_MS:
                self.seen = 0  # it sits on the other arm now
        self.gap = gap if not self.gap or not regular else self.gap
        self.last = pressure.at

    def masks(self, at: int, reds: Sequence[str], far: Sequence[str], assessment: "Assessment") -> bool:
        """Whether what stands out now is what the cuff did at its last reading, and its next one is due."""
        lows = {*reds, *far}
        if not self.seen or not self.gap or not lows or not lows <= MASKED:
            self.since = 0
            return False
        due = self.last + self.gap
        if not due - MASKS_MS <= at <= due + 2 * WINDOW_MS:
            self.since = 0
            return False
        self.since = self.since or at
        self.masked_at = at
        return at - self.since < MASKS_MS


_SPO2: Final = BIT["spo2"]


def _measured_since(windows: Sequence[Window], since: int, count: int) -> bool:
    """Whether SpO2 was measured so many times after a moment; windows lie in the order of time."""
    for one in reversed(windows):
        if one[AT] <= since:
            return False
        if one[MEASURED] & _SPO2:
            count -= 1
            if not count:
                return True
    return False


def _around(windows: Sequence[Window], since: int) -> tuple[list[bool], list[bool]]:
    """Whether SpO2 was low, from a moment on and in the last few windows before it."""
    during: list[bool] = []
    before: list[bool] = []
    for one in reversed(windows):
        if one[MEASURED] & _SPO2:
            low = bool((one[RED] | one[EXTREME]) & _SPO2)
            if one[AT] >= since:
                during.append(low)
            else:
                before.append(low)
                if len(before) == _BEFORE:
                    break
    return during, before
