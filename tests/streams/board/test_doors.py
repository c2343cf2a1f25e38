"""Who gets in: accounts, sessions, limits, and where the board listens."""

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.action import Role
from schemas.permissions import May
from streams.board.accounts import LOCAL, Accounts, as_lines, hashed, matches
from streams.board.directory import Directory
from streams.board.rate_limit import RateLimit
from streams.board.sessions import Sessions
from streams.board.settings import load_board
from streams.board.stream import Stream
from streams.config.settings_problems import SettingsError

SECRET = "a secret of the tests"


def sessions(**facts: float) -> Sessions:
    return Sessions([b"key"], **{"idle_s": 60.0, "longest_s": 300.0, **facts})


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
        ("[nora]\nrole = 'porter'", "is no role"),
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
    cookie = ours.write(ours.begin("nora", 0.0))

    assert ours.read(cookie, 59.0).login == "nora"
    assert ours.read(cookie, 60.0) is None


def test_a_session_ends_with_the_shift_however_busy():
    ours = sessions()
    session = ours.begin("nora", 0.0)
    busy = ours.renewed(session, 299.0)

    assert ours.read(ours.write(busy), 299.5) is not None
    assert ours.read(ours.write(busy), 300.0) is None


def test_a_session_of_another_key_is_nobodys():
    other = Sessions([b"other"], idle_s=60, longest_s=300)

    assert sessions().read(other.write(other.begin("nora", 0.0)), 1.0) is None
    assert sessions().read("rubbish", 1.0) is None


def test_a_cookie_of_another_version_of_the_board_asks_for_signing_in():
    ours = sessions()

    assert ours.read(ours._cookies.dumps({"login": "nora", "role": "nurse", "since": 0.0}), 1.0) is None


def test_a_secret_may_change_without_signing_anybody_out():
    old, both = Sessions([b"old"], idle_s=60, longest_s=300), Sessions([b"new", b"old"], idle_s=60, longest_s=300)
    new = Sessions([b"new"], idle_s=60, longest_s=300)

    assert both.read(old.write(old.begin("nora", 0.0)), 1.0).login == "nora"
    assert new.read(both.write(both.begin("nora", 0.0)), 1.0).login == "nora"
    assert new.read(old.write(old.begin("nora", 0.0)), 1.0) is None


def test_what_somebody_may_do_is_never_the_cookies_to_say():
    ours = sessions()
    told = ours.read(ours.write(ours.begin("nora", 0.0).of(LOCAL)), 1.0)

    assert not any(told.may(what) for what in May if what is not May.SEE)
    assert not told.sees("A")


def test_a_screen_knows_who_has_signed_in_on_it_and_says_no_login():
    ours, cookie = sessions(), None
    for number in range(25):
        cookie = ours.screen_with(cookie, f"nurse-{number}")

    assert ours.screen_of(cookie, "nurse-24") == ours.screen_of(cookie, "nurse-5") is not None
    assert ours.screen_of(cookie, "nurse-4") is ours.screen_of(cookie, "nora") is ours.screen_of(None, "nora") is None
    assert sessions(idle_s=1).screen_of("rubbish", "nurse-24") is None
    assert "nurse" not in cookie


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({}, "SECRET"),
        ({"secret": "short"}, "at least 16 characters"),
        ({"secret": SECRET}, "speaks HTTPS"),
        ({"secret": SECRET, "tls_cert_file": __file__}, "both TLS_CERT_FILE and TLS_KEY_FILE"),
        ({"secret": SECRET, "plain_http": True, "trusted_proxies": ["ward"]}, "is no network"),
    ],
)
def test_beyond_loopback_a_board_has_a_secret_and_speaks_https(said, says, tmp_path: Path):
    path = tmp_path / "accounts.toml"
    path.write_text(as_lines("nora", "Nora", Role.NURSE, "long enough password"))

    with pytest.raises(SettingsError, match=says):
        load_board(host="0.0.0.0", accounts=path, **said)
    for way in ({"https": True}, {"plain_http": True}, {"tls_cert_file": path, "tls_key_file": path}):
        assert load_board(host="0.0.0.0", accounts=path, secret=SECRET, **way).host == "0.0.0.0"


def test_a_hash_of_an_older_board_still_opens():
    scrypt = (
        "scrypt$16384$8$5$AAAAAAAAAAAAAAAAAAAAAA==$"
        + base64.b64encode(
            hashlib.scrypt(b"long enough password", salt=bytes(16), n=16384, r=8, p=5, maxmem=2**26, dklen=32)
        ).decode()
    )

    assert matches("long enough password", scrypt)
    assert not matches("another password", scrypt)


def test_the_wards_of_an_account_are_a_list(tmp_path: Path):
    path = tmp_path / "accounts.toml"
    line = as_lines("nora", "Nora", Role.NURSE, "long enough password")
    path.write_text(line + 'wards = ["A", "B"]\n')
    assert Accounts.read(path).of("nora").wards == {"A", "B"}

    path.write_text(line + 'wards = "A"\n')
    with pytest.raises(SettingsError, match="list of ward names"):
        Accounts.read(path)


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

    assert told.stdout.startswith('[nora]\nname = "nora"\nrole = "nurse"\npassword = "$argon2id$')
