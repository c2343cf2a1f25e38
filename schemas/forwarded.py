"""A forwarded record: a patient record, an action, a change of rules, or a tick, put into the one log by a worker.

Whatever can change a patient's state has one order: the patient's partition of the readings log. The record's headers
say what it is (`forwarded`) and who vouches for it (`signature`); ticks carry nothing and need no signature.
"""

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec import Struct

KIND_HEADER = "forwarded"
SIGNATURE_HEADER = "signature"


class ForwardedKind(StrEnum):
    """What a forwarded record holds."""

    PATIENT = "patient"
    ACTION = "action"
    RULES = "rules"
    LOSS = "loss"
    HISTORY = "history"
    TICK = "tick"


class Forwarded(Struct, frozen=True):
    """The value of a forwarded record: where the original stood, its key, and its bytes as they came."""

    source_topic: str
    source_partition: int
    source_offset: int
    key: str
    body: bytes


class LogKeys:
    """The keys that sign forwarded records: the first signs, any verifies.

    >>> keys = LogKeys.parse("new:s3cret,old:before")
    >>> keys.holds(b"body", LogKeys.parse("old:before").sign(b"body")), keys.holds(b"other", keys.sign(b"body"))
    (True, False)
    """

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self._secrets = dict(secrets)

    def __bool__(self) -> bool:
        return bool(self._secrets)

    @classmethod
    def parse(cls, text: str) -> "LogKeys":
        """From `secret`, or `id:secret,id:secret`; from nothing, keys that accept nothing."""
        if not text:
            return cls({})
        pairs = [part.partition(":") for part in text.split(",")]
        if all(separator and name and secret for name, separator, secret in pairs):
            return cls({name: secret.encode() for name, _, secret in pairs})
        return cls({"": text.encode()})

    def sign(self, message: bytes) -> bytes:
        """`id:hex` under the first key. Raises ValueError without one."""
        if not self._secrets:
            raise ValueError("no key signs forwarded records: set VIGILWARD_LOG_KEY")
        name, secret = next(iter(self._secrets.items()))
        return name.encode() + b":" + _digest(secret, message)

    def holds(self, message: bytes, signature: bytes | None) -> bool:
        """Whether one of the keys made this signature of this message; a header may also hold nothing."""
        if not signature:
            return False
        name, _, digest = signature.rpartition(b":")  # bytes throughout: compare_digest raises on text beyond ASCII
        secret = self._secrets.get(name.decode("utf-8", "replace"))
        return secret is not None and hmac.compare_digest(_digest(secret, message), digest)


def _digest(secret: bytes, message: bytes) -> bytes:
    return hmac.new(secret, message, hashlib.sha256).hexdigest().encode()


def signed_bytes(kind: ForwardedKind, topic: str, partition: int, value: bytes) -> bytes:
    """What the signature covers: kind, the log's topic and partition, and the whole value."""
    return b"\0".join((kind.encode(), topic.encode(), str(partition).encode(), value))


_decode = msgspec.json.Decoder(Forwarded).decode
encode_forwarded = msgspec.json.Encoder().encode


def decode_forwarded(value: bytes) -> Forwarded:
    """Reads what `encode_forwarded` wrote. Raises msgspec.DecodeError, whatever else the value holds."""
    try:
        return _decode(value)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None
