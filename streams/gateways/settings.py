"""What may be set for a gateway: where it listens, whose messages it takes, and how long Kafka may take."""

import ssl
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from streams.config.rotation import FreshContext
from streams.config.settings_file import FiledSettings
from streams.config.settings_problems import Problem, SettingsError, problems_of
from streams.listening_socket import is_loopback

PREFIX = "VIGILWARD_GATEWAY_"


class GatewaySettings(FiledSettings):
    """Environment variables VIGILWARD_GATEWAY_NAME, or the table `[gateway]` of the settings file.

    >>> GatewaySettings(site_zone="Europe/Berlin").zone.key
    'Europe/Berlin'
    """

    table: ClassVar[str] = "gateway"
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    host: str = "127.0.0.1"
    """Where the gateway listens."""
    port: Annotated[int, Field(ge=0, le=65_535)] | None = Field(None, description="2575 hl7v2, 8090 fhir, 8091 http.")
    health_port: Annotated[int, Field(ge=0, le=65_535)] = Field(8095, description="hl7v2 and mqtt: health, metrics.")
    site_zone: str | None = Field(None, description="The zone of times without an offset.")
    mappings: list[Path] = Field([], description="Files that map others' codes to vitals (TOML).")
    devices: Path | None = Field(None, description="Which patient wears which device (TOML).")
    pseudonym_keys: SecretStr = Field(SecretStr(""), description="id:secret[,older]: patients' ids become pseudonyms.")
    tokens: Path | None = Field(None, description="One `name token` a line; fhir and http ask for one of them.")
    tls_cert_file: Path | None = None
    """Certificate (PEM) of the listener."""
    tls_key_file: Path | None = None
    """Its key (PEM)."""
    client_ca_file: Path | None = Field(None, description="Clients need a certificate of this authority.")
    max_message_bytes: Annotated[int, Field(ge=1_024, le=268_435_456)] = 1_048_576
    """Largest message that is taken."""
    store_within_s: Annotated[float, Field(ge=1, le=300)] = 30.0
    """How long Kafka may take to acknowledge."""
    keep_refused: bool = Field(True, description="What was not taken is kept on the rejections topic, without names.")
    refused_keys: SecretStr = Field(
        SecretStr(""), description="id:secret[,older]: it is kept whole, but sealed; the desk needs the same keys."
    )
    max_waiting: Annotated[int, Field(ge=10, le=1_000_000)] = 20_000
    """Messages that may wait for Kafka before no more are taken."""
    mqtt_host: str = "127.0.0.1"
    """Host of the MQTT broker."""
    mqtt_port: Annotated[int, Field(ge=1, le=65_535)] = 1883
    """Its port."""
    mqtt_tls: bool = False
    """Whether it is spoken to over TLS."""
    mqtt_user: str = ""
    """Login there."""
    mqtt_password: SecretStr = SecretStr("")
    """Its password."""
    mqtt_client_id: Annotated[str, Field(min_length=1, max_length=60)] = "vigilward-gateway"
    """Client id there."""
    mqtt_version: Annotated[int, Field(ge=4, le=5)] = Field(5, description="5, or 4 for MQTT 3.1.1.")
    mqtt_topics: list[str] = Field(
        ["vitals/{patient}/{device}"], description="Templates: {patient} and {device} are read, + is any level."
    )
    mqtt_gone_topics: list[str] = Field(
        ["vitals/{patient}/{device}/gone"], description="Where a device's last will says that it is gone."
    )

    @field_validator("site_zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (ValueError, OSError, KeyError) as error:
            raise ValueError("no zone of the tz database, such as Europe/Berlin") from error

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for name in ("devices", "tokens", "tls_cert_file", "tls_key_file", "client_ca_file"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise Problem(name, f"there is no file {str(path)!r}")
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise Problem("tls_key_file", "a certificate and its key go together")
        if self.client_ca_file is not None and self.tls_cert_file is None:
            raise Problem("client_ca_file", "clients show certificates over TLS only: set TLS_CERT_FILE, TLS_KEY_FILE")
        return self

    @property
    def zone(self) -> ZoneInfo | None:
        """The site's zone."""
        return ZoneInfo(self.site_zone) if self.site_zone else None

    @property
    def open_to_all(self) -> bool:
        """Whether whoever reaches the port is let in."""
        return self.client_ca_file is None and self.tokens is None and not is_loopback(self.host)

    def tls(self) -> ssl.SSLContext | None:
        """The server's TLS as asked for, with clients' certificates where an authority is set; or None."""
        if self.tls_cert_file is None:
            return None
        return FreshContext.server(self.tls_cert_file, self.tls_key_file, self.client_ca_file)

    def names_by_token(self) -> dict[str, str]:
        """Who may send, by token."""
        if self.tokens is None:
            return {}
        lines = (line.split() for line in self.tokens.read_text("utf-8").splitlines())
        return {parts[1]: parts[0] for parts in lines if len(parts) == 2 and not parts[0].startswith("#")}


def load_gateway(**said: Any) -> GatewaySettings:
    """A gateway's settings; `said` (command-line options) wins over everything. Raises SettingsError."""
    try:
        return GatewaySettings(**{name: value for name, value in said.items() if value is not None})
    except ValidationError as refused:
        raise SettingsError(problems_of(refused, PREFIX)) from None
