"""Who wears which device, from the file of associations: asked by readings that name no patient, and told to the watch.

The watch then expects nothing more of a device that was taken off, says so when one that was put on sends nothing, and
names one that belongs to nobody. The file is read again whenever it changes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from schemas.patient import Event
from streams.config.settings_problems import SettingsError
from streams.formats.association import Associations, read_associations
from streams.gateways.store import NotStored

log = logging.getLogger(__name__)
LOOK_S: Final = 1.0
TAKEN_OFF_SINCE: Final = timedelta(days=1)
"""What was taken off while no gateway ran is told at the next start, as far back as this."""


class Attached:
    """The associations in force. `name`: how a patient is known here, by id and assigner."""

    def __init__(self, path: Path | None, name: Callable[[str, str], str]) -> None:
        self._path, self._name = path, name
        self._stamp = self._stamp_of()
        try:
            self._known = self._read()
        except (OSError, ValueError) as error:  # also what is not UTF-8
            raise SettingsError([f"VIGILWARD_GATEWAY_DEVICES: {error}"]) from None
        self._told: dict[str, tuple[str, ...]] = {}

    def __call__(self, device: str, at: datetime) -> str | None:
        """The patient who wore a device at a moment."""
        return self._known(device, at)

    async def run(self, publish: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        """Tells who wears what, now and whenever it changes, until it is cancelled; what failed is told again."""
        if self._path is None:
            return
        now = datetime.now(UTC)
        self._told = dict.fromkeys(self._known.ended(now - TAKEN_OFF_SINCE, now), ("",))  # as if something were on
        while True:
            self.look_again()
            for record in self.due(datetime.now(UTC)):
                try:
                    await publish(record)
                except NotStored as missed:
                    log.error("who wears which device could not be told (%s): it is told again", missed)
                    break
                self.was_told(record)
            await asyncio.sleep(LOOK_S)

    def due(self, at: datetime) -> list[dict[str, Any]]:
        """Patient records that tell what is other than what was told."""
        worn = self._known.attached(at) if self._known.publish else {}
        return [
            {"event": Event.UPDATE.value, "patient_id": patient, "devices": list(worn.get(patient, ()))}
            for patient in sorted({*worn, *self._told})
            if worn.get(patient, ()) != self._told.get(patient, ())
        ]

    def was_told(self, record: dict[str, Any]) -> None:
        """Notes that a record stands in Kafka."""
        self._told[record["patient_id"]] = tuple(record["devices"])
        if not record["devices"]:
            del self._told[record["patient_id"]]

    def look_again(self) -> None:
        """Reads the file if it has changed; one that cannot be used leaves the associations as they were."""
        stamp = self._stamp_of()
        if stamp in (self._stamp, None):
            return
        self._stamp = stamp
        try:
            self._known = self._read()
        except (OSError, ValueError) as error:  # also what is not UTF-8
            log.error("the file of associations cannot be used, those before it stay in force: %s", error)

    def _read(self) -> Associations:
        if self._path is None:
            return Associations({})
        return read_associations(self._path.read_text("utf-8")).named(self._name)

    def _stamp_of(self) -> tuple[int, int] | None:
        try:
            seen = self._path.stat() if self._path is not None else None
        except OSError:
            return None
        return (seen.st_mtime_ns, seen.st_size) if seen else None
