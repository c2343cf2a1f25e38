"""Metrics of gateways, notifiers and the canary: names as Prometheus asks, closed label sets, their process."""

import re
import subprocess

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from deploy.make.tools import path_of
from streams.canary.metrics import CanaryMetrics
from streams.gateways.metrics import GatewayMetrics
from streams.notify.metrics import NotifyMetrics

REGISTRIES = {
    "canary": lambda: CanaryMetrics(lambda: {0: 1.0}).registry,
    "gateway": lambda: GatewayMetrics("hl7v2").registry,
    "notifier": lambda: NotifyMetrics().registry,
}


@pytest.fixture(params=REGISTRIES)
def registry(request: pytest.FixtureRequest) -> CollectorRegistry:
    return REGISTRIES[request.param]()


@pytest.mark.needs("promtool")
def test_the_names_pass_promtool(registry: CollectorRegistry):
    words = [path_of("promtool"), "check", "metrics"]

    checked = subprocess.run(words, input=generate_latest(registry), capture_output=True, check=False)

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_each_tells_of_its_process_too(registry: CollectorRegistry):
    assert registry.get_sample_value("process_resident_memory_bytes") > 0


def test_no_label_names_a_patient_a_bed_or_a_device(registry: CollectorRegistry):
    labels = set(re.findall(r'[{,](\w+)="', generate_latest(registry).decode()))

    assert labels <= {"partition", "how", "le", "door", "verdict", "code", "topic", "fate", "generation", "version",
                      "implementation", "major", "minor", "patchlevel"}  # fmt: skip
