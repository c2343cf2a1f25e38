"""How fast a ward's time runs, and how long until a moment of it has come."""

import math
import re
import time
from collections.abc import Callable, Iterator
from typing import Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|m|h|d)?")
_WAKE_S: Final = 0.25
_ENOUGH_S: Final = 0.0005  # nobody sleeps shorter; and what rounding leaves over would be waited for without end


def seconds(text: str) -> float:
    """A stretch of time as people write it; a bare number is seconds.

    >>> seconds("90s"), seconds("1h30m"), seconds("2.5")
    (90.0, 5400.0, 2.5)
    """
    parts = _DURATION.findall(text.strip())
    whole = "".join(number + unit for number, unit in parts)
    if not parts or whole != text.strip() or (len(parts) > 1 and not all(unit for _, unit in parts)):
        raise ValueError(f"{text!r} is not a stretch of time such as 60s, 15m or 1h30m")
    return sum(float(number) * _UNITS[unit or "s"] for number, unit in parts)


class Pace:
    """A clock that begins at `start_ms` when it is made, and runs `speed` times as fast as the one on the wall.

    Speed 0 means as fast as can be: nothing is waited for. `now` and `sleep` are arguments so that tests need no time.

    >>> walls = iter([100.0, 100.0, 101.0])
    >>> Pace(0, speed=60, now=lambda: next(walls), sleep=lambda s: None).wait_until(30_000)
    True
    """

    def __init__(
        self,
        start_ms: int,
        *,
        speed: float = 1.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        if speed < 0:
            raise ValueError(f"time runs forwards: speed {speed} is not possible (0 means as fast as can be)")
        self.start_ms, self.speed = start_ms, speed
        self._now, self._sleep, self._stopping = now, sleep, stopping
        self._began = now()

    def wait_until(self, ms: int) -> bool:
        """Wait for a moment of the ward's time; False if asked to stop before it came."""
        while not self._stopping():
            left = 0.0 if self.speed == 0 else (ms - self.start_ms) / 1000 / self.speed - (self._now() - self._began)
            if left <= _ENOUGH_S:
                return True
            self._sleep(min(left, _WAKE_S))
        return False

    def stretches(
        self, until_ms: int | None, *, wall_s: float = 0.1, late_s: float = math.inf
    ) -> Iterator[tuple[int, int]]:
        """Stretches `(from_ms, to_ms)` of the ward's time, each handed over when it is past, until `until_ms` if given.

        One is about `wall_s` long on the wall, at full speed a second of the ward's. Who takes so long over them that
        the end would come more than `late_s` late gets no more: the wall's end is kept, and the rest left out.
        """
        step = max(1, round(1000 * self.speed * wall_s)) if self.speed else 1000
        until = math.inf if until_ms is None else until_ms
        ends = self._began + (until - self.start_ms) / 1000 / self.speed + late_s if self.speed else math.inf
        at = self.start_ms
        while until_ms is None or at < until_ms:
            to = at + step if until_ms is None else min(at + step, until_ms)
            if not self.wait_until(to) or self._now() > ends:
                return
            yield at, to
            at = to
