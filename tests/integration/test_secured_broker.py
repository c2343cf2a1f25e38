"""Every process of ours on an encrypted broker with logins and rights; a refused one says why and what to do."""

import re
import signal
import subprocess
import urllib.error
import urllib.request

import pytest
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from deploy.kafka.broker import Cluster
from deploy.kafka.secured import ADMIN, new_authority, secured
from streams.config.topics import Topic
from tests.integration.rounds import PROGRAM, publish, taken
from tests.integration.staging import ROOT, Stage, until

pytestmark = pytest.mark.needs("java", "maven")

PREFIX = "ward."
WORKER, PASSWORD = "the-worker", "a long password"
RIGHTS = {
    ResourceType.TOPIC: ("READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"),
    ResourceType.GROUP: ("READ",),
    ResourceType.TRANSACTIONAL_ID: ("WRITE", "DESCRIBE"),
}
"""All that a worker needs, on names that begin with the topics' prefix and the group's name."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A secured broker; a user who may do what a worker does, and nothing else."""
    folder = tmp_path_factory.mktemp("secured")
    security = secured(folder / "tls", {WORKER: PASSWORD})
    with Cluster(folder / "kafka", security=security) as cluster:
        admin = cluster.admin()
        rights = [
            AclBinding(
                kind, PREFIX, ResourcePatternType.PREFIXED, f"User:{WORKER}", "*", AclOperation[name],
                AclPermissionType.ALLOW,
            )
            for kind, names in RIGHTS.items()
            for name in names
        ]  # fmt: skip
        for answer in admin.create_acls(rights).values():
            answer.result(30)
        yield cluster, security


def stage_of(guarded, user, **other):
    """The settings of one user's processes."""
    cluster, security = guarded
    secrets = {
        "security_protocol": "SASL_SSL", "sasl_username": user, "sasl_password": security.users[user],
        "ssl_ca_file": security.authority, "snapshot_every_s": 0.5,
    }  # fmt: skip
    return Stage(cluster.bootstrap, PREFIX, clock="arrival", mode="demo", partitions=2, **{**secrets, **other})


def called(stage, *words):
    """A command of ours: its exit code, and what it said."""
    ended = subprocess.run(
        [*PROGRAM, *words], cwd=ROOT, env={"PATH": "/usr/bin:/bin", **stage.environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout + ended.stderr


def board_is_ready(board):
    """Whether the page has heard everything."""
    said = re.search(r"http://\S+", board.log.read_text())
    if said is None:
        return False
    try:
        with urllib.request.urlopen(f"{said[0]}readyz", timeout=10) as answer:
            return answer.status == 200
    except (urllib.error.HTTPError, OSError):
        return False


def test_a_ward_works_on_a_secured_broker_with_no_more_rights_than_it_needs(guarded, tmp_path):
    code, said = called(stage_of(guarded, ADMIN), "doctor", "--fix")
    assert code == 0, said

    stage = stage_of(guarded, WORKER)
    code, said = called(stage, "doctor")
    assert code == 0, said
    with (
        stage.worker(tmp_path / "worker") as worker,
        stage.worker(tmp_path / "board", *PROGRAM, "board", "--port", "0") as board,
    ):
        worker.ready(partitions=2)
        publish(stage, 0, 48)
        code, said = called(stage, "simulate", "--patients", "2", "--for", "2s")
        assert code == 0, said
        taken(stage, worker)
        until(lambda: stage.read(Topic.ALERTS) and stage.read(Topic.STATES), worker.fate)
        until(lambda: board_is_ready(board), board.fate)
        assert worker.stop() == 0
        assert board.stop() in (0, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("wrong_login", lambda folder: {"sasl_password": "not this one"}),
        ("unknown_authority", lambda folder: {"ssl_ca_file": new_authority(folder, "another")}),
    ],
    ids=["wrong password", "unknown authority"],
)
def test_who_is_refused_says_why_and_what_to_do(guarded, tmp_path, code, settings):
    stage = stage_of(guarded, WORKER, **settings(tmp_path))
    refusal = re.compile(rf"{code}: Kafka at \S+ .*; .*VIGILWARD_S")

    with (
        stage.worker(tmp_path / "board", *PROGRAM, "board", "--port", "0") as board,
        stage.worker(tmp_path / "worker") as worker,
    ):
        for words in (["doctor"], ["simulate", "--for", "1s"]):
            ended, said = called(stage, *words)
            assert ended == 3 and refusal.search(said), said
        assert worker.process.wait(60) == 3
        assert any(refusal.search(event) for event in worker.events()), worker.fate()
        assert stage.settings.sasl_password.get_secret_value() not in worker.log.read_text()
        until(lambda: any(refusal.search(event) for event in board.events()), board.fate)
