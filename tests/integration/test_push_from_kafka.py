"""Calls to browsers that a board has put on the topic `subscriptions`: a real notifier reads them from a real Kafka."""

import json
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from schemas.action import Role, Step
from streams.config.topics import Topic
from streams.web_push.identity import verifier
from streams.web_push.subscription import Subscription, encode
from streams.web_push.ticket import read
from tests.integration.staging import Stage, until
from tests.integration.test_notifier import COMMAND, alert
from tests.streams.web_push.receiving import BrowserKeys, sender_in


class PushService:
    """Takes messages by the path of their endpoint; those of `gone` are no more."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.gone: set[str] = set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                name = handler.path[1:]
                if name not in self.gone:
                    self.taken.append((name, body))
                handler.send_response(410 if name in self.gone else 201)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def endpoint(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{name}"

    def to(self, name: str) -> list[bytes]:
        return [body for whose, body in self.taken if whose == name]


@pytest.fixture
def service():
    one = PushService()
    yield one
    one.server.shutdown()
    one.server.server_close()


def device(service: PushService, name: str, keys: BrowserKeys, role: Role = Role.NURSE, **more) -> Subscription:
    facts = {"login": name, "role": role, "endpoint": service.endpoint(name), "until": time.time() + 3_600} | more
    return Subscription(**facts, **keys.keys)


def put(stage: Stage, *devices: Subscription) -> None:
    stage.publish(Topic.SUBSCRIPTIONS, [(one.id.encode(), encode(one)) for one in devices])


def call(stage: Stage, number: int) -> None:
    stage.publish(Topic.ALERTS, [(f"p-{number}".encode(), alert(number, 1, "calling"))])


def said(stage: Stage) -> list[tuple[str, str, str]]:
    actions = [json.loads(record.value()) for record in stage.read(Topic.ACTIONS)]
    return [(one["action_type"], one["alert_id"], one["recipient"]) for one in actions]


@pytest.mark.needs("java", "maven")
def test_a_notifier_calls_the_browsers_that_stand_on_the_topic_after_a_kill_too_and_forgets_those_that_are_no_more(
    kafka, topic_prefix: str, service: PushService, tmp_path: Path
):
    stage = Stage(kafka.bootstrap, topic_prefix, mode="real", partitions=4).make_topics()
    (tmp_path / "routes.toml").write_text(
        "".join(f'[[recipient]]\nname = "{step}"\nchannel = "webpush"\nrole = "{step}"\n' for step in Step)
    )
    identity, browsers = sender_in(tmp_path), {name: BrowserKeys() for name in ("nora", "nils", "lea")}
    nora, nils = (device(service, name, browsers[name]) for name in ("nora", "nils"))
    put(stage, nora, nils)
    put(stage, device(service, "late", BrowserKeys(), until=time.time() - 60))
    put(stage, device(service, "elsewhere", BrowserKeys(), endpoint="https://push.evil.example/x"))
    put(stage, device(service, "other", BrowserKeys(), wards=("B",)))
    settings = {
        "notify_routes": tmp_path / "routes.toml", "notify_port": 0, "notify_push_key_file": tmp_path / "push.pem",
        "notify_push_services": '["127.0.0.1"]',
    }  # fmt: skip

    running = stage.worker(tmp_path / "n", *COMMAND, **settings)
    try:
        until(lambda: running.get("/readyz")[0] == 200, running.fate)
        call(stage, 1)
        until(lambda: service.to("nora") and service.to("nils"), running.fate)
        shown = json.loads(browsers["nora"].open(service.to("nora")[0]))
        ticket = read(shown["ticket"], verifier(identity.public))
        assert (ticket.recipient, [one.alert_id for one in ticket.calls]) == ("nurse/nora", ["a-1"])
        until(lambda: len([one for one in said(stage) if one[0] == "sent"]) == 2)
        assert "p-1" not in json.dumps(shown | {"ticket": ""}), "no patient's id"

        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        put(stage, device(service, "lea", browsers["lea"]))  # while no notifier runs
        stage.publish(Topic.SUBSCRIPTIONS, [(nils.id.encode(), None)])
        call(stage, 2)
        running = stage.worker(tmp_path / "n", *COMMAND, **settings)
        until(lambda: service.to("lea") and len(service.to("nora")) == 2, running.fate)
        assert len(service.to("nils")) == 1, "signed out"

        service.gone |= {"nora", "lea"}
        call(stage, 3)
        until(lambda: {("undeliverable", "a-3", f"nurse/{name}") for name in ("nora", "lea")} <= set(said(stage)))
        newest = {record.key(): record.value() for record in stage.read(Topic.SUBSCRIPTIONS)}
        assert newest[nora.id.encode()] is None, "and the topic says so"

        call(stage, 4)
        until(lambda: ("undeliverable", "a-4", "nurse") in said(stage))
        assert {name for name, _ in service.taken} == {"nora", "nils", "lea"}
        put(stage, nora, device(service, "tablet", BrowserKeys(), login="nora"))
        until(lambda: "tablet" in {name for name, _ in service.taken}, running.fate, within_s=40)
    finally:
        assert running.stop() == 0, running.fate()
