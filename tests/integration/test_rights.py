"""One login a kind of process, with the rights of `deploy/kafka/acls.py` and no more, on a secured broker."""

from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer

from deploy.kafka.acls import apply, bindings
from deploy.kafka.broker import Cluster
from deploy.kafka.secured import ADMIN, secured
from streams.config.rights import TOPIC_RIGHTS, Principal
from streams.config.topics import Topic
from streams.installation.certificates import broker_certificate
from streams.installation.finding import Code
from streams.installation.rights import authorized, right_findings
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
    Principal.GATEWAY: {Topic.READINGS, Topic.PATIENTS},
    Principal.BOARD: {Topic.READINGS, Topic.PATIENTS, Topic.ACTIONS, Topic.SUBSCRIPTIONS},
    Principal.NOTIFIER: {Topic.ACTIONS, Topic.SUBSCRIPTIONS},
}
GUARDED = (
    Topic.READINGS, Topic.PATIENTS, Topic.ACTIONS, Topic.RULES, Topic.ALERTS, Topic.STATES, Topic.SUBSCRIPTIONS
)  # fmt: skip
HAS_WHAT_IT_NEEDS = [Principal.WORKER, Principal.BOARD, Principal.GATEWAY, Principal.NOTIFIER, Principal.CANARY]


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


@pytest.mark.parametrize("principal", HAS_WHAT_IT_NEEDS, ids=str)
def test_the_broker_itself_says_that_each_process_has_the_rights_of_its_table(guarded, principal):
    settings = stage_of(guarded, principal).settings

    has = authorized(settings, [settings.topic(topic) for topic in TOPIC_RIGHTS[principal]])

    assert list(right_findings(has, principal, settings)) == []


def test_doctor_names_the_rights_that_a_login_lacks(guarded):
    settings = stage_of(guarded, Principal.DEVICE).settings

    has = authorized(settings, [settings.topic(topic) for topic in TOPIC_RIGHTS[Principal.WORKER]])
    found = {one.subject: one for one in right_findings(has, Principal.WORKER, settings)}

    assert "lacks DESCRIBE_CONFIGS, READ, which" in found[settings.topic(Topic.READINGS)].says
    assert set(found) == {settings.topic(topic) for topic in TOPIC_RIGHTS[Principal.WORKER]}
    assert {one.code for one in found.values()} == {Code.RIGHT_MISSING}


def test_the_brokers_own_certificate_is_looked_at(guarded):
    settings = stage_of(guarded, Principal.DOCTOR).settings

    (later,) = broker_certificate(settings, datetime.now(UTC) + timedelta(days=36_500))

    assert later.code is Code.CERTIFICATE_ENDS and later.subject == f"broker {settings.bootstrap_servers}"
