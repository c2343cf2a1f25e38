"""A broker that goes away and comes back; a broker that refuses a record; a broker inside this process."""

import json
import time

import pytest

from deploy.kafka.broker import Cluster
from streams.config.topics import Topic, partitions_of
from streams.demo.embedded import EmbeddedBroker
from streams.installation.broker import admin_of
from tests.integration.staging import Stage, until
from tests.integration.test_worker_delivery import ECHO, PATIENTS, Load, caught_up, offsets_said, offsets_there


@pytest.mark.needs("java", "maven")
def test_a_worker_outlives_its_broker(tmp_path):
    """Killed and started again, then paused: the worker waits, says that it is not ready, and goes on by itself."""
    with Cluster(tmp_path / "kafka") as cluster:
        stage = Stage(
            cluster.bootstrap, "away.", clock="event", state="memory", mode="demo", partitions=4
        ).make_topics()
        with stage.worker(tmp_path / "logs", *ECHO) as worker:
            worker.ready(partitions=4)
            with Load(stage):
                time.sleep(1)
                cluster.brokers[0].kill()
                until(lambda: worker.get("/readyz")[0] == 503 and worker.get("/livez")[0] == 200, worker.fate)
                cluster.brokers[0].start()
                worker.ready(partitions=4)
                cluster.brokers[0].pause()
                time.sleep(5)
                cluster.brokers[0].resume()
                worker.ready(partitions=4)
            caught_up(stage, worker)
            assert worker.stop() == 0

        said, there = offsets_said(stage), offsets_there(stage)
        assert {partition: list(dict.fromkeys(offsets)) for partition, offsets in said.items()} == there


def test_an_alert_that_the_broker_refuses_holds_nothing_up_and_is_said_as_a_rejection(kafka, topic_prefix, tmp_path):
    """The topic takes less than we were told: found out only when it refuses a batch."""
    stage = Stage(kafka.bootstrap, topic_prefix, clock="event", state="memory", mode="demo", partitions=4).make_topics()
    admin = admin_of(stage.settings)
    limit_alerts(admin, stage, 1_200)
    keys = [*PATIENTS, b"long" * 400, *PATIENTS]
    stage.publish(Topic.READINGS, [(key, b"{}") for key in keys])

    with stage.worker(tmp_path, *ECHO) as worker:
        caught_up(stage, worker)
        assert worker.metric("vigilward_producer_refused_total") == 1
        assert worker.metric("vigilward_producer_restarts_total") >= 1
        assert worker.stop() == 0

    alerts = [m for m in stage.read(Topic.ALERTS) if m.key() in keys]  # not what the worker put into the log itself
    assert len({(m.partition(), json.loads(m.value())["offset"]) for m in alerts}) == len(keys) - 1
    (rejection,) = stage.read(Topic.REJECTIONS)
    assert dict(rejection.headers())["code"] == b"too_large" and rejection.key() == b"long" * 400


def limit_alerts(admin, stage, size):
    from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, stage.settings.topic(Topic.ALERTS), incremental_configs=[entry])
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(30)


def test_a_worker_on_the_broker_inside_this_process_takes_everything(tmp_path):
    """The fast lane: no Java, no state, event clock."""
    where = {"prefix": "fast.", "clock": "event", "state": "memory", "mode": "demo", "partitions": 4}
    settings = Stage("127.0.0.1:1", **where).settings
    with EmbeddedBroker({settings.topic(topic): partitions_of(topic, settings) for topic in Topic}) as broker:
        stage = Stage(broker.bootstrap_servers, **where)
        with stage.worker(tmp_path, *ECHO) as worker:
            worker.ready(partitions=4)
            stage.publish(Topic.READINGS, [(key, b"{}") for key in PATIENTS * 20])
            # beside them stands what the worker itself put into the log, such as its rules
            until(lambda: sum(m.key() in PATIENTS for m in stage.read(Topic.ALERTS)) == 800, worker.fate)
            assert worker.stop() == 0
        assert offsets_said(stage) == offsets_there(stage)


@pytest.mark.needs("java", "maven")
def test_kafka_away_at_the_start_is_waited_for_and_a_stop_is_obeyed_at_once(tmp_path):
    """Alive and unready, without a partition; told to stop, it ends in good order though Kafka never came."""
    with Cluster(tmp_path / "kafka") as cluster:
        words = {"clock": "event", "state": "memory", "mode": "demo", "partitions": 2}
        stage = Stage(cluster.bootstrap, "late.", **words).make_topics()
        cluster.brokers[0].stop()
        with stage.worker(tmp_path / "logs", *ECHO) as worker:
            until(lambda: any(event.startswith("Kafka is away") for event in worker.events()), worker.fate)
            assert worker.get("/livez")[0] == 200
            assert worker.get("/readyz") == (503, '{"ready": false, "reasons": ["starting"]}')
            began = time.monotonic()
            assert worker.stop() == 0
            assert time.monotonic() - began < stage.settings.shutdown_timeout_s

        with stage.worker(tmp_path / "logs", *ECHO) as worker:
            until(lambda: any(event.startswith("Kafka is away") for event in worker.events()), worker.fate)
            cluster.brokers[0].start()
            worker.ready(partitions=2)
            assert worker.stop() == 0
