"""A board under 2,000 half-open or stalled connections, or a flood of sign-ins, answers and lets the nurse in."""

import contextlib
import json
import resource
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from schemas.action import Role
from streams.board.accounts import as_lines
from tests.field.claims import Claim, within
from tests.field.installation import Field
from tests.field.listening import Page
from tests.streams.board.conftest import Visitor

IN_CI = True
CONNECTIONS = 2_000
PASSWORD = "a long enough password"
ANSWERS_S, SIGNS_IN_S, MOST_MB, MOST_LOG_BYTES = 1.0, 5.0, 300, 1_000_000


def run(field: Field) -> Iterator[Claim]:
    """One board with accounts and 60 beds on it; each siege, and what a nurse meets meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 3 * CONNECTIONS), hard))
    accounts = field.folder / "accounts.toml"
    accounts.write_text(as_lines("nora", "Nora", Role.NURSE, PASSWORD))
    page, _ = field.watched(60)
    closed = field.board_process(accounts=accounts, secret="a secret of the field")
    try:
        for name, first in (("half-open", b"GET /api/me HTTP/1.1\r\nHost: 127"), ("silent", b"")):
            with besieged(closed.address, first):
                yield within(f"{name}: the slowest of ten answers", slowest(closed.address), ANSWERS_S)
                yield from bounded(name, closed)
        cookie = nurse(closed.address).cookie
        host = urllib.parse.urlsplit(closed.address).netloc
        whole = f"GET /api/stream HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n"
        with besieged(closed.address, whole.encode()):
            yield within("stalled listeners: the slowest of ten answers", slowest(closed.address), ANSWERS_S)
            yield from bounded("stalled listeners", closed)
            time.sleep(15)
            yield from bounded("stalled listeners, 15 s later", closed)
        yield from flooded(closed.address)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    yield within("the page beside all this still hears", beats_s(page), 3.0)


@contextlib.contextmanager
def besieged(address: str, first: bytes) -> Iterator[None]:
    """So many connections, each with its first bytes sent, which then read and send nothing."""
    where = urllib.parse.urlsplit(address)
    held: list[socket.socket] = []
    try:
        for _ in range(CONNECTIONS):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            one.settimeout(5)
            with contextlib.suppress(OSError):
                one.connect((where.hostname, where.port))
                one.send(first)
            held.append(one)
        yield
    finally:
        for one in held:
            one.close()


def slowest(address: str) -> float:
    """Seconds that the slowest of ten answers took."""
    took = []
    for _ in range(10):
        began = time.monotonic()
        with contextlib.suppress(OSError):
            Visitor(address).ask("GET", "/api/me")
        took.append(time.monotonic() - began)
    return max(took)


def bounded(name: str, board) -> Iterator[Claim]:  # type: ignore[no-untyped-def]
    """What the process takes, and what it wrote."""
    status = Path(f"/proc/{board.process.pid}/status").read_text()
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1_024
    yield Claim(f"{name}: memory at its peak", f"{peak:.0f} MB", f"{MOST_MB} MB", peak < MOST_MB)
    size = board.log.stat().st_size
    yield Claim(f"{name}: log", f"{size:,} bytes", f"{MOST_LOG_BYTES:,} bytes", size < MOST_LOG_BYTES)


def nurse(address: str, cookie: str = "") -> Visitor:
    """Somebody with the right password."""
    visitor = Visitor(address)
    visitor.cookie = cookie
    status, said = visitor.ask("POST", "/api/sign-in", {"login": "nora", "password": PASSWORD})
    assert status == 200, (status, said)
    return visitor


def flooded(address: str) -> Iterator[Claim]:
    """Made-up names from the nurse's own address; then her own name, from a screen that she has used before."""
    screens = nurse(address).headers.get_all("Set-Cookie") or []
    screen = next(one.partition(";")[0] for one in screens if one.startswith("vigilward_screen"))
    for name, login, cookie in (("made-up names", None, ""), ("the nurse's name", "nora", screen)):
        over, tries = threading.Event(), [0]

        def flood(login: str | None = login, over: threading.Event = over, tries: list[int] = tries) -> None:
            while not over.is_set():
                tries[0] += 1
                with contextlib.suppress(OSError, json.JSONDecodeError):
                    said = {"login": login or f"nobody-{tries[0]}", "password": "not this one"}
                    Visitor(address).ask("POST", "/api/sign-in", said)

        threads = [threading.Thread(target=flood, daemon=True) for _ in range(12)]
        for thread in threads:
            thread.start()
        time.sleep(3)
        took = []
        for _ in range(12):
            began = time.monotonic()
            nurse(address, cookie)
            took.append(time.monotonic() - began)
        over.set()
        for thread in threads:
            thread.join(15)
        yield within(f"{tries[0]} tries with {name}: the slowest of 12 right sign-ins", max(took), SIGNS_IN_S)


def beats_s(page: Page) -> float:
    """Seconds until the next pulse."""
    seen, began = page.pulses, time.monotonic()
    while page.pulses == seen and time.monotonic() < began + 10:
        time.sleep(0.05)
    return time.monotonic() - began
