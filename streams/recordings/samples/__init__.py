"""A few recorded patients that travel with the product; ATTRIBUTION.md says whose they are and what was changed."""

from pathlib import Path
from typing import Final

NAMES: Final = ("bidmc", "sepsis2019", "challenge2012")


def folder(name: str) -> Path:
    """Where a bundled recording lies.

    >>> sorted(file.name for file in folder("bidmc").iterdir())
    ['labels.parquet', 'vitals.parquet']
    """
    if name not in NAMES:
        raise ValueError(f"{name!r} is not a bundled recording; there are {', '.join(NAMES)}")
    return Path(__file__).parent / name
