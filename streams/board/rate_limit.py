"""How often somebody may ask: a bucket of tokens for each, filled evenly."""

from collections import OrderedDict


class RateLimit:
    """`burst` at once, then `per_minute`; forgets those longest unheard of beyond `most`.

    >>> tries = RateLimit(burst=2, per_minute=6)
    >>> [tries.allows("n", 0.0), tries.allows("n", 0.0), tries.allows("n", 0.0), tries.allows("n", 10.0)]
    [True, True, False, True]
    """

    def __init__(self, *, burst: float, per_minute: float, most: int = 10_000) -> None:
        self.burst, self.per_s, self.most = burst, per_minute / 60, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, who: str, now: float) -> bool:
        """Takes a token; False if there is none. `now` in seconds."""
        left, at = self._left.pop(who, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.per_s)
        allowed = left >= 1
        self._left[who] = (left - 1 if allowed else left, now)
        while len(self._left) > self.most:
            self._left.popitem(last=False)
        return allowed
