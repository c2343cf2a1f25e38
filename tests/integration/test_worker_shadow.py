"""A real worker with a shadow beside it: counted side by side, and alive when the shadow is killed."""

import os
import signal
import time
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.config.topics import TOPICS, Topic, partitions_of
from streams.demo.embedded import EmbeddedBroker
from streams.demo.process import WorkerProcess
from streams.simulator.publisher import Publisher
from tests.making import SECOND, T0, reading, rules_bytes

WITHIN_S = 60


@pytest.fixture
def candidate(tmp_path):
    path = tmp_path / "candidate.json"
    path.write_bytes(rules_bytes(("version", "candidate"), ("stream.red", 500)))
    return path


def readings(begin, end):
    """A patient whose SpO2 is red from the first minute on."""
    return [
        reading(T0 + at * SECOND, "p", sequence=at, mode="demo", spo2=97 if at < 60 else 88).bytes()
        for at in range(begin, end, 5)
    ]


def publish(settings, values):
    with Publisher(settings.librdkafka()) as publisher:
        for value in values:
            publisher.send(settings.topic(Topic.READINGS), "p", value)
        publisher.flush()


def until(true):
    end = time.monotonic() + WITHIN_S
    while not (found := true()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)
    return found


def child_of(pid):
    """The shadow's process: the worker has no other."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_a_worker_counts_both_sides_and_goes_on_when_its_shadow_is_killed(candidate):
    settings = Settings(partitions=1)
    with EmbeddedBroker({settings.topic(topic): partitions_of(topic, settings) for topic in TOPICS}) as broker:
        settings = settings.model_copy(update={"bootstrap_servers": broker.bootstrap_servers})
        worker = WorkerProcess(
            {
                "VIGILWARD_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
                "VIGILWARD_PARTITIONS": "1",
                "VIGILWARD_CLOCK": "event",
                "VIGILWARD_STATE": "memory",
                "VIGILWARD_MODE": "demo",
                "VIGILWARD_GROUP": "shadowed",
                "VIGILWARD_SHADOW_RULES": str(candidate),
            }
        )
        try:
            worker.start()
            publish(settings, readings(0, 300))
            called = 'vigilward_shadow_interruptions_total{kind="physiological",priority="medium",rules="%s"} %s'
            until(lambda: called % ("armed", "1.0") in (worker._get("/metrics") or ""))
            scraped = until(lambda: worker._get("/metrics"))
            assert called % ("shadow", "0.0") in scraped
            assert "vigilward_shadow_up 1.0" in scraped
            assert 'version="candidate"' in scraped

            os.kill(child_of(worker.pid), signal.SIGKILL)
            until(lambda: 'vigilward_shadow_stopped_total{reason="ended"} 1.0' in (worker._get("/metrics") or ""))
            publish(settings, readings(300, 600))
            until(lambda: worker.counts("vigilward_records_total").get("readable") == 120)

            assert worker.alive and worker._get("/readyz") is not None
            assert "vigilward_shadow_up 0.0" in worker._get("/metrics")
            assert "the shadow stopped (ended)" in worker.last_words()
        finally:
            code = worker.stop()
        assert code == 0, worker.last_words()
