"""Whole messages kept so that only the desk reads them: AES-256-GCM under the site's own key.

The same message sealed twice is the same bytes, so that the desk counts it as one that was sent again. The nonce comes
from the message itself by a key of its own (as in RFC 8452: a nonce that repeats does so with its message only).
"""

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streams.config.settings_problems import SettingsError

SHORTEST: Final = 16
_NONCE: Final = 12


class CannotOpen(ValueError):
    """A sealed message whose key is not at hand, or that was changed."""


class Seal:
    """Keys by id, the first one in force; empty: nothing is sealed.

    >>> seal = Seal("k1:0123456789abcdef")
    >>> seal.open(seal.shut(b"MSH|"), "k1")
    b'MSH|'
    """

    def __init__(self, said: str) -> None:
        self._keys: dict[str, tuple[bytes, bytes]] = {}
        for one in said.split(",") if said else ():
            key_id, _, secret = one.strip().partition(":")
            if not key_id or len(secret) < SHORTEST or key_id in self._keys:
                said = "write id:secret[,older], each id once, secrets of 16 letters at least"
                raise SettingsError([f"VIGILWARD_GATEWAY_REFUSED_KEYS: {said}"])
            self._keys[key_id] = (_derived(secret, b"content"), _derived(secret, b"nonce"))
        self.key_id = next(iter(self._keys), "")

    def shut(self, data: bytes) -> bytes:
        """The sealed bytes, under the key in force."""
        key, for_nonce = self._keys[self.key_id]
        nonce = hmac.digest(for_nonce, data, "sha256")[:_NONCE]
        return nonce + AESGCM(key).encrypt(nonce, data, self.key_id.encode())

    def open(self, sealed: bytes, key_id: str) -> bytes:
        """The message. Raises CannotOpen."""
        if key_id not in self._keys:
            raise CannotOpen(f"sealed by the key {key_id[:40]!r}: set it in VIGILWARD_GATEWAY_REFUSED_KEYS")
        try:
            return AESGCM(self._keys[key_id][0]).decrypt(sealed[:_NONCE], sealed[_NONCE:], key_id.encode())
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(f"it was not sealed by the key {key_id!r} that is set, or it was changed") from error


def _derived(secret: str, use: bytes) -> bytes:
    return hmac.digest(hashlib.sha256(secret.encode()).digest(), b"vigilward refused " + use, "sha256")
