"""A worker that may not do its work must not look as if it did."""

import json

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from deploy.kafka.broker import Cluster
from streams.config.topics import Topic
from tests.integration.staging import Stage, until
from tests.integration.test_worker_delivery import ECHO, PATIENTS

pytestmark = pytest.mark.needs("java", "maven")
AUTHORIZED = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A broker that asks for rights; whoever is denied nothing may do everything."""
    with Cluster(tmp_path_factory.mktemp("guarded"), settings=AUTHORIZED) as cluster:
        yield cluster


def deny(cluster, kind, name, operation):
    """Everything but this; a resource with a rule is closed to all that no rule allows."""
    admin = cluster.admin()
    rules = [
        AclBinding(kind, name, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", *what)
        for what in ((AclOperation.ALL, AclPermissionType.ALLOW), (operation, AclPermissionType.DENY))
    ]
    for answer in admin.create_acls(rules).values():
        answer.result(30)


def allow(cluster, kind, name):
    """Everything again."""
    rules = AclBindingFilter(
        kind, name, ResourcePatternType.LITERAL, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    admin = cluster.admin()  # held until the last answer
    for answer in admin.delete_acls([rules]).values():
        answer.result(30)


def refusals(worker):
    status, text = worker.get("/readyz")
    return json.loads(text)["reasons"] if status == 503 else []


def told(event):
    return "AuthorizationFailed" in event or "may not join the group" in event


@pytest.mark.parametrize(
    ("kind", "what", "operation", "reasons"),
    [
        (ResourceType.TOPIC, Topic.READINGS, AclOperation.READ, {"fetch_fails", "not_fetched"}),
        (ResourceType.GROUP, None, AclOperation.READ, {"not_assigned"}),
        (ResourceType.TOPIC, Topic.ALERTS, AclOperation.WRITE, {"cannot_send"}),
    ],
    ids=["may not read the log", "may not join the group", "may not write alerts"],
)
def test_without_a_right_it_is_not_ready_and_says_why_and_works_once_it_has_it(
    guarded, topic_prefix, tmp_path, kind, what, operation, reasons
):
    stage = Stage(
        guarded.bootstrap, topic_prefix, clock="event", state="memory", mode="demo", partitions=2
    ).make_topics()
    name = stage.settings.group if what is None else stage.settings.topic(what)
    deny(guarded, kind, name, operation)
    stage.publish(Topic.READINGS, [(key, b"{}") for key in PATIENTS])

    with stage.worker(tmp_path, *ECHO) as worker:
        until(lambda: set(refusals(worker)) & reasons, worker.fate)
        assert worker.get("/livez")[0] == 200
        until(lambda: any(told(event) for event in worker.events()), worker.fate)
        allow(guarded, kind, name)
        worker.ready(partitions=2)
        assert worker.stop() == 0


def test_a_worker_that_may_not_see_a_topic_does_not_start(guarded, topic_prefix, tmp_path):
    stage = Stage(
        guarded.bootstrap, topic_prefix, clock="event", state="memory", mode="demo", partitions=2
    ).make_topics()
    deny(guarded, ResourceType.TOPIC, stage.settings.topic(Topic.STATUS), AclOperation.DESCRIBE)

    with stage.worker(tmp_path, *ECHO) as worker:
        assert worker.process.wait(60) == 3
        assert any(stage.settings.topic(Topic.STATUS) in event for event in worker.events())
