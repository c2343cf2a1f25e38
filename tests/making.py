"""Makers for the dull parts of tests: readings, patient records, a log of them, and what a partition says to it."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from detectors.rules import Rules, read_rules
from detectors.vigil import Vigil
from detectors.vigil.episode import alert_id
from schemas.control_record import ControlRecordKeys, ControlRecordKind, Tick
from schemas.times import to_text
from schemas.vitals import SCALES, Vital
from streams.config.packaged_rules import packaged_rules_bytes
from streams.log import Checkpoint, Output, Partition, Record
from streams.log.control_records import forward, signed_tick, tick
from streams.log.placing import partition_of

T0 = 1_795_348_800_000  # 2026-11-22T12:00:00Z
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
TOPIC = "vitals.readings"
KEYS = ControlRecordKeys.parse("tests:a secret of the tests")
UNITS = {str(vital): SCALES[vital].unit for vital in Vital}

to_json = msgspec.json.encode
from_json = msgspec.json.decode


class Moment(int):
    """Milliseconds within a body: written as RFC 3339, and moved when a log is moved."""


class AlertOf(NamedTuple):
    """The alert of a patient on a subject that began at a moment: written as its id, which moves with the log."""

    patient: str
    kind: str
    subject: str
    began: int


def written(body: object, by: int = 0) -> object:
    """A body with its moments in words, each later by `by` milliseconds, and its alerts by their ids."""
    if isinstance(body, AlertOf):
        return alert_id(body.patient, body.kind, body.subject, body.began + by)
    if isinstance(body, Moment):
        return to_text(body + by)
    if isinstance(body, dict):
        return {name: written(part, by) for name, part in body.items()}
    if isinstance(body, list | tuple):
        return [written(part, by) for part in body]
    return body


def measures(**values: object) -> dict[str, object]:
    """Vitals as sent: a number gets its own unit, a dictionary goes as it is, `"invalid"` and its like are qualities.

    >>> measures(spo2=97, consciousness="A", resp_rate={"value": None, "unit": "/min", "quality": "invalid"})["spo2"]
    {'value': 97, 'unit': '%'}
    """
    sent: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            sent[name] = value
        elif isinstance(value, str | bool):
            sent[name] = {"value": value}
        else:
            sent[name] = {"value": value, "unit": UNITS.get(name)}
    return sent


def clocks(at: int, clock: str = "one", boot: int | None = None) -> Tick:
    """What a machine's clocks show at a moment; its boot clock begins at T0 unless said otherwise."""
    return Tick(clock, at - T0 if boot is None else boot, at)


class Entry(NamedTuple):
    """Something that happens to a log: its time, what it is, whom it concerns, and its body.

    `kind`: reading, patient, action, rules, loss, tick (its body the clocks, or nothing), or junk (bytes as they are).
    `source`: where a control record stood.
    """

    at: int
    kind: str
    patient: str | None
    body: object
    source: tuple[str, int] | None = None

    def bytes(self, by: int = 0) -> bytes:
        """The body as it travels."""
        return self.body if isinstance(self.body, bytes) else to_json(written(self.body, by))


def reading(
    at: int,
    patient: str,
    device: str = "m",
    *,
    taken: int | None = None,
    source: str = "monitor",
    sequence: int | None = None,
    corrects: int | None = None,
    mode: str = "test",
    **values: object,
) -> Entry:
    """A reading that the log receives at `at`; taken at that moment unless said otherwise."""
    body = {"patient_id": patient, "device_id": device, "taken_at": Moment(at if taken is None else taken)}
    optional = {"sequence": sequence, "corrects": corrects}
    body |= {name: value for name, value in optional.items() if value is not None}
    return Entry(at, "reading", patient, {**body, "source": source, "mode": mode, "vitals": measures(**values)})


def record(at: int, patient: str, event: str, offset: int, *, mode: str = "test", **facts: object) -> Entry:
    """A patient record, forwarded from that offset of its source."""
    body = {"event": event, "patient_id": patient, "mode": mode, **facts}
    return Entry(at, "patient", patient, body, ("vitals.patients", offset))


