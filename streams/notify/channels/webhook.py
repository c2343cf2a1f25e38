"""Webhooks: a CloudEvents 1.0 message in structured JSON, signed, with an id that a retry keeps.

The signature is HMAC-SHA-256 over `TIMESTAMP.BODY` under the recipient's key:
`Vigilward-Signature: key=KEY_ID,t=TIMESTAMP,v1=HEX`. A receiver refuses what is older than it tolerates, compares in
constant time, and drops an `Idempotency-Key` that it has seen.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp

from streams.notify.channels import Answer
from streams.notify.notice import Notice, Phase
from streams.notify.routes import Recipient

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
WITHIN_S: Final = 5.0
OF_THE_MESSAGE: Final = frozenset({400, 413, 422})
"""Said of these very bytes: another try would be refused as well."""
PASSING: Final = frozenset({408, 425, 429})
"""Said of this moment, as 5xx is. What is left (a wrong key or address) holds until somebody mends it."""
LONGEST_PAUSE_S: Final = 300.0
CLOCKS_APART_S: Final = 60.0
MOST_READ: Final = 65_536
"""Of a refusal's reason."""
TYPES: Final = {Phase.START: "raised", Phase.CONTINUE: "continued", Phase.END: "ended"}


def body_of(notice: Notice, recipient: Recipient) -> bytes:
    """The event. No name leaves; the patient's id only where the recipient's table says so."""
    data: dict[str, Any] = {
        "alert_id": notice.alert_id, "revision": notice.revision, "phase": notice.phase, "kind": notice.kind,
        "priority": notice.priority, "subject": notice.subject, "ward": notice.ward, "bed": notice.bed,
        "text": notice.text, "step": notice.step, "round": notice.round, "recipient": notice.recipient,
        "mode": notice.mode,
    }  # fmt: skip
    if recipient.patient_id:
        data["patient_id"] = notice.patient_id
    event = {
        "specversion": "1.0",
        "id": notice.id,
        "source": "vigilward/notify",
        "type": f"vigilward.alert.{TYPES[notice.phase]}",
        "time": notice.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(event, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def signature(key: bytes, key_id: str, at: int, body: bytes) -> str:
    """The header's value.

    >>> signature(b"0123456789abcdef", "k1", 1_700_000_000, b"{}")[:30]
    'key=k1,t=1700000000,v1=e4f8e2e'
    """
    digest = hmac.new(key, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"key={key_id},t={at},v1={digest}"


def answer_of_status(status: int, pause: str) -> Answer:
    """What an HTTP status says: of this one message, of this moment, or of everything until somebody mends it.

    >>> answer_of_status(500, "").final, answer_of_status(422, "").final, answer_of_status(429, "7").wait_s
    (False, True, 7.0)
    >>> answer_of_status(401, "").shut, answer_of_status(503, "").shut
    (True, False)
    """
    if 200 <= status < 300:
        return Answer(ok=True, status=status)
    wait_s = min(LONGEST_PAUSE_S, float(pause)) if pause.isdecimal() and pause.isascii() else None
    final = status in OF_THE_MESSAGE
    shut = status < 500 and not final and status not in PASSING
    answered = status not in (429, 503)
    return Answer(
        ok=False, final=final, answered=answered, shut=shut, wait_s=wait_s, said=f"HTTP {status}", status=status
    )


def apart(date: str, now_s: float) -> str:
    """How far a receiver's clock (its HTTP date) and ours lie apart, if that may be why it believes no signature.

    >>> apart("Mon, 30 Nov 2026 12:00:00 GMT", 1_796_040_600), apart("Mon, 30 Nov 2026 12:00:00 GMT", 1_796_040_010)
    (', and its clock lies 600 s from ours', '')
    """
    try:
        seconds = abs(parsedate_to_datetime(date).timestamp() - now_s)
    except (ValueError, OverflowError):  # an offset of years, say
        return ""
    return f", and its clock lies {seconds:.0f} s from ours" if seconds > CLOCKS_APART_S else ""


class HttpReceiver:
    """Posts through one session."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, recipient: Recipient, body: bytes, headers: dict[str, str]) -> Answer:
        """To a recipient's `url`."""
        return await self.post_to(recipient.url, body, headers)

    async def post_to(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """What its status says; a receiver that cannot be reached is tried again."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN_S))
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                said = answer_of_status(answer.status, answer.headers.get("Retry-After", ""))
                if answer.status in (401, 403):  # a signature holds for minutes: of whose clock?
                    said = replace(said, said=said.said + apart(answer.headers.get("Date", ""), time.time()))
                if said.ok:
                    return said
                body = b""
                while len(body) < MOST_READ and (part := await answer.content.read(MOST_READ)):
                    body += part
                return self.judged(said, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            return Answer(ok=False, said=type(fault).__name__)

    def judged(self, answer: Answer, body: bytes) -> Answer:
        """A refusal, by what the receiver says of it."""
        return answer

    async def close(self) -> None:
        """Ends the session."""
        if self._session is not None:
            await self._session.close()


class Webhook(HttpReceiver):
    """Sends by HTTP POST."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock

    async def send(self, recipient: Recipient, notice: Notice) -> Answer:
        """2xx is sent; 400, 413 and 422 are final; everything else is tried again."""
        body = body_of(notice, recipient)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "Idempotency-Key": hashlib.sha256(notice.id.encode()).hexdigest(),
            "Vigilward-Signature": signature(recipient.key, recipient.key_id, int(self._clock()), body),
        }
        return await self.post(recipient, body, headers)
