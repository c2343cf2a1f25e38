"""What a message states of one vital at one instant, and how such statements become native readings.

Every format ends here: grouping by patient, device and instant, the sequence, corrections, and the checks that need
more than one value.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from schemas.base import MAX_ID, NO_CONTROLS
from schemas.decode import FastMeasure, Refused
from schemas.judge import judge, means_something_else
from schemas.reading import Mode, Quality
from schemas.reasons import Refusal
from schemas.vitals import Source, Vital
from streams.formats.findings import Converted, Sign
from streams.formats.identity import UNASSIGNED
from streams.formats.memory import Memory
from streams.formats.moments import Stamp, TimeError, instant

NAMES: Final = {vital: vital.value for vital in Vital}
_TAKEN: Final = re.compile(NO_CONTROLS)


class Change(StrEnum):
    """What a statement does to what was said before of the same observation."""

    NEW = "new"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class Statement(msgspec.Struct, frozen=True, gc=False):
    """One vital as a message states it. `key` names the observation, so that a correction finds what it replaces.

    `named_device`: `device` is one device, not a model or a sending system, of which there may be many. `origin` names
    the resource where a message holds several.
    """

    vital: Vital
    value: float | bool | str | None
    unit: str | None
    place: str
    stamp: Stamp | None
    patient: str | None
    device: str | None
    quality: Quality = Quality.VALID
    source: Source = Source.MONITOR
    mode: Mode = Mode.REAL
    change: Change = Change.NEW
    key: Hashable = None
    rule: str = ""
    named_device: bool = True
    origin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """What the site says about messages that do not say it.

    Its zone; whose messages they are and by which device (a topic's, a login's); when they arrived; who sent them; and
    who wore a device at a moment.
    """

    zone: ZoneInfo | None = None
    patient: str | None = None
    device: str | None = None
    arrived: datetime | None = None
    sender: str = "convert"
    assigned: Callable[[str, datetime], str | None] | None = None


def sequence_of(taken_at: datetime, *identity: str) -> int:
    """A reading's sequence: its second, then 20 bits of what names the message. A resend has the same one.

    It rises with `taken_at`, so that no late message looks like a clock that was set back; two messages of one device
    and one instant differ but for one chance in a million. It fits into 53 bits until the year 2242.
    """
    digest = hashlib.sha256("\x1f".join(identity).encode("utf-8", "replace")).digest()
    return (int(taken_at.timestamp()) << 20) | (int.from_bytes(digest[:4], "big") & 0xFFFFF)


def assemble(
    statements: list[Statement], into: Converted, site: Site, memory: Memory, identity: tuple[str, ...]
) -> None:
    """Groups what was stated into readings, puts them into `into` and says what could not be taken."""
    groups: OrderedDict[tuple[Any, ...], list[Statement]] = OrderedDict()
    for one in _in_force(statements):
        stamp = one.stamp
        when = stamp.text if stamp else None
        # what has neither a patient nor a device is never put together with another: it may be another person's
        # nor what has no instant: two values of one day are two measurements
        known = one.patient or (one.device and one.named_device)
        apart = None if known and stamp is not None and stamp.precise else one.origin
        groups.setdefault((one.patient, one.device, one.source, one.mode, when, apart), []).append(one)
    for (_, device, source, mode, when, _), group in groups.items():
        origins = [part for origin in dict.fromkeys(one.origin for one in group) for part in origin]
        _assemble_one(group, into, site, memory, (*identity, *(origins or [str(device), source, mode, str(when)])))
    if len(into.readings) > 1:  # a device's backlog comes in any order; the watch takes it in that of measuring
        into.readings.sort(key=lambda reading: datetime.fromisoformat(reading["taken_at"]))


def _in_force(statements: list[Statement]) -> list[Statement]:
    """Without what the same message withdraws further on."""
    if all(one.change is not Change.WITHDRAWN for one in statements):
        return statements
    withdrawn, kept = set[Hashable](), []
    for one in reversed(statements):
        if one.key is not None and one.key in withdrawn and one.change is not Change.WITHDRAWN:
            continue
        if one.change is Change.WITHDRAWN and one.key is not None:
            withdrawn.add(one.key)
        kept.append(one)
    return kept[::-1]


def _assemble_one(
    group: list[Statement], into: Converted, site: Site, memory: Memory, identity: tuple[str, ...]
) -> None:
    changed = [one for one in group if one.change is Change.WITHDRAWN]
    good = _judged([one for one in group if one.change is not Change.WITHDRAWN] if changed else group, into)
    for one in changed:
        _withdraw(one, into, memory, identity)
    if not good:
        return
    first = group[0]
    vitals = {NAMES[one.vital]: _measure(one) for one in good}
    _infer_oxygen(vitals)
    patient = first.patient or site.patient
    draft: dict[str, Any] = {"patient_id": patient, "device_id": first.device, "source": first.source.value}
    if first.stamp is None:
        into.say(Sign.NO_TIME, good[0].place)
        into.held.append({**draft, "taken_at": None, "vitals": vitals})
        return
    try:
        moment, text = instant(first.stamp, site.zone, site.arrived)
    except TimeError as error:
        into.say(error.sign, good[0].place, first.stamp.text)
        into.held.append({**draft, "taken_at": first.stamp.text, "vitals": vitals})
        return
    reading = _reading(first, patient, moment, text, vitals, into, site, identity)
    _replace(good, reading, into, memory)
    if keys := {one.key: NAMES[one.vital] for one in good if one.key is not None}:
        memory.note(reading, keys)
    into.readings.append(reading)
    into.took.extend([(one.place, NAMES[one.vital], one.rule) for one in good])


def _reading(
    first: Statement, patient: str | None, moment: datetime, text: str, vitals: dict[str, Any],
    into: Converted, site: Site, identity: tuple[str, ...],
) -> dict[str, Any]:  # fmt: skip
    known = first.device if first.named_device else None
    known = known or site.device
    device = known or first.device
    if device is None:
        into.say(Sign.NO_DEVICE, first.place)
        device = site.sender
    if not patient and known and site.assigned is not None:
        patient = site.assigned(known, moment)
    if not patient:
        into.say(Sign.NO_PATIENT, first.place)
        digest = hashlib.sha256("\x1f".join(identity).encode("utf-8", "replace")).hexdigest()[:12]
        patient = UNASSIGNED + (known or digest)
    reading: dict[str, Any] = {
        "patient_id": _fit(patient),
        "device_id": _fit(device),
        "source": first.source.value,
        "taken_at": text,
        "sequence": sequence_of(moment, *identity),
        "vitals": vitals,
    }
    if first.mode is not Mode.REAL:
        reading["mode"] = first.mode.value
        into.say(Sign.SIMULATED, first.place)
    return reading


def _fit(name: str) -> str:
    """An id as the contract takes it: one too long, or with control characters, keeps what it can and gets its digest.

    >>> _fit("p-1"), len(_fit("p" * 300))
    ('p-1', 193)
    """
    if len(name) <= MAX_ID and _TAKEN.fullmatch(name):
        return name
    kept = "".join(letter for letter in name[:160] if _TAKEN.fullmatch(letter))
    return f"{kept}~{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _judged(group: list[Statement], into: Converted) -> list[Statement]:
    """Those that can be taken: each possible, one for each vital, pressures that go together."""
    good: dict[Vital, Statement] = {}
    impossible = False
    for one in group:
        code = _refused(one)
        if code is not None:
            impossible = impossible or one.vital in _PAIR
            into.say(code, one.place, one.vital.value)
            continue
        other = good.get(one.vital)
        if other is None or one.change is Change.CORRECTED:
            good[one.vital] = one
        elif (other.value, other.unit) != (one.value, one.unit) and other.change is not Change.CORRECTED:
            into.say(Sign.CONTRADICTION, one.place, f"{one.vital.value} stands at {other.place} too")
            if one.vital not in _BEST_FIRST:
                good[one.vital] = _doubtful(other)
    if impossible:
        for vital in (*_PAIR, Vital.MEAN_BP):
            if vital in good:
                into.say(Sign.HELD_WITH_PAIR, good.pop(vital).place, vital.value)
    systolic, diastolic = good.get(Vital.SYSTOLIC_BP), good.get(Vital.DIASTOLIC_BP)
    if systolic and diastolic and systolic.unit == diastolic.unit and diastolic.value >= systolic.value:  # type: ignore[operator]
        into.say(Sign.PRESSURES_SWAPPED, diastolic.place)
        good[Vital.SYSTOLIC_BP], good[Vital.DIASTOLIC_BP] = _doubtful(systolic), _doubtful(diastolic)
    return [good[vital] for vital in NAMES if vital in good]


RATES: Final = frozenset({Vital.HEART_RATE, Vital.PULSE_RATE, Vital.RESP_RATE})
_PAIR: Final = (Vital.SYSTOLIC_BP, Vital.DIASTOLIC_BP)
# Two probes or two methods measure these at once: the first of the message stands, the second is named.
_BEST_FIRST: Final = frozenset({Vital.TEMPERATURE, Vital.SPO2, Vital.PULSE_RATE, Vital.RESP_RATE})


def impossible(
    vital: Vital, value: float | str | bool | None, unit: str | None, quality: Quality = Quality.VALID
) -> Refusal | None:
    """Why a value cannot be taken for this vital, or None.

    >>> impossible(Vital.OXYGEN_FLOW, -2.5, "L/min"), impossible(Vital.SPO2, 97.0, "%")
    (<Refusal.IMPOSSIBLE: 'impossible'>, None)
    """
    measure = FastMeasure(value, unit, quality)
    judged = means_something_else(NAMES[vital], measure) or judge(NAMES[vital], measure)
    if isinstance(judged, Refused):
        return judged.code
    # No oximeter reads 1 % or less: it is a fraction under the wrong unit, or a code for "nothing measured".
    return Refusal.IMPOSSIBLE if vital is Vital.SPO2 and judged.value <= 1 else None


def _refused(one: Statement) -> Refusal | None:
    if one.value == 0 and one.vital in RATES and one.source is Source.WEARABLE:
        return Refusal.NO_VALUE  # who wears it has a pulse: nought is how these say that nothing was measured
    return impossible(one.vital, one.value, one.unit, one.quality)


def _doubtful(one: Statement) -> Statement:
    return msgspec.structs.replace(one, quality=Quality.QUESTIONABLE)


def _measure(one: Statement) -> dict[str, Any]:
    measure: dict[str, Any] = {"value": one.value}
    if one.unit is not None:
        measure["unit"] = one.unit
    if one.quality is not Quality.VALID:
        measure["quality"] = one.quality.value
    return measure


def _infer_oxygen(vitals: dict[str, Any]) -> None:
    """Where oxygen flows the patient is on oxygen; a flow of nought is left to the watch, which knows more."""
    flow = vitals.get(Vital.OXYGEN_FLOW.value)
    if flow is not None and flow["value"] > 0 and Vital.SUPPLEMENTAL_OXYGEN.value not in vitals:
        vitals[Vital.SUPPLEMENTAL_OXYGEN.value] = {
            "value": True,
            **({"quality": flow["quality"]} if "quality" in flow else {}),
        }


def _replace(good: list[Statement], reading: dict[str, Any], into: Converted, memory: Memory) -> None:
    """Makes `reading` the one in force in place of an earlier one of the same observation, with its other vitals.

    Whether the message calls itself a correction or not: a final result replaces a preliminary one, too.
    """
    for one in good:
        if one.change is Change.NEW and not memory.knows(one.key):
            continue
        before, vital = memory.find(one.key) or (None, "")
        if before is None or any(before[name] != reading[name] for name in ("device_id", "patient_id")):
            if one.change is Change.CORRECTED:
                into.say(Sign.NOTHING_TO_CORRECT, one.place, one.vital.value)
        elif before["sequence"] != reading["sequence"]:  # else it is the same message again
            reading["corrects"] = before["sequence"]
            if before["taken_at"] == reading["taken_at"]:
                reading["vitals"] = {**{k: v for k, v in before["vitals"].items() if k != vital}, **reading["vitals"]}


def _withdraw(one: Statement, into: Converted, memory: Memory, identity: tuple[str, ...]) -> None:
    found = memory.find(one.key)
    if found is None:
        into.say(Sign.STATUS, one.place, "nothing to withdraw")
        return
    before, vital = found
    vitals = {name: sent for name, sent in before["vitals"].items() if name != vital}
    if set(vitals) == {Vital.SUPPLEMENTAL_OXYGEN.value} and vital == Vital.OXYGEN_FLOW.value:
        vitals = {}  # it was inferred from the flow that is withdrawn
    moment = datetime.fromisoformat(before["taken_at"])
    after = {**before, "sequence": sequence_of(moment, *identity, "withdrawn", vital), "corrects": before["sequence"]}
    after["vitals"] = vitals
    into.readings.append(after)
    memory.withdraw(one.key, before, after)
