"""The key, the rules and the group change while devices send: nothing is lost, nothing is said in two ways."""

import time

import msgspec
import pytest

from deploy.kafka.broker import Cluster
from streams.config.packaged_rules import first_rules, packaged_rules_bytes
from streams.config.settings import Settings
from streams.config.topics import Topic
from tests.chaos.checker import check, lines
from tests.chaos.history import read_history
from tests.chaos.patients import Patients
from tests.chaos.run import CATCH_UP_WITHIN_S, HEAP_MB, PARTITIONS, keep_everything
from tests.integration.rounds import command
from tests.integration.staging import APPROVER, CONTROL_RECORD_KEY, Stage

pytestmark = [pytest.mark.needs("java", "maven"), pytest.mark.timeout(600)]

BEFORE = CONTROL_RECORD_KEY
BOTH = f"old:{BEFORE},new:a secret of today's tests"
AFTER = f"new:a secret of today's tests,old:{BEFORE}"
UNDER_LOAD_S = 4.0


class Crew:
    """Two workers, which are replaced one after another by others with other settings."""

    def __init__(self, stage, folder):
        self.stage, self.folder, self.started = stage, folder, 0
        self.workers = [self.start() for _ in range(2)]

    def __enter__(self):
        for worker in self.workers:
            worker.ready()
        return self

    def __exit__(self, *_):
        for worker in self.workers:
            worker.__exit__()

    def start(self):
        self.started += 1
        return self.stage.worker(self.folder / f"{self.started:02d}")

    def roll(self, **settings):
        self.stage.environment |= {f"VIGILWARD_{name.upper()}": value for name, value in settings.items()}
        for place, worker in enumerate(self.workers):
            assert worker.stop() == 0, worker.fate()
            self.workers[place] = self.start().ready()
            time.sleep(UNDER_LOAD_S)

    def leave(self):
        for worker in self.workers:
            assert worker.stop() == 0, worker.fate()

    def come(self, **settings):
        self.stage.environment |= {f"VIGILWARD_{name.upper()}": value for name, value in settings.items()}
        names = {name.removeprefix("VIGILWARD_").lower(): value for name, value in self.stage.environment.items()}
        self.stage.settings = Settings(**names)
        self.workers = [self.start() for _ in range(2)]
        for worker in self.workers:
            worker.ready()


def test_key_rules_and_group_roll_over_under_load(tmp_path):
    with Cluster(tmp_path / "kafka", heap_mb=HEAP_MB) as cluster:
        stage = Stage(
            cluster.bootstrap, "rolls.", clock="arrival", mode="demo", partitions=PARTITIONS, snapshot_every_s=1
        ).make_topics()
        keep_everything(cluster, stage)
        with Crew(stage, tmp_path / "workers") as crew, Patients(stage, seed=1) as patients:
            time.sleep(UNDER_LOAD_S)
            crew.roll(control_record_key=BOTH)  # the new one is known everywhere before anybody signs with it
            crew.roll(control_record_key=AFTER)
            rules = msgspec.json.decode(packaged_rules_bytes()) | {"version": "of tomorrow"}
            body = msgspec.json.encode(rules)
            patients._send(Topic.RULES, b"tomorrow", body, [APPROVER.header(body)])
            time.sleep(UNDER_LOAD_S)
            crew.leave()
            group = f"{stage.settings.group}-green"
            command(stage, "state", "hand-over", "--group", group)
            crew.come(group=group)
            time.sleep(UNDER_LOAD_S)
            patients.stop()
            stage.all_taken(lambda: "\n".join(one.fate()[-1_500:] for one in crew.workers), CATCH_UP_WITHIN_S)
            crew.leave()
        assert patients.failed == 0
        history = read_history(stage.settings, patients.delivered)
        verdict = check(history, stage.settings, first_rules())
    assert verdict.clean, "\n".join(lines(verdict))
    assert verdict.counts["alerts"] > 50
    versions = {msgspec.json.decode(alert.value)["rules"]["version"] for alert in history.alerts}
    assert "of tomorrow" in versions, versions
