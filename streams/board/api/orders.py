"""Orders of the care team: limits, SpO2 scale 2, long-standing confusion, escalation plan, pause of monitoring."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.base import Identifier
from schemas.patient import PatientRecord, Plan
from schemas.permissions import May
from schemas.times import to_text
from schemas.vitals import Vital
from streams.board.api.actions import Said, send
from streams.board.audit import What
from streams.board.auth import allowed, bed_of, board_of
from streams.board.board import Board
from streams.board.sessions import Session
from streams.config.topics import Topic

router = APIRouter(prefix="/api", tags=["orders"])
Ordering = Annotated[Session, Depends(allowed(May.ORDER))]
Pausing = Annotated[Session, Depends(allowed(May.OBSERVE))]
Reason = Annotated[str, Field(min_length=2, max_length=500)]
Hours = Annotated[float, Field(gt=0, le=24 * 31)]
LONGEST_PAUSE_MIN = 120
TOLD_WITHIN_MS = 30_000
"""So long a limit that was sent goes along with the next, whether or not the worker has told it yet."""
ActionId = Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]


class Base(BaseModel):
    """Every order names its patient and its reason; the author is whoever is signed in."""

    model_config = ConfigDict(extra="forbid")

    action_id: ActionId
    patient_id: Identifier


class PauseOrder(Base):
    """Monitoring is paused (scan, theatre, wash), for at most two hours; `minutes` 0 ends a pause."""

    minutes: Annotated[int, Field(ge=0, le=LONGEST_PAUSE_MIN)]
    reason: Reason | None = None


class LimitOrder(BaseModel):
    """A personal limit; it never changes NEWS2."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["limit"]
    vital: Vital
    low: float | None = None
    high: float | None = None
    reason: Reason
    hours: Hours


class ScaleOrder(BaseModel):
    """SpO2 scale 2, by a prescriber and until a time; or back to scale 1."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["spo2_scale"]
    scale: Literal[1, 2]
    prescriber: Annotated[str, Field(min_length=2, max_length=200)]
    hours: Hours


class ConfusionOrder(BaseModel):
    """The patient's confusion is not new, or not long-standing after all."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["long_standing_confusion"]
    present: bool
    reason: Reason
    hours: Hours


class PlanOrder(BaseModel):
    """How far care is to be escalated."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["escalation_plan"]
    plan: Plan
    reason: Reason
    hours: Hours


class Order(Base):
    """One order."""

    order: Annotated[LimitOrder | ScaleOrder | ConfusionOrder | PlanOrder, Field(discriminator="kind")]


@router.post("/pause", status_code=201)
async def pause(request: Request, session: Pausing, order: PauseOrder) -> Said:
    """Pause or resume monitoring, answered when the broker has it."""
    board = board_of(request)
    if not order.minutes:
        return await _record(board, session, order, {"event": "resume"})
    if order.reason is None:
        raise HTTPException(422, "a pause needs its reason")
    until = _later(board, order.minutes / 60)
    said = {"reason": order.reason, "until": until, "author": session.name}
    return await _record(board, session, order, {"event": "pause", "pause": said})


@router.post("/orders", status_code=201)
async def order(request: Request, session: Ordering, said: Order) -> Said:
    """An order with author, reason and end, answered when the broker has it."""
    board = board_of(request)
    one = said.order
    until = _later(board, one.hours)
    fact: dict[str, Any]
    if isinstance(one, ScaleOrder):
        fact = {"spo2_scale": {"scale": one.scale, "prescriber": one.prescriber, "until": until}}
    elif isinstance(one, PlanOrder):
        fact = {
            "escalation_plan": {"plan": one.plan, "author": session.name, "reason": one.reason, "until": until},
        }
    elif isinstance(one, ConfusionOrder):
        said_of = {"present": one.present, "author": session.name, "reason": one.reason, "until": until}
        fact = {"long_standing_confusion": said_of}
    else:
        bounds = {"low": one.low, "high": one.high}
        mine = {"vital": one.vital, **bounds, "author": session.name, "reason": one.reason, "until": until}
        kept = [limit for limit in _limits_in_force(board, said.patient_id) if limit["vital"] != one.vital]
        fact = {"limits": [*kept, mine]}
    told = await _record(board, session, said, {"event": "update", **fact})
    if "limits" in fact:
        board.limits_sent[said.patient_id] = (board.now_ms, fact["limits"])
    return told


def _limits_in_force(board: Board, patient: str) -> list[dict[str, Any]]:
    """A record replaces the whole list: the other limits go along, as the worker tells them and not as a page does."""
    bed = board.projection.beds.get(patient)
    status = {} if bed is None else msgspec.json.decode(bed.raw)
    facts = ("vital", "low", "high", "author", "reason", "until")
    told = [{name: one[name] for name in facts} for one in status.get("orders", ()) if one["order"] == "limit"]
    for other in [one for one, (at, _) in board.limits_sent.items() if board.now_ms - at > TOLD_WITHIN_MS]:
        del board.limits_sent[other]
    _, sent = board.limits_sent.get(patient, (0, []))
    mine = {limit["vital"] for limit in sent}
    return [limit for limit in told if limit["vital"] not in mine] + sent


def _later(board: Board, hours: float) -> str:
    return to_text(board.now_ms + round(hours * 3_600_000))


async def _record(board: Board, session: Session, order: Base, facts: dict[str, Any]) -> Said:
    bed_of(board, session, order.patient_id)
    board.audit.record(What.ORDERED, session.login, patient=order.patient_id, action=order.action_id)
    at = datetime.fromtimestamp(board.now_ms / 1000, UTC)
    try:
        record = PatientRecord.model_validate(
            {"patient_id": order.patient_id, "at": at, "mode": board.settings.mode, **facts}
        )
    except ValidationError as problem:
        raise HTTPException(422, problem.errors(include_url=False)[0]["msg"]) from None
    return await send(board, Topic.PATIENTS, order.action_id, order.patient_id, record)
