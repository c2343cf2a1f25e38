"""Means and variances that slowly forget, by the time that has passed rather than by the number of values.

river's weighted `Mean` and `Var` with their weight faded before each value (exponential decay in time; the mean and the
variance themselves do not move while nothing comes). Unlike river's `EWVar` the variance cannot turn negative on a
flat line: a Welford sum only grows, and fading multiplies it.

The arithmetic is river's own, on two or three numbers: river's objects carry a dictionary each, and a patient has
dozens of them.
"""

from collections.abc import Callable, Sequence
from typing import Self

from river import stats


class FadingMean:
    """A weighted mean whose past can fade.

    Examples
    --------
    >>> mean = FadingMean()
    >>> for value in (70.0, 72.0):
    ...     mean.update(value)
    >>> mean.fade(0.0)
    >>> mean.update(90.0)
    >>> mean.get()
    90.0

    References
    ----------
    G. Cormode et al., Forward decay, ICDE 2009: exponential decay in time.
    """

    __slots__ = ("_mean", "n")

    def __init__(self, n: float = 0.0, mean: float = 0.0) -> None:
        self.n, self._mean = n, mean

    update: Callable[..., None] = stats.Mean.update  # takes a value, of a weight: river's own, on our two numbers

    def get(self) -> float:
        """The mean."""
        return self._mean

    def fade(self, keep: float) -> None:
        """Lets the past count `keep` (0..1) of what it counted."""
        self.n *= keep

    def state(self) -> list[float]:
        """Weight and mean."""
        return [self.n, self._mean]

    @classmethod
    def restore(cls, state: Sequence[float]) -> Self:
        """The mean that `state` was taken from."""
        return cls(*state)


class FadingVar:
    """A weighted variance whose past can fade; `mean` is its mean.

    Examples
    --------
    >>> spread = FadingVar()
    >>> for value in (98.0, 98.0, 98.0):
    ...     spread.update(value)
    >>> spread.get()
    0.0

    References
    ----------
    B. P. Welford, Technometrics 4 (1962); weights after D. H. D. West, CACM 22 (1979).
    """

    __slots__ = ("_S", "mean")

    def __init__(self) -> None:
        self.mean, self._S = FadingMean(), 0.0

    update: Callable[..., None] = stats.Var.update  # takes a value, of a weight: river's own, on our three numbers

    def get(self) -> float:
        """The variance (of all values, not of a sample)."""
        n = self.mean.n
        return self._S / n if n > 0 else 0.0

    def fade(self, keep: float) -> None:
        """Lets the past count `keep` (0..1) of what it counted."""
        self.mean.n *= keep
        self._S *= keep

    def state(self) -> list[float]:
        """Weight, mean, and sum of squares."""
        return [self.mean.n, self.mean._mean, self._S]

    @classmethod
    def restore(cls, state: Sequence[float]) -> Self:
        """The variance that `state` was taken from."""
        var = cls()
        var.mean.n, var.mean._mean, var._S = state
        return var


def kept(elapsed_ms: int, half_life_ms: float) -> float:
    """What of the past still counts after `elapsed_ms`.

    >>> kept(3_600_000, 3_600_000)
    0.5
    """
    return 0.5 ** (elapsed_ms / half_life_ms) if elapsed_ms > 0 else 1.0
