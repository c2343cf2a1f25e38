"""A list of yes-or-no questions about a patient, some without an answer, and what they amount to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which criteria are certainly met, which cannot be told, and how many it takes.

    Examples
    --------
    >>> class Sign(StrEnum):
    ...     FAST = "fast"
    ...     HOT = "hot"
    ...     PALE = "pale"
    >>> told = Criteria.of({Sign.FAST: True, Sign.HOT: False, Sign.PALE: None}, needed=2)
    >>> told.score_min, told.score_max, told.complete, told.positive
    (1, 2, False, None)
    """

    met: tuple[StrEnum, ...]
    unknown: tuple[StrEnum, ...]
    needed: int

    @classmethod
    def of(cls, answers: Mapping[StrEnum, bool | None], needed: int) -> "Criteria":
        """Sum up the answers: met, not met, or None where it cannot be told."""
        return cls(
            met=tuple(criterion for criterion, met in answers.items() if met),
            unknown=tuple(criterion for criterion, met in answers.items() if met is None),
            needed=needed,
        )

    @property
    def score_min(self) -> int:
        """How many are met for certain."""
        return len(self.met)

    @property
    def score_max(self) -> int:
        """How many may be met."""
        return len(self.met) + len(self.unknown)

    @property
    def complete(self) -> bool:
        """Whether every question has an answer; otherwise the result is partial."""
        return not self.unknown

    @property
    def positive(self) -> bool | None:
        """True if enough are met, False if enough cannot be, None if it cannot be told."""
        if self.score_min >= self.needed:
            return True
        return False if self.score_max < self.needed else None
