"""Looks through an integrator's messages as the intake will, and says what it thinks of each.

Reading and judging are the intake's own (`schemas.decode`, `schemas.judge`); added is what only a row of them shows.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError

from schemas.base import Message
from schemas.decode import Decoded, FastMeasure, FastReading, Refused, decode
from schemas.judge import Judged, judge, means_something_else
from schemas.patient import PatientRecord
from schemas.reading import Mode
from schemas.reasons import Refusal, Unreadable
from schemas.times import to_ms
from schemas.vitals import SCALES, Scale, Source, Vital
from streams.inspection.order_checks import DeviceOrder, duration
from streams.inspection.record_inspector import RecordInspector
from streams.inspection.remarks import Remark, Sign
from streams.recorded.replay import Replay

AHEAD_OF_FIRST_MS: Final = 366 * 86_400_000
AHEAD_OF_NOW_MS: Final = 300_000  # five minutes: less is an ordinary clock
REMEMBERED: Final = 10_000  # readings a device; a repeat comes soon or never
FIELDS: Final = FastReading.__struct_fields__
MEASURE_FIELDS: Final = FastMeasure.__struct_fields__


Identity = tuple[Source, int | None, int]
"""Of one reading of a device, in however many messages it comes: source, sequence, taken_at."""


@dataclass(slots=True)
class Device:
    """What one device of one patient has sent so far: `seen` are the vitals of each reading."""

    order: DeviceOrder
    sequence: int | None = None
    lacks_sequence: bool = False
    seen: dict[Identity, set[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Counts:
    """What was looked at: messages, those of them that can be read, and what becomes of the vitals in these."""

    messages: int = 0
    readings: int = 0
    vitals: int = 0
    suspect: int = 0
    refused: int = 0


class Inspector:
    """Remembers what came before, line by line. `now` is this machine's clock, or None where it should not matter.

    Given a `contract`, the messages are of that kind (patient records, actions) and held against it alone. Readings go
    through a `replay` as well, given one: what would be late there because of other patients is found.

    >>> [remark.field for remark in Inspector().look(1, b'{"patient_id": "p"}')]
    ['device_id', 'taken_at']
    """

    def __init__(
        self, now: int | None = None, contract: type[Message] | None = None, replay: Replay | None = None
    ) -> None:
        self.now, self.contract, self.counts, self.replay = now, contract, Counts(), replay
        self._first: int | None = None
        self._devices: dict[tuple[str, str], Device] = {}
        self._owners: dict[str, str] = {}
        self._records = RecordInspector(now)

    def look(self, line: int, message: bytes) -> list[Remark]:
        """What there is to say of one message, the gravest first where one follows from another."""
        self.counts.messages += 1
        remarks = [Remark(line, *said) for said in self._say(message)]
        return sorted(remarks, key=lambda remark: remark.level)

    def _say(self, message: bytes) -> Iterator[tuple[Refusal | Sign, str | None, str]]:
        yield from _repeated_names(message)
        if self.contract is not None:
            yield from self._say_of_record(message, self.contract)
            return
        try:
            decoded = decode(message)
        except Unreadable as refusal:
            for one in (refusal, *refusal.more):
                yield one.code, one.field, one.detail or _instead(one, message)
            return
        if not isinstance(decoded, Decoded):
            decoded = Decoded(decoded)
        reading = decoded.reading
        self.counts.readings += 1
        yield from self._say_of_vitals(reading, decoded.refused)
        for name in decoded.unknown:
            yield Sign.UNKNOWN_FIELD, name, _meant(name.rpartition(".")[2], MEASURE_FIELDS if "." in name else FIELDS)
        yield from _say_of_pressures(reading)
        yield from self._say_of_owner(reading)
        yield from _say_of_envelope(reading)
        yield from self._say_of_order(reading)
        if self.replay is not None:
            before = self.replay.misplaced
            self.replay.take(message)
            if self.replay.misplaced > before:
                yield Sign.BEHIND_OTHERS, "taken_at", f"patient {_shown(reading.patient_id)}"

    def _say_of_record(
        self, message: bytes, contract: type[Message]
    ) -> Iterator[tuple[Refusal | Sign, str | None, str]]:
        try:
            record = contract.model_validate_json(message)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                place = ".".join(str(part) for part in one["loc"]) or None
                yield Refusal.BAD_RECORD, place, one["msg"].removeprefix("Value error, ")
            return
        self.counts.readings += 1
        for name in record.unknown_fields:
            yield Sign.UNKNOWN_FIELD, name, _meant(name, contract.model_fields)
        if isinstance(record, PatientRecord):
            yield from self._records.look(record)

    def _say_of_vitals(
        self, reading: FastReading, refused: Iterable[Refused]
    ) -> Iterator[tuple[Refusal | Sign, str | None, str]]:
        for one in refused:
            self.counts.vitals += 1
            self.counts.refused += 1
            yield one.code, one.field, ""
        for name, measure in reading.vitals.items():
            self.counts.vitals += 1
            judged = means_something_else(name, measure) or judge(name, measure)
            if isinstance(judged, Refused):
                self.counts.refused += 1
                yield judged.code, judged.field, _seen(judged.code, name, measure)
            elif judged.suspect:
                self.counts.suspect += 1
                yield Sign.SUSPECT, f"vitals.{name}.value", _why_suspect(SCALES[judged.vital], judged.value, measure)

    def _say_of_owner(self, reading: FastReading) -> Iterator[tuple[Sign, str, str]]:
        """One monitor under two patients' names; a person's device is nobody's."""
        if reading.source is Source.SPOT:
            return
        before = self._owners.get(reading.device_id)
        self._owners[reading.device_id] = reading.patient_id
        if before is not None and before != reading.patient_id:
            yield Sign.SHARED_DEVICE, "device_id", "an earlier message names another patient"

    def _say_of_order(self, reading: FastReading) -> Iterator[tuple[Refusal | Sign, str | None, str]]:
        taken, sequence = to_ms(reading.taken_at), reading.sequence
        if self._first is None:
            self._first = taken
        if taken > self._first + AHEAD_OF_FIRST_MS:
            yield Refusal.CLOCK_AHEAD, "taken_at", "more than 366 days after the first message"
            return
        if self.now is not None and taken > self.now + AHEAD_OF_NOW_MS:
            yield Sign.AHEAD_OF_NOW, "taken_at", f"{duration(taken - self.now)} ahead"
        device = self._devices.get((reading.patient_id, reading.device_id))
        if device is None:
            device = self._devices[reading.patient_id, reading.device_id] = Device(DeviceOrder(taken))
        elif taken <= device.order.newest and (known := device.seen.get((reading.source, sequence, taken))) is not None:
            again = [name for name in reading.vitals if name in known]
            if again or not reading.vitals:
                named = "" if len(again) == len(reading.vitals) else f": {', '.join(map(_shown, again))}"
                yield Sign.DUPLICATE, _identity(sequence), "as an earlier message" + named
            known.update(reading.vitals)
            if len(again) < len(reading.vitals):
                yield from device.order.say_more(reading)
            return
        forward = taken >= device.order.newest
        yield from device.order.say(reading)
        yield from _say_of_sequence(device, sequence, reading.corrects, forward, taken)
        device.seen[reading.source, sequence, taken] = set(reading.vitals)
        if len(device.seen) > REMEMBERED:
            del device.seen[next(iter(device.seen))]


