"""Observations that a person enters: consciousness and oxygen, which no device supplies, or a whole set."""

import hashlib
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Identifier, Moment
from schemas.permissions import May
from schemas.reading import MAX_SEQUENCE, Measure, Reading
from schemas.times import HOUR_MS, MINUTE_MS, to_ms
from schemas.vitals import SCALES, SPOT_LATENESS, Source, Vital
from streams.board.api.actions import ActionId, Said, send
from streams.board.api.refusals import refusal
from streams.board.api.writing import entry_of, needs_journal, write, write_alone
from streams.board.audit import What
from streams.board.auth import allowed, bed_of, board_of
from streams.board.board import Board
from streams.board.journal import JournalEntry
from streams.board.preview import is_covered, preview, scored_by, unusual
from streams.board.sessions import Session
from streams.config.topics import Topic

router = APIRouter(prefix="/api", tags=["observations"])
Observe = Annotated[Session, Depends(allowed(May.OBSERVE))]
See = Annotated[Session, Depends(allowed(May.SEE))]
DEVICE = "board"
ACCEPTED_MS = SPOT_LATENESS - MINUTE_MS  # what is accepted here is still in time when the worker reads it
AHEAD_MS = 60_000


class ObservationSet(BaseModel):
    """A set, each in the vital's own unit (`vigilward schema vitals`); what was not looked at is left out.

    `corrects`: the `action_id` of the set that this one replaces. What is not entered anew stays as it was there;
    without any value that set was entered in error.
    """

    model_config = ConfigDict(extra="forbid")

    patient_id: Identifier
    consciousness: Literal["A", "C", "V", "P", "U"] | None = None
    supplemental_oxygen: bool | None = None
    oxygen_flow: float | None = None
    resp_rate: float | None = None
    spo2: float | None = None
    systolic_bp: float | None = None
    diastolic_bp: float | None = None
    pulse_rate: float | None = None
    temperature: float | None = None
    corrects: ActionId | None = None


class PreviewedSet(ObservationSet):
    """A set that is being entered. `taken_at`: when it was measured; left out: now, or when the set that is corrected
    was.
    """

    taken_at: Moment | None = Field(None, strict=False)


class Observations(ObservationSet):
    """A set as it is sent. `sure`: values that are unusual, and that the person has confirmed."""

    action_id: ActionId
    taken_at: Moment = Field(strict=False)
    sure: list[Vital] = Field([], max_length=16)


class Looked(BaseModel):
    """What would become of a set that is being entered. `unusual`: what is asked once more before it is sent."""

    score_min: int | None
    score_max: int | None
    parts: dict[str, int]
    missing: list[str]
    unusual: list[str]


@router.post("/score")
async def score(request: Request, session: See, seen: PreviewedSet) -> Looked:
    """NEWS2 as it would be with these values, beside what was measured later.

    404, 409, 501: as of a correction that is sent; 422: what cannot be, or what is too old to be sent.
    """
    board = board_of(request)
    status = msgspec.json.decode(bed_of(board, session, seen.patient_id).raw)
    typed = _values(seen)
    replaced = None if seen.corrects is None else _kept(board, seen.patient_id, seen.corrects, typed)
    taken = board.now_ms if replaced is None else replaced.taken_at
    taken = taken if seen.taken_at is None else to_ms(seen.taken_at)
    if typed:
        _refuse_other_times(board, taken)
    found = preview(status, corrected(replaced, typed), now=board.now_ms, taken_at=taken)
    if found is None:
        return Looked(score_min=None, score_max=None, parts={}, missing=[], unusual=unusual(typed))
    return Looked(
        score_min=found.score_min,
        score_max=found.score_max,
        parts={part.value: least for part, least, most in found.parts if least == most},
        missing=[part.value for part in found.missing],
        unusual=unusual(typed),
    )


