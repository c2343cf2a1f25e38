"""A board on the embedded broker, and a page's way of talking to it."""

import json
import os
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.reading import Mode
from streams.config.settings import Settings
from streams.config.topics import TOPICS, Topic, partitions_of
from streams.demo.embedded import EmbeddedBroker
from tests.browser.made import Bed, Ward

ROOT = Path(__file__).parents[3]
PARTITIONS = 2
PASSWORD = "a long enough password"
WAIT_S = 10.0


class Visitor:
    """A screen without a browser: cookies, the page's token, and JSON."""

    def __init__(self, address: str) -> None:
        self.address, self.cookie, self.csrf = address.rstrip("/"), "", ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Cookie": self.cookie, "X-Vigilward-CSRF": self.csrf, **headers}
        request = urllib.request.Request(self.address + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                self.headers, text, status = answer.headers, answer.read(), answer.status
        except urllib.error.HTTPError as refused:
            self.headers, text, status = refused.headers, refused.read(), refused.code
        if given := self.headers.get("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        if self.headers.get_content_type() == "application/json":
            return status, json.loads(text)
        return status, text.decode()

    def enter(self) -> "Visitor":
        _, me = self.ask("GET", "/api/me")
        self.csrf = me.get("csrf", "")
        return self

    def sign_in(self, login: str, password: str = PASSWORD) -> "Visitor":
        status, me = self.ask("POST", "/api/sign-in", {"login": login, "password": password})
        assert status == 200, me
        self.csrf = me["csrf"]
        return self


def everything(settings: Settings, topic: Topic) -> list[tuple[int, bytes, dict[str, Any]]]:
    """(partition, key, value) of all that stands in the topic."""
    reader = Consumer({**settings.librdkafka(), "group.id": "t", "enable.partition.eof": True})
    reader.assign([TopicPartition(settings.topic(topic), number, 0) for number in range(settings.partitions)])
    found, ended, until = [], 0, time.monotonic() + 30
    while ended < settings.partitions:
        assert time.monotonic() < until, f"{topic} could not be read to its end within 30 s"
        for message in reader.consume(100, 0.1):
            if message.error() is not None:
                ended += 1
            else:
                found.append((message.partition(), message.key(), json.loads(message.value())))
    reader.close()
    return found


def events(visitor: Visitor, count: int, after: str | None = None) -> list[tuple[str, str, Any]]:
    """The first events of a stream: id, name, body. The pulses of the clock are left out."""
    headers = {"Cookie": visitor.cookie, **({"Last-Event-ID": after} if after else {})}
    found, fields = [], {}
    with urllib.request.urlopen(
        urllib.request.Request(visitor.address + "/api/stream", headers=headers), timeout=10
    ) as answer:
        for line in answer:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                fields[name] = value
            elif "event" in fields:
                if fields["event"] != "pulse":
                    found.append((fields["id"], fields["event"], json.loads(fields["data"])))
                fields = {}
                if len(found) == count:
                    return found
    raise AssertionError("the stream ended early")


def awaited(ask: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    """What is answered once it is enough; fails with the last answer."""
    until = time.monotonic() + WAIT_S
    while not enough(answer := ask()):
        assert time.monotonic() < until, f"until the end it was only {answer}"
        time.sleep(0.05)
    return answer


def until_told(visitor: Visitor, bed: Bed) -> None:
    """Wait until the board shows the orders and the alerts of the bed's status."""
    wanted = bed.status()

    def is_told(said: list[tuple[str, str, Any]]) -> bool:
        [one] = [one for one in said[0][2]["beds"] if one["patient_id"] == bed.patient]
        return (one["orders"], one["alerts"]) == (wanted["orders"], wanted["alerts"])

    awaited(lambda: events(visitor, 1), is_told)


def history(visitor: Visitor, bed: Bed, enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The patient's last hours, once the board has heard its own words again."""
    return awaited(lambda: visitor.ask("POST", "/api/history", {"patient_id": bed.patient})[1], enough)


class BoardProcess:
    """The real `vigilward board`."""

    def __init__(self, settings: Settings, **board: Any) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("VIGILWARD_")},
            "VIGILWARD_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "VIGILWARD_PARTITIONS": str(settings.partitions),
            "VIGILWARD_MODE": settings.mode.value,
            "VIGILWARD_BOARD_PORT": "0",
            "VIGILWARD_BOARD_SILENT_AFTER_S": "60",
            **{f"VIGILWARD_BOARD_{name.upper()}": str(value) for name, value in board.items()},
        }
        self.process: subprocess.Popen[str] | None = None
        self.log: Path | None = None  # where its log goes; None: to ours
        self.address = ""

    def start(self) -> "BoardProcess":
        command = [sys.executable, "-c", "from streams.commands import main; main()", "board"]
        with self.log.open("ab") if self.log else nullcontext() as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
            )
        assert self.process.stdout is not None
        said, _, _ = select.select([self.process.stdout], [], [], 180)
        if not said:
            self.kill()
            raise AssertionError("the board did not say its address within 180 s")
        self.address = self.process.stdout.readline().split()[-1].rstrip("/")
        # A board that is started again stands where it stood.
        self.environment["VIGILWARD_BOARD_PORT"] = self.address.rpartition(":")[2]
        until = time.monotonic() + 180
        while Visitor(self.address).ask("GET", "/readyz")[0] != 200:
            if time.monotonic() > until:
                self.kill()
                raise AssertionError("the board did not become ready")
            time.sleep(0.1)
        return self

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self._ended()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self._ended()

    def _ended(self) -> int:
        assert self.process is not None and self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(15)


@contextmanager
def a_broker() -> Iterator[Settings]:
    """The settings of an embedded broker with every topic, as long as it runs."""
    named = Settings(partitions=PARTITIONS)
    with EmbeddedBroker({named.topic(topic): partitions_of(topic, named) for topic in TOPICS}) as broker:
        yield Settings(bootstrap_servers=broker.bootstrap_servers, partitions=PARTITIONS, mode=Mode.DEMO)


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with a_broker() as one:
        yield one


@pytest.fixture(scope="module")
def ward(settings: Settings) -> Ward:
    return Ward(settings)
