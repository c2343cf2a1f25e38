"""A real notifier on a real Kafka, killed again and again: no call untold, none told with two contents, in order."""

import hashlib
import json
import signal
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from deploy.kafka.broker import Cluster
from schemas.action import Step
from schemas.times import to_text
from streams.config.topics import Topic
from tests.browser.made import now
from tests.integration.staging import Stage, until
from tests.integration.test_topics_made_anew import make_anew

ALERTS = 60
KILLS = 5
COMMAND = (sys.executable, "-c", "from streams.commands import main; main()", "notify")


class Receiver:
    """An HTTP receiver that misbehaves on purpose: by turns it takes, answers 500 or 429, hangs up, or is slow."""

    def __init__(self) -> None:
        self.taken: dict[str, set[str]] = defaultdict(set)
        self.order: list[str] = []
        self.paths: set[str] = set()
        self.bodies: list[bytes] = []
        self.requests, self.honest, self.shut = 0, False, False
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                with lock:
                    self.paths.add(handler.path)
                    self.bodies.append(body)
                    self.requests += 1
                    turn = self.requests % 7
                    fails = self.shut or (not self.honest and turn in (1, 3, 5))
                    if not fails or (turn == 5 and not self.shut):  # taken, though in turn 5 nobody hears so
                        one = json.loads(body)["id"]
                        self.taken[one].add(hashlib.sha256(body).hexdigest())
                        self.order.append(one)
                if fails and turn == 5:
                    handler.connection.close()
                    return
                handler.send_response({3: 429}.get(turn, 500) if fails else 204)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"


def alert(number: int, revision: int, status: str, steps: int = 1) -> bytes:
    """A revision as a worker sends it, with what a notifier reads."""
    at, moment = to_text(now()), to_text(1_795_316_000_000 + number)
    reached = [{"step": step.value, "at": moment, "delivery": "waiting"} for step in list(Step)[:steps]]
    said = {
        "alert_id": f"a-{number}",
        "revision": revision,
        "state": "raised",
        "kind": "physiological",
        "subject": "deterioration",
        "priority": "high",
        "patient_id": f"p-{number}",
        "mode": "real",
        "ward": "A",
        "bed": f"A{number:03d}",
        "started_at": at,
        "at": at,
        "headline": "SpO2 84 %",
        "reason": "red",
        "lifecycle": {"status": status, "steps": reached if status == "calling" else [], "repeats": 0},
    }
    return json.dumps(said).encode()


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def routes(tmp_path: Path, receiver: Receiver) -> Path:
    (tmp_path / "key").write_bytes(b"sixteen bytes ok")
    people = "".join(
        f'[[recipient]]\nname = "{step}"\nchannel = "webhook"\nrole = "{step}"\nurl = "{receiver.url}"\n'
        f'key_id = "k"\nkey_file = "{tmp_path / "key"}"\n'
        for step in Step
    )
    (tmp_path / "routes.toml").write_text(people)
    return tmp_path / "routes.toml"


@pytest.fixture
def stage(kafka: Cluster, topic_prefix: str) -> Stage:
    return Stage(kafka.bootstrap, topic_prefix, partitions=4).make_topics()


def notifier(stage: Stage, folder: Path, routes: Path):
    return stage.worker(folder, *COMMAND, notify_routes=routes, notify_port=0)


def ids_of_calls(steps: int) -> set[tuple[str, str]]:
    return {(f"a-{number}", step.value) for number in range(ALERTS) for step in list(Step)[:steps]}


def told(receiver: Receiver) -> set[tuple[str, str]]:
    return {tuple(one.split(":")[:2]) for one in receiver.taken if not one.endswith(":over")}


