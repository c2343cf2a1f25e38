"""Any recording through the very same watch again, under the rules that one names: a folder, a file, a log."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from detectors.rules import Rules
from schemas.control_record import ControlRecordKeys
from schemas.decode import Decoded, decode
from schemas.reasons import Unreadable
from schemas.times import to_ms
from streams.log import Output, Partition
from streams.log.placing import partition_of
from streams.recorded.lines import is_recorded_log
from streams.recorded.replay import Replay, read_lines
from streams.recordings.kinds import holds_tables, path_of

if TYPE_CHECKING:
    from streams.recorded.source import Source
    from streams.recordings.tables import Tables


class Recording(NamedTuple):
    """Something recorded: readings are replayed in event clock on so many partitions, a log in its own on its own.
    `tables` are those of the path, where they were read already.
    """

    path: Path
    partitions: int
    keys: ControlRecordKeys
    tables: "Tables | None" = None

    @classmethod
    def named(cls, name: str, partitions: int, keys: ControlRecordKeys) -> "Recording":
        """A folder, a file of readings, a log from `record`, or a bundled sample by its name. Raises NoRecording.

        >>> Recording.named("bidmc", 8, ControlRecordKeys({})).path.name
        'bidmc'
        """
        return cls(path_of(name), partitions, keys)

    @property
    def is_log(self) -> bool:
        """Whether it is a log, with its own clock, orders and rules."""
        if not self.path.is_file():
            return False
        with self.path.open("rb") as file:
            return is_recorded_log(file.readline(64))

    def play(
        self,
        rules: Rules,
        kind: type[Partition] = Partition,
        *,
        patient: str | None = None,
        until_ms: int | None = None,
    ) -> Iterator[Output]:
        """Everything that it causes, in order; of `patient`: no more than decides what is said of that one, and no
        longer than until a moment.
        """
        if self.is_log:
            from streams.recorded.file import RecordedLog
            from streams.recorded.play import Stretch

            yield from RecordedLog(self.path, rules, self.keys, kind).play(Stretch(patient, None, until_ms))
            return
        one = Replay(partitions=self.partitions, rules=rules, kind=kind)
        for line in self._lines(patient):
            yield from one.take(line)
            if patient is not None and until_ms is not None and one.time_of(patient) > until_ms:
                return

    def measured(self) -> Iterator[tuple[int, str]]:
        """When each reading was taken (ms) and of whom; nothing of a log, which has a clock of its own."""
        if self.is_log:
            return
        if holds_tables(self.path):
            from streams.recordings.recordings import read_folder

            for at, patient, _ in read_folder(self.tables or self.path):
                yield at, patient
            return
        for line in read_lines(self.path):
            try:
                decoded = decode(line)
            except Unreadable:
                continue
            reading = decoded.reading if isinstance(decoded, Decoded) else decoded
            yield to_ms(reading.taken_at), reading.patient_id

    def _lines(self, patient: str | None) -> Iterable[bytes]:
        if patient is None or not holds_tables(self.path):
            return read_lines(self.tables or self.path)
        from streams.recordings.recordings import read_folder

        # In event clock the neighbours of a partition move its time: they belong to what decides.
        own = partition_of(patient, self.partitions)
        return (
            line for _, one, line in read_folder(self.tables or self.path) if partition_of(one, self.partitions) == own
        )


class LiveLog(NamedTuple):
    """The log itself, as it stands in Kafka now. `source` is an open `streams.recorded.source.Source`."""

    source: "Source"

    def measured(self) -> Iterator[tuple[int, str]]:
        """Nothing: what is judged depends on the log's own clock."""
        return iter(())

    def play(
        self,
        rules: Rules,
        kind: type[Partition] = Partition,
        *,
        patient: str | None = None,
        until_ms: int | None = None,
    ) -> Iterator[Output]:
        """Everything that is left of it, through partitions as a worker makes them."""
        from streams.recorded.play import Stretch, play

        yield from play(self.source, rules, Stretch(patient, None, until_ms), lambda partition: None, kind)
