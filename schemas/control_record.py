"""A control record: a patient record, an action, a change of rules, or a tick, put into the one log by a worker.

Whatever can change a patient's state has one order: the patient's partition of the readings log. The record's headers
say what it is (`forwarded`) and who vouches for it (`signature`). A tick moves only time; a signed one also says what
its owner's clocks showed, by which a false step of the broker's clock is told from a true silence.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct

KIND_HEADER = "forwarded"
SIGNATURE_HEADER = "signature"


class ControlRecordKind(StrEnum):
    """What a control record holds."""

    PATIENT = "patient"
    ACTION = "action"
    RULES = "rules"
    LOSS = "loss"
    HISTORY = "history"
    FORGET = "forget"
    CANARY = "canary"
    TICK = "tick"


class ControlRecord(Struct, frozen=True, omit_defaults=True):
    """The value of a control record: where the original stood, its key, and its bytes as they came.

    A place is (topic id, partition, offset): a topic that was made anew begins again at offset 0. Without an id:
    written before ids were. `approved_by`: of rules, the fingerprint of the key that signed them.
    """

    source_topic: str
    source_partition: int
    source_offset: int
    key: str
    body: bytes
    source_topic_id: str = ""
    approved_by: str = ""

    @property
    def source(self) -> str:
        """Names the source: repeats are known by its greatest offset."""
        name = f"{self.source_topic}/{self.source_partition}"
        return f"{name}@{self.source_topic_id}" if self.source_topic_id else name


KEY_BYTES: Final = 16
"""The shortest secret: 128 bits, where they are random."""
KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class MalformedKeys(ValueError):
    """Text that is not keys: what is wrong, never a secret itself."""


class Tick(Struct, frozen=True):
    """The value of a signed tick: its owner's clocks when it was made, in milliseconds.

    `clock` names the boot clock that `boot_ms` was read from: boot and time namespace, so that workers of one machine
    share it through their restarts. `boot_ms` goes on while the machine sleeps and is never set (CLOCK_BOOTTIME);
    `wall_ms` is its wall clock, since 1970.
    """

    clock: str
    boot_ms: int
    wall_ms: int


class ControlRecordKeys:
    """The keys that sign control records: the first signs, any verifies.

    A key that had no id when it signed is found among those that have one now: so it can be rotated out.

    >>> bare, rotated = "the-secret-of-old", "new:the-secret-of-now,old:the-secret-of-old"
    >>> keys = ControlRecordKeys.parse(rotated)
    >>> keys.holds(b"body", ControlRecordKeys.parse(bare).sign(b"body")), keys.holds(b"other", keys.sign(b"body"))
    (True, False)
    """

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self._secrets = dict(secrets)

    def __bool__(self) -> bool:
        return bool(self._secrets)

    @classmethod
    def parse(cls, text: str) -> "ControlRecordKeys":
        """From `secret`, or `id:secret,id:secret`; from nothing, keys that accept nothing.

        Raises MalformedKeys for anything else, which would otherwise become one odd secret.
        """
        return cls(_parsed(text))

    def become(self, text: str) -> None:
        """From now on the keys of this text, for all who hold this object. Raises MalformedKeys, also for none: signing
        would end.
        """
        secrets = _parsed(text)
        if not secrets:
            raise MalformedKeys("there is no key in it")
        self._secrets = secrets

    def sign(self, message: bytes) -> bytes:
        """`id:hex` under the first key. Raises ValueError without one."""
        if not self._secrets:
            raise ValueError("no key signs control records: set VIGILWARD_CONTROL_RECORD_KEY")
        name, secret = next(iter(self._secrets.items()))
        return name.encode() + b":" + _digest(secret, message)

    def holds(self, message: bytes, signature: bytes | None) -> bool:
        """Whether one of the keys made this signature of this message; a header may also hold nothing."""
        if not signature:
            return False
        name, _, digest = signature.rpartition(b":")  # bytes throughout: compare_digest raises on text beyond ASCII
        known = name.decode("utf-8", "replace")
        # Without an id: signed before keys had ids, by any of them. Ours without one: others have named it since.
        tried = [secret for name, secret in self._secrets.items() if known in ("", name) or not name]
        return any(hmac.compare_digest(_digest(secret, message), digest) for secret in tried)


def _parsed(text: str) -> dict[str, bytes]:
    if not text:
        return {}
    if ":" not in text and "," not in text:
        return {"": _secret(text, "the key")}
    secrets: dict[str, bytes] = {}
    for number, part in enumerate(text.split(","), start=1):
        name, separator, secret = part.partition(":")
        if not separator or not KEY_ID.fullmatch(name):
            raise MalformedKeys(
                f"entry {number} is not id:secret (an id is 1 to 64 letters, digits, dots, dashes, underscores; a "
                "secret holds no comma); give one secret alone, or id:secret,id:secret"
            )
        if name in secrets:
            raise MalformedKeys(f"two keys have the id {name!r}: give each its own")
        secrets[name] = _secret(secret, f"the secret of key {name!r}")
    return secrets


def _secret(text: str, what: str) -> bytes:
    if ":" in text:
        raise MalformedKeys(f"{what} holds a colon: is a comma missing before the next id?")
    if text != text.strip() or not text.isprintable():
        raise MalformedKeys(f"{what} begins or ends with a space, or holds a character that cannot be seen")
    secret = text.encode()
    if len(secret) < KEY_BYTES:
        raise MalformedKeys(f"{what} has {len(secret)} bytes, and needs {KEY_BYTES} at least: `openssl rand -hex 32`")
    return secret


def _digest(secret: bytes, message: bytes) -> bytes:
    return hmac.new(secret, message, hashlib.sha256).hexdigest().encode()


def signed_bytes(kind: ControlRecordKind, topic: str, partition: int, value: bytes) -> bytes:
    """What the signature covers: kind, the log's topic and partition, and the whole value."""
    return b"\0".join((kind.encode(), topic.encode(), str(partition).encode(), value))


_decode = msgspec.json.Decoder(ControlRecord).decode
_decode_tick = msgspec.json.Decoder(Tick).decode
encode_control_record = msgspec.json.Encoder().encode


def decode_control_record(value: bytes) -> ControlRecord:
    """Reads what `encode_control_record` wrote. Raises msgspec.DecodeError, whatever else the value holds."""
    try:
        return _decode(value)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None


def decode_tick(value: bytes) -> Tick | None:
    """The clocks in a tick; None in one that carries nothing, as those of before."""
    try:
        return _decode_tick(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
