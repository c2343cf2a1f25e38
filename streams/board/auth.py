"""Who is asking, and may they: every request is answered only after this."""

import hmac
import re
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response

from schemas.permissions import May
from streams.board.board import Board
from streams.board.projection import Bed
from streams.board.sessions import (
    COOKIE,
    CSRF_HEADER,
    SCREEN_COOKIE,
    SCREEN_DAYS,
    STATION_COOKIE,
    STATION_DAYS,
    Session,
)
from streams.listening_socket import is_loopback

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_PORT: Final = re.compile(r"(?:(?<=])|(?<=\.\d)|(?<=\.\d\d)|(?<=\.\d\d\d)):\d+$")
STRICT_TRANSPORT: Final = (b"strict-transport-security", b"max-age=31536000")
"""Where the page is reached through HTTPS: a year long by no other way."""

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
    session = None if session is None else board.let_in(session)
    return session or station_of(request)


def station_of(request: Request) -> Session | None:
    """The ward's own screen that asks, whoever is signed in there: it goes on looking when nobody is."""
    board = board_of(request)
    if board.accounts is None:
        return None
    session = board.sessions.read_station(request.cookies.get(STATION_COOKIE), time.time())
    session = None if session is None else board.let_in(session)
    return session if session is not None and session.station else None


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


def bed_of(board: Board, session: Session, patient: str) -> Bed:
    """A patient whom this person may see. 404, as for one who is not here."""
    bed = board.projection.beds.get(patient)
    if bed is None or not session.sees(bed.facts.ward):
        raise HTTPException(404, "there is no such patient on this board")
    return bed


def address_of(request: Request) -> str:
    """Where the request comes from: behind a proxy that is trusted, what it says."""
    board = board_of(request)
    direct = request.client.host if request.client else "?"
    if not _is_trusted(direct, board):
        return direct
    # A proxy may add a header of its own below the one that it was sent, and may write the port beside the address.
    for hop in reversed(",".join(request.headers.getlist("x-forwarded-for")).split(",")):
        address = _PORT.sub("", hop.strip()).strip("[]")
        if address and not _is_trusted(address, board):
            return address[:100]
    return direct


def _is_trusted(address: str, board: Board) -> bool:
    try:
        one = ip_address(address)
    except ValueError:
        return False
    return any(one in ip_network(network) for network in board.own.trusted_proxies)


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
    """Set the session's cookie: for this site only, out of reach of scripts, gone when the browser closes.

    A station's is another, and stays.
    """
    if session.station:
        response.set_cookie(
            STATION_COOKIE,
            board.sessions.write_station(session),
            max_age=STATION_DAYS * 86_400,
            httponly=True,
            samesite="strict",
            secure=board.own.speaks_https,
            path="/",
        )
        return
    response.set_cookie(
        COOKIE,
        board.sessions.write(session),
        httponly=True,
        samesite="strict",
        secure=board.own.speaks_https,
        path="/",
    )


def give_screen_cookie(board: Board, response: Response, cookie: str) -> None:
    """Set what this screen is known by when somebody signs in here again; it opens nothing by itself."""
    response.set_cookie(
        SCREEN_COOKIE,
        cookie,
        max_age=SCREEN_DAYS * 86_400,
        httponly=True,
        samesite="strict",
        secure=board.own.speaks_https,
        path="/api/sign-in",
    )


def is_ours(host: str, board: Board) -> bool:
    """Whether the page may be reached under this name: without accounts loopback names only (DNS rebinding).

    `host` is the header's value, with or without a port.
    """
    name = urlsplit(f"//{host}").hostname or ""
    if board.own.names:
        return name in board.own.names or is_loopback(name)
    return board.accounts is not None or is_loopback(name)