def _identity(sequence: int | None) -> str:
    return "taken_at" if sequence is None else "sequence"


def _say_of_sequence(
    device: Device, sequence: int | None, corrects: int | None, forward: bool, taken: int
) -> Iterator[tuple[Sign, str, str]]:
    if corrects is not None and all(corrects != earlier for _, earlier, _ in device.seen):
        yield Sign.NOT_SEEN_HERE, "corrects", f"sequence {corrects}"
    if sequence is None:
        if not device.lacks_sequence:  # once a device is enough
            device.lacks_sequence = True
            yield Sign.NO_SEQUENCE, "sequence", "this device's messages have none"
        return
    if not forward:
        return
    last, device.sequence = device.sequence, sequence  # a smaller one: the device started again
    if sequence >> 20 == taken // 1000:  # made from the time, as `streams.formats` does: it counts nothing
        return
    if last is not None and sequence > last + 1:
        yield Sign.SEQUENCE_GAP, "sequence", f"{sequence} after {last}"


def _say_of_pressures(reading: FastReading) -> Iterator[tuple[Sign, str, str]]:
    """Pressures that contradict each other."""
    told = {}
    for name in (Vital.SYSTOLIC_BP.value, Vital.DIASTOLIC_BP.value):
        judged = judge(name, reading.vitals[name]) if name in reading.vitals else None
        if isinstance(judged, Judged):
            told[name] = judged.value
    if len(told) == 2 and told[Vital.DIASTOLIC_BP.value] > told[Vital.SYSTOLIC_BP.value]:
        high, low = told.values()
        yield Sign.PRESSURES_CROSSED, f"vitals.{Vital.DIASTOLIC_BP}.value", f"diastolic {low:g}, systolic {high:g}"