@pytest.mark.needs("java", "maven")
def test_killed_again_and_again_it_tells_every_call_and_its_end_with_one_content(
    stage: Stage, receiver: Receiver, routes: Path, tmp_path: Path
):
    running = notifier(stage, tmp_path / "n", routes)
    for turn in range(KILLS):
        numbers = range(turn * ALERTS // KILLS, (turn + 1) * ALERTS // KILLS)
        stage.publish(Topic.ALERTS, [(f"p-{number}".encode(), alert(number, 1, "calling", 2)) for number in numbers])
        time.sleep(1.5)
        running.process.kill()
        running.process.wait()
        running = notifier(stage, tmp_path / "n", routes)
    receiver.honest = True
    try:
        until(lambda: told(receiver) == ids_of_calls(2), running.fate, within_s=60)
        over = [(f"p-{number}".encode(), alert(number, 2, "cleared")) for number in range(ALERTS)]
        stage.publish(Topic.ALERTS, over)
        until(lambda: sum(one.endswith(":over") for one in receiver.taken) == 2 * ALERTS, running.fate, within_s=60)
    finally:
        ended = running.stop(signal.SIGTERM)

    assert ended == 0
    assert {len(contents) for contents in receiver.taken.values()} == {1}
    for one in receiver.taken:
        if one.endswith(":over"):
            assert receiver.order.index(one) > receiver.order.index(one.removesuffix(":over"))


@pytest.mark.needs("java", "maven")
def test_of_two_notifiers_one_tells_and_an_alert_that_cannot_be_read_stops_nothing(
    stage: Stage, receiver: Receiver, routes: Path, tmp_path: Path
):
    receiver.honest = True
    with notifier(stage, tmp_path / "one", routes) as first, notifier(stage, tmp_path / "two", routes) as second:
        until(lambda: first.get("/readyz")[0] == 200 and second.get("/readyz")[0] == 200, first.fate)
        records = [(f"p-{number}".encode(), alert(number, 1, "calling")) for number in range(ALERTS)]
        stage.publish(Topic.ALERTS, [*records[:30], (b"p-0", b"{not json"), (b"p-1", b"[" * 50_000), *records[30:]])
        until(lambda: told(receiver) == ids_of_calls(1), first.fate)
        time.sleep(1)
        unreadable = sum(one.metric("vigilward_notify_records_unreadable_total") for one in (first, second))

    assert len(receiver.order) == ALERTS
    assert unreadable == 2


@pytest.mark.needs("java", "maven")
def test_while_notifiers_come_leave_and_die_each_call_and_its_end_are_told_with_one_content_in_order(
    stage: Stage, receiver: Receiver, routes: Path, tmp_path: Path
):
    """Partitions are dealt anew in the middle of everything: to a second one, back after a kill, and after a stop."""

    def call(numbers: range) -> None:
        for number in numbers:
            stage.publish(Topic.ALERTS, [(f"p-{number}".encode(), alert(number, 1, "calling"))])
            time.sleep(0.05)

    first = notifier(stage, tmp_path / "one", routes)
    until(lambda: first.get("/readyz")[0] == 200, first.fate)
    call(range(20))
    second = notifier(stage, tmp_path / "two", routes)
    call(range(20, 35))
    until(lambda: second.get("/readyz")[0] == 200, second.fate)
    first.process.kill()
    first.process.wait()
    call(range(35, 45))
    third = notifier(stage, tmp_path / "three", routes)
    call(range(45, ALERTS))
    until(lambda: third.get("/readyz")[0] == 200, third.fate)
    assert second.stop() == 0, second.fate()
    receiver.honest = True
    try:
        until(lambda: told(receiver) == ids_of_calls(1), third.fate)
        stage.publish(Topic.ALERTS, [(f"p-{number}".encode(), alert(number, 2, "cleared")) for number in range(ALERTS)])
        until(lambda: sum(one.endswith(":over") for one in receiver.taken) == ALERTS, third.fate)
    finally:
        assert third.stop() == 0, third.fate()

    assert {len(contents) for contents in receiver.taken.values()} == {1}
    for one in receiver.taken:
        if one.endswith(":over"):
            assert receiver.order.index(one) > receiver.order.index(one.removesuffix(":over"))


@pytest.mark.needs("java", "maven")
def test_calls_of_a_topic_that_was_made_anew_are_told_and_none_is_told_again(
    stage: Stage, receiver: Receiver, routes: Path, tmp_path: Path
):
    """More at once than the old one held: whoever went on at the old place would pass them over."""
    receiver.honest = True
    with notifier(stage, tmp_path / "n", routes) as running:
        until(lambda: running.get("/readyz")[0] == 200, running.fate)
        stage.publish(Topic.ALERTS, [(f"p-{number}".encode(), alert(number, 1, "calling")) for number in range(20)])
        until(lambda: len(told(receiver)) == 20, running.fate)
        make_anew(stage, Topic.ALERTS)
        records = [(f"p-{number}".encode(), alert(number, 1, "calling")) for number in range(ALERTS)]
        stage.publish(Topic.ALERTS, records)
        until(lambda: told(receiver) == ids_of_calls(1), running.fate, within_s=90)
        time.sleep(2)

    assert len(receiver.order) == ALERTS


@pytest.mark.needs("java", "maven")
def test_what_is_owed_is_told_though_what_was_told_is_made_anew_under_a_notifier_and_without_one(
    stage: Stage, receiver: Receiver, routes: Path, tmp_path: Path
):
    def owed(numbers: range) -> None:
        before = len(stage.read(Topic.NOTIFICATIONS))
        stage.publish(Topic.ALERTS, [(f"p-{number}".encode(), alert(number, 1, "calling")) for number in numbers])
        until(lambda: len(stage.read(Topic.NOTIFICATIONS)) == before + len(numbers), running.fate)
        until(lambda: sum(max(one, 0) for one in committed(stage).values()) == numbers.stop, running.fate)

    def killed() -> None:
        running.process.kill()
        running.process.wait()

    receiver.shut = True
    running = notifier(stage, tmp_path / "one", routes)
    owed(range(20))
    make_anew(stage, Topic.NOTIFICATIONS)
    until(lambda: len(stage.read(Topic.NOTIFICATIONS)) == 20, running.fate)
    owed(range(20, 40))
    killed()
    make_anew(stage, Topic.NOTIFICATIONS)
    receiver.shut, receiver.honest = False, True
    with notifier(stage, tmp_path / "two", routes) as running:
        until(lambda: len(told(receiver)) == 40, running.fate, within_s=60)
        assert "is not whole in" in running.log.read_text()
    assert {len(contents) for contents in receiver.taken.values()} == {1} and len(receiver.order) == 40


def committed(stage: Stage) -> dict[int, int]:
    own = {"group.id": f"{stage.settings.group}-notify", "enable.auto.commit": False}
    reader = Consumer({**stage.settings.librdkafka(), **own})
    try:
        places = [TopicPartition(stage.settings.topic(Topic.ALERTS), number) for number in range(4)]
        return {one.partition: one.offset for one in reader.committed(places, timeout=10)}
    finally:
        reader.close()
