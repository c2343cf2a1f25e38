"""One login a kind of process, with the rights of `deploy/kafka/acls.py` and no more, on a secured broker."""

import pytest
from confluent_kafka import Producer

from deploy.kafka.acls import Principal, apply, bindings
from deploy.kafka.broker import Cluster
from deploy.kafka.secured import ADMIN, secured
from streams.config.topics import Topic
from tests.integration.rounds import readings
from tests.integration.staging import Stage, until
from tests.integration.test_secured_broker import called

pytestmark = pytest.mark.needs("java", "maven")

PREFIX = "rights."
PASSWORDS = {str(principal): f"the password of {principal}" for principal in Principal}
MAY_WRITE = {
    Principal.DEVICE: {Topic.READINGS},
    Principal.ADMISSIONS: {Topic.PATIENTS},
    Principal.APPROVER: {Topic.RULES},
    Principal.BOARD: {Topic.READINGS, Topic.PATIENTS, Topic.ACTIONS},
    Principal.NOTIFIER: {Topic.ACTIONS},
}
GUARDED = (Topic.READINGS, Topic.PATIENTS, Topic.ACTIONS, Topic.RULES, Topic.ALERTS, Topic.STATES)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A secured broker with a user for each principal, who has its rights."""
    folder = tmp_path_factory.mktemp("rights")
    security = secured(folder / "tls", PASSWORDS)
    with Cluster(folder / "kafka", security=security) as cluster:
        admin = stage_of((cluster, security), ADMIN)
        assert called(admin, "doctor", "--fix")[0] == 0
        for principal in Principal:
            apply(bindings(f"User:{principal}", principal, admin.settings), admin.settings)
        yield cluster, security


def stage_of(guarded, user):
    cluster, security = guarded
    return Stage(
        cluster.bootstrap, PREFIX, clock="arrival", mode="demo", partitions=2, snapshot_every_s=0.5,
        security_protocol="SASL_SSL", sasl_username=user, sasl_password=security.users[user],
        ssl_ca_file=security.authority,
    )  # fmt: skip


def may_write(stage, topic):
    said = []
    producer = Producer({**stage.settings.librdkafka(), "message.timeout.ms": 10_000, "log_level": 0})
    producer.produce(stage.settings.topic(topic), b"{}", key=b"k", on_delivery=lambda error, _: said.append(error))
    producer.flush(15)
    assert said, "no answer"
    assert said[0] is None or "AUTHORIZATION" in said[0].name(), said
    return said[0] is None


def test_a_worker_works_with_its_rights_and_devices_readings_arrive(guarded, tmp_path):
    worker_login, device = stage_of(guarded, Principal.WORKER), stage_of(guarded, Principal.DEVICE)
    with worker_login.worker(tmp_path) as worker:
        worker.ready(partitions=2)
        device.publish(Topic.READINGS, readings(0, 24))
        until(lambda: worker.metric("vigilward_vitals_total") > 0, worker.fate)
        until(lambda: worker.metric("vigilward_snapshots_total") > 0, worker.fate)
        assert worker.stop() == 0, worker.fate()


@pytest.mark.parametrize("principal", MAY_WRITE, ids=str)
def test_each_writes_what_is_its_own_and_nothing_else(guarded, principal):
    stage = stage_of(guarded, principal)

    assert {topic for topic in GUARDED if may_write(stage, topic)} == MAY_WRITE[principal]


def test_doctor_may_look_at_everything_and_mend(guarded):
    code, said = called(stage_of(guarded, Principal.DOCTOR), "doctor", "--fix")

    assert "config_unreadable" not in said and "refused" not in said, said
    assert code in (0, 1)
