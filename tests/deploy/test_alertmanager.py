"""Who is told: routes by amtool, and inhibition by a real Alertmanager that is given real alerts."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka.properties import HOST, free_ports
from deploy.make import tools

CONFIG = Path(__file__).parents[2] / "deploy" / "alertmanager" / "alertmanager.yml"
STARTS_WITHIN_S = 20


def route(*labels: str) -> str:
    """The receiver of an alert with these labels, as amtool says."""
    words = [tools.path_of("amtool"), "config", "routes", "test", f"--config.file={CONFIG}", *labels]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.needs("amtool")
def test_the_configuration_is_accepted():
    done = subprocess.run([tools.path_of("amtool"), "check-config", str(CONFIG)], capture_output=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.needs("amtool")
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=VigilwardNoWorker", "severity=critical"), "on-call"),
        (("alertname=VigilwardWorkerDown", "severity=warning"), "operations"),
        (("alertname=VigilwardWatchdog", "severity=none"), "watchdog"),
    ],
)
def test_each_severity_reaches_its_receiver(labels: tuple[str, ...], receiver: str):
    assert route(*labels) == receiver


class Alertmanager:
    """A real one, spoken to by its own interface."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}/api/v2/alerts"

    def give(self, *alerts: dict[str, str]) -> None:
        body = json.dumps([{"labels": labels} for labels in alerts]).encode()
        urllib.request.urlopen(
            urllib.request.Request(self.url, body, {"Content-Type": "application/json"}), timeout=5
        ).close()

    def suppressed(self) -> set[str]:
        """The names of alerts that nobody is told of."""
        with urllib.request.urlopen(self.url, timeout=5) as answer:
            return {one["labels"]["alertname"] for one in json.load(answer) if one["status"]["inhibitedBy"]}


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    (port,) = free_ports(1)
    words = [
        *(tools.path_of("alertmanager"), f"--config.file={CONFIG}", f"--web.listen-address={HOST}:{port}"),
        *("--cluster.listen-address=", f"--storage.path={tmp_path_factory.mktemp('alertmanager')}"),
    ]
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    one, until = Alertmanager(port), time.monotonic() + STARTS_WITHIN_S
    try:
        while True:
            try:
                one.suppressed()
                break
            except OSError:
                assert time.monotonic() < until and running.poll() is None, "Alertmanager did not start"
                time.sleep(0.1)
        yield one
    finally:
        running.terminate()
        running.wait(10)


def until_told(manager: Alertmanager, wanted: set[str]) -> set[str]:
    """What is suppressed once it is what is wanted, or at the end of the time."""
    until = time.monotonic() + 10
    while (now := manager.suppressed()) != wanted and time.monotonic() < until:
        time.sleep(0.1)
    return now


@pytest.mark.needs("amtool", "alertmanager")
def test_the_cause_is_told_and_its_consequences_are_not(manager: Alertmanager):
    """Kafka away: one page that says so, not five."""
    manager.give(
        {"alertname": "VigilwardCannotSend", "severity": "critical"},
        {"alertname": "VigilwardSnapshotsFail", "severity": "warning"},
        {"alertname": "VigilwardAlertsLate", "severity": "critical"},
        {"alertname": "VigilwardWorkerNotReady", "severity": "warning", "reason": "cannot_send"},
        {"alertname": "VigilwardManyRejections", "severity": "warning", "reason": "unknown_unit"},
    )

    assert until_told(manager, {"VigilwardSnapshotsFail", "VigilwardAlertsLate", "VigilwardWorkerNotReady"}) == {
        "VigilwardSnapshotsFail",
        "VigilwardAlertsLate",
        "VigilwardWorkerNotReady",
    }
