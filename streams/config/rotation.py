"""Secrets and certificates that are replaced while a process runs: keys of control records, TLS of new connections."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from schemas.control_record import ControlRecordKeys, MalformedKeys
from streams.config.secret_files import ReplacedFile, read_secret
from streams.config.settings_problems import SettingsError

log = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 2.0


class SecretFile:
    """A secret that is read anew when its file is replaced. `take` gets the text and may refuse it (ValueError)."""

    def __init__(self, name: str, path: Path | None, take: Callable[[str], None]) -> None:
        self._name, self._path, self._take = name, path, take
        self._file = None if path is None else ReplacedFile(path)

    def look(self) -> bool:
        """Whether it was taken anew; what cannot be used is told once, and the secret of before stays."""
        if self._path is None or self._file is None or not self._file.replaced():
            return False
        try:
            self._take(read_secret(self._path, self._name))
        except (SettingsError, ValueError) as refused:
            log.error("the new secret is not taken, the old one stays: %s", refused)
            return False
        log.info("%s was read anew", self._name)
        return True

    async def run(self) -> None:
        """Looks for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look()


def rotating_keys(keys: ControlRecordKeys, path: Path | None) -> SecretFile:
    """Keys of control records that follow their file: all who hold them sign and believe by the new ones."""

    def take(text: str) -> None:
        try:
            keys.become(text)
        except MalformedKeys as malformed:
            raise ValueError(f"VIGILWARD_CONTROL_RECORD_KEY_FILE: {malformed}") from None

    return SecretFile("VIGILWARD_CONTROL_RECORD_KEY_FILE", path, take)


class FreshContext(ssl.SSLContext):
    """TLS whose certificate follows its files: a new connection uses what stands there now; old connections go on.

    A certificate and a key that do not go together yet (one of two files is replaced) are left alone until they do. An
    authority that is taken out of its file is believed until the process starts anew.
    """

    _cert: Path | None = None
    _key: Path | None = None
    _authority: Path | None = None
    _files: ReplacedFile | None = None

    @classmethod
    def server(cls, cert: Path, key: Path | None, client_authority: Path | None = None) -> Self:
        """For what listens; with `client_authority` clients need a certificate of it. Raises OSError, ssl.SSLError."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        if client_authority is not None:
            context.verify_mode = ssl.CERT_REQUIRED
        return context._of(cert, key, client_authority)

    @classmethod
    def client(cls, authority: Path | None, cert: Path | None = None, key: Path | None = None) -> Self:
        """For what connects; names are checked. Without `authority`: the system's. Raises OSError, ssl.SSLError."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        if authority is None:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return context._of(cert, key, authority)

    def _of(self, cert: Path | None, key: Path | None, authority: Path | None) -> Self:
        self._cert, self._key, self._authority = cert, key, authority
        self._files = ReplacedFile(*(path for path in (cert, key, authority) if path is not None))
        self._load(self)
        return self

    def _load(self, into: ssl.SSLContext) -> None:
        if self._cert is not None:
            into.load_cert_chain(self._cert, self._key)
        if self._authority is not None:
            into.load_verify_locations(self._authority)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """A new connection (asyncio asks here for each): first whether the files were replaced."""
        if self._files is not None and self._files.replaced():
            try:
                self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))  # a pair that does not fit would spoil this one
                self._load(self)
                log.info("the certificate %s was read anew", self._cert or self._authority)
            except (OSError, ssl.SSLError) as unfit:
                log.error("the certificate %s cannot be used, the old one stays: %s", self._cert, unfit)
        return super().wrap_bio(*args, **kwargs)
