"""Which patient wears which device, from when until when: for messages that name a device and no patient."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.base import read_moment


class AssociationError(ValueError):
    """A file of associations that cannot be used: the entry, and the way out."""


@dataclass(frozen=True, slots=True)
class Associations:
    """All associations by device; asked with a moment, since a device goes from patient to patient."""

    by_device: dict[str, tuple[tuple[str, datetime | None, datetime | None], ...]]

    def __call__(self, device: str, at: datetime) -> str | None:
        """The patient who wore the device then; None where nobody did, or two are named."""
        worn = {
            patient
            for patient, since, until in self.by_device.get(device, ())
            if (since is None or since <= at) and (until is None or at < until)
        }
        return worn.pop() if len(worn) == 1 else None


def read_associations(text: str) -> Associations:
    """Reads TOML: [[device]] with `id`, `patient`, and `since` and `until` if known. Raises AssociationError.

    >>> one = read_associations('[[device]]\\nid = "d"\\npatient = "p"\\nuntil = "2026-01-01T00:00:00Z"')
    >>> one("d", read_moment("2025-12-31T00:00:00Z")), one("d", read_moment("2026-01-01T00:00:00Z"))
    ('p', None)
    """
    try:
        rows = tomllib.loads(text).get("device", [])
    except tomllib.TOMLDecodeError as error:
        raise AssociationError(str(error)) from error
    found: dict[str, list[tuple[str, datetime | None, datetime | None]]] = {}
    for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("id", "patient")):
            raise AssociationError(f"entry {number}: give `id` and `patient` as text")
        try:
            since, until = (_moment(row.get(name)) for name in ("since", "until"))
        except ValueError as error:
            raise AssociationError(f"entry {number}: {error}") from error
        found.setdefault(row["id"], []).append((row["patient"], since, until))
    return Associations({device: tuple(rows) for device, rows in found.items()})


def _moment(value: Any) -> datetime | None:
    return None if value is None else read_moment(value)