@router.post("/observations", status_code=201)
async def observe(request: Request, session: Observe, seen: Observations) -> Said:
    """A set of observations, answered when the broker has it.

    404: no such set to correct; 409: what is corrected has been corrected already, or an unusual value was not
    confirmed; 422: nothing in it, or a value that cannot be; 501: nothing is kept here that could be corrected.
    """
    board = board_of(request)
    status = msgspec.json.decode(bed_of(board, session, seen.patient_id).raw)
    typed = _values(seen)
    asked = [name for name in unusual(typed) if name not in seen.sure]
    if asked:
        scale = SCALES[Vital(asked[0])]
        value = f"{scale.words} {typed[asked[0]]:g}{scale.shown_unit}"
        shown = f"{typed[asked[0]]:g}{scale.shown_unit}"
        raise refusal(409, "unusual", f"really {value}? confirm the value, or mend it", vital=asked[0], value=shown)
    replaced = _replaced(board, seen, typed)
    if not typed and replaced is None:
        raise refusal(422, "nothing", "nothing was entered")
    taken = to_ms(seen.taken_at)
    values = corrected(replaced, typed)
    scale_now, confusion_now = scored_by(status)
    entry = entry_of(
        board,
        session,
        "set",
        seen.action_id,
        seen.patient_id,
        taken_at=taken,
        vitals=values,
        corrects=seen.corrects,
        spo2_scale=scale_now if replaced is None else replaced.spo2_scale or scale_now,
        long_standing_confusion=_first(None if replaced is None else replaced.long_standing_confusion, confusion_now),
        covered=_first(None if replaced is None else replaced.covered, is_covered(status)),
    )
    if replaced is not None and not typed and _is_told_alone(board, replaced, seen.patient_id):
        board.audit.record(What.OBSERVED, session.login, patient=seen.patient_id, corrects=seen.corrects)
        return await write_alone(board, entry)
    _refuse_other_times(board, taken)
    board.audit.record(What.OBSERVED, session.login, patient=seen.patient_id, corrects=seen.corrects)
    reading = Reading(
        patient_id=seen.patient_id,
        device_id=DEVICE,
        source=Source.SPOT,
        taken_at=seen.taken_at,
        sequence=_number(seen.action_id),
        corrects=None if replaced is None else _number(replaced.action_id),
        mode=board.settings.mode,
        vitals={name: Measure(value=value, unit=SCALES[Vital(name)].unit) for name, value in values.items()},
    )
    said = await send(board, Topic.READINGS, seen.action_id, seen.patient_id, reading)
    await write(board, entry)
    return said


def _is_told_alone(board: Board, replaced: JournalEntry, patient: str) -> bool:
    """Whether nothing of a set in error is in force any more: it is too old for a worker to take back, or was entered
    under an id that was merged into this one, whose values no worker took over. What is told of it is mended.
    """
    return replaced.patient_id != patient or replaced.taken_at < board.now_ms - ACCEPTED_MS


def _refuse_other_times(board: Board, taken: int) -> None:
    """A worker takes what was measured within its own limit: what lies outside would be lost there."""
    if not board.now_ms - ACCEPTED_MS <= taken <= board.now_ms + AHEAD_MS:
        hours = SPOT_LATENESS // HOUR_MS
        words = f"observations are of the last {hours} hours; is this screen's clock right?"
        raise refusal(422, "too_old", words, n=hours)


def _first(known: bool | None, otherwise: bool) -> bool:
    return otherwise if known is None else known


def corrected(replaced: JournalEntry | None, typed: dict[str, Any]) -> dict[str, Any]:
    """The whole set: what was typed, over what stood in the set that it corrects. Nothing typed: nothing stays.

    >>> before = JournalEntry("set", "a-1", "p-1", 5, "Nora", "nurse", vitals={"spo2": 9.0, "oxygen_flow": 2.0})
    >>> corrected(before, {"spo2": 90.0, "supplemental_oxygen": False})
    {'spo2': 90.0, 'supplemental_oxygen': False}
    >>> corrected(before, {})
    {}
    """
    if replaced is None or not typed:
        return typed
    kept = dict(replaced.vitals)
    if typed.get(Vital.SUPPLEMENTAL_OXYGEN.value) is False:
        kept.pop(Vital.OXYGEN_FLOW.value, None)
    return {**kept, **typed}


def _number(action_id: str) -> int:
    """Sent again after a failure the same set is a repeat: the page keeps its moment, its name makes the number."""
    return int.from_bytes(hashlib.sha256(action_id.encode()).digest()[:8], "big") % MAX_SEQUENCE


def _values(seen: ObservationSet) -> dict[str, Any]:
    """What was entered, by vital. 422 for what cannot be."""
    values = {}
    for vital in Vital:
        value = getattr(seen, vital.value, None)
        if value is None:
            continue
        scale = SCALES[vital]
        if isinstance(value, float) and not scale.holds(value):
            low, high = scale.impossible
            raise HTTPException(422, f"{scale.words} lies between {low:g} and {high:g}{scale.shown_unit}")
        values[vital.value] = value
    return values


def _kept(board: Board, patient: str, action_id: str, typed: dict[str, Any]) -> JournalEntry:
    """A set that was entered. 404: none of this patient; 501: not kept here.

    409: what was entered under an id that was merged is not replaced by other values (`typed`).
    """
    needs_journal(board)
    found = board.journal.kept_set(patient, action_id)
    if found is None:
        raise HTTPException(404, "there is no such set of this patient")
    if typed and found.patient_id != patient:
        words = "this set was entered under an id that was merged: enter what is right as a new set"
        raise refusal(409, "merged", words)
    return found


def _replaced(board: Board, seen: Observations, typed: dict[str, Any]) -> JournalEntry | None:
    """The set that this one corrects. 404: none of this patient; 409: another has corrected it; 501: not kept here."""
    if seen.corrects is None:
        return None
    found = _kept(board, seen.patient_id, seen.corrects, typed)
    # The same again, after its answer was lost, is the same word.
    if board.journal.replaced_by(seen.patient_id, seen.corrects) not in (None, seen.action_id):
        raise refusal(409, "corrected", "this set has been corrected already: look at it again")
    return found
