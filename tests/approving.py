"""An approver of rules for tests: a key pair made anew, and what it signs."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from streams.approval import approval, fingerprint


class Approver:
    """Signs rules."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.fingerprint = fingerprint(self._key.public_key())

    def public_file(self, path: Path) -> Path:
        """Its public key in a file, as VIGILWARD_RULES_APPROVERS names it."""
        path.write_bytes(self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return path

    def sign(self, rules: bytes) -> bytes:
        """The detached signature."""
        return self._key.sign(rules)

    def header(self, rules: bytes) -> tuple[str, bytes]:
        """The header of a record of the rules topic."""
        return approval(self.sign(rules))
