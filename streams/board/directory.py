"""Names for the screen: who a pseudonym is, from a file that the hospital keeps. Names never travel through Kafka."""

import json
import logging
from collections.abc import Collection
from pathlib import Path

from streams.config.settings_problems import SettingsError

log = logging.getLogger(__name__)

FIELDS = ("name", "born", "number")


class Directory:
    """Name, birth date and hospital number by patient; the file is read again when it has changed.

    The file is one JSON object: `{"p-7f3a": {"name": "...", "born": "1951-07-30", "number": "..."}}`.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._people: dict[str, dict[str, str]] = {}
        self.failing = False
        """Whether the file could not be read when it was last asked for: the names are those that were known before."""
        if path is not None:
            self._read(path)

    async def of(self, patients: Collection[str]) -> dict[str, dict[str, str]]:
        """Those of these patients who are known."""
        if self._path is not None:
            self._refresh(self._path)
        return {patient: self._people[patient] for patient in patients if patient in self._people}

    def _refresh(self, path: Path) -> None:
        # A file that is just being replaced is no reason to forget the names that we have.
        try:
            self._read(path)
        except SettingsError as broken:
            if not self.failing:
                log.error("%s; the names are those that were known before", broken)
            self.failing = True
        else:
            self.failing = False

    def _read(self, path: Path) -> None:
        try:
            facts = path.stat()
            stamp = (facts.st_mtime_ns, facts.st_size)
            if stamp == self._stamp:
                return
            people = json.loads(path.read_text(encoding="utf-8"))
            self._people = {
                patient: {field: str(said[field]) for field in FIELDS if said.get(field) is not None}
                for patient, said in people.items()
            }
            self._stamp = stamp
        except (OSError, ValueError, AttributeError) as broken:
            raise SettingsError([f"VIGILWARD_BOARD_DIRECTORY: {str(path)!r} cannot be read: {broken}"]) from None
