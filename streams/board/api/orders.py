"""Orders of the care team: limits, SpO2 scale 2, long-standing confusion, escalation plan, pause of monitoring."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.action import Role
from schemas.base import Identifier
from schemas.patient import PatientRecord, Plan
from schemas.permissions import May
from schemas.status import OrderKind
from schemas.times import HOUR_MS, MINUTE_MS, to_text
from schemas.vitals import Vital
from streams.board.api.actions import ActionId, Said, send
from streams.board.api.refusals import refusal
from streams.board.api.writing import entry_of, needs_journal, write, write_alone
from streams.board.audit import What
from streams.board.auth import allowed, bed_of, board_of
from streams.board.board import Board
from streams.board.journal import JournalEntry
from streams.board.sessions import Session
from streams.config.topics import Topic

router = APIRouter(prefix="/api", tags=["orders"])
Ordering = Annotated[Session, Depends(allowed(May.ORDER))]
Pausing = Annotated[Session, Depends(allowed(May.OBSERVE))]
Reason = Annotated[str, Field(min_length=2, max_length=500)]
Prescriber = Annotated[str, Field(min_length=2, max_length=200)]
Hours = Annotated[float, Field(gt=0, le=24 * 31)]
LONGEST_PAUSE_MIN = 120
LISTS: Final = {OrderKind.LIMIT: "limits", OrderKind.CALLING_LIMIT: "calling_limits"}
"""Orders of which there may be one a vital, and what their list is called in a patient record."""
A_DOCTORS: Final = {OrderKind.LIMIT, OrderKind.CALLING_LIMIT, OrderKind.SPO2_SCALE, OrderKind.ESCALATION_PLAN}
"""Orders that a doctor gives and ends, or somebody in the name of one who has to confirm it."""
TOLD_WITHIN_MS = 30_000
"""So long a limit that was sent goes along with the next, whether or not the worker has told it yet."""


class Base(BaseModel):
    """Every order names its patient and its reason; the author is whoever is signed in."""

    model_config = ConfigDict(extra="forbid")

    action_id: ActionId
    patient_id: Identifier


class PauseOrder(Base):
    """Monitoring is paused (scan, theatre, wash), for at most two hours; `minutes` 0 ends a pause."""

    minutes: Annotated[int, Field(ge=0, le=LONGEST_PAUSE_MIN)]
    reason: Reason | None = None


class Prescribed(BaseModel):
    """What a doctor decides: whoever is signed in, if she is one, else the `prescriber`, who has to confirm it."""

    model_config = ConfigDict(extra="forbid")

    prescriber: Prescriber | None = None


class Bounds(Prescribed):
    """Limits of one vital, in its own unit."""

    vital: Vital
    low: float | None = None
    high: float | None = None
    reason: Reason


class LimitOrder(Bounds):
    """A personal limit; it never changes NEWS2."""

    kind: Literal["limit"]
    hours: Hours


class CallingLimitOrder(Bounds):
    """Within it a red item alone calls nobody, for at most 72 hours; NEWS2, and its calls from 5 up, are untouched."""

    kind: Literal["calling_limit"]
    hours: Annotated[float, Field(gt=0, le=72)]


class ScaleOrder(Prescribed):
    """SpO2 scale 2, by a prescriber and until a time; or back to scale 1."""

    kind: Literal["spo2_scale"]
    scale: Literal[1, 2]
    hours: Hours


class ObservationsOrder(BaseModel):
    """How often a full set is to be taken."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["observations"]
    every_minutes: Annotated[float, Field(gt=0, le=24 * 60)]
    reason: Reason
    hours: Hours


class ConfusionOrder(BaseModel):
    """The patient's confusion is not new, or not long-standing after all."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["long_standing_confusion"]
    present: bool
    reason: Reason
    hours: Hours


class PlanOrder(Prescribed):
    """How far care is to be escalated."""

    kind: Literal["escalation_plan"]
    plan: Plan
    reason: Reason
    hours: Hours


AnyOrder = LimitOrder | CallingLimitOrder | ScaleOrder | ObservationsOrder | ConfusionOrder | PlanOrder


class Order(Base):
    """One order."""

    order: Annotated[AnyOrder, Field(discriminator="kind")]


class Ending(Base):
    """The end of an order before its time; `vital` where there may be one a vital, `prescriber` as of `Prescribed`."""

    order: OrderKind
    vital: Vital | None = None
    prescriber: Prescriber | None = None


class Confirmation(Base):
    """A doctor confirms an order that was entered in a prescriber's name; `confirms`: the `action_id` it had."""

    confirms: ActionId


