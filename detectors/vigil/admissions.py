"""What a patient record may do to a stay: its `encounter` and its `at` count, whatever order records come in."""

import hashlib
from enum import Enum, auto
from typing import Final

from msgspec.structs import replace

from detectors.vigil.stay import Stay
from schemas.patient import Event, PatientRecord
from schemas.reasons import Refusal
from schemas.times import HOUR_MS, MINUTE_MS, NEVER, to_ms

PLANNED_FROM_MS: Final = 5 * MINUTE_MS  # less ahead is an ordinary clock
ADMITTED_AHEAD_MS: Final = 14 * HOUR_MS  # the widest zone: an admission too early does no harm, one left out does
PLANNED_AT_MOST: Final = 16
LEFT_KEPT: Final = 8

Code = tuple[Refusal, str]


class Effect(Enum):
    """What a record does."""

    NOTHING = auto()  # it is known already
    APPLY = auto()
    ANEW = auto()  # another stay: nothing learnt before may count
    GO_ON = auto()  # the stay goes on as it was, although it had been ended
    WAIT = auto()  # until the moment that it names


def moment_of(record: PatientRecord, at: int) -> int:
    """When what the record tells happened, or is to happen; without a word of it now."""
    return at if record.at is None else to_ms(record.at)


def digest(record: PatientRecord) -> str:
    """A record's content, so that its repeat is known."""
    return hashlib.blake2b(record.model_dump_json().encode(), digest_size=8).hexdigest()


def effect(stay: Stay, record: PatientRecord, at: int) -> Effect | Code:
    """What the record does to this stay at the log's time `at`, or why it may do nothing."""
    if record.event in (Event.MERGE, Event.MERGED):
        return Effect.APPLY
    if stay.merged_into is not None:
        return Refusal.MERGED, "patient_id"
    when = moment_of(record, at)
    ahead = ADMITTED_AHEAD_MS if record.event is Event.ADMIT else PLANNED_FROM_MS
    if when > at + ahead and record.event is not Event.CANCEL_DISCHARGE:
        if len(stay.planned) >= PLANNED_AT_MOST and _written(record) not in (text for _, text in stay.planned):
            return Refusal.TOO_MANY_PLANNED, "at"
        return Effect.WAIT
    if not stay.assigned:
        return Effect.APPLY
    if record.event is Event.ADMIT:
        return _admission(stay, record, when)
    other = record.encounter is not None and stay.encounter is not None and record.encounter != stay.encounter
    told = record.at is not None
    if other:
        begins = record.event in (Event.TRANSFER, Event.UPDATE) and told and when > stay.moved_at
        if record.encounter in stay.left or not begins:
            return Refusal.OTHER_ENCOUNTER, "encounter"
    if record.event is Event.DISCHARGE and told and (when < stay.admission_at or when <= stay.undone_at):
        return Refusal.OLD_RECORD, "at"
    if record.event is Event.TRANSFER and told and when < stay.moved_at:
        return Refusal.OLD_RECORD, "at"
    if record.event in (Event.PAUSE, Event.RESUME) and told and when < stay.pause_at:
        return Refusal.OLD_RECORD, "at"
    if record.event is Event.CANCEL_DISCHARGE:
        return Effect.GO_ON
    return Effect.APPLY


def _admission(stay: Stay, record: PatientRecord, when: int) -> Effect | Code:
    told, mine, theirs = record.at is not None, stay.encounter, record.encounter
    if theirs is not None and theirs != mine and theirs in stay.left:
        return Refusal.OTHER_ENCOUNTER, "encounter"
    known = stay.admission == digest(record)
    same = (theirs is not None and theirs == mine) or (told and when == stay.admission_at and None in (mine, theirs))
    if same and stay.discharged:
        return Effect.GO_ON
    if known and not stay.discharged:
        return Effect.NOTHING
    if same:
        return Effect.APPLY
    if told and when < stay.admission_at:
        return Refusal.OLD_RECORD, "at"
    return Effect.ANEW


def _written(record: PatientRecord) -> str:
    return record.model_dump_json(exclude_unset=True)


def plan(stay: Stay, record: PatientRecord, at: int) -> Stay:
    """The stay with a record that waits for its moment."""
    planned = (moment_of(record, at), _written(record))
    if planned in stay.planned:
        return stay
    return replace(stay, planned=tuple(sorted((*stay.planned, planned))))


def remembered(before: Stay, stay: Stay, record: PatientRecord, done: Effect, at: int) -> Stay:
    """The stay after a record, with what later records are judged by; `before` is the one that it found."""
    when, given = moment_of(record, at), record.event
    changes: dict[str, object] = {}
    if given is Event.ADMIT and done is not Effect.GO_ON:
        changes["admission"] = digest(record)
        if done is Effect.ANEW or not before.assigned:
            changes["admission_at"] = when
    if given in (Event.ADMIT, Event.TRANSFER) and done is not Effect.GO_ON:
        changes["moved_at"] = max(when, stay.moved_at)
    if given in (Event.PAUSE, Event.RESUME):
        changes["pause_at"] = when
    if given is Event.DISCHARGE:
        changes["left_at"] = when
    if given in (Event.DISCHARGE, Event.CANCEL_DISCHARGE):
        changes["planned"] = tuple(one for one in stay.planned if '"event":"discharge"' not in one[1])
    if done is Effect.GO_ON:
        changes.update(discharged_at=NEVER, confirmed=False, undone_at=stay.left_at)
    if before.encounter is not None and stay.encounter != before.encounter:
        changes["left"] = (*before.left, before.encounter)[-LEFT_KEPT:]
    elif done is Effect.ANEW:
        changes["left"] = before.left
    if done is Effect.ANEW:  # what was planned for the stay before does not concern this one
        name = f'"encounter":"{stay.encounter}"'
        changes["planned"] = tuple(one for one in before.planned if stay.encounter and name in one[1])
    return replace(stay, **changes)
