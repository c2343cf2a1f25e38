"""What a call carries so that a device can answer it and knows no secret: signed by the notifier, read by the board.

It names no patient: the board knows whose alert it is.
"""

import zlib
from collections.abc import Callable
from typing import Final

import msgspec

from streams.web_push.base64url import packed, unpacked
from streams.web_push.identity import SIGNATURE_BYTES, Identity

PURPOSE: Final = b"vigilward ticket 1\0"
"""The key signs other things as well; what it signs for one purpose proves nothing for another."""
MOST_BYTES: Final = 65_536


class TicketCall(msgspec.Struct, frozen=True, array_like=True):
    """One of the calls that a message told of. `called_at`: when the step was taken, milliseconds since 1970."""

    alert_id: str
    step: str
    revision: int
    called_at: int
    recipients: int


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """Of which message, to whom, and when it was sent, seconds since 1970."""

    notice: str
    recipient: str
    at: int
    calls: tuple[TicketCall, ...]


class NoTicket(ValueError):
    """Nothing that this site's notifier has signed."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Ticket).decode


def write(ticket: Ticket, identity: Identity) -> str:
    """As it travels."""
    body = zlib.compress(_encode(ticket), 9)
    return packed(identity.signed(PURPOSE + body) + body)


def read(text: str, holds: Callable[[bytes, bytes], bool]) -> Ticket:
    """A ticket whose signature holds. Raises NoTicket."""
    try:
        data = unpacked(text)
    except ValueError:
        raise NoTicket("not base64url") from None
    signature, body = data[:SIGNATURE_BYTES], data[SIGNATURE_BYTES:]
    if not holds(signature, PURPOSE + body):
        raise NoTicket("not signed by this site's notifier")
    return _decode(zlib.decompressobj().decompress(body, MOST_BYTES))
