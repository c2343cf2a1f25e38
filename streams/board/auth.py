"""Who is asking, and may they: every request is answered only after this."""

import hmac
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response

from schemas.action import Role
from streams.board.accounts import May
from streams.board.board import Board
from streams.board.sessions import COOKIE, CSRF_HEADER, Session
from streams.board.settings import is_loopback

LOCAL: Final = ("local", "Somebody at this machine", Role.SHIFT_LEAD)
"""Who acts where there are no accounts: the board is then on loopback only."""

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


def board_of(request: Request) -> Board:
    """The board that answers."""
    return request.app.state.board


def session_of(request: Request) -> Session | None:
    """Who is signed in, if anybody is."""
    board = board_of(request)
    session = board.sessions.read(request.cookies.get(COOKIE), time.time())
    return session if session is not None and board.lets_in(session) else None


def allowed(what: May) -> Callable[[Request, Response], Session]:
    """Refuses whoever is not signed in or may not; everything that changes something needs the page's own token."""

    def ask(request: Request, response: Response) -> Session:
        board = board_of(request)
        session = session_of(request)
        if session is None:
            raise HTTPException(401, "sign in first")
        if request.method != "GET":
            refuse_strangers(request, session)
        limit = board.looks if what is May.SEE else board.words
        if not limit.allows(session.nonce, time.monotonic()):
            raise HTTPException(429, "too many requests; wait a moment", headers={"Retry-After": "2"})
        if not session.may(what):
            raise HTTPException(403, f"the role {session.role.replace('_', ' ')} may not do this")
        if request.method != "GET":
            give_cookie(board, response, board.renewed(session))
        return session

    return ask


def refuse_strangers(request: Request, session: Session) -> None:
    """A change comes from our own page: same origin, and the token that only our page can have read."""
    refuse_other_origins(request)
    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(sent.encode(), board_of(request).sessions.csrf(session).encode()):
        raise HTTPException(403, "this request did not come from the page that you signed in on: load it again")


def refuse_other_origins(request: Request) -> None:
    """Refuses a request that another site's page has sent."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "requests from other sites are refused")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "requests from other sites are refused")


def give_cookie(board: Board, response: Response, session: Session) -> None:
    """Set the session's cookie: for this site only, out of reach of scripts, gone when the browser closes."""
    response.set_cookie(
        COOKIE,
        board.sessions.write(session),
        httponly=True,
        samesite="strict",
        secure=board.own.https,
        path="/",
    )


def is_ours(host: str, board: Board) -> bool:
    """Whether the page may be reached under this name: without accounts loopback names only (DNS rebinding).

    `host` is the header's value, with or without a port.
    """
    name = urlsplit(f"//{host}").hostname or ""
    if board.own.names:
        return name in board.own.names or is_loopback(name)
    return board.accounts is not None or is_loopback(name)
