"""Looks through a run's history for anything that no crash may cause. Pure: history in, findings out.

The oracle is the pure runner (`streams.log.Partition`) over the log as Kafka holds it, from its first record, in one go
and without a crash.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from detectors.rules import Rules
from schemas.control_record import KIND_HEADER, ControlRecordKind
from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Checkpoint, Output, Partition, Tally
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    PATIENT_KEY,
    Unusable,
    decode_checkpoint,
    decode_state,
)
from tests.chaos.history import History, Said, Write

AT_ONCE = 1_000
VERDICTS = ("accepted", "suspect", "duplicate", "late", "rejected", "unreadable", "forwarded")


class Wrong(StrEnum):
    """What can be wrong: a closed list."""

    SUM = "vitals in are not accepted + suspect + duplicate + late + rejected"
    NOT_IN_LOG = "readings that Kafka acknowledged and the log does not hold"
    NOT_TAKEN = "records of the log that no snapshot covers"
    LOST = "alerts that the oracle says and nobody said"
    EXTRA = "alerts that the oracle does not say"
    CONFLICT = "alert ids and revisions with two different contents"
    AMBIGUOUS = "alert ids and revisions to which the oracle itself gives two contents"
    ORDER = "patients whose alerts came in another order"
    REJECTION_LOST = "rejections that the oracle says and nobody sent, neither whole nor by a flood's offsets"
    REJECTION_EXTRA = "rejections that the oracle does not say"
    STATUS_EXTRA = "statuses that the oracle does not say"
    STATUS_OLD = "patients whose newest status is not the oracle's"
    WENT_BACK = "stored states or markers that went back"
    UNUSABLE = "stored records that cannot be used"
    STATE = "patients whose stored state is not the oracle's"


@dataclass(slots=True)
class Oracle:
    """What should have been said and stored, up to where each partition's last checkpoint says it was taken."""

    said: dict[str, list[Output]] = field(default_factory=lambda: defaultdict(list))
    states: dict[int, dict[str, tuple[str, int, bytes]]] = field(default_factory=dict)
    tallies: list[Tally] = field(default_factory=list)


@dataclass(slots=True)
class Verdict:
    """What was found, and the counts that show how much was looked at."""

    found: Counter[Wrong] = field(default_factory=Counter)
    examples: dict[Wrong, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, wrong: Wrong, example: object, times: int = 1) -> None:
        """One finding more."""
        if times:
            self.found[wrong] += times
            self.examples.setdefault(wrong, str(example)[:300])

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not self.found


def markers(history: History) -> dict[int, Checkpoint]:
    """Each partition's last checkpoint."""
    last = {}
    for partition, writes in history.writes.items():
        for write in writes:
            if write.key == CHECKPOINT_KEY and write.value is not None:
                with contextlib.suppress(Unusable):  # counted elsewhere
                    last[partition] = decode_checkpoint(write.value).checkpoint
    return last


def oracle(history: History, settings: Settings, rules: Rules) -> Oracle:
    """The pure replay of every partition's log."""
    told, last = Oracle(), markers(history)
    for partition, records in sorted(history.log.items()):
        log = Partition(
            partition, settings.partitions, clock=settings.clock.value, mode=settings.mode.value, rules=rules,
            keys=settings.keys, topic=settings.topic(Topic.READINGS),
        )  # fmt: skip
        upto = last[partition].next_offset if partition in last else 0
        taken = [record for record in records if record[0] < upto]
        for first in range(0, len(taken), AT_ONCE):
            for output in log.run(taken[first : first + AT_ONCE]):
                told.said[output.topic].append(output)
        if partition in last and not log.event_clock:
            for output in log.advance(last[partition].time, 1 << 62)[0]:
                told.said[output.topic].append(output)
        told.states[partition] = {patient: log.state(patient) for patient in log.watches}
        told.tallies.append(log.tally)
    return told


def check(history: History, settings: Settings, rules: Rules) -> Verdict:
    """Everything that is wrong with this history."""
    verdict, told = Verdict(), oracle(history, settings, rules)
    _sums(history, told, verdict)
    _alerts(history.alerts, told.said["alerts"], verdict)
    _rejections(history.rejections, [*told.said["rejections"], *_not_forwarded(history, settings)], verdict)
    _statuses(history.status, told.said["status"], verdict)
    for partition, writes in history.writes.items():
        _writes(partition, writes, told.states.get(partition, {}), verdict)
    _covered(history, verdict)
    return verdict


