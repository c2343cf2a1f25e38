"""A recording made up in a test: entries as lines, through the same replay as files."""

from collections.abc import Iterator, Sequence

from detectors.rules import Rules
from streams.log import Output, Partition
from streams.recorded.replay import Replay
from tests.making import Entry


class Made:
    """A recording of entries."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.lines = [entry.bytes() for entry in sorted(entries, key=lambda entry: entry.at)]

    def play(
        self,
        rules: Rules,
        kind: type[Partition] = Partition,
        *,
        patient: str | None = None,
        until_ms: int | None = None,
    ) -> Iterator[Output]:
        one = Replay(rules=rules, kind=kind)
        for line in self.lines:
            yield from one.take(line)
        yield from one.flush()
