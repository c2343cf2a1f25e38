"""The files that a command is given: what is wrong with them is told before any work, not after it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.commands import CannotRun

if TYPE_CHECKING:
    from detectors.rules import Rules

PACKAGED: Final = "packaged"
FIRST: Final = "first"


def rules_bytes_of(name: str) -> bytes:
    """The bytes of a rules file, or of our own under the names `packaged` and `first` (what a log without rules means).

    Raises CannotRun where there is none.
    """
    if name in (FIRST, PACKAGED):
        from streams.config.packaged_rules import first_rules_bytes, packaged_rules_bytes

        return first_rules_bytes() if name == FIRST else packaged_rules_bytes()
    path = Path(name)
    if not path.is_file():
        raise CannotRun(f"there is no rules file {name!r}", exit_code=2)
    return path.read_bytes()


def rules_of(name: str, *, exit_code: int = 2) -> "Rules":
    """The rules in that file. Raises CannotRun where there are none that can be armed."""
    value = rules_bytes_of(name)
    from detectors.rules import RulesError, read_rules

    try:
        return read_rules(value)
    except RulesError as refusal:
        words = f"{name}: {refusal}; `vigilward rules validate` tells every fault"
        raise CannotRun(words, exit_code=exit_code) from None


def zone_of(name: str | None) -> ZoneInfo | None:
    """A zone of the tz database. Raises CannotRun."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CannotRun(f"{name!r} is no zone of the tz database, such as Europe/Berlin", exit_code=2) from error


def room_for(*files: Path | None) -> None:
    """Raises CannotRun unless these files can be written: each folder has to be there, and the file none itself."""
    for file in files:
        if file is None:
            continue
        if not file.parent.is_dir():
            raise CannotRun(f"there is no folder {str(file.parent)!r} to write {file.name} into", exit_code=2)
        if file.is_dir():
            raise CannotRun(f"is_a_folder: {str(file)!r}: name a file in it to write", exit_code=2)
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            raise CannotRun(f"not_writable: {str(file)!r}: choose a place that may be written", exit_code=2)
