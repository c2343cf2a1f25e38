"""The ways out: one file a channel. Each sends one notice and says what became of it."""

from dataclasses import dataclass
from typing import Protocol

from streams.notify.notice import Notice
from streams.notify.routes import Recipient


@dataclass(frozen=True)
class Answer:
    """What a transport said. `final`: another try would be refused as well. `wait_s`: the receiver asks for a pause.
    `answered`: the receiver is there, and does not take this one. `shut`: it takes none, until somebody mends the route
    or the receiver (a wrong key, a wrong address). `status`: HTTP's, where there was one.
    """

    ok: bool
    final: bool = False
    answered: bool = False
    shut: bool = False
    wait_s: float | None = None
    said: str = ""
    status: int | None = None


class Sender(Protocol):
    """One channel."""

    async def send(self, recipient: Recipient, notice: Notice) -> Answer:
        """Sends a notice once."""
        ...

    async def close(self) -> None:
        """Ends connections."""
        ...
