"""What people say on the page and does not wait: acknowledgements, snoozes, undo, concern, feedback, delivery."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.action import MAX_SNOOZE_MINUTES, Action, ActionReason, ActionType, Role, Step
from schemas.base import Identifier, ShortText
from schemas.patient import PatientRecord
from schemas.permissions import REACHED, May
from streams.board.api.refusals import refusal
from streams.board.audit import What
from streams.board.auth import allowed, bed_of, board_of
from streams.board.board import Board
from streams.board.sending import NotSent
from streams.board.sessions import Session
from streams.config.topics import Topic

router = APIRouter(prefix="/api", tags=["words"])
Act = Annotated[Session, Depends(allowed(May.ACT))]
RANK = {"low": 1, "medium": 2, "high": 3}
ActionId = Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]
"""A name that the page gives what is said: sent again after a failure, it is done once."""


class Word(BaseModel):
    """An action as the page sends it; who and when are the server's to say.

    `action_id` is the page's own: sent again after a failure, the same word is applied once. `priority` is what the
    person saw, `takes_over_from` the name of whoever has the alert, where the word takes it over.
    """

    model_config = ConfigDict(extra="forbid")

    action_id: ActionId
    patient_id: Identifier
    action_type: ActionType
    alert_id: Identifier | None = None
    revision: Annotated[int, Field(ge=1)] | None = None
    priority: str | None = None
    reason: ActionReason | None = None
    text: ShortText | None = None
    minutes: Annotated[int, Field(ge=1, le=MAX_SNOOZE_MINUTES)] | None = None
    undoes: Identifier | None = None
    takes_over_from: ShortText | None = None


class Said(BaseModel):
    """The broker has it: where."""

    action_id: str
    partition: int
    offset: int


@router.post("/actions", status_code=201)
async def say(request: Request, session: Act, word: Word) -> Said:
    """An action, answered when the broker has it.

    404: no such patient or alert here; 409: the patient has become worse since the page was painted, or another person
    has the alert and the word does not say that it takes it over; 422: not a whole action; 503: the broker does not
    have it, send the same again.
    """
    board = board_of(request)
    if word.action_type is ActionType.DELIVERED:
        raise HTTPException(422, "that a call was delivered is said by /api/delivered")
    _refuse_what_was_not_seen(board, session, word)
    board.audit.record(What.ACTED, session.login, patient=word.patient_id, action=word.action_id)
    action = _action(
        action_id=word.action_id,
        patient_id=word.patient_id,
        action_type=word.action_type,
        alert_id=word.alert_id,
        revision=word.revision,
        who=session.name,
        role=session.role,
        login=session.login or None,
        reason=word.reason,
        text=word.text or None,
        minutes=word.minutes,
        undoes=word.undoes,
        at=_moment(board),
        mode=board.settings.mode,
    )
    if word.action_type is ActionType.ACKNOWLEDGE and word.alert_id is not None:
        board.taken_on.note(word.alert_id, session.name, word.action_id, board.now_ms, session.login or None)
    if word.action_type is ActionType.UNDO and word.alert_id is not None:
        board.taken_on.forget(word.alert_id)
    return await send(board, Topic.ACTIONS, word.action_id, action.patient_id, action)


class Delivered(BaseModel):
    """A call that was painted, and heard where sound is on, on this screen."""

    model_config = ConfigDict(extra="forbid")

    patient_id: Identifier
    alert_id: Identifier
    step: Step


@router.post("/delivered", status_code=201)
async def delivered(request: Request, session: Act, call: Delivered) -> Said:
    """A call stood on the screen of somebody whom it is for. 403 in front of anybody else."""
    board = board_of(request)
    if session.role not in REACHED[call.step]:
        raise HTTPException(403, f"the call to the {call.step.replace('_', ' ')} is not for this role")
    bed_of(board, session, call.patient_id)
    story = board.projection.stories.get(call.alert_id)
    if story is None or story.patient != call.patient_id:
        raise HTTPException(404, "there is no such alert of this patient")
    # One name for every screen that says so: the second time changes nothing.
    identity = f"delivered-{call.step}-{call.alert_id}-{story.newest.get('lifecycle', {}).get('notified_at') or ''}"[
        :200
    ]
    action = _action(
        action_id=identity,
        patient_id=call.patient_id,
        action_type=ActionType.DELIVERED,
        alert_id=call.alert_id,
        who="board",
        role=Role.SYSTEM,
        login=session.login or None,
        step=call.step,
        at=_moment(board),
        mode=board.settings.mode,
    )
    return await send(board, Topic.ACTIONS, identity, call.patient_id, action)


def _refuse_what_was_not_seen(board: Board, session: Session, word: Word) -> None:
    """Nobody acts on a patient, or on an alert, other than the one that was on the screen."""
    bed_of(board, session, word.patient_id)
    if word.alert_id is None:
        return
    story = board.projection.stories.get(word.alert_id)
    if story is None or story.patient != word.patient_id:
        raise HTTPException(404, "there is no such alert of this patient")
    newest = story.newest
    worse = RANK.get(newest["priority"], 0) > RANK.get(word.priority or newest["priority"], 0)
    if word.action_type in (ActionType.ACKNOWLEDGE, ActionType.SNOOZE) and worse:
        raise refusal(409, "worse", "the patient has become worse since: look at the alert again")
    if word.action_type is ActionType.ACKNOWLEDGE:
        has = board.taken_on.owner(word.alert_id, newest, board.now_ms)
        mine = has is None or has.is_somebody(session.name, session.login) or has.action_id == word.action_id
        if has is not None and not mine and has.who != word.takes_over_from:
            words = f"{has.who} has it since {has.since[11:16]} (UTC): take it over, or leave it"
            raise refusal(409, "has_alert", words, who=has.who, since=has.since)


def _moment(board: Board) -> datetime:
    return datetime.fromtimestamp(board.now_ms / 1000, UTC)


def _action(**facts: Any) -> Action:
    try:
        return Action(**facts)
    except ValidationError as problem:
        raise HTTPException(422, problem.errors(include_url=False)[0]["msg"]) from None


async def send(board: Board, topic: Topic, identity: str, patient: str, message: BaseModel) -> Said:
    """Wait until the broker has it. 503 if it does not: the same may be sent again."""
    # What a patient record says of a fact with null is that it ends; of an action and a reading null says nothing.
    record = isinstance(message, PatientRecord)
    value = message.model_dump_json(exclude_unset=record, exclude_none=not record).encode()
    try:
        # A screen that is closed meanwhile takes nothing back: it is either sent, or known not to be.
        place = await asyncio.shield(board.sender.send(board.settings.topic(topic), patient, value))
    except NotSent as gone:
        raise HTTPException(503, f"not sent: {gone}", headers={"Retry-After": "1"}) from None
    return Said(action_id=identity, partition=place[1], offset=place[2])