@router.post("/pause", status_code=201)
async def pause(request: Request, session: Pausing, order: PauseOrder) -> Said:
    """Pause or resume monitoring, answered when the broker has it. 404: there is no pause to end."""
    board = board_of(request)
    if (before := _said_before(board, session, order)) is not None:
        return await write_alone(board, before)
    if not order.minutes:
        return await _end(board, session, order, OrderKind.PAUSE, None, None)
    if order.reason is None:
        raise refusal(422, "pause_reason", "a pause needs its reason")
    said = {"reason": order.reason, "until": _later(board, order.minutes / 60), "author": session.name}
    told = await _record(board, session, order, {"event": "pause", "pause": said})
    until = board.now_ms + order.minutes * MINUTE_MS
    await write(board, _entry(board, session, order, OrderKind.PAUSE, None, None, until=until))
    return told


@router.post("/orders", status_code=201)
async def order(request: Request, session: Ordering, said: Order) -> Said:
    """An order with author, reason and end, answered when the broker has it.

    422: scale 2, a limit or a plan without a doctor: neither signed in nor named as its prescriber; 501: nothing is
    kept here that a prescriber could confirm.
    """
    board = board_of(request)
    one = said.order
    by, prescriber = _by(board, session, OrderKind(one.kind), one.prescriber if isinstance(one, Prescribed) else None)
    if (before := _said_before(board, session, said)) is not None:
        return await write_alone(board, before)
    told = await _record(board, session, said, {"event": "update", **_fact(board, said.patient_id, one, by)})
    if isinstance(one, LimitOrder | CallingLimitOrder):
        _remember(board, said.patient_id, one.kind, one.vital, _limit(board, one, by))
    vital = one.vital if isinstance(one, Bounds) else None
    until = board.now_ms + round(one.hours * HOUR_MS)
    await write(board, _entry(board, session, said, OrderKind(one.kind), vital, prescriber, until=until))
    return told


@router.post("/orders/end", status_code=201)
async def end(request: Request, session: Pausing, said: Ending) -> Said:
    """An order ends now. 403: not by this role; 404: there is no such order; 422, 501: as of giving it."""
    board = board_of(request)
    if said.order is not OrderKind.PAUSE and not session.may(May.ORDER):
        raise HTTPException(403, f"the role {session.role.replace('_', ' ')} may not do this")
    _, prescriber = _by(board, session, said.order, said.prescriber)
    if (before := _said_before(board, session, said)) is not None:
        return await write_alone(board, before)
    return await _end(board, session, said, said.order, said.vital, prescriber)


async def _end(
    board: Board, session: Session, said: Base, kind: OrderKind, vital: Vital | None, prescriber: str | None
) -> Said:
    if not _is_in_force(board, said.patient_id, kind, vital):
        raise refusal(404, "no_order", "there is no such order")
    facts: dict[str, Any] = {"event": "resume"}
    if kind in LISTS:
        limits = _limits_in_force(board, said.patient_id, kind)
        facts = {"event": "update", LISTS[kind]: [limit for limit in limits if limit["vital"] != vital]}
    elif kind is not OrderKind.PAUSE:
        facts = {"event": "update", kind.value: None}
    told = await _record(board, session, said, facts)
    if kind in LISTS and vital is not None:
        _remember(board, said.patient_id, kind, vital, None)
    await write(board, _entry(board, session, said, kind, vital, prescriber, ended=True))
    return told


def _is_in_force(board: Board, patient: str, kind: OrderKind, vital: Vital | None) -> bool:
    """Whether there is such an order to end, as the worker or the journal tells it.

    The journal may be ahead of the worker, where the order was just given; and where the order is gone and the journal
    has not heard of its end, the answer was lost between the two.
    """
    if board.journal.stands(patient, kind.value, vital, board.now_ms):
        return True
    if kind in LISTS:
        return any(limit["vital"] == vital for limit in _limits_in_force(board, patient, kind))
    return any(one["order"] == kind for one in _status(board, patient).get("orders", ()))


@router.post("/orders/confirm", status_code=201)
async def confirm(request: Request, session: Pausing, said: Confirmation) -> dict[str, str]:
    """An order is confirmed. 403: by a doctor alone; 404: nothing of this name waits for it; 503: send it again."""
    board = board_of(request)
    bed_of(board, session, said.patient_id)
    if session.role is not Role.DOCTOR:
        raise refusal(403, "doctor_confirms", "a doctor confirms an order")
    before = _said_before(board, session, said)
    if before is None and board.journal.order(said.patient_id, said.confirms) is None:
        raise refusal(404, "no_order", "there is no such order to confirm")
    board.audit.record(What.ORDERED, session.login, patient=said.patient_id, action=said.action_id)
    entry = entry_of(board, session, "confirm", said.action_id, said.patient_id, confirms=said.confirms)
    await write_alone(board, before or entry)
    return {"confirmed": said.confirms}


