"""Who has which patient in this shift."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Identifier
from schemas.permissions import RIGHTS, May
from streams.board.accounts import LOCAL, Account
from streams.board.api.refusals import refusal
from streams.board.api.writing import needs_journal, write
from streams.board.audit import What
from streams.board.auth import allowed, bed_of, board_of
from streams.board.board import Board
from streams.board.journal import JournalEntry
from streams.board.sessions import Session

router = APIRouter(prefix="/api", tags=["assignments"])
See = Annotated[Session, Depends(allowed(May.SEE))]
Act = Annotated[Session, Depends(allowed(May.ACT))]
HOUR_MS = 3_600_000
LONGEST_SHIFT_H = 13


class Assignment(BaseModel):
    """These patients are this person's until the shift ends; `login` null: nobody's.

    `takes_over` is the login of whoever has them, where the word takes them over.
    """

    model_config = ConfigDict(extra="forbid")

    action_id: Annotated[str, Field(min_length=8, max_length=80, pattern=r"^[A-Za-z0-9._-]+$")]
    patients: Annotated[list[Identifier], Field(min_length=1, max_length=200)]
    login: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    hours: Annotated[float, Field(gt=0, le=LONGEST_SHIFT_H)] = 12
    takes_over: Annotated[str, Field(min_length=1, max_length=100)] | None = None


@router.get("/staff")
async def staff(request: Request, session: See) -> list[dict[str, str]]:
    """Who may be given patients: whoever acts on them, by name."""
    accounts = board_of(request).accounts
    known = [LOCAL] if accounts is None else accounts.people()
    acting = [one for one in known if May.ACT in RIGHTS[one.role]]
    return [
        {"login": one.login, "name": one.name, "role": one.role} for one in sorted(acting, key=lambda one: one.name)
    ]


def _person(board: Board, login: str) -> Account:
    accounts = board.accounts
    found = accounts.of(login) if accounts is not None else LOCAL if login == LOCAL.login else None
    if found is None or found.station or May.ACT not in RIGHTS[found.role]:
        raise HTTPException(404, "nobody of this name acts on patients")
    return found


@router.post("/assignments", status_code=201)
async def assign(request: Request, session: Act, said: Assignment) -> dict[str, Any]:
    """Who has these patients now.

    403: only who leads the shift gives them to others; 409: another has one of them, and the word does not say that it
    takes over from her; 501: nothing is kept of it here; 503: send the same again.
    """
    board = board_of(request)
    now = board.now_ms
    assigned = board.journal.assigned(now)
    for patient in said.patients:
        bed = bed_of(board, session, patient)
        has = assigned.get(patient)
        mine = (said.login or (has or {}).get("login")) == session.login
        if session.may(May.ORDER):
            continue
        if not mine:
            raise HTTPException(403, "who leads the shift gives patients to others; you take them yourself")
        if has is not None and has["login"] not in (session.login, said.takes_over):
            named = bed.facts.bed or patient
            words = f"{has['name']} has {named}: take it over, or leave it"
            raise refusal(409, "has_bed", words, who=has["name"], bed=named)
    person = None if said.login is None else _person(board, said.login)
    needs_journal(board)
    for number, patient in enumerate(said.patients):
        board.audit.record(What.ORDERED, session.login, patient=patient, assigned=said.login or "")
        entry = JournalEntry(
            kind="assign",
            action_id=f"{said.action_id}-{number}",
            patient_id=patient,
            at=now,
            who=session.name,
            role=session.role,
            login="" if person is None else person.login,
            name="" if person is None else person.name,
            until=now + round(said.hours * HOUR_MS),
        )
        await write(board, entry)
    return {"assigned": len(said.patients)}
