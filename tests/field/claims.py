"""What a case of the field promises, and what was seen: nothing is promised that a run cannot refute."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Claim:
    """One promise: in words, what was seen, what was allowed, and whether that holds."""

    promise: str
    seen: str
    allowed: str
    holds: bool

    def __str__(self) -> str:
        return f"  {'ok   ' if self.holds else 'WRONG'} {self.promise}: {self.seen} (allowed: {self.allowed})"


def within(promise: str, seconds: float | None, limit_s: float) -> Claim:
    """Something that was to happen in time; None: it did not happen at all.

    >>> print(within("silence is told", 4.6, 6.0))
      ok    silence is told: 4.6 s (allowed: 6 s)
    """
    seen = "never" if seconds is None else f"{seconds:.1f} s"
    return Claim(promise, seen, f"{limit_s:g} s", seconds is not None and seconds <= limit_s)


def none(promise: str, found: Iterable[object]) -> Claim:
    """Something that must not happen.

    >>> none("false words", []).holds, none("false words", ["silent"]).holds
    (True, False)
    """
    seen = [str(one) for one in found]
    return Claim(promise, f"{len(seen)}: {', '.join(seen[:5])}" if seen else "0", "0", not seen)


def equal(promise: str, seen: object, wanted: object) -> Claim:
    """Something that must be so, exactly."""
    return Claim(promise, str(seen), str(wanted), seen == wanted)


@dataclass(slots=True)
class Told:
    """One case, as the report tells it."""

    name: str
    says: str
    seconds: float
    claims: list[Claim] = field(default_factory=list)
    broke: str = ""

    @property
    def good(self) -> bool:
        """Whether it ran to its end, promised something, and every promise held."""
        return not self.broke and bool(self.claims) and all(claim.holds for claim in self.claims)

    def __str__(self) -> str:
        lines = [f"{'good ' if self.good else 'WRONG'} {self.name} ({self.seconds:.0f} s): {self.says}"]
        lines += map(str, self.claims)
        return "\n".join(lines + ([f"  it broke: {self.broke}"] if self.broke else []))
