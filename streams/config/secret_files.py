"""Secrets by file: `VIGILWARD_NAME_FILE` names a file that holds what `VIGILWARD_NAME` would say.

A file is not seen in a process list or a container's description, and it can be replaced while the process runs. The
end of a line behind the secret is left out.
"""

import os
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from streams.config.settings_problems import SettingsError

ENDING: Final = "_file"
MOST_BYTES: Final = 65_536
"""A secret is short: a longer file is another one by mistake."""


def secrets_of(kind: type[BaseSettings]) -> frozenset[str]:
    """The settings that are secrets."""
    return frozenset(name for name, field in kind.model_fields.items() if field.annotation is SecretStr)


def file_keys(kind: type[BaseSettings]) -> frozenset[str]:
    """The keys that name their files."""
    return frozenset(name + ENDING for name in secrets_of(kind))


def read_secret(path: Path, name: str) -> str:
    """What the file holds; `name`: the setting, for what is said. Raises SettingsError, never with a secret."""
    try:
        with path.open("rb") as file:
            held = file.read(MOST_BYTES + 1)
        text = held.decode().rstrip("\r\n")
    except OSError as gone:
        raise SettingsError([f"{name}: {str(path)!r} cannot be read ({gone.strerror})"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{name}: {str(path)!r} is no text in UTF-8"]) from None
    if not text or len(held) > MOST_BYTES:
        raise SettingsError([f"{name}: {str(path)!r} holds no secret: it is empty, or longer than {MOST_BYTES} bytes"])
    return text


class SecretFiles(PydanticBaseSettingsSource):
    """What the files say. `prefix`: of the environment's names; `table`: the keys of the settings file."""

    def __init__(self, settings_cls: type[BaseSettings], prefix: str, table: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._prefix, self._table = prefix, table

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked: the files are read at once."""
        return None, field_name, False

    def path_of(self, name: str) -> Path | None:
        """The file of a secret, where one is named. Raises SettingsError where the secret itself is given too."""
        variable = self._prefix + name.upper()
        path = os.environ.get(variable + ENDING.upper()) or self._table.get(name + ENDING)
        if not path:
            return None
        if os.environ.get(variable) or self._table.get(name):
            raise SettingsError([f"{variable}: give the secret or its file ({variable}{ENDING.upper()}), not both"])
        return Path(path)

    def __call__(self) -> dict[str, Any]:
        """Secrets by name."""
        paths = {name: self.path_of(name) for name in sorted(secrets_of(self.settings_cls))}
        shown = {name: self._prefix + (name + ENDING).upper() for name in paths}
        return {name: read_secret(path, shown[name]) for name, path in paths.items() if path is not None}


class ReplacedFile:
    """Whether files were replaced since the last look, by time, size and number: a copy and a link both count."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._seen = self._look()

    def replaced(self) -> bool:
        """Asks once: True only at the first look after the change. A file that is away has not changed."""
        now = self._look()
        if None in now or now == self._seen:
            return False
        self._seen = now
        return True

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(map(_facts, self._paths))


def _facts(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