def _sums(history: History, told: Oracle, verdict: Verdict) -> None:
    total: Counter[str] = Counter()
    for tally in told.tallies:
        total.update(tally.as_dict())
        if not tally.adds_up():
            verdict.add(Wrong.SUM, tally)
    ours = sum(not _kind(headers) for log in history.log.values() for *_, headers in log)
    if history.delivered is not None and history.delivered != ours:
        verdict.add(Wrong.NOT_IN_LOG, f"{history.delivered} acknowledged, {ours} there", abs(history.delivered - ours))
    verdict.counts |= {
        "records": total["records"], "readings_in_log": ours, "vitals": total["received"],
        **{name: total[name] for name in VERDICTS},
        "append_times_that_went_back": total["time_went_back"],
    }  # fmt: skip


def _kind(headers: Iterable[tuple[str, bytes]]) -> bytes | None:
    return next((value for name, value in headers if name == KIND_HEADER), None)


class _Name(msgspec.Struct):
    alert_id: str
    revision: int


_name_of = msgspec.json.Decoder(_Name).decode


def _name(value: bytes) -> tuple[str, int]:
    named = _name_of(value)
    return named.alert_id, named.revision


def _alerts(said: Sequence[Said], told: Sequence[Output], verdict: Verdict) -> None:
    contents: dict[tuple[str, int], set[bytes]] = defaultdict(set)
    for one in said:
        contents[_name(one.value or b"")].add(one.value or b"")
    expected: dict[tuple[str, int], set[bytes]] = defaultdict(set)
    for one in told:
        expected[_name(one.value or b"")].add(one.value or b"")
    for name, values in contents.items():
        if name not in expected:
            verdict.add(Wrong.EXTRA, next(iter(values)))
        elif values != expected[name]:
            verdict.add(Wrong.CONFLICT, name)
    for name, values in expected.items():
        if name not in contents:
            verdict.add(Wrong.LOST, next(iter(values)))
        if len(values) > 1:
            verdict.add(Wrong.AMBIGUOUS, name)
    first, should = defaultdict(dict), defaultdict(list)
    for one in said:
        first[one.key].setdefault(_name(one.value or b""))
    for one in told:
        should[one.key].append(_name(one.value or b""))
    for patient, names in should.items():
        came = [name for name in first[patient] if name in expected]
        if came != [name for name in dict.fromkeys(names) if name in first[patient]]:
            verdict.add(Wrong.ORDER, patient)
    verdict.counts |= {"alerts": len(contents), "alert_repeats": len(said) - len(contents)}


def _not_forwarded(history: History, settings: Settings) -> Iterator[Output]:
    """Rules that nobody approved: refused by whoever forwards, before the log."""
    for one in history.rules:
        if settings.approvers.who_approved(one.value or b"", dict(one.headers)) is None:
            facts = Rejection.of(Refusal.NOT_APPROVED, None, settings.topic(Topic.RULES), one.partition, one.offset)
            yield Output("rejections", one.key, one.value, facts.headers(), one.at_ms)


def _rejections(said: Sequence[Said], told: Sequence[Output], verdict: Verdict) -> None:
    came = {(one.key, one.value, one.headers) for one in said}
    expected = {(one.key, one.value, tuple(one.headers)) for one in told}
    refused = [Rejection.from_headers(one.headers) for one in told]
    lost = {one: Rejection.from_headers(one[2]) for one in expected - came}
    floods, whole = 0, []
    for extra in came - expected:
        flood, records = Rejection.from_headers(extra[2]), int(dict(extra[2]).get("records", b"0"))
        inside = [one for one in refused if _within(flood, one)]
        if flood.code is not Refusal.FLOOD or records > len(inside) or flood.vitals > sum(o.vitals for o in inside):
            verdict.add(Wrong.REJECTION_EXTRA, extra[2])
            continue
        floods += 1
        # One that is told again after a crash leaves out what stands in a state; then the one before it has them.
        if records >= sum(
            _within(flood, one) and one.offset not in (flood.offset, flood.last_offset) for one in lost.values()
        ):
            whole.append(flood)
    for one, fact in lost.items():
        if not any(_within(flood, fact) for flood in whole):
            verdict.add(Wrong.REJECTION_LOST, one[2])
    verdict.counts |= {"rejections": len(came), "floods": floods, "rejection_repeats": len(said) - len(came)}


