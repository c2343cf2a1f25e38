"""What may be set for a notifier."""

from pathlib import Path
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from streams.config.settings_file import FiledSettings
from streams.config.settings_problems import SettingsError, problems_of
from streams.web_push.services import SERVICES

PREFIX = "VIGILWARD_NOTIFY_"


class NotifySettings(FiledSettings):
    """Environment variables VIGILWARD_NOTIFY_NAME, or the table `[notify]` of the settings file.

    >>> NotifySettings(site_zone="Europe/Berlin").zone.key
    'Europe/Berlin'
    """

    table: ClassVar[str] = "notify"
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    routes: Path | None = Field(None, description="Who is told, by ward, role, priority, kind and shift (TOML).")
    site_zone: str = Field("UTC", description="The zone in which shifts and quiet hours are meant.")
    host: str = Field("127.0.0.1", description="Where /livez, /readyz and /metrics are served.")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(8096, description="Their port; 0 for any free one.")
    mllp_port: Annotated[int, Field(ge=0, le=65_535)] | None = Field(
        None, description="Where PCD-05 (ORA^R41 over MLLP) is taken; 0 for any free one; none: it is not taken."
    )
    undeliverable_s: Annotated[float, Field(ge=1, le=3_600)] = Field(
        60.0, description="A call that its receiver has not taken for so long is said to be undeliverable."
    )
    push_key_file: Path | None = Field(
        None, description="Key of Web Push (PEM); `vigilward notify --new-push-key FILE` writes one."
    )
    push_contact: str = Field("", description="Whom a push service can write to: mailto:... or https://...")
    push_services: list[str] = Field(list(SERVICES), description="Hosts of push services that are trusted.")
    store_within_s: Annotated[float, Field(ge=1, le=300)] = Field(30.0, description="How long Kafka may take.")

    @field_validator("site_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ValueError, OSError, KeyError) as error:
            raise ValueError("no zone of the tz database, such as Europe/Berlin") from error

    @field_validator("push_contact")
    @classmethod
    def _is_an_address(cls, contact: str) -> str:
        if contact and not contact.startswith(("mailto:", "https://")):
            raise ValueError("a contact begins with mailto: or https://")
        return contact

    @property
    def zone(self) -> ZoneInfo:
        """The site's zone."""
        return ZoneInfo(self.site_zone)


def load_notify(**said: Any) -> NotifySettings:
    """A notifier's settings; `said` (command-line options) wins over everything. Raises SettingsError."""
    try:
        return NotifySettings(**{name: value for name, value in said.items() if value is not None})
    except ValidationError as refused:
        raise SettingsError(problems_of(refused, PREFIX)) from None
