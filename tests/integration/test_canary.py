"""The canary's process over real workers, a real broker and a real Prometheus: who is blind is named, and nobody else.

Rounds come every few seconds instead of every minute; the rule's threshold is in the same proportion.
"""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from deploy.kafka.broker import Cluster
from deploy.kafka.properties import HOST
from streams.canary.canary import EVERY_S
from streams.config.topics import Topic, size_limit
from streams.installation.broker import admin_of
from streams.log.canary import RESERVED
from tests.integration.prometheus import RULES, Prometheus
from tests.integration.staging import COMMAND, Stage, WorkerProcess, until

pytestmark = pytest.mark.needs("java", "maven", "prometheus")
CANARY = (*COMMAND[:-1], "canary")
AFTER_S = 100.0
"""The threshold of the rule; held to it below."""
BLIND = "VigilwardCanaryBlind"


class Watch:
    """Workers, a canary and a Prometheus with the canary's rules, `faster` times as fast."""

    def __init__(self, stage: Stage, folder: Path, every_s: float) -> None:
        self.stage, self.folder, self.every_s = stage, folder, every_s
        self.canary = stage.worker(folder / "canary", *CANARY, "--every", str(every_s))
        rules = folder / "rules"
        rules.mkdir()
        text = (RULES / "canary.yml").read_text()
        assert text.count(f"> {AFTER_S:g}") == 1
        limit = AFTER_S * every_s / EVERY_S
        (rules / "canary.yml").write_text(text.replace(f"> {AFTER_S:g}", f"> {limit:g}"))
        self.prometheus = Prometheus(folder, {"vigilward-canary": f"{HOST}:{self.canary.port()}"}, rules)

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *problem: object) -> None:
        self.prometheus.__exit__(*problem)
        self.canary.__exit__(*problem)

    def blind(self) -> set[str]:
        """The partitions that a page names now."""
        return {partition for alert, partition in self.prometheus.firing() if alert == BLIND}

    def answered(self, rounds: int = 2) -> None:
        """Waits until nobody is blind, and each partition has answered so often."""
        count = "vigilward_canary_round_trip_seconds_count"
        partitions = self.stage.settings.partitions
        until(lambda: self.canary.metric(count) >= rounds * partitions, self.canary.fate)
        until(lambda: len(self.prometheus.values("vigilward_canary_age_seconds")) == partitions)
        until(lambda: not self.blind(), self.canary.fate)

    def names(self, partitions: set[str]) -> None:
        """Waits until a page names these, and no others."""
        until(lambda: self.blind() == partitions, lambda: f"named: {self.blind()}; {self.canary.fate()}")


@pytest.fixture
def stage(kafka: Cluster, topic_prefix: str) -> Stage:
    return Stage(kafka.bootstrap, topic_prefix, partitions=2, mode="test", snapshot_every_s=1).make_topics()


@pytest.fixture
def watched(stage: Stage, tmp_path: Path) -> Iterator[tuple[Watch, WorkerProcess]]:
    with stage.worker(tmp_path / "worker") as worker, Watch(stage, tmp_path, 3) as watch:
        worker.ready(partitions=2)
        watch.answered()
        yield watch, worker


def test_a_killed_worker_is_found_and_its_follower_too(watched: tuple[Watch, WorkerProcess], stage: Stage, tmp_path):
    watch, worker = watched
    worker.process.kill()
    watch.names({"0", "1"})

    with stage.worker(tmp_path / "follower") as follower:
        follower.ready(partitions=2)
        watch.names(set())


def test_one_partition_that_stands_still_is_named_alone(stage: Stage, tmp_path: Path):
    with (
        stage.worker(tmp_path / "one", session_timeout_s=60) as one,
        stage.worker(tmp_path / "other", session_timeout_s=60) as other,
        Watch(stage, tmp_path, 3) as watch,
    ):
        one.ready(partitions=1)
        other.ready(partitions=1)
        watch.answered()
        lines = other.get("/metrics")[1]
        (theirs,) = re.findall(r'vigilward_partition_lag_seconds\{partition="(\d)"\}', lines)
        other.process.send_signal(signal.SIGSTOP)
        try:
            watch.names({theirs})
        finally:
            other.process.send_signal(signal.SIGCONT)
        watch.names(set())


def test_a_broken_outlet_is_found(watched: tuple[Watch, WorkerProcess], stage: Stage):
    """The log is read and nothing that is said arrives: Kafka refuses every record of what is said."""
    watch, _ = watched
    whole = str(size_limit(Topic.ALERTS, stage.settings))
    limit_outputs(stage, "10")
    watch.names({"0", "1"})

    limit_outputs(stage, whole)
    watch.names(set())


def limit_outputs(stage: Stage, size: str) -> None:
    admin = admin_of(stage.settings)
    entry = ConfigEntry("max.message.bytes", size, incremental_operation=AlterConfigOpType.SET)
    for topic in (Topic.CANARY, Topic.ALERTS, Topic.STATUS, Topic.TRENDS):
        resource = ConfigResource(ResourceType.TOPIC, stage.settings.topic(topic), incremental_configs=[entry])
        for answer in admin.incremental_alter_configs([resource]).values():
            answer.result(30)


def test_a_broker_that_is_away_is_found(tmp_path: Path):
    with Cluster(tmp_path / "kafka") as cluster:
        stage = Stage(cluster.bootstrap, "canary.", partitions=2, mode="test").make_topics()
        with stage.worker(tmp_path / "worker") as worker, Watch(stage, tmp_path, 3) as watch:
            worker.ready(partitions=2)
            watch.answered()
            cluster.brokers[0].kill()
            watch.names({"0", "1"})
            until(lambda: watch.canary.get("/readyz")[0] == 503 and watch.canary.get("/livez")[0] == 200)

            cluster.brokers[0].start()
            watch.names(set())
            until(lambda: watch.canary.get("/readyz")[0] == 200)
            assert watch.canary.stop() == 0


def test_over_healthy_partitions_no_page_names_any_and_nobody_hears_of_her(stage: Stage, tmp_path: Path):
    """Every fifteen seconds, so that a busy machine is no blindness: the page is ten seconds away from each round."""
    with stage.worker(tmp_path / "worker") as worker, Watch(stage, tmp_path, 15) as watch:
        worker.ready(partitions=2)
        watch.answered(rounds=4)
        assert watch.prometheus.values(f'max_over_time(ALERTS{{alertname="{BLIND}"}}[10m])') == []
        assert watch.canary.metric("vigilward_canary_false_alerts_total") == 0
        assert worker.metric("vigilward_patients") == 0
        assert worker.metric("vigilward_vitals_total") == worker.metric("vigilward_outputs_total") == 0
        assert worker.metric("vigilward_alerts_total") == 0
        assert watch.canary.stop() == 0
        assert worker.stop() == 0

    hers = {Topic.READINGS, Topic.CANARY}
    for topic in Topic:
        keys = [message.key() or b"" for message in stage.read(topic) if RESERVED.encode() in (message.key() or b"")]
        assert bool(keys) == (topic in hers), topic
    raised = [message for message in stage.read(Topic.CANARY) if json.loads(message.value() or b"{}").get("state")]
    assert raised


def test_without_a_key_she_does_not_begin(stage: Stage, tmp_path: Path):
    with stage.worker(tmp_path, *CANARY, control_record_key="") as canary:
        assert canary.process.wait(60) == 2
        assert "VIGILWARD_CONTROL_RECORD_KEY" in canary.log.read_text()
