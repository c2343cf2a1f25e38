"""Requests that no page sends: each has an answer, and is not sent back."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import Request

from schemas.reading import Mode
from streams.board.app import make_app
from streams.board.auth import address_of
from streams.board.board import Board
from streams.board.settings import BoardSettings
from streams.config.settings import Settings

LIMIT = '{"kind": "limit", "vital": "spo2", "low": 90, "reason": "x y", '
ORDER = '{"action_id": "abcdefgh", "patient_id": "p", "order": ' + LIMIT


@pytest.fixture
def board() -> Board:
    return Board(Settings(mode=Mode.DEMO), BoardSettings(trusted_proxies=("10.0.0.0/8",)))


def ask(board: Board, method: str, path: str, body: bytes = b"", *headers: tuple[bytes, bytes]) -> tuple[int, Any, str]:
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "query_string": b"", "root_path": "",
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), *headers],
    }  # fmt: skip
    asyncio.run(make_app(board)(scope, receive, send))
    cookie = next((value for name, value in said[0]["headers"] if name == b"set-cookie"), b"")
    return said[0]["status"], json.loads(b"".join(one.get("body", b"") for one in said[1:])), cookie.decode()


@pytest.fixture
def signed_in(board: Board) -> list[tuple[bytes, bytes]]:
    _, me, cookie = ask(board, "GET", "/api/me")
    return [(b"cookie", cookie.partition(";")[0].encode()), (b"x-vigilward-csrf", me["csrf"].encode())]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/orders", ORDER + '"hours": NaN}}'),
        ("/api/orders", ORDER + '"hours": 1e999}}'),
        ("/api/history", '{"patient_id": "\\ud800"}'),
        ("/api/history", '{"\\ud800": 1}'),
    ],
)
def test_what_cannot_be_written_out_again_is_refused(board: Board, signed_in, path: str, body: str):
    status, said, _ = ask(board, "POST", path, body.encode(), *signed_in)

    assert status == 422
    assert said["detail"][0]["loc"][0] == "body"


def test_a_refused_password_is_not_sent_back(board: Board):
    secret = "correct horse " * 100
    status, said, _ = ask(board, "POST", "/api/sign-in", json.dumps({"login": "nora", "password": secret}).encode())

    assert (status, secret[:20] in json.dumps(said)) == (422, False)


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["203.0.113.1, 198.51.100.7"], "198.51.100.7"),
        (["203.0.113.1", "198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7:50123"], "198.51.100.7"),
        (["198.51.100.7:50123, 10.1.1.1:443"], "198.51.100.7"),
        (["[2001:db8::7]:50123"], "2001:db8::7"),
        (["2001:db8::7"], "2001:db8::7"),
    ],
)
def test_the_address_is_what_the_nearest_proxy_says(board: Board, sent: list[str], address: str):
    headers = [(b"x-forwarded-for", one.encode()) for one in sent]
    app = make_app(board)

    assert address_of(Request({"type": "http", "app": app, "client": ("10.0.0.1", 1), "headers": headers})) == address
