"""Who has which patient in this shift."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from schemas.base import Identifier
from schemas.permissions import RIGHTS, May
from schemas.times import HOUR_MS
from streams.board.accounts import LOCAL, Account
from streams.board.api.actions import ActionId
from streams.board.api.refusals import refusal
from streams.board.api.writing import entry_of, needs_journal, write
from streams.board.audit import What
from streams.board.auth import allowed, bed_of, board_of
from streams.board.board import Board
from streams.board.projection import Bed
from streams.board.sessions import Session
from streams.board.view import View

router = APIRouter(prefix="/api", tags=["assignments"])
See = Annotated[Session, Depends(allowed(May.SEE))]
Act = Annotated[Session, Depends(allowed(May.ACT))]
LONGEST_SHIFT_H = 13


class Assignment(BaseModel):
    """These patients are this person's until the shift ends; `login` null: nobody's.

    `takes_over` is the login of whoever has them, where the word takes them over.
    """

    model_config = ConfigDict(extra="forbid")

    action_id: Annotated[ActionId, Field(max_length=80)]  # each patient's entry adds a number to it
    patients: Annotated[list[Identifier], Field(min_length=1, max_length=200)]
    login: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    hours: Annotated[float, Field(gt=0, le=LONGEST_SHIFT_H)] = 12
    takes_over: Annotated[str, Field(min_length=1, max_length=100)] | None = None


@router.get("/staff")
async def staff(request: Request, session: See) -> list[dict[str, Any]]:
    """Who may be given patients: whoever acts on them, by name, and of which wards (null: of every one)."""
    accounts = board_of(request).accounts
    known = [LOCAL] if accounts is None else accounts.people()
    acting = [one for one in known if May.ACT in RIGHTS[one.role]]
    return [
        {
            "login": one.login,
            "name": one.name,
            "role": one.role,
            "wards": None if one.wards is None else sorted(one.wards),
        }
        for one in sorted(acting, key=lambda one: one.name)
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
    takes over from her, or the person does not see one of them; 501: nothing is kept of it here; 503: send the same
    again.
    """
    board = board_of(request)
    now = board.now_ms
    assigned = board.journal.assigned(now)
    beds = {patient: bed_of(board, session, patient) for patient in said.patients}
    for patient, bed in beds.items():
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
    if person is not None:
        _refuse_what_is_not_seen(person, beds)
    needs_journal(board)
    for number, patient in enumerate(said.patients):
        board.audit.record(What.ORDERED, session.login, patient=patient, assigned=said.login or "")
        entry = entry_of(
            board,
            session,
            "assign",
            f"{said.action_id}-{number}",
            patient,
            login="" if person is None else person.login,
            name="" if person is None else person.name,
            until=now + round(said.hours * HOUR_MS),
        )
        await write(board, entry)
    return {"assigned": len(said.patients)}


def _refuse_what_is_not_seen(person: Account, beds: dict[str, Bed]) -> None:
    """Nobody has a patient who is not on her own page: no screen of hers would be about that bed."""
    view = View(person.wards)
    for patient, bed in beds.items():
        if not view.sees(bed.facts.ward):
            named = bed.facts.bed or patient
            words = f"{person.name} does not see {named}: give it to somebody of ward {bed.facts.ward}"
            raise refusal(409, "cannot_see", words, who=person.name, bed=named, ward=bed.facts.ward or "")
