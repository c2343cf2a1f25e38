"""The real board under a flood of sign-ins: the guesser is slowed down, the right nurse comes in."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.action import Role
from streams.board.accounts import as_lines
from streams.config.settings import Settings
from tests.streams.board.conftest import PASSWORD, BoardProcess, Visitor


@pytest.fixture
def board(settings: Settings, tmp_path: Path) -> Iterator[BoardProcess]:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(as_lines("vera", "Vera", Role.VIEWER, PASSWORD))
    process = BoardProcess(settings, accounts=accounts).start()
    yield process
    process.kill()


def test_wrong_tries_on_a_name_slow_the_guesser_down_and_keep_nobody_out(board: BoardProcess):
    """10 of 12 right sign-ins were refused under a flood."""
    over, guesses = threading.Event(), []

    def guess() -> None:
        while not over.is_set():
            guesses.append(Visitor(board.address).ask("POST", "/api/sign-in", {"login": "vera", "password": "x"})[0])

    def make_up() -> None:
        while not over.is_set():
            Visitor(board.address).ask("POST", "/api/sign-in", {"login": f"nobody-{len(guesses)}", "password": "x"})

    known = Visitor(board.address)
    known.ask("POST", "/api/sign-in", {"login": "vera", "password": PASSWORD})
    screen = next(cookie for cookie in known.headers.get_all("Set-Cookie") if "vigilward_screen" in cookie)
    threads = [threading.Thread(target=work, daemon=True) for work in (guess, guess, guess, guess, make_up, make_up)]
    for thread in threads:
        thread.start()
    time.sleep(4)
    took = []
    for _ in range(6):
        began = time.monotonic()
        right = Visitor(board.address)
        right.cookie = screen.partition(";")[0]
        assert right.ask("POST", "/api/sign-in", {"login": "vera", "password": PASSWORD})[0] == 200
        took.append(time.monotonic() - began)
    over.set()
    for thread in threads:
        thread.join(10)
    assert max(took) < 5.0
    assert set(guesses) <= {401, 429} and guesses.count(401) < 60
