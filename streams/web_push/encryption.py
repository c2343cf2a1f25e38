"""Message encryption for Web Push (RFC 8291), one record of `aes128gcm` (RFC 8188): only the browser can read it.

The primitives are `cryptography`'s; the composition is held to the vector of RFC 8291, appendix A.
"""

import os
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD: Final = 4_096
"""What every push service takes (RFC 8030, 7.2)."""
MOST_BYTES: Final = RECORD - 86 - 17
"""Of plain text: without the header of 86 bytes, the tag of 16 and the delimiter."""
SECRET_BYTES: Final = 16
POINT_BYTES: Final = 65


def point(key: EllipticCurvePublicKey) -> bytes:
    """A public key as Web Push carries it: 65 bytes, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encrypted(
    plain: bytes,
    receiver: bytes,
    secret: bytes,
    *,
    salt: bytes | None = None,
    sender: EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push message for a subscription's `p256dh` (65 bytes) and `auth` (16 bytes).

    `salt` and `sender`, its own for each message, are for tests alone. Raises ValueError for a key that is no point of
    P-256, and for more than MOST_BYTES.
    """
    if len(plain) > MOST_BYTES:
        raise ValueError(f"a push message has {MOST_BYTES} bytes at most")
    if len(secret) != SECRET_BYTES:
        raise ValueError("auth has 16 bytes")
    salt = os.urandom(16) if salt is None else salt
    sender = generate_private_key(SECP256R1()) if sender is None else sender
    theirs, ours = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), receiver), point(sender.public_key())
    shared = _derived(sender.exchange(ECDH(), theirs), secret, b"WebPush: info\0" + receiver + ours, 32)
    key = _derived(shared, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(shared, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(key).encrypt(nonce, plain + b"\x02", None)
    return salt + RECORD.to_bytes(4) + bytes([len(ours)]) + ours + sealed


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
