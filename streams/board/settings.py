"""What may be set for the board: where it listens, who may sign in, and where names come from."""

import ipaddress
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from streams.config.settings_file import FiledSettings, TomlFile
from streams.config.settings_names import refuse_unknown
from streams.config.settings_problems import Problem, SettingsError, problems_of
from streams.listening_socket import is_loopback
from streams.web_push.identity import verifier
from streams.web_push.services import SERVICES

PREFIX = "VIGILWARD_BOARD_"
SHORTEST_SECRET = 16
A_SECRET = "such as `openssl rand -hex 32` gives, the same for every board; `new,old` changes it without a new sign-in"


class BoardSettings(FiledSettings):
    """Environment variables VIGILWARD_BOARD_NAME, or the table `[board]` of the settings file; the environment wins.

    >>> BoardSettings(port=0).host
    '127.0.0.1'
    """

    table: ClassVar[str] = "board"
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    host: str = "127.0.0.1"
    """Where the board listens."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8088
    """Its port; 0 is any."""
    accounts: Path | None = Field(None, description="File with the accounts (TOML).")
    directory: Path | None = Field(None, description="File with names, by patient (JSON).")
    directory_url: str | None = Field(None, description="Where names are looked up instead (HTTP POST).")
    directory_token: SecretStr = SecretStr("")
    """Bearer token for the directory."""
    secret: SecretStr = Field(SecretStr(""), description="Signs cookies; `new,old` while it changes.")
    audit_file: Path | None = Field(None, description="Who signed in, opened a patient, acted: one JSON line each.")
    tls_cert_file: Path | None = Field(None, description="Certificate (PEM) by which the board itself speaks HTTPS.")
    tls_key_file: Path | None = Field(None, description="Its key (PEM).")
    https: bool = Field(False, description="A proxy before the board ends HTTPS: cookies and headers say so.")
    plain_http: bool = Field(False, description="Beyond loopback without HTTPS: whoever listens reads everything.")
    trusted_proxies: list[str] = Field([], description="Networks whose X-Forwarded-For is believed.")
    max_connections: Annotated[int, Field(ge=16, le=65_536)] = 2_000
    """Open connections at most."""
    names: list[str] = Field([], description="Host names under which the page is reached.")
    session_idle_min: Annotated[float, Field(gt=0, le=720)] = 30
    """A session unused for so long is over."""
    session_hours: Annotated[float, Field(gt=0, le=24)] = 13
    """A session is over so long after signing in."""
    push_public_key: str = Field("", description="Of the notifier's key of Web Push: people may be called by it.")
    push_services: list[str] = Field(list(SERVICES), description="Hosts of push services, the same as the notifier's.")
    send_within_s: Annotated[float, Field(ge=0.5, le=60)] = 5.0
    """How long an action may take to be acknowledged by the broker."""
    silent_after_s: Annotated[float, Field(ge=1, le=60)] = 4.0
    """Without progress for so long a partition counts as unwatched."""
    history_hours: Annotated[int, Field(ge=1, le=72)] = 24
    """How far back the charts reach."""
    max_streams: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Open pages at most."""
    max_streams_a_session: Annotated[int, Field(ge=1, le=1_000)] = 12
    """Open pages at most of one session."""

    @model_validator(mode="after")
    def _closed_without_accounts(self) -> Self:
        for name in ("accounts", "directory", "tls_cert_file", "tls_key_file"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise Problem(name, f"there is no file {str(path)!r}")
        if self.directory_url is not None:
            where = urlsplit(self.directory_url)
            if self.directory is not None:
                raise Problem("directory_url", "names come from a file or from a URL: set one of the two")
            if where.scheme != "https" and not (where.scheme == "http" and is_loopback(where.hostname or "")):
                raise Problem("directory_url", "names are asked for over https, or of this machine: https://...")
        if self.accounts is None and not is_loopback(self.host):
            raise Problem(
                "host",
                "without ACCOUNTS anybody may act: the board then listens on loopback only, such as 127.0.0.1; "
                "`vigilward board --new-account NAME` writes the first account",
            )
        if (self.tls_cert_file is None) is not (self.tls_key_file is None):
            raise Problem("tls_cert_file", "set both TLS_CERT_FILE and TLS_KEY_FILE, or neither")
        if self.push_public_key:
            try:
                verifier(self.push_public_key)
            except ValueError:
                raise Problem(
                    "push_public_key", "copy what `vigilward notify --new-push-key FILE` has printed"
                ) from None
        for network in self.trusted_proxies:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise Problem(
                    "trusted_proxies", f"{network!r} is no network: such as 10.0.0.0/8, or 10.1.2.3"
                ) from None
        self._closed_beyond_loopback()
        return self

    def _closed_beyond_loopback(self) -> None:
        try:
            keys_of(self.secret.get_secret_value())
        except ValueError as short:
            raise Problem("secret", str(short)) from None
        if is_loopback(self.host):
            return
        if not self.keys:
            raise Problem("secret", f"beyond loopback cookies are signed with a secret of your own; {A_SECRET}")
        if not (self.speaks_https or self.plain_http):
            raise Problem(
                "host",
                "beyond loopback the board speaks HTTPS: set TLS_CERT_FILE and TLS_KEY_FILE, or HTTPS=true where a "
                "proxy ends it; PLAIN_HTTP=true lets passwords and patients travel in the clear",
            )

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The secrets: the first signs, all are believed."""
        return keys_of(self.secret.get_secret_value())

    @property
    def speaks_https(self) -> bool:
        """Whether the page is reached through HTTPS."""
        return self.https or self.tls_cert_file is not None


def keys_of(secret: str) -> tuple[bytes, ...]:
    """`new,old` in parts. Raises ValueError for one that is too short.

    >>> keys_of("a secret of seventeen,another of the year before")
    (b'a secret of seventeen', b'another of the year before')
    """
    keys = tuple(part.encode() for part in secret.split(",") if part)
    if any(len(key) < SHORTEST_SECRET for key in keys):
        raise ValueError(f"each secret has at least {SHORTEST_SECRET} characters; {A_SECRET}")
    return keys


def load_board(**said: Any) -> BoardSettings:
    """The board's settings; `said` (command-line options) wins over everything. Raises SettingsError."""
    refuse_unknown(TomlFile(BoardSettings).read())
    try:
        return BoardSettings(**{name: value for name, value in said.items() if value is not None})
    except ValidationError as refused:
        raise SettingsError(problems_of(refused, PREFIX)) from None
