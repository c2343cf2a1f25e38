"""Replays a recorded log from its file, in its own clock: alerts byte for byte those that were said live."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
from msgspec import UnsetType

from detectors.rules import Rules
from schemas.control_record import SIGNATURE_HEADER, ControlRecordKeys, ControlRecordKind, signed_bytes
from schemas.times import EPOCH, to_ms
from streams.log import Output, Partition, Record
from streams.recorded.lines import (
    Begin,
    Head,
    NotARecordedLog,
    RecordLine,
    StateLine,
    is_signed,
    read_head,
    read_lines,
    record_of,
)
from streams.recorded.play import Stretch, only

_OURS = ControlRecordKeys.parse("recorded:by-us-and-nobody-else")
"""Stands in for the log's own key, which no file holds: what was rightly signed when it was recorded is signed anew."""


class RecordedLog:
    """A file that `vigilward record` wrote, or one made by hand in the same form.

    `keys` are the log's own; they are needed only if it was recorded without them. `rules` are those in force until a
    record names others; `unsaid` instead where the file says nothing of rules.
    """

    def __init__(
        self,
        path: Path,
        rules: Rules,
        keys: ControlRecordKeys,
        kind: type[Partition] = Partition,
        unsaid: Rules | None = None,
    ) -> None:
        self._path, self._rules, self._keys, self._kind = path, rules, keys, kind
        self._unsaid = unsaid or rules
        with path.open("rb") as file:
            self.head: Head = read_head(file.readline())
        self.counts: Counter[str] = Counter()

    def play(self, stretch: Stretch) -> Iterator[Output]:
        """What the recorded stretch says, or a narrower one. Raises NotARecordedLog."""
        asked = replace(
            stretch,
            since_ms=stretch.since_ms if stretch.since_ms is not None else _ms(self.head.since),
            until_ms=stretch.until_ms if stretch.until_ms is not None else _ms(self.head.until),
        )
        log: Partition | None = None
        begin: Begin | None = None
        states: list[tuple[str, int, bytes]] = []
        glance = None
        with self._path.open("rb") as file:
            file.readline()
            for line in read_lines(file):
                if isinstance(line, Begin):
                    self._count(log)
                    begin, states, log = line, [], None
                elif isinstance(line, StateLine):
                    states.append((line.patient, line.upto, line.snapshot))
                else:
                    if log is None:
                        log = self._new_log(begin, states)
                        glance = only(asked.patient, log) if asked.patient is not None else None
                    record = self._signed_anew(line)
                    for output in log.run([glance(record) if glance else record]):
                        if asked.holds(output):
                            yield output
        self._count(log)

    def _new_log(self, begin: Begin | None, states: list[tuple[str, int, bytes]]) -> Partition:
        if begin is None:
            raise NotARecordedLog("a record stands before the beginning of its partition")
        head = self.head
        rules = self._unsaid if isinstance(begin.rules, UnsetType) else self._rules
        return self._kind(
            begin.partition, head.partitions, clock=head.clock, mode=head.mode, rules=rules, keys=_OURS,
            topic=head.topic, checkpoint=begin.checkpoint, states=states,
        )  # fmt: skip

    def _signed_anew(self, line: RecordLine) -> Record:
        offset, at, key, value, headers = record_of(line)
        given = next((signature for name, signature in headers if name == SIGNATURE_HEADER), None)
        if not is_signed(line.kind, given):
            return offset, at, key, value, headers
        message = signed_bytes(ControlRecordKind(line.kind), self.head.topic, line.partition, value or b"")
        held = line.verified
        if held is None:
            if not self._keys:
                raise NotARecordedLog(
                    "this log was recorded without VIGILWARD_CONTROL_RECORD_KEY, so nobody checked whose records it "
                    "holds; set the key here"
                )
            held = self._keys.holds(message, given)
        signature = _OURS.sign(message) if held else b"none"
        others = tuple((name, fact) for name, fact in headers if name != SIGNATURE_HEADER)
        return offset, at, key, value, (*others, (SIGNATURE_HEADER, signature))

    def _count(self, log: Partition | None) -> None:
        if log is not None:
            self.counts.update(log.tally.as_dict())
            self.counts.update({f"refused_{code}": count for code, count in log.tally.refusals.items()})
            self.counts["patients"] += len(log.watches)


def _ms(text: str | None) -> int | None:
    return None if text is None else to_ms(msgspec.convert(text, type(EPOCH)))
