"""Web Push: calls to the browsers that people have put under their names on the board's page (RFC 8030, 8291, 8292).

A push service that has taken a message has *sent* it; that it was shown, seen, accepted or declined the browser says to
the board, with the ticket in the message. A later message of the same alerts replaces, at the push service and on the
screen, the one that waits: who was without a network gets the latest state once. A message of several alerts stays on
the screen until each of them is over or is told of anew.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from schemas.alert import Priority
from schemas.times import to_ms
from streams.notify.channels import Answer
from streams.notify.channels.webhook import HttpReceiver
from streams.notify.notice import Covered, Notice, Phase, alerts_of, calls_of_notice, short, tag_of
from streams.notify.routes import Recipient
from streams.web_push.base64url import unpacked
from streams.web_push.encryption import MOST_BYTES, encrypted
from streams.web_push.identity import Identity
from streams.web_push.subscription import Subscription
from streams.web_push.ticket import Ticket, TicketCall, write

LIVES_S: Final = 1_800
"""A push service keeps what it cannot deliver for so long: longer ago, nobody is told of a call that is over."""
ALERT_DIGITS: Final = 8
GONE: Final = frozenset({404, 410})
NOBODY: Final = "nobody who is called here has put a device under her name"
Find = Callable[[Recipient, str | None], list[Subscription]]


def payload(notice: Notice, identity: Identity, now_s: float, *, most: int = MOST_BYTES) -> bytes:
    """What the browser shows, and the ticket to answer with. Calls that have no room in the ticket stay unanswered, and
    go on by the ladder; where the list of alerts has none, the message stays on the screen until somebody closes it.
    """
    calls = [_call(one) for one in calls_of_notice(notice)]
    head, _, rest = notice.text.partition(": ")
    said: dict[str, Any] = {
        "tag": tag_of(notice),
        "alerts": [short(one)[:ALERT_DIGITS] for one in alerts_of(notice)],
        "title": head[:200],
        "body": rest,
        "phase": notice.phase,
        "priority": notice.priority,
    }
    while True:
        if calls:
            said["ticket"] = write(Ticket(short(notice.id), notice.recipient, int(now_s), tuple(calls)), identity)
        body = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
        if len(body) <= most:
            return body
        if len(said["body"]) > 1_000:
            said["body"] = said["body"][:1_000]
        elif len(said["alerts"]) > 1:
            said["alerts"] = []  # all or none: a list with holes would close what still calls
        elif calls:
            calls = calls[: len(calls) * 3 // 4]
            said.pop("ticket")
        else:
            raise ValueError("a message that cannot be shortened")


def _call(one: Covered) -> TicketCall:
    at = 0 if one.called_at is None else to_ms(one.called_at)
    return TicketCall(one.alert_id, one.step or "", one.revision, at, one.recipients)


class WebPush(HttpReceiver):
    """Sends by HTTP POST to each browser of a recipient. `find`: which; `remove`: one that is no more."""

    def __init__(
        self,
        identity: Identity,
        find: Find,
        remove: Callable[[Subscription], Awaitable[None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._identity, self._find, self._remove, self._clock = identity, find, remove, clock

    async def send(self, recipient: Recipient, notice: Notice) -> Answer:
        """Sent as soon as one push service has it. A device that is gone is forgotten; nobody's is told at once."""
        devices = self._find(recipient, notice.ward)
        said = await asyncio.gather(*(self._push(device, notice) for device in devices))  # none waits for another's
        answers = [answer for answer in said if answer is not None]
        if not answers:
            return Answer(ok=False, answered=True, shut=True, said=NOBODY)
        return next((one for one in answers if one.ok), None) or next(
            (one for one in answers if not one.final), answers[0]
        )

    async def _push(self, device: Subscription, notice: Notice) -> Answer | None:
        """None: it is no more."""
        now = self._clock()
        body = encrypted(payload(notice, self._identity, now), unpacked(device.p256dh), unpacked(device.auth))
        low = notice.phase is Phase.END or notice.priority is Priority.LOW
        headers = {
            "Authorization": self._identity.authorization(device.endpoint, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(LIVES_S),
            "Topic": tag_of(notice),
            "Urgency": "normal" if low else "high",
        }
        answer = await self.post_to(device.endpoint, body, headers)
        if answer.status in GONE:
            await self._remove(device)
            return None
        return answer
