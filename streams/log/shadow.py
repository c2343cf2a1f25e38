"""A candidate's rules beside those in force: the same log through Vigils of their own that are heard by nobody.

It begins with the states of the armed Vigils, as if the candidate had been adopted at that moment, and keeps none of
its own: whoever starts it again starts again from the armed ones, and counts from there.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from detectors.rules import Rules
from schemas.control_record import ControlRecordKeys
from streams.log import Checkpoint, Output, Partition, Record
from streams.log.fixed import FixedRules
from streams.log.stream_time import Stretch

ARMED, SHADOW = SIDES = ("armed", "shadow")
OVER: Final = frozenset({"resolved", "cleared"})


class Said(msgspec.Struct):
    """Of an alert only what is counted."""

    alert_id: str
    kind: str
    priority: str
    state: str
    interrupts: bool


_said = msgspec.json.Decoder(Said).decode
Row = tuple[str, str, str]
"""Side, kind and priority: never a patient."""


@dataclass(slots=True)
class Counts:
    """Both sides' alerts since the shadow began: how many were raised, and how many of them called at some time."""

    raised: Counter[Row] = field(default_factory=Counter)
    called: Counter[Row] = field(default_factory=Counter)
    _calling: dict[str, set[str]] = field(default_factory=lambda: {side: set() for side in SIDES})

    def hear(self, side: str, alert: bytes) -> None:
        """Takes one revision of an alert into account."""
        said = _said(alert)
        row = side, said.kind, said.priority
        if said.state == "raised":
            self.raised[row] += 1
        calling = self._calling[side]
        if said.interrupts and said.alert_id not in calling:
            calling.add(said.alert_id)
            self.called[row] += 1
        if said.state in OVER:
            calling.discard(said.alert_id)

    def rows(self) -> list[tuple[str, str, str, int, int]]:
        """Side, kind, priority, raised, called."""
        both = sorted({*self.raised, *self.called})
        return [(*row, self.raised[row], self.called[row]) for row in both]


class Hello(msgspec.Struct, frozen=True):
    """What a shadow has to know of the log: the very facts with which the armed partitions are made."""

    rules: bytes
    partitions: int
    clock: str
    mode: str
    topic: str
    keys: str


class Twin:
    """The shadow's partitions. `begin` with the armed one's checkpoint and states, `take` what it took, `drop` it."""

    def __init__(self, hello: Hello, rules: Rules) -> None:
        self._hello, self._rules, self._keys = hello, rules, ControlRecordKeys.parse(hello.keys)
        self.logs: dict[int, FixedRules] = {}
        self.counts = Counts()

    def begin(self, partition: int, checkpoint: Checkpoint, states: Iterable[tuple[str, int, bytes]]) -> None:
        """From the armed states on, under the candidate's rules."""
        hello = self._hello
        self.logs[partition] = FixedRules(
            partition,
            hello.partitions,
            clock=hello.clock,
            mode=hello.mode,
            rules=self._rules,
            keys=self._keys,
            topic=hello.topic,
            checkpoint=checkpoint,
            states=states,
        )

    def take(self, partition: int, records: Sequence[Record], armed: Sequence[bytes], back_ms: int = 0) -> None:
        """The same stretch, at the same stream times, and the alerts that the armed rules said to it."""
        for alert in armed:
            self.counts.hear(ARMED, alert)
        log = self.logs.get(partition)
        if log is None:
            return
        for output in log.take(Stretch(records, None, back_ms)):
            if output.topic == "alerts" and output.value is not None:
                self.counts.hear(SHADOW, output.value)
        log.dirty.clear()

    def drop(self, partition: int) -> None:
        """Another worker has it."""
        self.logs.pop(partition, None)


def beside(candidate: Rules, counts: Counts) -> type[Partition]:
    """A kind of partition that has the candidate beside it: a recording in shadow, as a worker would run it."""

    class Beside(Partition):
        """Says what is armed; the shadow is only counted."""

        def __init__(self, *where: int, states: Iterable[tuple[str, int, bytes]] = (), **how: Any) -> None:
            states = list(states)
            super().__init__(*where, states=states, **how)
            self.shadow = FixedRules(*where, states=states, **{**how, "rules": candidate})

        def run(self, records: Iterable[Record]) -> list[Output]:
            """The same records to both."""
            records = list(records)
            said = super().run(records)
            for side, outputs in ((ARMED, said), (SHADOW, self.shadow.run(records))):
                for output in outputs:
                    if output.topic == "alerts" and output.value is not None:
                        counts.hear(side, output.value)
            return said

    return Beside


def report(counts: Counts) -> dict[str, Any]:
    """Both sides under stable names, as a worker's metrics tell them."""
    tables: dict[str, Counter[Row]] = {"alerts": counts.raised, "interruptions": counts.called}
    places = sorted({row[1:] for table in tables.values() for row in table})
    by: list[dict[str, Any]] = [
        {
            "kind": kind,
            "priority": priority,
            **{name: {side: table[side, kind, priority] for side in SIDES} for name, table in tables.items()},
        }
        for kind, priority in places
    ]
    sums = {name: {side: sum(row[name][side] for row in by) for side in SIDES} for name in tables}
    return {**sums, "by_kind_and_priority": by}


def in_words(found: dict[str, Any]) -> list[str]:
    """The report in lines for people."""
    lines = [f"{_arrow(found['alerts'])} alerts, {_arrow(found['interruptions'])} that interrupt (armed -> shadow)"]
    for row in found["by_kind_and_priority"]:
        name = f"{row['kind']} {row['priority']}"
        lines.append(f"  {name:<22} {_arrow(row['alerts']):>14}   interrupt {_arrow(row['interruptions']):>14}")
    return lines


def _arrow(pair: dict[str, int]) -> str:
    return f"{pair[ARMED]:,} -> {pair[SHADOW]:,}"