def _entry(
    board: Board,
    session: Session,
    said: Base,
    order: OrderKind,
    vital: Vital | None,
    prescriber: str | None,
    **facts: Any,
) -> JournalEntry:
    named = {"order": order.value, "vital": vital, "prescriber": prescriber}
    return entry_of(board, session, "order", said.action_id, said.patient_id, **named, **facts)


def _said_before(board: Board, session: Session, said: Base) -> JournalEntry | None:
    """The same word, whose answer was lost. It has been done: done anew it would undo what was ordered since."""
    bed_of(board, session, said.patient_id)
    return board.journal.said(said.patient_id, said.action_id)


def _by(board: Board, session: Session, kind: OrderKind, named: str | None) -> tuple[str, str | None]:
    """Who stands under the order, and who has to confirm it: of another's prescription both.

    422: a doctor is missing; 501: nothing is kept here that she could confirm.
    """
    if kind not in A_DOCTORS or session.role is Role.DOCTOR:
        return session.name, None
    if named is None:
        words = "scale 2, limits and plans are a doctor's: sign in as one, or name the prescriber"
        raise refusal(422, "prescriber", words)
    needs_journal(board)
    return f"{named}, entered by {session.name}", named


def _fact(board: Board, patient: str, one: AnyOrder, by: str) -> dict[str, Any]:
    """The order as it stands in a patient record."""
    until = _later(board, one.hours)
    if isinstance(one, ScaleOrder):
        return {"spo2_scale": {"scale": one.scale, "prescriber": by, "until": until}}
    said = {"author": by, "reason": one.reason, "until": until}
    if isinstance(one, PlanOrder):
        return {"escalation_plan": {"plan": one.plan, **said}}
    if isinstance(one, ConfusionOrder):
        return {"long_standing_confusion": {"present": one.present, **said}}
    if isinstance(one, ObservationsOrder):
        return {"observations": {"every_minutes": one.every_minutes, **said}}
    kind = OrderKind(one.kind)
    kept = [limit for limit in _limits_in_force(board, patient, kind) if limit["vital"] != one.vital]
    return {LISTS[kind]: [*kept, _limit(board, one, by)]}


def _limit(board: Board, one: LimitOrder | CallingLimitOrder, by: str) -> dict[str, Any]:
    mine = {"vital": one.vital.value, "low": one.low, "high": one.high, "author": by, "reason": one.reason}
    return {**mine, "until": _later(board, one.hours)}


def _remember(board: Board, patient: str, kind: str, vital: Vital, limit: dict[str, Any] | None) -> None:
    """A limit that was sent, or ended (None): what the worker tells is older for a while."""
    _, sent = board.limits_sent.get((patient, kind), (0, {}))
    board.limits_sent[patient, kind] = (board.now_ms, {**sent, vital.value: limit})


def _limits_in_force(board: Board, patient: str, kind: str) -> list[dict[str, Any]]:
    """A record replaces the whole list: the other limits go along, as the worker tells them and not as a page does."""
    facts = ("vital", "low", "high", "author", "reason", "until")
    told = [
        {name: one[name] for name in facts} | ({"extreme": True} if one["value"] == "extreme" else {})
        for one in _status(board, patient).get("orders", ())
        if one["order"] == kind
    ]
    for other in [one for one, (at, _) in board.limits_sent.items() if board.now_ms - at > TOLD_WITHIN_MS]:
        del board.limits_sent[other]
    _, sent = board.limits_sent.get((patient, kind), (0, {}))
    return [limit for limit in told if limit["vital"] not in sent] + [one for one in sent.values() if one is not None]


def _status(board: Board, patient: str) -> dict[str, Any]:
    bed = board.projection.beds.get(patient)
    return {} if bed is None else msgspec.json.decode(bed.raw)


def _later(board: Board, hours: float) -> str:
    return to_text(board.now_ms + round(hours * HOUR_MS))


async def _record(board: Board, session: Session, order: Base, facts: dict[str, Any]) -> Said:
    bed_of(board, session, order.patient_id)
    board.audit.record(What.ORDERED, session.login, patient=order.patient_id, action=order.action_id)
    at = datetime.fromtimestamp(board.now_ms / 1000, UTC)
    try:
        record = PatientRecord.model_validate(
            {"version": 1, "patient_id": order.patient_id, "at": at, "mode": board.settings.mode, **facts}
        )
    except ValidationError as problem:
        raise HTTPException(422, problem.errors(include_url=False)[0]["msg"]) from None
    return await send(board, Topic.PATIENTS, order.action_id, order.patient_id, record)
