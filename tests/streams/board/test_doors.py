"""Who gets in: accounts, sessions, limits, and where the board listens."""

import asyncio
import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.action import Role
from streams.board.accounts import Accounts, as_lines, hashed, matches
from streams.board.directory import Directory
from streams.board.rate_limit import RateLimit
from streams.board.sessions import Sessions
from streams.board.settings import load_board
from streams.board.stream import Stream
from streams.config.settings_problems import SettingsError


def sessions(**facts: float) -> Sessions:
    return Sessions(b"key", **{"idle_s": 60.0, "longest_s": 300.0, **facts})


def test_without_accounts_the_board_listens_on_loopback_only():
    with pytest.raises(SettingsError, match="without ACCOUNTS anybody may act"):
        load_board(host="0.0.0.0")


def test_accounts_are_read_with_their_roles(tmp_path: Path):
    path = tmp_path / "accounts.toml"
    path.write_text(as_lines("nora", 'Nora "N" Berg', Role.SHIFT_LEAD, "long enough password"))
    account = Accounts.read(path).sign_in("nora", "long enough password")

    assert (account.name, account.role) == ('Nora "N" Berg', Role.SHIFT_LEAD)
    assert Accounts.read(path).sign_in("nora", "another password") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no account"),
        ("[nora]\nrole = 'doctor'", "is no role"),
        ("[nora]\nrole = 'nurse'\npassword = 'plain'", "needs a hashed password"),
        ("no toml at all", "cannot be read"),
    ],
)
def test_a_file_of_accounts_that_cannot_be_used_says_why(text: str, says: str, tmp_path: Path):
    path = tmp_path / "accounts.toml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=says):
        Accounts.read(path)


def test_the_same_password_is_stored_differently_each_time():
    assert hashed("long enough password") != hashed("long enough password")
    assert matches("long enough password", hashed("long enough password"))


def test_a_session_ends_when_nobody_uses_it():
    ours = sessions()
    cookie = ours.write(ours.begin("nora", "Nora", Role.NURSE, 0.0))

    assert ours.read(cookie, 59.0).login == "nora"
    assert ours.read(cookie, 60.0) is None


def test_a_session_ends_with_the_shift_however_busy():
    ours = sessions()
    session = ours.begin("nora", "Nora", Role.NURSE, 0.0)
    busy = ours.renewed(session, 299.0)

    assert ours.read(ours.write(busy), 299.5) is not None
    assert ours.read(ours.write(busy), 300.0) is None


def test_a_session_of_another_key_is_nobodys():
    other = Sessions(b"other", idle_s=60, longest_s=300)

    assert sessions().read(other.write(other.begin("nora", "Nora", Role.NURSE, 0.0)), 1.0) is None
    assert sessions().read("rubbish", 1.0) is None


def test_a_cookie_of_another_version_of_the_board_asks_for_signing_in():
    ours = sessions()
    body = base64.urlsafe_b64encode(json.dumps({"login": "nora", "role": "nurse", "since": 0.0}).encode()).decode()

    assert ours.read(f"{body}.{ours._sign('session', body)}", 1.0) is None


def test_a_limit_forgets_those_longest_unheard_of():
    limit = RateLimit(burst=1, per_minute=1, most=2)
    assert [limit.allows(who, 0.0) for who in ("a", "b", "c", "a")] == [True, True, True, True]


def test_names_are_read_again_when_the_file_has_changed(tmp_path: Path):
    path = tmp_path / "names.json"
    path.write_text(json.dumps({"p": {"name": "Before"}}))
    directory = Directory(path)
    path.write_text(json.dumps({"p": {"name": "Afterwards", "diagnosis": "not shown"}}))

    assert asyncio.run(directory.of(["p", "q"])) == {"p": {"name": "Afterwards"}}


def test_a_file_of_names_that_is_being_replaced_costs_no_name(tmp_path: Path):
    path = tmp_path / "names.json"
    path.write_text(json.dumps({"p": {"name": "Anna"}}))
    directory = Directory(path)
    path.write_text('{"p": {"na')

    assert asyncio.run(directory.of(["p"])) == {"p": {"name": "Anna"}}
    assert directory.failing, "the page says that these are the names of before"
    path.write_text(json.dumps({"p": {"name": "Anna"}}))
    asyncio.run(directory.of(["p"]))
    assert not directory.failing


def test_a_page_that_was_away_too_long_gets_the_whole_picture():
    stream = Stream(lambda: b"{}", kept=3)
    for _ in range(5):
        stream.say("changes", b"{}")

    assert stream.place_of(f"{stream.origin}-1") is None
    assert stream.place_of(f"{stream.origin}-2") == 3
    assert stream.place_of(f"{stream.origin}-5") == 6
    assert stream.place_of("another-5") is None


def test_the_command_prints_an_account_for_the_file():
    command = [sys.executable, "-c", "from streams.commands import main; main()", "board", "--new-account", "nora"]
    told = subprocess.run(command, input="long enough password\n", capture_output=True, text=True, check=True)

    assert told.stdout.startswith('[nora]\nname = "nora"\nrole = "nurse"\npassword = "scrypt$')
