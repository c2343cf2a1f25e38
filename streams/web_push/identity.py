"""By whom a push message is sent: an ECDSA key of the site's own (VAPID, RFC 8292).

The same key signs the tickets by which a device says what became of a call: whoever has the public half can check them.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from streams.web_push.base64url import packed, unpacked
from streams.web_push.encryption import point

VALID_S: Final = 12 * 3_600
"""RFC 8292 allows 24 hours."""
SIGNATURE_BYTES: Final = 64


def new_key() -> bytes:
    """A new private key, in PEM."""
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Identity:
    """The private half. `contact`: whom a push service can write to, `mailto:` or `https:`; may be empty."""

    def __init__(self, key: EllipticCurvePrivateKey, contact: str = "") -> None:
        self._key, self._contact = key, contact
        self.public = packed(point(key.public_key()))

    @classmethod
    def read(cls, path: Path, contact: str = "") -> "Identity":
        """From a PEM file. Raises OSError, ValueError."""
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError("a key for Web Push is an EC key on P-256")
        return cls(key, contact)

    def authorization(self, endpoint: str, now_s: float) -> str:
        """The header of that name for a push service.

        The token is a JWT signed with ES256, for the service's origin alone.
        """
        where = urlsplit(endpoint)
        claims = {"aud": f"{where.scheme}://{where.netloc}", "exp": int(now_s) + VALID_S}
        if self._contact:
            claims["sub"] = self._contact
        parts = [
            packed(json.dumps(one, separators=(",", ":")).encode()) for one in ({"typ": "JWT", "alg": "ES256"}, claims)
        ]
        text = ".".join(parts)
        return f"vapid t={text}.{packed(self.signed(text.encode()))}, k={self.public}"

    def signed(self, data: bytes) -> bytes:
        """Its signature, 64 bytes."""
        r, s = decode_dss_signature(self._key.sign(data, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def verifier(public: str) -> Callable[[bytes, bytes], bool]:
    """What says whether a signature (64 bytes) of some bytes is of this public key. Raises ValueError for no key."""
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unpacked(public))

    def holds(signature: bytes, data: bytes) -> bool:
        if len(signature) != SIGNATURE_BYTES:
            return False
        pair = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        try:
            key.verify(pair, data, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    return holds
