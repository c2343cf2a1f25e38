"""Three brokers: how many copies there are, and a log whose tail an unclean election cut off."""

import json
import signal

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from deploy.kafka.broker import Cluster
from streams.config.topics import Topic, config_of
from streams.installation.broker import admin_of
from tests.integration.rounds import publish, readings, taken
from tests.integration.staging import Stage, until
from tests.integration.test_secured_broker import called
from tests.integration.test_topics_made_anew import goes_on

pytestmark = pytest.mark.needs("java", "maven")

KAFKAS_DEFAULTS = {
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
}


QUICK = {"replica.lag.time.max.ms": "2000", "unclean.leader.election.interval.ms": "1000"}
"""Who lags is out of sync after 2 s, and may lead, whatever it lacks, a second after the leader was lost."""


TOLD_S = 15.0
"""From the moment at which the log is seen to be shorter; of a worker that slept, from its awakening. No request to the
leader that is lost may be waited for: one has 60 s here, as long as a session."""


def new(stage, topic, holders, **config):
    """A topic whose partitions lie on these brokers, the first of which leads."""
    admin, name = admin_of(stage.settings), stage.settings.topic(topic)
    wanted = NewTopic(name, 2, replica_assignment=[holders] * 2, config={**config_of(topic, stage.settings), **config})
    for answer in admin.create_topics([wanted], operation_timeout=15).values():
        answer.result()
    for bootstrap in stage.settings.bootstrap_servers.split(","):  # each broker hears of it in its own time
        asked = AdminClient({"bootstrap.servers": bootstrap})
        until(lambda asked=asked: name in asked.list_topics(timeout=10).topics)


def test_copies_are_set_and_checked_and_a_log_of_real_patients_does_not_begin_without(tmp_path):
    """Kafka's defaults: one copy of everything, and until now doctor called it sound."""
    with Cluster(tmp_path / "kafka", brokers=3, settings=KAFKAS_DEFAULTS) as cluster:
        stage = Stage(cluster.bootstrap, "copies.", clock="arrival", mode="real", partitions=2, snapshot_every_s=0.5)
        new(stage, Topic.ALERTS, [cluster.brokers[0].node.id])
        code, said = called(stage, "doctor", "--fix")
        assert code == 1 and "replication" in said and "vigilward-reassignment.json" in said, said
        plan = json.loads((stage_folder() / "vigilward-reassignment.json").read_text())
        try:
            found = admin_of(stage.settings).list_topics(timeout=10).topics
            copies = {topic: len(found[stage.settings.topic(topic)].partitions[0].replicas) for topic in Topic}
            assert {topic for topic, count in copies.items() if count != 3} == {Topic.ALERTS}
            assert "__transaction_state" in said and "__consumer_offsets" in said

            with stage.worker(tmp_path / "refused") as worker:
                assert worker.process.wait(60) == 3, worker.fate()
                assert "no broker's loss takes records along" in worker.log.read_text()
            with stage.worker(tmp_path / "demo", mode="demo") as worker:  # a demo may
                worker.ready(partitions=2)
                publish(stage, 0, 16)
                taken(stage, worker)
                assert worker.stop() == 0, worker.fate()
            assert any(move["topic"].endswith("alerts") for move in plan["partitions"])
        finally:
            (stage_folder() / "vigilward-reassignment.json").unlink(missing_ok=True)


def test_a_log_that_has_states_is_watched_on_unready_until_its_copies_are_there(tmp_path):
    with Cluster(tmp_path / "kafka", brokers=3) as cluster:
        stage = Stage(cluster.bootstrap, "later.", clock="arrival", mode="real", partitions=2, snapshot_every_s=0.5)
        stage.make_topics()
        with stage.worker(tmp_path / "1") as worker:
            worker.ready(partitions=2)  # three copies of everything
            assert worker.stop() == 0, worker.fate()
        in_sync_needed(stage, "1")
        with stage.worker(tmp_path / "2") as worker:
            until(lambda: "too_few_copies" in worker.get("/readyz")[1], worker.fate)
            assert worker.metric("vigilward_partitions") == 2, "and watched on"
            in_sync_needed(stage, "2")
            worker.ready(partitions=2)


def in_sync_needed(stage, copies):
    entry = ConfigEntry("min.insync.replicas", copies, incremental_operation=AlterConfigOpType.SET)
    alerts = ConfigResource(ResourceType.TOPIC, stage.settings.topic(Topic.ALERTS), incremental_configs=[entry])
    admin = admin_of(stage.settings)
    for answer in admin.incremental_alter_configs([alerts]).values():
        answer.result()


def stage_folder():
    from tests.integration.staging import ROOT

    return ROOT


@pytest.mark.parametrize("worker_is", ["awake", "asleep"])
def test_a_tail_that_an_unclean_election_cut_off_is_told_and_watched_again(tmp_path, worker_is):
    """Where the worker sleeps meanwhile the log is as long as before, and other, when it looks again."""
    with Cluster(tmp_path / "kafka", brokers=3, settings=QUICK) as cluster:
        leader, follower = cluster.brokers[0], cluster.brokers[1]
        stage = Stage(
            cluster.bootstrap, "cut.", clock="arrival", mode="demo", partitions=2, snapshot_every_s=0.5,
            savepoint_every_s=1, session_timeout_s=60, heartbeat_s=3,
        )  # fmt: skip
        holders = [leader.node.id, follower.node.id]
        new(stage, Topic.READINGS, holders, **{"min.insync.replicas": "1", "unclean.leader.election.enable": "true"})
        stage.make_topics()
        with stage.worker(tmp_path / "logs") as worker:
            worker.ready(partitions=2)
            publish(stage, 0, 8)  # all of them well
            taken(stage, worker)
            follower.pause()
            until(lambda: in_sync(stage) == {leader.node.id}, worker.fate)
            stage.publish(Topic.READINGS, readings(24, 8))  # the leader alone has these
            taken(stage, worker)
            ends = stage.ends(Topic.READINGS)
            if worker_is == "asleep":
                worker.process.send_signal(signal.SIGSTOP)
                ends = stage.ends(Topic.READINGS)
            leader.kill()
            follower.resume()
            until(lambda: is_shorter(stage, ends), worker.fate)
            if worker_is == "asleep":
                while any(end <= ends[number] for number, end in stage.ends(Topic.READINGS).items()):
                    stage.publish(Topic.READINGS, readings(48, 24))
                worker.process.send_signal(signal.SIGCONT)
            told = ("an election cut it",) + ("before what was taken of it",) * (worker_is == "awake")
            until(lambda: any(words in worker.log.read_text() for words in told), worker.fate, TOLD_S)
            goes_on(stage, worker, within_s=120)  # calls for everybody, on whatever machine


def in_sync(stage):
    name = stage.settings.topic(Topic.READINGS)
    found = admin_of(stage.settings).list_topics(name, timeout=10).topics[name].partitions
    return {broker for one in found.values() for broker in one.isrs}


def is_shorter(stage, before):
    try:
        return sum(stage.ends(Topic.READINGS).values()) < sum(before.values())
    except KafkaException:  # nobody leads yet
        return False
