"""Who approved these rules: a detached Ed25519 signature over the file's bytes, under a public key that we were given.

openssl genpkey -algorithm ed25519 -out approver.key
openssl pkey -in approver.key -pubout >> approvers.pem      # VIGILWARD_RULES_APPROVERS=approvers.pem
openssl pkeyutl -sign -rawin -inkey approver.key -in rules.json -out rules.sig
vigilward rules enact rules.json --signature rules.sig
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

APPROVAL_HEADER: Final = "approval"
"""Of a record of the rules topic: the signature in base64."""
SIGNATURE_BYTES: Final = 64
_PEM: Final = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


class MalformedApprovers(ValueError):
    """A file that holds no public keys of approvers; the text says what is wrong."""


class Approvers:
    """The public keys of those who may approve rules, by their fingerprints."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = dict(keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    @classmethod
    def read(cls, path: Path) -> "Approvers":
        """From a file of PEM public keys, one after another. Raises MalformedApprovers."""
        keys = {}
        for number, pem in enumerate(_PEM.findall(path.read_bytes()), start=1):
            try:
                key = load_pem_public_key(pem)
            except (ValueError, UnsupportedAlgorithm):
                raise MalformedApprovers(f"key {number} of {str(path)!r} cannot be read") from None
            if not isinstance(key, Ed25519PublicKey):
                raise MalformedApprovers(f"key {number} of {str(path)!r} is no Ed25519 key")
            keys[fingerprint(key)] = key
        if not keys:
            raise MalformedApprovers(f"{str(path)!r} holds no public key (PEM, `openssl pkey -pubout`)")
        return cls(keys)

    def who_signed(self, rules: bytes, signature: bytes) -> str | None:
        """The fingerprint of the key that signed these bytes; None where none of them did."""
        if len(signature) != SIGNATURE_BYTES:
            return None
        for name, key in self._keys.items():
            try:
                key.verify(signature, rules)
            except InvalidSignature:
                continue
            return name
        return None

    def who_approved(self, rules: bytes, headers: Mapping[str, bytes | None]) -> str | None:
        """The same of a record of the rules topic."""
        try:
            signature = b64decode(headers.get(APPROVAL_HEADER) or b"", validate=True)
        except ValueError:
            return None
        return self.who_signed(rules, signature)


def fingerprint(key: Ed25519PublicKey) -> str:
    """Names a key: the beginning of the SHA-256 of its 32 bytes."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def approval(signature: bytes) -> tuple[str, bytes]:
    """The header of a record of the rules topic."""
    return APPROVAL_HEADER, b64encode(signature)
