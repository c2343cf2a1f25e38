"""The restlessness of bodies and sensors: random, yet the same for the same seed, at any moment, asked in any order."""

from functools import lru_cache
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

_BLOCK: Final = 256
_TAPS: Final = 128
_WORD: Final = 2**64 - 1


class Noise:
    """Random numbers of one patient. A channel is one quantity; a place is a second, or a count of measurements.

    >>> whole, part = Noise(seed=7, patient=3).white(0, -10, 1000), Noise(seed=7, patient=3).white(0, 500, 20)
    >>> bool((whole[510:530] == part).all())
    True
    """

    def __init__(self, seed: int, patient: int) -> None:
        self._key = np.array([seed & _WORD, patient & _WORD], dtype=np.uint64)
        self._knots: dict[tuple[int, int, int], Array] = {}

    def white(self, channel: int, first: int, count: int) -> Array:
        """Standard normal, each place independent of all others."""
        return self._places(channel, first, count, uniform=False)

    def uniform(self, channel: int, first: int, count: int) -> Array:
        """Between 0 and 1, each place independent of all others."""
        return self._places(channel, first, count, uniform=True)

    def slow(self, channel: int, first: int, count: int, memory: float) -> Array:
        """Standard normal in which each place is `memory` (0 to 1) times the one before, and the rest new.

        An autoregression cut after 128 places, so that it can begin anywhere.
        """
        fresh = self.white(channel, first - _TAPS + 1, count + _TAPS - 1)
        return np.convolve(fresh, _kernel(memory), mode="valid")

    def wander(self, channel: int, seconds: Array, every_s: float) -> Array:
        """Standard normal at knots `every_s` apart, and smoothly from one to the next between them."""
        if not len(seconds):
            return np.zeros(0)
        places = seconds / every_s
        left = np.floor(places).astype(np.int64)
        knots = self._knots_of(channel, int(left[0]), int(left[-1] - left[0]) + 2)
        ease = smooth(places - left)
        from_knot = left - left[0]
        return knots[from_knot] * (1 - ease) + knots[from_knot + 1] * ease

    def _knots_of(self, channel: int, first: int, count: int) -> Array:
        """As `white`; the last knots are kept, for several vitals walk between the same ones."""
        asked = (channel, first, count)
        if asked not in self._knots:
            self._knots = {asked: self.white(channel, first, count)}
        return self._knots[asked]

    def _places(self, channel: int, first: int, count: int, *, uniform: bool) -> Array:
        blocks = range(first // _BLOCK, (first + count - 1) // _BLOCK + 1) if count > 0 else range(0)
        drawn = [self._draw(channel, block, uniform) for block in blocks]
        if not drawn:
            return np.zeros(0)
        at = first - blocks[0] * _BLOCK
        return np.concatenate(drawn)[at : at + count]

    def _draw(self, channel: int, block: int, uniform: bool) -> Array:
        # A counter-based generator: the counter says channel and block, so any block can be had without the others.
        counter = np.array([0, int(uniform), channel & _WORD, block & _WORD], dtype=np.uint64)
        source = np.random.Generator(np.random.Philox(key=self._key, counter=counter))
        return source.random(_BLOCK) if uniform else source.standard_normal(_BLOCK)


def smooth(part: Array) -> Array:
    """From 0 to 1 without a corner; before it 0, after it 1.

    >>> smooth(np.array([-1.0, 0.5, 2.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    inside = np.clip(part, 0.0, 1.0)
    return inside * inside * (3 - 2 * inside)


@lru_cache
def _kernel(memory: float) -> Array:
    weights = memory ** np.arange(_TAPS, dtype=float)
    return weights / np.sqrt((weights * weights).sum())
