"""Every panel of every dashboard asks a real Prometheus, which scrapes all kinds of processes over a ward."""

import json
import os
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.kafka.broker import Cluster
from deploy.kafka.properties import HOST
from schemas.times import to_text
from streams.config.topics import Topic
from tests.browser.made import now
from tests.integration.drawing import draw_all
from tests.integration.gates import GateProcess, Mllp
from tests.integration.prometheus import Prometheus
from tests.integration.staging import COMMAND, ROOT, Stage, until
from tests.integration.test_notifier import Receiver, routes_to
from tests.streams.board.conftest import BoardProcess
from tests.streams.formats.making import HEART_RATE, SPO2, message

GRAFANA = ROOT / "deploy" / "grafana"
PANELS = [
    (board["uid"], panel["title"], expression)
    for board in tomllib.loads((GRAFANA / "panels.toml").read_text())["dashboard"]
    for panel in board["panel"]
    for expression in panel["queries"].values()
]
UNITS = {"resp_rate": "/min", "spo2": "%", "systolic_bp": "mm[Hg]", "pulse_rate": "/min", "temperature": "Cel"}
ILL = {"resp_rate": 28, "spo2": 88, "systolic_bp": 92, "pulse_rate": 126, "temperature": 38.9}
JOBS = ["vigilward", "vigilward-board", "vigilward-notify", "vigilward-gateway", "vigilward-canary"]
MOST_SERIES = 400
"""Of one process's whole scrape: no label may grow with patients, beds or devices."""


@pytest.fixture(scope="module")
def seen(kafka: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Twelve made-up patients and one who is ill, a gateway that takes and refuses, a notifier and the canary: for as
    long as it takes until every panel can answer.
    """
    folder = tmp_path_factory.mktemp("dashboards")
    stage = Stage(kafka.bootstrap, "dashboards.", partitions=4, mode="demo", snapshot_every_s=2).make_topics()
    simulate = [*COMMAND[:-1], "simulate", "--patients", "12"]
    (folder / "key").write_bytes(b"sixteen bytes ok")
    with ExitStack() as stack:
        receiver = Receiver()
        stack.callback(receiver.server.shutdown)
        receiver.honest = True
        routes = routes_to(receiver, folder)
        worker = stack.enter_context(stage.worker(folder / "worker"))
        stack.enter_context(stage.worker(folder / "simulate", *simulate, "--rate", "1"))
        worker.ready()
        notifier = stack.enter_context(
            stage.worker(folder / "notify", *COMMAND[:-1], "notify", notify_routes=routes, notify_port=0)
        )
        canary = stack.enter_context(stage.worker(folder / "canary", *COMMAND[:-1], "canary", "--every", "15"))
        gate = stack.enter_context(GateProcess(stage, folder / "gate", "hl7v2"))
        board = BoardProcess(stage.settings, topic="x")
        board.environment |= {"VIGILWARD_TOPIC_PREFIX": "dashboards.", "VIGILWARD_GROUP": stage.settings.group}
        board.environment.pop("VIGILWARD_BOARD_TOPIC")
        board.start()
        stack.callback(board.kill)
        targets = {
            "vigilward": f"{HOST}:{worker.port()}",
            "vigilward-board": board.address.removeprefix("http://").rstrip("/"),
            "vigilward-notify": f"{HOST}:{notifier.port()}",
            "vigilward-gateway": f"{HOST}:{gate.port()}",
            "vigilward-canary": f"{HOST}:{canary.port()}",
        }
        prometheus = stack.enter_context(Prometheus(folder, targets))
        peer = stack.enter_context(Mllp(gate.door))
        until(lambda: len(prometheus.values("up == 1")) == len(targets), within_s=60)
        stage.publish(Topic.READINGS, [(b"p-ill", ill_reading())])
        until(lambda: prometheus.values("sum(vigilward_alert_delay_seconds_count) > 0"), worker.fate)

        def every_panel_answers() -> bool:
            peer.send(message(HEART_RATE, SPO2))
            peer.answer()
            return all(prometheus.values(expression) for *_, expression in PANELS)

        until(every_panel_answers, lambda: [one for one in PANELS if not prometheus.values(one[2])], within_s=90)
        if kept := os.environ.get("VIGILWARD_PICTURE"):
            time.sleep(45)  # a picture has a past
            draw_all(prometheus, Path(kept))
        yield prometheus


def ill_reading() -> bytes:
    vitals = {vital: {"value": value, "unit": UNITS[vital]} for vital, value in ILL.items()}
    about = {"patient_id": "p-ill", "device_id": "rounds", "source": "spot", "mode": "demo"}
    return json.dumps({**about, "taken_at": to_text(now()), "vitals": vitals}).encode()


@pytest.mark.needs("java", "maven", "prometheus")
@pytest.mark.parametrize(("board", "title", "expression"), PANELS)
def test_each_query_of_a_panel_gives_numbers(seen: Prometheus, board: str, title: str, expression: str):
    assert seen.values(expression), f"{board}: {title} is empty"


@pytest.mark.needs("java", "maven", "prometheus")
def test_a_panel_over_a_metric_that_does_not_exist_would_be_found(seen: Prometheus):
    assert seen.values("vigilward_no_such_thing") == []


@pytest.mark.needs("java", "maven", "prometheus")
@pytest.mark.parametrize("job", JOBS)
def test_no_label_grows_with_the_ward(seen: Prometheus, job: str):
    (series,) = seen.values(f'scrape_samples_scraped{{job="{job}"}}')
    labels = {name for one in seen.ask("series", **{"match[]": f'{{job="{job}"}}'}) for name in one}

    assert series < MOST_SERIES
    assert not labels & {"patient", "patient_id", "bed", "device", "device_id", "ward"}


@pytest.mark.needs("java", "maven", "prometheus")
def test_over_a_healthy_ward_nothing_is_told_but_the_watchdog(seen: Prometheus):
    firing = {one["labels"]["alertname"] for one in seen.ask("alerts")["alerts"] if one["state"] == "firing"}

    assert firing == {"VigilwardWatchdog"}