def _within(flood: Rejection, one: Rejection) -> bool:
    place = one.topic, one.partition
    return place == (flood.topic, flood.partition) and flood.offset <= one.offset <= (flood.last_offset or 0)


def _statuses(said: Sequence[Said], told: Sequence[Output], verdict: Verdict) -> None:
    expected = {(one.key, one.value, tuple(one.headers)) for one in told}
    newest: dict[bytes | None, tuple[int, bytes | None]] = {}
    for one in said:
        if (one.key, one.value, one.headers) not in expected:
            verdict.add(Wrong.STATUS_EXTRA, (one.key, one.headers))
        at = int(dict(one.headers)["offset"])
        if one.key not in newest or at >= newest[one.key][0]:
            newest[one.key] = at, one.value
    last = {one.key: one.value for one in told}
    for patient, value in last.items():
        if newest.get(patient, (0, b"none"))[1] != value:
            verdict.add(Wrong.STATUS_OLD, patient)
    verdict.counts |= {"statuses": len(expected), "patients": len(last)}


def _writes(partition: int, writes: Sequence[Write], states: dict, verdict: Verdict) -> None:
    upto: dict[bytes, int] = {}
    stored: dict[str, tuple[str, int, bytes]] = {}
    former: Write | None = None
    for write in writes:
        try:
            at = _position(write)
        except Unusable as unusable:
            verdict.add(Wrong.UNUSABLE, (partition, write.offset, unusable.why))
            continue
        if at is None:
            upto.pop(write.key, None)
            stored.pop(_patient(write.key), None)
            continue
        if at < upto.get(write.key, 0):
            verdict.add(
                Wrong.WENT_BACK, (partition, write.offset, write.key, at, upto[write.key], _whose(former, write))
            )
        upto[write.key] = at
        former = write if write.key == CHECKPOINT_KEY else former
        if write.key.startswith(PATIENT_KEY) and write.value is not None:
            body = decode_state(write.key, write.value)
            stored[_patient(write.key)] = (_patient(write.key), body.upto, body.snapshot or b"")
    for patient in stored.keys() | states.keys():
        if stored.get(patient) != states.get(patient):
            verdict.add(Wrong.STATE, (partition, patient, _gist(stored.get(patient)), _gist(states.get(patient))))
    verdict.counts["snapshots"] = verdict.counts.get("snapshots", 0) + sum(one.key == CHECKPOINT_KEY for one in writes)
    verdict.counts["states"] = verdict.counts.get("states", 0) + len(states)
    gone = sum(one.value is None for one in writes)
    verdict.counts["forgotten"] = verdict.counts.get("forgotten", 0) + gone


def _whose(*checkpoints: Write | None) -> list[object]:
    """By checkpoint the offset at which it stands, its next offset, its owner's generation, and whether it drained."""
    bodies = [(one.offset, decode_checkpoint(one.value)) for one in checkpoints if one and one.key == CHECKPOINT_KEY]
    return [(offset, body.next_offset, body.generation, body.drained) for offset, body in bodies]


def _gist(state: tuple[str, int, bytes] | None) -> object:
    return None if state is None else (state[1], len(state[2]))


def _patient(key: bytes) -> str:
    return key.removeprefix(PATIENT_KEY).decode()


def _position(write: Write) -> int | None:
    if write.value is None:
        return None
    if write.key == CHECKPOINT_KEY:
        return decode_checkpoint(write.value).next_offset
    return decode_state(write.key, write.value).upto


def _covered(history: History, verdict: Verdict) -> None:
    last = markers(history)
    for partition, records in history.log.items():
        upto = last[partition].next_offset if partition in last else 0
        left = [
            record for record in records if record[0] >= upto and _kind(record[4]) != ControlRecordKind.TICK.encode()
        ]
        verdict.add(Wrong.NOT_TAKEN, (partition, upto), len(left))


def lines(verdict: Verdict) -> Iterator[str]:
    """The verdict in words, one line each."""
    for name, count in verdict.counts.items():
        yield f"  {count:>9,}  {name.replace('_', ' ')}"
    for wrong in Wrong:
        example = f"   e.g. {verdict.examples[wrong]}" if verdict.found[wrong] else ""
        yield f"  {verdict.found[wrong]:>9,}  {wrong}{example}"
