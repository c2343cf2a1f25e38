"""One row of an observation chart: a value, rounded as it would be written down, and the points it earns."""

from bisect import bisect_left
from math import floor, inf, isfinite

# A mean of floats cannot say on which side of a half it lies: 38.05 is stored as 38.04999999999999716, and
# (38.0 + 38.1) / 2 as 38.05 or its neighbour. Closer to a half than this, in chart steps, is a tie.
HAIR = 1e-9
NEARLY_HALF = 0.5 - HAIR


def finite(name: str, value: float) -> float:
    """The value itself; `ValueError` where it is no finite number, since a comparison with NaN is silently false.

    >>> finite("white_cells", 4.5)
    4.5
    """
    if not isfinite(value):
        raise ValueError(f"{name} is {value!r}: give a finite number, or None where there is no value")
    return value


class ChartRow:
    """Points of one vital sign by bands, each band given by the last value it holds and its points.

    A value is first rounded to the chart's own step (1, or 0.1 where `per_unit` is 10). The charts say nothing of what
    lies between their steps; a tie goes to the side that scores more, and upwards where both score alike.

    Examples
    --------
    >>> resp_rate = ChartRow("resp_rate", (8, 3), (11, 1), (20, 0), (24, 2), (inf, 3))
    >>> resp_rate.read(14), resp_rate.read(8.5), resp_rate.read(24.5)
    ((14, 0), (8, 3), (25, 3))

    References
    ----------
    Rounding and ties are this product's rule: Royal College of Physicians, NEWS2 (2017), Chart 1 is silent on them.
    """

    __slots__ = ("_ends", "_points", "name", "per_unit")

    def __init__(self, name: str, *bands: tuple[float, int], per_unit: int = 1) -> None:
        lasts = [last for last, _ in bands]
        if not lasts or lasts[-1] != inf or lasts != sorted(set(lasts)):
            raise ValueError(f"the bands of {name} must rise and end with infinity: {lasts}")
        self.name = name
        self.per_unit = per_unit
        self._ends = tuple(round(last * per_unit) for last in lasts[:-1])
        self._points = tuple(points for _, points in bands)

    def read(self, value: float) -> tuple[float, int]:
        """The value as charted, and its points; `ValueError` unless the value is a finite number."""
        steps = value * self.per_unit
        try:
            charted = round(steps)
        except (ValueError, OverflowError):
            finite(self.name, value)
            raise
        points = self._points[bisect_left(self._ends, charted)]
        if abs(steps - charted) > NEARLY_HALF:
            low = floor(steps)
            below, above = self._points[bisect_left(self._ends, low)], self._points[bisect_left(self._ends, low + 1)]
            charted, points = (low + 1, above) if above >= below else (low, below)
        return (charted if self.per_unit == 1 else charted / self.per_unit), points

    def ends(self, points: int) -> tuple[float | None, float | None]:
        """The values from which on, below and above, the outermost bands earn so many points; None where they do not.

        >>> ChartRow("spo2", (91, 3), (93, 2), (95, 1), (inf, 0)).ends(3)
        (91.0, None)
        """
        low = self._ends[0] / self.per_unit if self._points[0] == points else None
        return low, (self._ends[-1] + 1) / self.per_unit if self._points[-1] == points else None

    def meets(self, value: float | None) -> bool | None:
        """Whether the value earns a point; nothing said stays nothing."""
        return None if value is None else self.read(value)[1] > 0

    def bands(self) -> list[tuple[float | None, float | None, int]]:
        """First and last value of each band, None where it is open, and its points.

        >>> ChartRow("resp_rate", (8, 3), (11, 1), (inf, 0)).bands()
        [(None, 8.0, 3), (9.0, 11.0, 1), (12.0, None, 0)]
        """
        lasts = [end / self.per_unit for end in self._ends]
        firsts = [(end + 1) / self.per_unit for end in self._ends]
        return list(zip([None, *firsts], [*lasts, None], self._points, strict=True))
