"""Signing in and out, and who one is."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from streams.board.accounts import RIGHTS
from streams.board.auth import LOCAL, board_of, give_cookie, refuse_other_origins, refuse_strangers, session_of
from streams.board.sessions import COOKIE, Session

router = APIRouter(prefix="/api", tags=["entrance"])


class SignIn(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")

    login: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=1_000)]


@router.get("/me")
async def me(request: Request, response: Response) -> dict[str, Any]:
    """Who is signed in, what they may do, and the token that changes need. Without accounts: whoever is here."""
    board = board_of(request)
    session = session_of(request)
    if session is None and board.accounts is None:
        session = board.sessions.begin(*LOCAL, time.time())
    if session is None:
        return {"signed_in": False, "mode": board.settings.mode, "accounts": True}
    session = board.renewed(session)  # the page asks again only while somebody is using it
    give_cookie(board, response, session)
    return _told(request, session)


@router.post("/sign-in")
async def sign_in(request: Request, response: Response, who: SignIn) -> dict[str, Any]:
    """Sign in. 401: name or password is wrong; 429: too many tries."""
    board = board_of(request)
    refuse_other_origins(request)
    if board.accounts is None:
        raise HTTPException(404, "this board has no accounts")
    address = request.client.host if request.client else "?"
    now = time.monotonic()
    if not (board.knocks.allows(address, now) and board.tries.allows(who.login, now)):
        raise HTTPException(429, "too many tries; wait a minute", headers={"Retry-After": "60"})
    # scrypt takes a tenth of a second on purpose: not in the loop that everybody's events come from.
    account = await asyncio.to_thread(board.accounts.sign_in, who.login, who.password)
    if account is None:
        raise HTTPException(401, "name or password is wrong")
    session = board.sessions.begin(account.login, account.name, account.role, time.time(), account.stamp)
    give_cookie(board, response, session)
    return _told(request, session)


@router.post("/sign-out")
async def sign_out(request: Request, response: Response) -> dict[str, Any]:
    """The session is over, wherever its cookie is; its open streams end within a second."""
    refuse_other_origins(request)
    board, session = board_of(request), session_of(request)
    if session is not None and board.accounts is not None:
        refuse_strangers(request, session)
        board.sessions.end(session, time.time())
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return {"signed_in": False}


def _told(request: Request, session: Session) -> dict[str, Any]:
    board = board_of(request)
    return {
        "signed_in": True,
        "accounts": board.accounts is not None,
        "login": session.login,
        "name": session.name,
        "role": session.role,
        "may": sorted(RIGHTS[session.role]),
        "csrf": board.sessions.csrf(session),
        "ends_at": board.sessions.ends(session) * 1000,
        "mode": board.settings.mode,
        "names": bool(board.own.directory or board.own.directory_url),
    }