def _say_of_envelope(reading: FastReading) -> Iterator[tuple[Sign, str, str]]:
    if reading.mode is not Mode.REAL:
        yield Sign.NOT_REAL, "mode", f"mode {reading.mode}"
    for name, sent in (("patient_id", reading.patient_id), ("device_id", reading.device_id)):
        if sent != sent.strip() or not sent.isprintable():
            yield Sign.PADDED_ID, name, ascii(sent[:40])


def _repeated_names(message: bytes) -> Iterator[tuple[Sign, str, str]]:
    twice: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            twice.extend(dict.fromkeys(name for name in names if names.count(name) > 1))

    try:
        json.loads(message, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return  # the decoder will say it better
    for name in twice:
        yield Sign.REPEATED_NAME, name[:200], ""


def _instead(refusal: Unreadable, message: bytes) -> str:
    """What was sent in place of a missing field, if anything looks like it."""
    if refusal.code is not Refusal.MISSING_FIELD or refusal.field is None:
        return ""
    near = _near(refusal.field, (name for name in json.loads(message) if name not in FIELDS))
    return f"sent as {_shown(near)}?" if near else ""


def _seen(code: Refusal, name: str, measure: FastMeasure) -> str:
    """What was wrong with a vital, as far as the code does not say it already."""
    if code is Refusal.UNKNOWN_VITAL:
        return _meant(name, tuple(Vital))
    scale = SCALES[Vital(name)]
    match code:
        case Refusal.UNKNOWN_UNIT if scale.units:
            return f"{_shown(measure.unit)}; known: {', '.join(scale.units)}"
        case Refusal.MISSING_UNIT:
            return f"known: {', '.join(scale.units)}"
        case Refusal.UNKNOWN_UNIT:
            return f"{_shown(measure.unit)}; {scale.words} has none"
        case Refusal.NOT_USABLE:
            return f"quality {measure.quality}"
        case Refusal.IMPOSSIBLE:
            low, high = scale.impossible
            return f"{_shown(measure.value)} {measure.unit}; outside {low:g} to {high:g} {scale.unit}"
        case Refusal.BAD_VALUE:
            return _shown(measure.value)
    return ""


def _why_suspect(scale: Scale, value: float, measure: FastMeasure) -> str:
    low, high = scale.suspect
    if low <= value <= high:
        return f"quality {measure.quality}"
    return f"{value:g} {scale.unit}; outside {low:g} to {high:g}"


def _meant(name: str, known: Iterable[str]) -> str:
    near = _near(name, known)
    return f"did you mean {near}?" if near else ""


def _near(name: str, known: Iterable[str]) -> str | None:
    simple = {one.lower().replace("_", ""): one for one in known}
    near = get_close_matches(name[:100].lower().replace("_", "").replace("-", ""), simple, 1, 0.75)
    return simple[near[0]] if near else None


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, float) else f"{value:g}"
    return text if len(text) <= 40 else f"{text[:40]}..."