def action(
    at: int,
    patient: str,
    action_type: str,
    offset: int,
    *,
    name: str | None = None,
    who: str = "n-9",
    role: str = "nurse",
    mode: str = "test",
    **facts: object,
) -> Entry:
    """What a person did, forwarded from that offset of its source; `name` is its `action_id`."""
    about = {
        "action_id": name or f"a-{offset}",
        "patient_id": patient,
        "action_type": action_type,
        "who": who,
        "role": role,
    }
    return Entry(at, "action", patient, {**about, "at": Moment(at), "mode": mode, **facts}, ("vitals.actions", offset))


def numbered(entries: Iterable[Entry], partition: int = 0, by: int = 0) -> list[Record]:
    """The entries as records of one partition of the log."""
    return [_record(offset, entry, partition, by) for offset, entry in enumerate(entries)]


def _record(offset: int, entry: Entry, partition: int, by: int) -> Record:
    at = entry.at + by
    if entry.kind == "tick":
        told = entry.body
        key, value, headers = signed_tick(told, KEYS, TOPIC, partition) if isinstance(told, Tick) else tick()
        return offset, at, key, value, headers
    value = entry.bytes(by)
    if entry.kind in ("reading", "junk"):
        return offset, at, None if entry.patient is None else entry.patient.encode(), value, ()
    assert entry.source is not None
    topic, source_offset = entry.source
    name = entry.patient or ""
    kind = ControlRecordKind(entry.kind)
    key, value, headers = forward(kind, topic, partition, source_offset, name, value, KEYS, TOPIC, partition)
    return offset, at, key, value, headers


@cache
def rules_bytes(*changes: tuple[str, object]) -> bytes:
    """The packaged rules with some changed: `("stream.high", 2)` or, in a list, `"...high.0.after_minutes"`."""
    rules = json.loads(packaged_rules_bytes())
    for path, value in changes:
        *way, last = path.split(".")
        part = rules
        for step in way:
            part = part[int(step) if isinstance(part, list) else step]
        part[last] = value
    return json.dumps(rules).encode()


@cache
def rules_with(*changes: tuple[str, object]) -> Rules:
    """As `rules_bytes`, read."""
    return read_rules(rules_bytes(*changes))


def old_rules() -> Rules:
    """The rules of before there were any of how the watch behaves."""
    return read_rules(files("detectors").joinpath("data/rules-4.json").read_bytes())


def new_partition(
    *,
    clock: str = "arrival",
    partition: int = 0,
    partitions: int = 1,
    rules: Rules | None = None,
    checkpoint: Checkpoint | None = None,
    states: Iterable[tuple[str, int, bytes]] = (),
    mode: str = "test",
) -> Partition:
    """A partition that knows the tests' key."""
    return Partition(
        partition,
        partitions,
        clock=clock,
        mode=mode,
        rules=rules or rules_with(),
        keys=KEYS,
        topic=TOPIC,
        checkpoint=checkpoint,
        states=states,
    )


def run(log: Partition, entries: Iterable[Entry], by: int = 0) -> list[Output]:
    """Hands all entries to a fresh partition."""
    return log.run(numbered(entries, log.partition, by))


def said(
    outputs: Iterable[Output], topics: Sequence[str] = ("alerts", "status")
) -> list[tuple[str, bytes | None, bytes | None]]:
    """Topic, key and value of what was said: what has to be the same."""
    return [(output.topic, output.key, output.value) for output in outputs if output.topic in topics]


def alerts(outputs: Iterable[Output]) -> list[dict]:
    """The alerts among outputs, read."""
    return [from_json(output.value) for output in outputs if output.topic == "alerts" and output.value is not None]


def of_partition(entries: Sequence[Entry], partition: int, partitions: int) -> list[Entry]:
    """The entries that belong on one of several partitions; what has no patient goes to all."""
    return [e for e in entries if e.patient is None or partition_of(e.patient, partitions) == partition]


def every(step_ms: int, begin: int, end: int) -> Iterator[int]:
    """Moments, `end` not among them."""
    yield from range(begin, end, step_ms)


def new_vigil(patient: str = "p", *, rules: Rules | None = None, event_clock: bool = False) -> Vigil:
    """One patient's vigil, under the packaged rules unless said otherwise."""
    return Vigil(patient, rules or rules_with(), mode="test", event_clock=event_clock)


Play = Callable[[Sequence[Entry]], list[Output]]
