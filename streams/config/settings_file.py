"""The settings file: TOML, its tables left to the processes that they are named after."""

import os
import tomllib
from pathlib import Path
from typing import Any, ClassVar

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from streams.config.secret_files import SecretFiles, file_keys
from streams.config.settings_names import STILL_READ, still_read
from streams.config.settings_problems import SettingsError

DEFAULT_FILE = Path("vigilward.toml")


class FiledSettings(BaseSettings):
    """Said by the caller, then by the environment, then by a table of the settings file (`table`; "": its top).

    A secret may stand in a file of its own, which either of the two names (`streams.config.secret_files`).
    """

    table: ClassVar[str] = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is said first wins."""
        return init_settings, cls.secret_files(), env_settings, TomlFile(settings_cls, cls.table)

    @classmethod
    def secret_files(cls) -> SecretFiles:
        """Where its secrets stand, where they stand in files."""
        file = TomlFile(cls).read()
        table = file.get(cls.table, {}) if cls.table else file
        return SecretFiles(cls, str(cls.model_config["env_prefix"]), table)


class TomlFile(PydanticBaseSettingsSource):
    """Keys of the file that VIGILWARD_CONFIG names, else of ./vigilward.toml; nothing if there is none.

    `table`: which table; "" for the keys at the top.
    """

    def __init__(self, settings_cls: type[BaseSettings], table: str = "") -> None:
        super().__init__(settings_cls)
        self._named = os.environ.get("VIGILWARD_CONFIG")
        self._table = table

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked: the file is taken whole."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The table's keys; at the top without tables, and with what has a name of before. Raises SettingsError naming
        the file.
        """
        elsewhere = file_keys(self.settings_cls)
        if self._table:
            table = self.read().get(self._table, {})
            return {name: value for name, value in table.items() if name not in elsewhere}
        keys = {name: value for name, value in self.read().items() if not isinstance(value, dict)}
        keys = {name: value for name, value in keys.items() if name not in elsewhere}
        renamed = {new: value for new, _, value in still_read(os.environ, keys)}
        return {name: value for name, value in keys.items() if name not in STILL_READ} | renamed

    def read(self) -> dict[str, Any]:
        """The whole file. Raises SettingsError naming it."""
        path = Path(self._named) if self._named else DEFAULT_FILE
        if not self._named and not path.is_file():
            return {}
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as gone:
            said = f"VIGILWARD_CONFIG: {str(path)!r} cannot be read ({gone.strerror})"
            raise SettingsError([said], exit_code=3) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
            raise SettingsError([f"VIGILWARD_CONFIG: {str(path)!r} is not TOML: {broken}"]) from None
