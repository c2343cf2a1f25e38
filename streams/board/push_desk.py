"""The browsers that people have put under their names on this board's page, and whose answers are believed."""

from typing import Final

from streams.board.accounts import Accounts
from streams.board.consumer import Heard
from streams.config.topics import Topic
from streams.web_push.identity import verifier
from streams.web_push.subscription import NoSubscription, Subscription, decode
from streams.web_push.ticket import NoTicket, Ticket, read

TICKET_LIVES_S: Final = 24 * 3_600


class PushDesk:
    """`key`: the public half of the notifier's key; empty where nobody is called by Web Push. `services`: the hosts of
    push services that the notifier sends to.
    """

    def __init__(self, key: str, services: list[str]) -> None:
        self.key, self.services = key, services
        self._holds = verifier(key) if key else None
        self._known: dict[str, Subscription] = {}

    def take(self, batch: list[Heard]) -> list[Heard]:
        """Keeps what is said of subscriptions; gives the rest."""
        for one in batch:
            if one.topic is Topic.SUBSCRIPTIONS:
                self._hear((one.key or b"").decode("utf-8", "replace"), one.value)
        return [one for one in batch if one.topic is not Topic.SUBSCRIPTIONS]

    def _hear(self, name: str, value: bytes | None) -> None:
        self._known.pop(name, None)
        if value:
            try:
                self._known[name] = decode(value)
            except NoSubscription:
                return  # the notifier, which would use it, says so

    def over(self, now_s: float, accounts: Accounts | None) -> list[str]:
        """The ids of those that are to be removed: their session is over, or their account is gone or another."""
        return [
            name
            for name, one in self._known.items()
            if one.until <= now_s or (accounts is not None and not accounts.holds(one.login, one.stamp))
        ]

    def ticket(self, text: str, now_s: float) -> Ticket:
        """What a device answers with. Raises NoTicket where it is none of this site's, or too old."""
        if self._holds is None:
            raise NoTicket("this board calls nobody by Web Push")
        ticket = read(text, self._holds)
        if now_s - ticket.at > TICKET_LIVES_S:
            raise NoTicket("of a call that is long over")
        return ticket
