"""Every panel of every dashboard asks a real Prometheus, which scrapes a real worker and a real board over a ward."""

import json
import sys
import tomllib
from collections.abc import Iterator

import pytest

from deploy.kafka.broker import Cluster
from deploy.kafka.properties import HOST
from schemas.times import to_text
from streams.config.topics import Topic
from tests.browser.made import now
from tests.integration.prometheus import Prometheus
from tests.integration.staging import ROOT, Stage, until
from tests.streams.board.conftest import BoardProcess

GRAFANA = ROOT / "deploy" / "grafana"
PANELS = [
    (board["uid"], panel["title"], expression)
    for board in tomllib.loads((GRAFANA / "panels.toml").read_text())["dashboard"]
    for panel in board["panel"]
    for expression in panel["queries"].values()
]
UNITS = {"resp_rate": "/min", "spo2": "%", "systolic_bp": "mm[Hg]", "pulse_rate": "/min", "temperature": "Cel"}
ILL = {"resp_rate": 28, "spo2": 88, "systolic_bp": 92, "pulse_rate": 126, "temperature": 38.9}
MOST_SERIES = 400
"""Of one process's whole scrape: no label may grow with patients, beds or devices."""


@pytest.fixture(scope="module")
def seen(kafka: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Twelve made-up patients and one who is ill, watched for as long as it takes until every panel can answer."""
    folder = tmp_path_factory.mktemp("dashboards")
    stage = Stage(kafka.bootstrap, "dashboards.", partitions=4, mode="demo", snapshot_every_s=2).make_topics()
    simulate = [sys.executable, "-c", "from streams.commands import main; main()", "simulate", "--patients", "12"]
    board = BoardProcess(stage.settings, topic="x")
    board.environment |= {"VIGILWARD_TOPIC_PREFIX": "dashboards.", "VIGILWARD_GROUP": stage.settings.group}
    board.environment.pop("VIGILWARD_BOARD_TOPIC")
    with stage.worker(folder / "worker") as worker, stage.worker(folder / "simulate", *simulate, "--rate", "1"):
        worker.ready()
        board.start()
        targets = {
            "vigilward": f"{HOST}:{worker.port()}",
            "vigilward-board": board.address.removeprefix("http://").rstrip("/"),
        }
        prometheus = Prometheus(folder, targets)
        try:
            until(lambda: len(prometheus.values("up == 1")) == 2, within_s=60)
            vitals = {vital: {"value": value, "unit": UNITS[vital]} for vital, value in ILL.items()}
            about = {"patient_id": "p-ill", "device_id": "rounds", "source": "spot", "mode": "demo"}
            reading = {**about, "taken_at": to_text(now()), "vitals": vitals}
            stage.publish(Topic.READINGS, [(b"p-ill", json.dumps(reading).encode())])
            until(lambda: prometheus.values("sum(vigilward_alert_delay_seconds_count) > 0"), worker.fate)
            until(lambda: all(prometheus.values(expression) for *_, expression in PANELS), within_s=60)
            yield prometheus
        finally:
            prometheus.process.terminate()
            prometheus.process.wait(20)
            board.kill()


@pytest.mark.needs("java", "maven", "prometheus")
@pytest.mark.parametrize(("board", "title", "expression"), PANELS)
def test_each_query_of_a_panel_gives_numbers(seen: Prometheus, board: str, title: str, expression: str):
    assert seen.values(expression), f"{board}: {title} is empty"


@pytest.mark.needs("java", "maven", "prometheus")
def test_a_panel_over_a_metric_that_does_not_exist_would_be_found(seen: Prometheus):
    assert seen.values("vigilward_no_such_thing") == []


@pytest.mark.needs("java", "maven", "prometheus")
@pytest.mark.parametrize("job", ["vigilward", "vigilward-board"])
def test_no_label_grows_with_the_ward(seen: Prometheus, job: str):
    (series,) = seen.values(f'scrape_samples_scraped{{job="{job}"}}')
    labels = {name for one in seen.ask("series", **{"match[]": f'{{job="{job}"}}'}) for name in one}

    assert series < MOST_SERIES
    assert not labels & {"patient", "patient_id", "bed", "device", "device_id", "ward"}


@pytest.mark.needs("java", "maven", "prometheus")
def test_over_a_healthy_ward_nothing_is_told_but_the_watchdog(seen: Prometheus):
    firing = {one["labels"]["alertname"] for one in seen.ask("alerts")["alerts"] if one["state"] == "firing"}

    assert firing - {"VigilwardCanaryDown"} == {"VigilwardWatchdog"}  # no canary runs here
