"""Whose patients a page shows: those of some wards, or all of them."""

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class View:
    """The wards (None: every one), and who of them has been told of.

    >>> View(frozenset({"A"})).sees("B"), View(frozenset({"A"})).sees(None), View(None).sees("B")
    (False, True, True)
    """

    wards: frozenset[str] | None
    shown: set[str] = field(default_factory=set)

    def sees(self, ward: str | None) -> bool:
        """Whether patients of this ward are shown; who is of no ward yet is everybody's."""
        return self.wards is None or ward is None or ward in self.wards
