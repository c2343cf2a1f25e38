"""Every panel of every dashboard asks a real Prometheus, which scrapes real workers, a board, a gateway, a notifier and
a canary over a ward.
"""

import re
import tomllib
from collections.abc import Iterator

import pytest

from deploy.kafka.broker import Cluster
from tests.integration.staging import ROOT, Stage
from tests.integration.whole_ward import JOBS, WholeWard

pytestmark = pytest.mark.needs("java", "maven", "prometheus")
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
    stage = Stage(kafka.bootstrap, "dashboards.", partitions=4, mode="demo", snapshot_every_s=2).make_topics()
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
    labels = {name for one in ward.prometheus.ask("series", **{"match[]": f'{{job="{job}"}}'}) for name in one}

    assert 0 < max(series) < MOST_SERIES
    assert not labels & {"patient", "patient_id", "bed", "device", "device_id", "ward"}


def test_over_a_healthy_ward_nothing_is_told_but_the_watchdog(ward: WholeWard, answers):
    firing = {one["labels"]["alertname"] for one in ward.prometheus.ask("alerts")["alerts"] if one["state"] == "firing"}

    assert firing == {"VigilwardWatchdog"}
