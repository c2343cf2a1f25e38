"""Where a recording lies, and of what kind it is, told from its name alone."""

from pathlib import Path
from typing import Final

from streams.recordings.samples import NAMES, folder

TABLES: Final = frozenset({".parquet", ".csv"})


class NoRecording(ValueError):
    """There is nothing to replay under that name."""

    exit_code = 2


def path_of(name: str) -> Path:
    """A file or folder, or a bundled sample by its name. Raises NoRecording; for a pipe too, which is gone once read.

    >>> path_of("bidmc").name
    'bidmc'
    """
    path = Path(name)
    if path.is_file() or path.is_dir():
        return path
    if path.exists():
        raise NoRecording(f"{name!r} can be read only once, and is read more often here: write it to a file")
    if name in NAMES:
        return folder(name)
    raise NoRecording(f"there is no file or folder {name!r}, nor is it a bundled sample ({', '.join(NAMES)})")


def holds_tables(path: Path) -> bool:
    """Whether a recording is of tables (`streams/recordings/tables.py`), and not one reading a line."""
    return path.is_dir() or path.suffix.lower() in TABLES
