"""Who has taken on an alert: what the worker says, and what this board has sent and no worker has answered yet."""

from typing import Any, Final, NamedTuple

from schemas.times import to_text

ANSWERED_WITHIN_MS: Final = 15_000


class AlertOwner(NamedTuple):
    """Who, since when (RFC 3339), by which action, and under which account; None: it is not told."""

    who: str
    since: str
    action_id: str | None
    login: str | None = None

    def is_somebody(self, name: str, login: str) -> bool:
        """Whether it is the person of this account; two may bear one name, which counts where no account is told."""
        return self.who == name if self.login is None else self.login == login


class TakenOn:
    """The last words of this board, by alert.

    >>> words = TakenOn()
    >>> words.note("al-1", "Nora Berg", "a-1", 1_000, "nora")
    >>> words.owner("al-1", {}, 2_000)
    AlertOwner(who='Nora Berg', since='1970-01-01T00:00:01.000Z', action_id='a-1', login='nora')
    >>> words.owner("al-1", {}, 60_000) is None
    True
    """

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, str, int, str | None]] = {}

    def note(self, alert: str, who: str, action_id: str, at: int, login: str | None = None) -> None:
        """Somebody has said that she takes it on."""
        for other in [one for one, (_, _, then, _) in self._said.items() if at - then > ANSWERED_WITHIN_MS]:
            del self._said[other]
        self._said[alert] = (who, action_id, at, login)

    def forget(self, alert: str) -> None:
        """Somebody has taken her word back."""
        self._said.pop(alert, None)

    def owner(self, alert: str, newest: dict[str, Any], now: int) -> AlertOwner | None:
        """Who has it; None: nobody. `newest`: the alert as the worker told it last."""
        who, action_id, at, login = self._said.get(alert, ("", "", -ANSWERED_WITHIN_MS, None))
        lifecycle = newest.get("lifecycle") or {}
        told = (newest.get("action") or {}).get("action_id")
        if who and told != action_id and now - at <= ANSWERED_WITHIN_MS:
            return AlertOwner(who, to_text(at), action_id, login)
        if lifecycle.get("status") != "acknowledged" or not lifecycle.get("owner"):
            return None
        return AlertOwner(lifecycle["owner"]["who"], lifecycle.get("since") or "", lifecycle.get("undo_of"))
