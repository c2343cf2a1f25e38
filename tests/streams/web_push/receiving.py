"""A browser's half of Web Push, for tests: keys of its own, and what it makes of a message (RFC 8291, section 3.4)."""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streams.web_push.base64url import packed
from streams.web_push.encryption import point
from streams.web_push.identity import Identity, new_key


def sender_in(folder: Path, contact: str = "") -> Identity:
    """A notifier's half: the identity of a new key, which stays in the folder's `push.pem`."""
    (folder / "push.pem").write_bytes(new_key())
    return Identity.read(folder / "push.pem", contact)


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


class BrowserKeys:
    """What a browser makes when it subscribes. HKDF is written out, as in the RFC's own pseudo code."""

    def __init__(self, key: EllipticCurvePrivateKey | None = None, secret: bytes | None = None) -> None:
        self.key = generate_private_key(SECP256R1()) if key is None else key
        self.secret = os.urandom(16) if secret is None else secret
        self.public = point(self.key.public_key())

    def told(self, endpoint: str) -> dict:
        """As PushSubscription.toJSON gives it."""
        return {"endpoint": endpoint, "expirationTime": None, "keys": self.keys}

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": packed(self.public), "auth": packed(self.secret)}

    def open(self, body: bytes) -> bytes:
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert size >= len(sealed), "one record"
        shared = self.key.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), sender))
        ikm = mac(mac(self.secret, shared), b"WebPush: info\0" + self.public + sender + b"\x01")
        prk = mac(salt, ikm)
        key = mac(prk, b"Content-Encoding: aes128gcm\0\x01")[:16]
        nonce = mac(prk, b"Content-Encoding: nonce\0\x01")[:12]
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert plain[-1:] == b"\x02", "the last record ends with 2"
        return plain[:-1]
