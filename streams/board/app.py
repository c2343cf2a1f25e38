"""The board as a web application."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

from streams.board.api import actions, assignments, auth, events, handover, observations, orders, pages, push
from streams.board.auth import HEADERS, STRICT_TRANSPORT, is_ours
from streams.board.board import Board
from streams.board.metrics import BoardMetrics

MOST_BYTES: Final = 64 * 1024  # of a request: an order with all its actions is a few hundred

FOR_MACHINES: Final = frozenset({"/livez", "/readyz", "/metrics"})

Scope = MutableMapping[str, Any]
Call = Callable[..., Awaitable[Any]]


class Doorkeeper:
    """Refuses names that are not ours and bodies that no page sends, and puts the security headers on every answer."""

    def __init__(self, app: Call, board: Board) -> None:
        self._app, self._board = app, board
        self._own = (STRICT_TRANSPORT,) if board.own.speaks_https else ()

    async def __call__(self, scope: Scope, receive: Call, send: Call) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # A probe or a scrape comes to an address, whatever names the page goes by; none of the three says who is here.
        if scope["path"] in FOR_MACHINES:
            await self._app(scope, receive, send)
            return
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        if not is_ours(host, self._board):
            await send({"type": "http.response.start", "status": 421, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return

        async def send_guarded(message: Scope) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS, *self._own]
                # Names and a session's token: a screen that the next person uses keeps none of them.
                kept = any(name.lower() == b"cache-control" for name, _ in message["headers"])
                if scope["path"].startswith("/api/") and not kept:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        heard = 0

        async def receive_some() -> Scope:
            nonlocal heard
            message: Scope = await receive()
            heard += len(message.get("body", b""))
            if heard > MOST_BYTES:
                raise HTTPException(413, "too long")
            return message

        await self._app(scope, receive_some, send_guarded)


async def _say_what_is_wrong(_: Request, fault: Exception) -> Response:
    # What was sent is not sent back: it may be a password, and NaN or half a character cannot be written out again.
    assert isinstance(fault, RequestValidationError)
    wrong = [{name: one[name] for name in ("type", "loc", "msg")} for one in fault.errors()]
    return Response(json.dumps({"detail": wrong}), 422, media_type="application/json")


def make_app(board: Board) -> FastAPI:
    """The application; the board starts and stops with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await board.start()
        yield
        await board.stop()

    app = FastAPI(
        title="Vigilward board",
        version=version("vigilward"),
        summary="Alerts, actions, observations and orders of a ward. Not a certified alarm.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.board = board
    app.state.metrics = BoardMetrics(board).register()
    for part in (auth, events, actions, assignments, observations, orders, handover, push, pages):
        app.include_router(part.router)
    app.add_exception_handler(RequestValidationError, _say_what_is_wrong)
    app.add_middleware(Doorkeeper, board=board)
    return app
