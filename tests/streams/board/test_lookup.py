"""Names from the hospital's own service: asked for seldom, kept while it is away, and never in a URL."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from streams.board.lookup import Lookup
from streams.board.settings import load_board
from streams.config.settings_problems import SettingsError

ANNA = {"name": "Adler, Anna", "born": "1951-07-30", "number": "4711"}


class Service:
    """Answers with Anna, or not at all; counts how often it was asked. The clock is ours."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.now, self.away = 0.0, False
        self.lookup = Lookup("https://names", ask=self.answer, clock=lambda: self.now)

    async def answer(self, patients: list[str]) -> dict[str, dict[str, str]]:
        self.asked.append(patients)
        if self.away:
            raise TimeoutError("timed out")
        return {patient: ANNA for patient in patients if patient == "p"}

    def of(self, *patients: str) -> dict[str, dict[str, str]]:
        return asyncio.run(self.lookup.of(patients))


def test_a_name_is_asked_for_once_in_ten_minutes():
    service = Service()
    assert [service.of("p") for _ in range(3)] == [{"p": ANNA}] * 3
    service.now = 600.0
    service.of("p")

    assert service.asked == [["p"], ["p"]]


def test_whom_the_service_does_not_know_is_asked_for_again_sooner():
    service = Service()
    assert service.of("p", "q") == {"p": ANNA}
    service.now = 60.0
    service.of("p", "q")

    assert service.asked == [["p", "q"], ["q"]]


def test_a_service_that_is_away_costs_no_name_that_was_known_and_is_told():
    service = Service()
    service.of("p")
    service.away, service.now = True, 700.0

    assert (service.of("p"), service.lookup.failing) == ({"p": ANNA}, True)
    service.away, service.now = False, 711.0
    service.of("p")
    assert not service.lookup.failing


def test_a_service_that_is_away_is_left_alone_for_a_while():
    service = Service()
    service.away = True
    for second in range(10):
        service.now = float(second)
        assert service.of("p") == {}

    assert len(service.asked) == 1


class Names(BaseHTTPRequestHandler):
    """A real service; what it was asked stands in `heard`."""

    heard: ClassVar[list[tuple[str, str, object]]] = []
    moved = garbled = drips = False
    over = threading.Event()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append((self.path, self.headers["Authorization"], body))
        if self.garbled:
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            return
        if self.drips:
            self.send_response(200)
            self.end_headers()
            while not self.over.wait(0.02):
                self.wfile.write(b" ")
            return
        self.send_response(302 if self.moved else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(json.dumps({"p": {**ANNA, "diagnosis": "nobody's business"}}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Names.heard, Names.moved, Names.garbled, Names.drips = [], False, False, False
    Names.over.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Names)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/people"
    Names.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_patients_are_named_in_the_body_and_never_in_the_address(address: str):
    assert asyncio.run(Lookup(address, "a token").of(["p"])) == {"p": ANNA}
    assert Names.heard == [("/people", "Bearer a token", {"patients": ["p"]})]


def test_names_are_asked_of_no_other_address(address: str):
    Names.moved = True
    lookup = Lookup(address)

    assert asyncio.run(lookup.of(["p"])) == {}
    assert lookup.failing
    assert [path for path, _, _ in Names.heard] == ["/people"]


def test_an_answer_that_is_none_costs_no_name_and_is_told(address: str):
    Names.garbled = True
    lookup = Lookup(address)

    assert asyncio.run(lookup.of(["p"])) == {}
    assert lookup.failing


def test_an_answer_that_comes_in_drops_holds_nobody_up(address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("streams.board.lookup.WITHIN_S", 0.2)
    Names.drips = True
    lookup = Lookup(address)

    assert asyncio.run(lookup.of(["p"])) == {}
    assert lookup.failing


def test_an_answer_without_end_is_no_answer(address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("streams.board.lookup.MOST_BYTES", 20)
    lookup = Lookup(address)

    assert asyncio.run(lookup.of(["p"])) == {}
    assert lookup.failing


def test_the_name_of_a_patient_who_has_left_is_not_kept():
    service = Service()
    service.of("p", "q")
    service.of("q")
    service.of("p")

    assert service.asked == [["p", "q"], ["p"]]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"directory_url": "http://names.example/people"}, "over https"),
        ({"directory_url": "ftp://names.example"}, "over https"),
        ({"directory_url": "https://names.example", "directory": "/etc/hostname"}, "one of the two"),
    ],
)
def test_an_address_that_would_show_names_to_others_is_refused(settings: dict[str, str], says: str):
    with pytest.raises(SettingsError, match=says):
        load_board(**settings)


def test_names_may_be_asked_of_this_machine_or_over_https():
    assert load_board(directory_url="https://names.example/people").directory_url
    assert load_board(directory_url="http://127.0.0.1:8000/people").directory_url
