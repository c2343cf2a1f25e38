"""Every panel of every dashboard asks a real Prometheus, which scrapes real workers, a board, a gateway, a notifier and
a canary over a ward.
"""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator

import pytest

from deploy.kafka.broker import Cluster
from streams.config.topics import Topic
from tests.integration.gates import GateProcess
from tests.integration.planted import (
    MRN,
    PATIENT,
    found_in,
    plant_by_gateways,
    plant_by_http,
    plant_by_mqtt,
    plant_in_kafka,
)
from tests.integration.staging import ROOT, Stage, until
from tests.integration.test_gateways import Broker
from tests.integration.whole_ward import JOBS, WholeWard, command

pytestmark = pytest.mark.needs("java", "maven", "prometheus", "mosquitto")
GRAFANA = ROOT / "deploy" / "grafana"
PANELS = [
    (board["uid"], panel["title"], legend, expression)
    for board in tomllib.loads((GRAFANA / "panels.toml").read_text())["dashboard"]
    for panel in board["panel"]
    for legend, expression in panel["queries"].items()
]
NOTHING = "vigilward_no_such_thing"
MOST_SERIES = 500
"""Of one process's whole scrape: no label may grow with patients, beds or devices."""


@pytest.fixture(scope="module")
def ward(kafka: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeWard]:
    stage = Stage(
        kafka.bootstrap, "dashboards.", partitions=4, mode="demo", snapshot_every_s=2, log_level="debug"
    ).make_topics()
    with WholeWard(stage, tmp_path_factory.mktemp("dashboards")) as ward:
        ward.scraped()
        yield ward


@pytest.fixture(scope="module")
def answers(ward: WholeWard) -> dict[str, list[dict[str, str]]]:
    """What each query gave as soon as it gave anything, while the ward went on."""
    return ward.answers([expression for *_, expression in PANELS])


@pytest.mark.parametrize(("board", "title", "legend", "expression"), PANELS)
def test_each_query_of_a_panel_gives_numbers_with_the_labels_of_its_legend(
    answers, board: str, title: str, legend: str, expression: str
):
    assert answers.get(expression), f"{board}: {title} is empty"
    for labels in answers[expression]:
        assert set(re.findall(r"{{(\w+)}}", legend)) <= set(labels)


def test_a_panel_over_a_metric_that_does_not_exist_would_be_found(ward: WholeWard):
    assert ward.answers([NOTHING], within_s=1) == {}


@pytest.mark.parametrize("job", JOBS)
def test_no_label_grows_with_the_ward(ward: WholeWard, answers, job: str):
    series = ward.prometheus.values(f'scrape_samples_scraped{{job="{job}"}}')
    labels = {name for one in ward.series(job) for name in one}

    assert 0 < max(series) < MOST_SERIES
    assert not labels & {"patient", "patient_id", "bed", "device", "device_id", "ward"}


def test_over_a_healthy_ward_nothing_is_told_but_the_watchdog(ward: WholeWard, answers):
    firing = {one["labels"]["alertname"] for one in ward.prometheus.ask("alerts")["alerts"] if one["state"] == "firing"}

    assert firing == {"VigilwardWatchdog"}


def alerts_of_the_planted(stage: Stage) -> list[str]:
    found = [json.loads(one.value()) for one in stage.read(Topic.ALERTS) if (one.value() or b"").startswith(b"{")]
    return [one["alert_id"] for one in found if one["patient_id"] == PATIENT and "alert_id" in one]


@pytest.fixture(scope="module")
def planted(ward: WholeWard, answers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where planted names, ids and values must not be found, by what it is; every process writes debug lines."""
    folder = tmp_path_factory.mktemp("planted")
    with (
        GateProcess(ward.stage, folder / "fhir", "fhir") as fhir,
        GateProcess(ward.stage, folder / "http", "http") as http,
        Broker(folder / "broker") as broker,
        GateProcess(ward.stage, folder / "mqtt", "mqtt", mqtt_port=broker.port) as mqtt,
    ):
        plant_in_kafka(ward.stage)
        texts = {"answers of the HL7 v2 gateway": "\n".join(plant_by_gateways(ward))}
        until(lambda: mqtt.metric("vigilward_gateway_connections") == 1, mqtt.fate)
        plant_by_mqtt(broker.client("planted"))
        until(lambda: mqtt.metric("vigilward_gateway_messages_total") >= 3, mqtt.fate)
        (alert, *_) = until(lambda: alerts_of_the_planted(ward.stage), ward.fates)
        until(lambda: any(alert.encode() in body for body in ward.receiver.bodies), ward.fates)
        board = int(ward.board.address.rpartition(":")[2])
        ports = [board, *(one.port() for one in ward.processes.values()), mqtt.port()]
        texts["answers over HTTP"] = "\n".join(plant_by_http(fhir.door, http.door, ports))
        until(lambda: ward.processes["notifier"].metric("vigilward_notify_records_unreadable_total") > 0, ward.fates)
        doctor = subprocess.run(
            (*command("doctor"), "--json"), env={**os.environ, **ward.stage.environment}, cwd=ROOT, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        texts["doctor"] = doctor.stdout + doctor.stderr
        logs = {name: one.log for name, one in ward.processes.items()} | {"board": ward.board.log}
        logs |= {"fhir": fhir.log, "http": http.log, "mqtt": mqtt.log}
        texts |= {f"log of {name}": path.read_text(errors="replace") for name, path in logs.items()}
    texts["addresses that the notifier calls"] = "\n".join(ward.receiver.paths)
    labels = {f"{key}={value}" for job in JOBS for one in ward.series(job) for key, value in one.items()}
    return texts | {"labels in Prometheus": "\n".join(sorted(labels))}


def test_planted_names_ids_and_values_stand_in_no_metric_log_address_or_error(planted: dict[str, str]):
    found = {place: found_in(text) for place, text in planted.items()}

    assert all(planted.values()), [place for place, text in planted.items() if not text]
    assert {place: which for place, which in found.items() if which} == {}


def test_planted_ones_are_seen_where_they_belong(ward: WholeWard, planted: dict[str, str]):
    """That the search finds them at all: alerts and rejections carry them."""
    whole = "".join((one.value() or b"").decode(errors="replace") for one in ward.stage.read(Topic.REJECTIONS))

    assert {PATIENT, MRN} <= found_in(whole)
    assert alerts_of_the_planted(ward.stage)


@pytest.mark.parametrize("name", ["worker", "gateway", "notifier", "canary", "board", "fhir", "http", "mqtt"])
def test_every_log_is_json_and_says_what_was_planted_only_by_its_place(planted: dict[str, str], name: str):
    lines = [line for line in planted[f"log of {name}"].splitlines() if line]

    assert lines and all(json.loads(line)["process"] for line in lines)
