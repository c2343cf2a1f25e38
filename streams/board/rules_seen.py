"""How long a reason holds, by the rules that are or were in force: so that the page says what the rules say."""

from collections.abc import Iterable
from typing import Any

from detectors.rules import Rules, RulesError, read_rules
from streams.config.packaged_rules import first_rules, packaged_rules


class RulesSeen:
    """Rules by their SHA-256: those that ship with the product, and those of the rules topic.

    >>> seen = RulesSeen()
    >>> seen.told()[packaged_rules().sha256]["holds"]["reviewing"]["high"]
    15.0
    """

    def __init__(self) -> None:
        self._known = {rules.sha256: rules for rules in (first_rules(), packaged_rules())}
        self._told = {name: _told(rules) for name, rules in self._known.items()}

    def take(self, value: bytes) -> bool:
        """One record of the rules topic; whether it was news. Raises ValueError for what are no rules."""
        try:
            rules = read_rules(value)
        except RulesError as broken:
            raise ValueError(str(broken)) from None
        new = rules.sha256 not in self._told
        self._known[rules.sha256], self._told[rules.sha256] = rules, _told(rules)
        return new

    def named(self, names: Iterable[str | None]) -> list[Rules]:
        """Those of these names that are known; where none is, those that a worker would begin with."""
        return [self._known[name] for name in sorted({*map(str, names)} & set(self._known))] or [packaged_rules()]

    def told(self) -> dict[str, dict[str, Any]]:
        """What the page is told: minutes by reason and priority, and how long something may be undone."""
        return self._told


def _told(rules: Rules) -> dict[str, Any]:
    calling = rules.calling
    return {
        "holds": {
            reason.value: {"high": hold.high, "medium": hold.medium, "low": hold.low}
            for reason, hold in calling.holds.items()
        },
        "undo_seconds": calling.undo_seconds,
    }
