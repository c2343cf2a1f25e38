"""Calls to people's own browsers: putting one under one's name, and what became of a call there."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from schemas.action import Action, ActionReason, ActionType, Role, Step
from schemas.permissions import May
from schemas.times import EPOCH
from streams.board.api.actions import send
from streams.board.audit import What
from streams.board.auth import allowed, board_of, refuse_other_origins, refuse_strangers, session_of
from streams.board.board import Board
from streams.board.sending import NotSent
from streams.board.sessions import Session
from streams.config.topics import Topic
from streams.notify.notice import short
from streams.web_push.services import allowed as is_trusted
from streams.web_push.subscription import NoSubscription, Subscription, checked, encode
from streams.web_push.ticket import NoTicket, Ticket, TicketCall

router = APIRouter(prefix="/api/push", tags=["calls to browsers"])
Act = Annotated[Session, Depends(allowed(May.ACT))]
Text = Annotated[str, Field(min_length=1, max_length=1_000)]


class Keys(BaseModel):
    """Of a PushSubscription."""

    model_config = ConfigDict(extra="ignore")

    p256dh: Text
    auth: Text


class Device(BaseModel):
    """A PushSubscription as its `toJSON` gives it."""

    model_config = ConfigDict(extra="ignore")

    endpoint: Text
    keys: Keys


class Gone(BaseModel):
    """A device that is no longer under anybody's name."""

    model_config = ConfigDict(extra="forbid")

    endpoint: Text


class Answered(StrEnum):
    """What became of a call on a device."""

    DELIVERED = "delivered"
    SEEN = "seen"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class DeviceAnswer(BaseModel):
    """The ticket of a call, and what became of it."""

    model_config = ConfigDict(extra="forbid")

    ticket: Annotated[str, Field(min_length=1, max_length=8_000)]
    word: Answered


@router.post("/devices", status_code=201)
async def subscribe(request: Request, session: Act, device: Device) -> dict[str, Any]:
    """The browser is called under the name of whoever is signed in, until her session's longest end.

    404: this board calls nobody by Web Push; 422: no subscription, or one at a push service that the notifier does not
    send to; 503: not stored, send it again.
    """
    board = board_of(request)
    if not board.push.key:
        raise HTTPException(404, "this board calls nobody by Web Push: set VIGILWARD_BOARD_PUSH_PUBLIC_KEY")
    try:
        one = checked(
            Subscription(
                login=session.login,
                role=session.role,
                endpoint=device.endpoint,
                p256dh=device.keys.p256dh,
                auth=device.keys.auth,
                until=session.began + board.sessions.longest_s,
                stamp=session.stamp,
                wards=None if session.wards is None else tuple(sorted(session.wards)),
            )
        )
    except NoSubscription as fault:
        raise HTTPException(422, str(fault)) from None
    if not is_trusted(one.endpoint, board.push.services):
        host = urlsplit(one.endpoint).hostname
        remedy = "name it in VIGILWARD_NOTIFY_PUSH_SERVICES and VIGILWARD_BOARD_PUSH_SERVICES"
        raise HTTPException(422, f"no call goes to this browser's push service {host}: {remedy}")
    await _store(board, one.id, encode(one))
    board.audit.record(What.SUBSCRIBED, session.login, device=one.id)
    return {"until": one.until * 1_000}


@router.post("/devices/remove", status_code=201)
async def unsubscribe(request: Request, session: Act, device: Gone) -> dict[str, Any]:
    """The browser is called no more. 503: not stored, send it again."""
    board = board_of(request)
    one = Subscription(login=session.login, role=session.role, endpoint=device.endpoint, p256dh="-", auth="-", until=0)
    await _store(board, one.id, None)
    return {"removed": True}


@router.post("/answers", status_code=201)
async def answer(request: Request, said: DeviceAnswer) -> dict[str, Any]:
    """What became of a call; done when the broker has it.

    That it was shown, seen or declined a browser says with the ticket alone: it may be locked. Who accepts owns the
    alerts, under the name that is signed in there. 401: no ticket, or nobody is signed in; 404: no such alert here;
    503: send the same again.
    """
    board = board_of(request)
    refuse_other_origins(request)
    try:
        ticket = board.push.ticket(said.ticket, time.time())
    except NoTicket as fault:
        raise HTTPException(401, f"no ticket: {fault}") from None
    if not board.words.allows(f"push {ticket.recipient}", time.monotonic()):
        raise HTTPException(429, "too many requests; wait a moment", headers={"Retry-After": "2"})
    session = session_of(request)
    if said.word is Answered.ACCEPTED:
        session = _who_accepts(request, session)
    told = [action for call in ticket.calls if (action := _action(board, session, ticket, call, said.word)) is not None]
    if not told:
        raise HTTPException(404, "there is no such alert on this board")
    if session is not None and said.word in (Answered.ACCEPTED, Answered.DECLINED):
        for one in told:
            board.audit.record(What.ACTED, session.login, patient=one.patient_id, action=one.action_id)
    await asyncio.gather(*(send(board, Topic.ACTIONS, one.action_id, one.patient_id, one) for one in told))
    return {"said": len(told)}


def _who_accepts(request: Request, session: Session | None) -> Session:
    if session is None:
        raise HTTPException(401, "sign in first: nobody owns an alert without a name")
    refuse_strangers(request, session)
    if not session.may(May.ACT):
        raise HTTPException(403, f"the role {session.role.replace('_', ' ')} may not do this")
    return session


def _action(board: Board, session: Session | None, ticket: Ticket, call: TicketCall, word: Answered) -> Action | None:
    """None: an alert that is not here, or not of this person's ward."""
    story = board.projection.stories.get(call.alert_id)
    bed = None if story is None else board.projection.beds.get(story.patient)
    accepts = word is Answered.ACCEPTED
    if story is None or (accepts and session and (bed is None or not session.sees(bed.facts.ward))):
        return None
    kind = ActionType.ACKNOWLEDGE if accepts else ActionType(word.value)
    named = session is not None and word in (Answered.ACCEPTED, Answered.DECLINED)
    return Action(
        # the same word of the same message is one action, however often it comes
        action_id=f"{kind}-{short(f'{ticket.notice}:{call.alert_id}')}",
        patient_id=story.patient,
        action_type=kind,
        alert_id=call.alert_id,
        revision=call.revision if accepts else None,
        who=session.name if named and session is not None else ticket.recipient,
        role=session.role if named and session is not None else Role.SYSTEM,
        login=session.login or None if named and session is not None else None,
        reason=ActionReason.REVIEWING if accepts else None,
        step=Step(call.step),
        recipient=ticket.recipient,
        called_at=EPOCH + timedelta(milliseconds=call.called_at),
        recipients=call.recipients or None,
        at=datetime.fromtimestamp(board.now_ms / 1000, UTC),
        mode=board.settings.mode,
    )


async def _store(board: Board, name: str, value: bytes | None) -> None:
    try:
        await asyncio.shield(board.sender.send(board.settings.topic(Topic.SUBSCRIPTIONS), name, value))
    except NotSent as gone:
        raise HTTPException(503, f"not stored: {gone}", headers={"Retry-After": "1"}) from None
