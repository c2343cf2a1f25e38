"""Stations, PINs, and who has which patient: what the board lets in and keeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.action import Role
from streams.board.accounts import Accounts, as_lines, hashed_pin
from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from tests.browser.made import Bed, Ward
from tests.streams.board.conftest import PASSWORD, BoardProcess, Visitor, awaited, events

PIN = "271828"


@pytest.fixture(scope="module")
def bed(ward: Ward) -> Bed:
    one = Bed(1)
    ward.tell(one)
    ward.flush()
    return one


@pytest.fixture(scope="module")
def board(settings: Settings, bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoardProcess]:
    path: Path = tmp_path_factory.mktemp("accounts") / "accounts.toml"
    path.write_text(
        as_lines("desk", "Desk A", Role.VIEWER, PASSWORD, station=True)
        + as_lines("nora", "Nora", Role.NURSE, PASSWORD, pin=PIN)
        + as_lines("nils", "Nils", Role.NURSE, PASSWORD, pin=PIN)
        + as_lines("bela", "Bela", Role.NURSE, PASSWORD)
        + 'wards = ["B"]\n'
        + as_lines("lea", "Lea", Role.SHIFT_LEAD, PASSWORD)
    )
    process = BoardProcess(settings, accounts=path, secret="a secret of the tests").start()
    yield process
    process.kill()


def entered(board: BoardProcess, login: str) -> Visitor:
    return Visitor(board.address).sign_in(login)


def test_a_station_looks_and_may_do_nothing(board: BoardProcess, bed: Bed):
    desk = entered(board, "desk")
    assert desk.cookie.startswith("vigilward_station=")
    me = desk.ask("GET", "/api/me")[1]
    assert (me["station"], me["person"], me["may"]) == (True, False, ["see"])
    said = {"action_id": "act-00001", "patient_id": bed.patient, "action_type": "concern"}
    assert desk.ask("POST", "/api/actions", {**said, "reason": "breathing"})[0] == 403
    [(_, _, whole)] = events(desk, 1)
    assert [one["patient_id"] for one in whole["beds"]] == [bed.patient]


def test_a_pin_counts_only_on_a_screen_on_which_the_password_was_given(board: BoardProcess):
    stranger = Visitor(board.address)

    assert stranger.ask("POST", "/api/sign-in", {"login": "nora", "secret": PIN})[0] == 401
    assert stranger.ask("POST", "/api/sign-in", {"login": "nora", "secret": PIN, "password": PASSWORD})[0] == 422
    stranger.ask("POST", "/api/sign-in", {"login": "nora", "password": PASSWORD})
    screen = next(one for one in stranger.headers.get_all("Set-Cookie") if one.startswith("vigilward_screen="))
    stranger.cookie = screen.partition(";")[0]
    assert stranger.ask("POST", "/api/sign-in", {"login": "nora", "secret": "000000"})[0] == 401
    stranger.cookie = screen.partition(";")[0]
    assert stranger.ask("POST", "/api/sign-in", {"login": "nora", "secret": PIN})[0] == 200
    stranger.cookie = screen.partition(";")[0]
    assert stranger.ask("POST", "/api/sign-in", {"login": "nora", "secret": PASSWORD})[0] == 200, "or the password"
    stranger.cookie = screen.partition(";")[0]
    assert stranger.ask("POST", "/api/sign-in", {"login": "nils", "secret": PIN})[0] == 401, "another's screen"


@pytest.mark.parametrize(
    ("more", "says"),
    [("station = true", "its role is viewer"), ("pin = '1234'", "pin is a hash")],
)
def test_a_station_only_looks_and_a_pin_is_no_plain_number(more: str, says: str, tmp_path: Path):
    path = tmp_path / "accounts.toml"
    path.write_text(as_lines("nora", "Nora", Role.NURSE, PASSWORD) + more)

    with pytest.raises(SettingsError, match=says):
        Accounts.read(path)


@pytest.mark.parametrize("pin", ["1234", "12345x", "", "1234567890123"])
def test_a_pin_has_six_to_twelve_digits(pin: str):
    with pytest.raises(ValueError, match="6 to 12 digits"):
        hashed_pin(pin)


def _owner(visitor: Visitor, bed: Bed, expected: str | None) -> str | None:
    """Who has the bed, as every page is told, once it is as expected."""

    def has() -> str | None:
        [(_, _, whole)] = events(visitor, 1)
        return whole["assigned"].get(bed.patient, {}).get("name")

    return awaited(has, lambda name: name == expected)


def test_a_lead_gives_patients_a_nurse_takes_them_and_every_page_is_told(board: BoardProcess, bed: Bed):
    lea, nora, nils = (entered(board, login) for login in ("lea", "nora", "nils"))
    said = {"action_id": "asg-00001", "patients": [bed.patient], "login": "nora"}
    assert nils.ask("POST", "/api/assignments", said)[0] == 403, "nobody gives to others but who leads"
    assert lea.ask("POST", "/api/assignments", said)[0] == 201
    assert lea.ask("POST", "/api/assignments", {**said, "login": "desk"})[0] == 404
    assert _owner(nils, bed, "Nora") == "Nora"
    assert nils.ask("POST", "/api/assignments", {**said, "action_id": "asg-00002", "login": None})[0] == 403
    assert nora.ask("POST", "/api/assignments", {**said, "action_id": "asg-00003", "login": None})[0] == 201
    assert _owner(nils, bed, None) is None
    mine = {"action_id": "asg-00004", "patients": [bed.patient], "login": "nora"}
    assert nora.ask("POST", "/api/assignments", mine)[0] == 201
    assert _owner(nils, bed, "Nora") == "Nora"

    assert nora.ask("POST", "/api/assignments", mine)[0] == 201, "the same word again is no taking over"
    takes = {"action_id": "asg-00005", "patients": [bed.patient], "login": "nils"}
    status, refused = nils.ask("POST", "/api/assignments", takes)
    assert (status, refused["detail"]["code"], refused["detail"]["who"]) == (409, "has_bed", "Nora")
    assert nils.ask("POST", "/api/assignments", {**takes, "takes_over": "lea"})[0] == 409, "another has it now"
    assert nils.ask("POST", "/api/assignments", {**takes, "takes_over": "nora"})[0] == 201
    assert _owner(nora, bed, "Nils") == "Nils"
    assert lea.ask("POST", "/api/assignments", {**takes, "action_id": "asg-00006", "login": "nora"})[0] == 201
    assert _owner(nora, bed, "Nora") == "Nora"
    staff = lea.ask("GET", "/api/staff")[1]
    assert [(one["login"], one["wards"]) for one in staff] == [
        ("bela", ["B"]),
        ("lea", None),
        ("nils", None),
        ("nora", None),
    ]
    status, refused = lea.ask("POST", "/api/assignments", {**takes, "action_id": "asg-00007", "login": "bela"})
    assert (status, refused["detail"]["code"], refused["detail"]["bed"]) == (409, "cannot_see", bed.bed)
    assert _owner(nora, bed, "Nora") == "Nora", "who is not on her own page is not given to her"
