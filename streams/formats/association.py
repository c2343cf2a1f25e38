"""Which patient wears which device, from when until when: for messages that name a device and no patient."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.base import read_moment


class AssociationError(ValueError):
    """A file of associations that cannot be used: the entry, and the way out."""


@dataclass(frozen=True, slots=True)
class Worn:
    """One device on one patient, from `since` until before `until`; None: from ever, for good.

    `assigner`: who gave the patient's id, where pseudonyms are made of both.
    """

    device: str
    patient: str
    since: datetime | None
    until: datetime | None
    assigner: str = ""

    def at(self, moment: datetime) -> bool:
        """Whether it was worn then."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Associations:
    """All associations by device; asked with a moment, since a device goes from patient to patient."""

    by_device: dict[str, tuple[Worn, ...]]
    publish: bool = True

    def __call__(self, device: str, at: datetime) -> str | None:
        """The patient who wore the device then; None where nobody did, or two are named."""
        worn = {one.patient for one in self.by_device.get(device, ()) if one.at(at)}
        return worn.pop() if len(worn) == 1 else None

    def named(self, name: Callable[[str, str], str]) -> "Associations":
        """The same with patients as they are known here, such as by their pseudonyms."""
        renamed = {
            device: tuple(Worn(device, name(one.patient, one.assigner), one.since, one.until) for one in worn)
            for device, worn in self.by_device.items()
        }
        return Associations(renamed, self.publish)

    def attached(self, at: datetime) -> dict[str, tuple[str, ...]]:
        """The devices of each patient who wears one at a moment; a device that two are said to wear is nobody's."""
        found: dict[str, list[str]] = {}
        for device in sorted(self.by_device):
            if (patient := self(device, at)) is not None:
                found.setdefault(patient, []).append(device)
        return {patient: tuple(devices) for patient, devices in found.items()}

    def ended(self, since: datetime, until: datetime) -> set[str]:
        """Patients of whom a device was taken off in this time."""
        return {one.patient for one in self._all() if one.until is not None and since < one.until <= until}

    def _all(self) -> Iterator[Worn]:
        return (one for worn in self.by_device.values() for one in worn)


def read_associations(text: str) -> Associations:
    """Reads TOML: [[device]] with `id`, `patient`, and `since` and `until` if known. Raises AssociationError.

    `publish = false` above them keeps them from the watch, where they do not name every device of their patients.

    >>> one = read_associations('[[device]]\\nid = "d"\\npatient = "p"\\nuntil = "2026-01-01T00:00:00Z"')
    >>> one("d", read_moment("2025-12-31T00:00:00Z")), one("d", read_moment("2026-01-01T00:00:00Z"))
    ('p', None)
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AssociationError(str(error)) from error
    rows, publish = said.get("device", []), said.get("publish", True)
    if not isinstance(publish, bool) or not isinstance(rows, list):
        raise AssociationError("`publish` is true or false, and each device is a [[device]]")
    found: dict[str, list[Worn]] = {}
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("id", "patient")):
            raise AssociationError(f"entry {number}: give `id` and `patient` as text")
        try:
            since, until = (_moment(row.get(name)) for name in ("since", "until"))
        except ValueError as error:
            raise AssociationError(f"entry {number}: {error}") from error
        if since is not None and until is not None and until <= since:
            raise AssociationError(f"entry {number}: `until` lies behind `since`")
        worn = Worn(row["id"], row["patient"], since, until, str(row.get("assigner", "")))
        found.setdefault(worn.device, []).append(worn)
    return Associations({device: tuple(rows) for device, rows in found.items()}, publish)


def _moment(value: Any) -> datetime | None:
    return None if value is None else read_moment(value)
