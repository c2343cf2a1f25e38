"""A device that somebody has put under her name: where it is pushed to, with which keys, and until when."""

import hashlib
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from schemas.action import Role
from streams.listening_socket import is_loopback
from streams.web_push.base64url import unpacked
from streams.web_push.encryption import SECRET_BYTES

MOST: Final = 1_000
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST)]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One browser's. `until`: seconds since 1970, the end of the session in which it was made; `stamp`: the account's,
    which changes with role and password; `wards`: whose patients' calls it gets, None: all.
    """

    login: Text
    role: Role
    endpoint: Text
    p256dh: Text
    auth: Text
    until: float
    stamp: str = ""
    wards: tuple[str, ...] | None = None

    @property
    def id(self) -> str:
        """One browser has one, whoever has signed in there."""
        return hashlib.sha256(self.endpoint.encode()).hexdigest()[:32]

    def sees(self, ward: str | None) -> bool:
        """Whether it is told of patients of this ward; None: of no ward yet."""
        return self.wards is None or ward is None or ward in self.wards


class NoSubscription(ValueError):
    """What no push message can be sent to. Its text holds no key."""


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Subscription).decode


def decode(value: bytes) -> Subscription:
    """Bytes of the subscriptions topic. Raises NoSubscription."""
    try:
        return checked(_decode(value))
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise NoSubscription(type(fault).__name__) from None


def checked(one: Subscription) -> Subscription:
    """The same, if a message can be encrypted and sent to it. Raises NoSubscription."""
    try:
        where = urlsplit(one.endpoint)
        plain = where.scheme == "http" and is_loopback(where.hostname or "")
        if not where.hostname or where.username or not (where.scheme == "https" or plain):
            raise NoSubscription("the endpoint is https")
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unpacked(one.p256dh))
        if len(unpacked(one.auth)) != SECRET_BYTES:
            raise NoSubscription("auth has 16 bytes")
    except NoSubscription:
        raise
    except ValueError:
        raise NoSubscription("endpoint, p256dh and auth are those of a PushSubscription") from None
    return one
