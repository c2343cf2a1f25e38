"""Signing in and out, and who one is."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.permissions import RIGHTS
from streams.board.accounts import LOCAL
from streams.board.audit import What
from streams.board.auth import (
    address_of,
    board_of,
    give_cookie,
    give_screen_cookie,
    refuse_other_origins,
    refuse_strangers,
    session_of,
    station_of,
)
from streams.board.sessions import COOKIE, SCREEN_COOKIE, STATION_COOKIE, Session
from streams.board.sign_in import TooMany

router = APIRouter(prefix="/api", tags=["entrance"])


class SignIn(BaseModel):
    """Name and password; or a `secret`, which is the password, or on a screen on which this person has signed in by
    password before the PIN: one try, whichever it is.
    """

    model_config = ConfigDict(extra="forbid")

    login: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    secret: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None

    @model_validator(mode="after")
    def _says_one(self) -> "SignIn":
        if (self.password is None) is (self.secret is None):
            raise ValueError("either `password`, or `secret` for password or PIN")
        return self


@router.get("/me")
async def me(request: Request, response: Response) -> dict[str, Any]:
    """Who is signed in, what they may do, and the token that changes need. Without accounts: whoever is here."""
    board = board_of(request)
    session = session_of(request)
    if session is None and board.accounts is None:
        session = board.sessions.begin(LOCAL.login, time.time()).of(LOCAL)
    if session is None:
        return {"signed_in": False, "mode": board.settings.mode, "accounts": True}
    session = board.renewed(session)  # the page asks again only while somebody is using it
    give_cookie(board, response, session)
    return _told(request, session)


@router.post("/sign-in")
async def sign_in(request: Request, response: Response, who: SignIn) -> dict[str, Any]:
    """Sign in. 401: name or password is wrong; 429: no place in the line, try again in a moment."""
    board = board_of(request)
    refuse_other_origins(request)
    if board.accounts is None:
        raise HTTPException(404, "this board has no accounts")
    known_on = request.cookies.get(SCREEN_COOKIE)
    screen = board.sessions.screen_of(known_on, who.login)
    try:
        account = await board.sign_ins.attempt(
            board.accounts,
            who.login,
            who.secret or who.password or "",
            address=address_of(request),
            screen=screen,
            or_pin=who.secret is not None,
        )
    except TooMany:
        raise HTTPException(429, "too many tries at once; try again", headers={"Retry-After": "1"}) from None
    if account is None:
        board.audit.record(What.REFUSED, who.login, address=address_of(request))
        raise HTTPException(401, "name or password is wrong")
    board.audit.record(What.SIGNED_IN, account.login, address=address_of(request))
    before = session_of(request)
    if before is not None and not before.station and not account.station:
        board.sessions.end(before, time.time())  # another person stands here now
    session = board.sessions.begin(account.login, time.time(), account.stamp).of(account)
    give_cookie(board, response, session)
    give_screen_cookie(board, response, board.sessions.screen_with(known_on, account.login))
    return _told(request, session)


@router.post("/sign-out")
async def sign_out(request: Request, response: Response) -> dict[str, Any]:
    """The session is over, wherever its cookie is; its open streams end within a second."""
    refuse_other_origins(request)
    board, session = board_of(request), session_of(request)
    if session is not None and board.accounts is not None:
        refuse_strangers(request, session)
        board.sessions.end(session, time.time())
        board.audit.record(What.SIGNED_OUT, session.login)
    if session is not None and session.station:
        response.delete_cookie(STATION_COOKIE, path="/", httponly=True, samesite="strict")
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return {"signed_in": False}


def _told(request: Request, session: Session) -> dict[str, Any]:
    board = board_of(request)
    return {
        "signed_in": True,
        "station": session.station or station_of(request) is not None,
        "person": not session.station,
        "accounts": board.accounts is not None,
        "login": session.login,
        "name": session.name,
        "role": session.role,
        "may": sorted(RIGHTS[session.role]),
        "wards": None if session.wards is None else sorted(session.wards),
        "csrf": board.sessions.csrf(session),
        "ends_at": board.sessions.ends(session) * 1000,
        "mode": board.settings.mode,
        "history_hours": board.own.history_hours,
        "push_key": board.push.key,
        "names": bool(board.own.directory or board.own.directory_url),
    }
