"""The table `[board]` of the settings file."""

from typing import Any

from streams.config.settings_file import TomlFile


class BoardTable(TomlFile):
    """The board's own table; nothing if there is none."""

    table = "board"

    def __call__(self) -> dict[str, Any]:
        """The keys of `[board]`. Raises SettingsError naming the file."""
        return self.read().get(self.table, {})
