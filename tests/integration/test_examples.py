"""The sample producers under examples/, each on a real Kafka: murmur2 on 12 partitions, with each codec it has."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.kafka.jars import jars
from deploy.make.tools import path_of
from streams.config.topics import Topic
from streams.log.placing import partition_of
from tests.integration.staging import ROOT, Stage

EXAMPLES = ROOT / "examples"
PARTITIONS = 12
PATIENTS = 200


def readings():
    for number in range(PATIENTS):
        yield {"patient_id": f"p-{number}", "device_id": "d", "taken_at": "2026-11-29T20:00:00Z",
               "vitals": {"spo2": {"value": 97, "unit": "%"}}}  # fmt: skip


def send(stage, words, codec, folder):
    lines = "".join(json.dumps(one) + "\n" for one in readings())
    topic = stage.settings.topic(Topic.READINGS)
    said = {**os.environ, "BOOTSTRAP": stage.settings.bootstrap_servers, "TOPIC": topic, "CODEC": codec}
    ended = subprocess.run(
        words, cwd=folder, input=lines, text=True, capture_output=True, env=said, timeout=200, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]


def all_placed(stage):
    found = {one.key().decode(): one.partition() for one in stage.read(Topic.READINGS)}
    assert len(found) == PATIENTS
    assert found == {patient: partition_of(patient, PARTITIONS) for patient in found}


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, partitions=PARTITIONS).make_topics()


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_python(stage, codec):
    send(stage, [sys.executable, "producer.py"], codec, EXAMPLES / "python")

    all_placed(stage)


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_java(stage, codec):
    send(stage, ["java", "-cp", f"{jars()}/*", "Producer.java"], codec, EXAMPLES / "java")

    all_placed(stage)


@pytest.mark.needs("go")
@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_go(stage, codec):
    send(stage, [path_of("go"), "run", "."], codec, EXAMPLES / "go")

    all_placed(stage)


@pytest.mark.needs("node", "npm")
@pytest.mark.parametrize("codec", ["none", "gzip"])
def test_javascript(stage, codec, tmp_path_factory):
    folder = Path(tmp_path_factory.getbasetemp()) / "javascript"
    if not folder.is_dir():
        shutil.copytree(EXAMPLES / "javascript", folder)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    send(stage, ["node", "producer.mjs"], codec, folder)

    all_placed(stage)


@pytest.mark.parametrize(("fault", "right"), [("none", True), ("wrong_partitioner", False)])
def test_a_made_up_sender_places_as_clients_do_or_as_librdkafka_does_by_itself(stage, fault, right):
    words = [
        "device-sim",
        "kafka",
        "--to",
        stage.settings.bootstrap_servers,
        "--patients",
        str(PATIENTS),
        "--fault",
        fault,
    ]
    ended = subprocess.run(
        [sys.executable, "-c", "from streams.commands import main; main()", *words, "--for", "1s", "--speed", "0"],
        text=True, capture_output=True, env={**os.environ, **stage.environment}, timeout=100, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]

    sent = stage.read(Topic.READINGS)
    found = {one.key().decode(): one.partition() for one in sent}
    assert f"{len(sent)} delivered" in ended.stdout and len(found) == PATIENTS
    assert (found == {patient: partition_of(patient, PARTITIONS) for patient in found}) is right
