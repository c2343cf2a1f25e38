"""Recorded readings through the very same Vigils, without Kafka: placed on partitions as Kafka would, in event clock.

For a given order of readings a replay gives the alerts, byte for byte, that live workers give on the same partitions.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from detectors.rules import Rules
from schemas.control_record import ControlRecordKeys, ControlRecordKind
from schemas.decode import Decoded, decode
from schemas.nesting import TooDeep, refuse_too_deep
from schemas.reasons import Refusal, Unreadable
from streams.config.packaged_rules import packaged_rules
from streams.log import Output, Partition
from streams.log.control_records import forward
from streams.log.partition import AHEAD_MS
from streams.log.placing import partition_of
from streams.recordings.kinds import holds_tables

if TYPE_CHECKING:
    from streams.recordings.tables import Tables

FLUSH_MS: Final = 20_000  # longer than a window and its lateness
CLOCK_AHEAD: Final = Refusal.CLOCK_AHEAD.value
AHEAD: Final = timedelta(milliseconds=AHEAD_MS)
_KEYS: Final = ControlRecordKeys.parse("replay:of-a-file-of-readings")
_TOPIC: Final = "vitals.readings"


class _Glance(msgspec.Struct):
    """As much of a line as tells a patient record and an action from a reading."""

    patient_id: str
    event: str | None = None
    action_type: str | None = None
    deed: str | None = None  # as `action_type` was called before
    mode: str = "real"


_glance = msgspec.json.Decoder(_Glance).decode


def _kind(seen: _Glance) -> ControlRecordKind | None:
    if seen.event is not None:
        return ControlRecordKind.PATIENT
    return None if seen.action_type is None and seen.deed is None else ControlRecordKind.ACTION


class Replay:
    """A set of partitions that takes lines instead of a log; one set a mode, so that any mode may be replayed.

    In event clock every patient of a partition shares its time: in a file that is not in the order of time one patient
    makes another late. `misplaced` counts such readings, late or too far ahead although they are in order for their own
    patient. With `alone` each patient has a partition and a clock of its own, and there are none. `disordered` counts
    those that came late after later ones of their own patient, `overlong` those more than a year after the first.

    >>> replay = Replay(partitions=8)
    >>> replay.take(b"not a reading")[0].topic
    'rejections'
    """

    def __init__(
        self,
        *,
        partitions: int = 8,
        rules: Rules | None = None,
        kind: type[Partition] = Partition,
        alone: bool = False,
    ) -> None:
        self.partitions, self.rules, self.kind = 1 if alone else partitions, rules or packaged_rules(), kind
        self.alone, self.misplaced, self.disordered, self.overlong = alone, 0, 0, 0
        self._parts: dict[tuple[str, int | str], Partition] = {}
        self._first: dict[str, datetime] = {}
        self._newest: dict[str, datetime] = {}
        self._lines = 0

    def take(self, line: bytes) -> list[Output]:
        """Takes one line, a reading, a patient record or an action, and gives what it caused."""
        self._lines += 1
        try:
            decoded = decode(line)
        except Unreadable:
            return self._take_other(line)
        reading = decoded.reading if isinstance(decoded, Decoded) else decoded
        part, patient, taken = self._part(reading.mode.value, reading.patient_id), reading.patient_id, reading.taken_at
        late, ahead = part.tally.late, part.tally.refusals[CLOCK_AHEAD]
        out = part.run([(part.next_offset, 0, patient.encode(), line, ())])
        self._place(patient, taken, part.tally.late > late, part.tally.refusals[CLOCK_AHEAD] > ahead)
        return out

    def _place(self, patient: str, taken: datetime, late: bool, ahead: bool) -> None:
        """Counts a reading that was left out for its time by what would have kept it."""
        first, newest = self._first.setdefault(patient, taken), self._newest.get(patient, taken)
        self._newest[patient] = max(taken, newest)
        if ahead and taken - first > AHEAD:
            self.overlong += 1
        elif late or ahead:
            if taken >= newest:
                self.misplaced += 1
            else:
                self.disordered += 1

    def _take_other(self, line: bytes) -> list[Output]:
        try:
            refuse_too_deep(line)
            seen = _glance(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, TooDeep):
            seen = None
        kind = None if seen is None else _kind(seen)
        if seen is None or kind is None:
            part = self._part(seen.mode if seen else "real", seen.patient_id if seen else "")
            return part.run([(part.next_offset, 0, None, line, ())])
        part = self._part(seen.mode, seen.patient_id)
        record = forward(
            kind,
            f"vitals.{kind}s",
            part.partition,
            self._lines,
            seen.patient_id,
            line,
            _KEYS,
            _TOPIC,
            part.partition,
        )
        return part.run([(part.next_offset, 0, *record)])

    def flush(self) -> list[Output]:
        """Decides what is still open, as if nothing more came for a while."""
        out: list[Output] = []
        for part in self._parts.values():
            out += part.advance(part.time + FLUSH_MS, 1 << 62)[0]
        return out

    def _part(self, mode: str, patient: str) -> Partition:
        mode = mode if mode in ("real", "test", "demo") else "real"
        number = partition_of(patient, self.partitions)
        place = mode, patient if self.alone else number
        part = self._parts.get(place)
        if part is None:
            part = self._parts[place] = self.kind(
                number,
                self.partitions,
                clock="event",
                mode=mode,
                rules=self.rules,
                keys=_KEYS,
                topic=_TOPIC,
            )
        return part

    def time_of(self, patient: str) -> int:
        """How far time has come where this patient is watched."""
        own = patient if self.alone else partition_of(patient, self.partitions)
        return max((part.time for (_, place), part in self._parts.items() if place == own), default=0)

    def counts(self) -> Counter[str]:
        """What became of everything, over all partitions."""
        total: Counter[str] = Counter()
        for part in self._parts.values():
            total.update(part.tally.as_dict())
            total.update({f"refused_{code}": count for code, count in part.tally.refusals.items()})
        total["patients"] = sum(len(part.watches) for part in self._parts.values())
        return total


def read_lines(recorded: "Path | Tables") -> Iterator[bytes]:
    """The readings of a newline-delimited file, or of recorded tables (a folder, .parquet, .csv, or read already), as
    bytes. Raises NotARecording for tables that cannot be read.
    """
    if not isinstance(recorded, Path) or holds_tables(recorded):
        from streams.recordings.recordings import read_folder

        yield from (line for _, _, line in read_folder(recorded))
        return
    with recorded.open("rb") as file:
        yield from (line.rstrip(b"\r\n") for line in file if line.strip())


def replay(lines: Iterable[bytes], *, partitions: int = 8, rules: Rules | None = None) -> Iterator[Output]:
    """Everything that the lines cause, in order."""
    one = Replay(partitions=partitions, rules=rules)
    for line in lines:
        yield from one.take(line)
