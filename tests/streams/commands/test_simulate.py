import json
import os
import signal
import subprocess
import sys

import pytest
from confluent_kafka import Consumer

from schemas.patient import PatientRecord
from streams.demo.embedded import EmbeddedBroker

TOPICS = {"vitals.readings": 4, "vitals.patients": 4}
TIMEOUT_S = 60


@pytest.fixture
def broker():
    with EmbeddedBroker(TOPICS) as running:
        yield running


def simulate(servers, *words, **more):
    return subprocess.Popen(
        [sys.executable, "-c", "from streams.commands import main; main()", "simulate", *words],
        env={**os.environ, "VIGILWARD_BOOTSTRAP_SERVERS": servers, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    out, err = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, out, err


def keys_and_values(broker, topic, count):
    reader = Consumer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "group.id": topic,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 20,
        }
    )
    reader.subscribe([topic])
    found = []
    while len(found) < count:
        record = reader.poll(TIMEOUT_S)
        assert record is not None
        found.append((record.key().decode(), record.value()))
    reader.close()
    return found


def test_it_publishes_patients_and_readings_and_tells_the_sum_in_its_last_line(broker):
    words = ("--patients", "3", "--scenario", "sepsis", "--speed", "20", "--for", "1s", "--json")
    code, out, _ = ended(simulate(broker.bootstrap_servers, *words))

    summary = json.loads(out.splitlines()[-1])
    assert code == 0
    assert summary.keys() == {"readings", "patients", "delivered", "failed", "seconds"}
    assert (summary["patients"], summary["failed"]) == (3, 0)
    assert summary["delivered"] == summary["readings"] + 3
    admitted = [PatientRecord.model_validate_json(value) for _, value in keys_and_values(broker, "vitals.patients", 3)]
    assert {record.patient_id for record in admitted} == {"sim-0001", "sim-0002", "sim-0003"}
    readings = keys_and_values(broker, "vitals.readings", summary["readings"])
    assert {json.loads(value)["mode"] for _, value in readings} == {"demo"}
    assert all(json.loads(value)["patient_id"] == key for key, value in readings)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_in_order(broker, number):
    process = simulate(broker.bootstrap_servers, "--patients", "2", "--json")
    assert "made-up patients to" in process.stderr.readline()
    process.send_signal(number)
    code, out, _ = ended(process)

    summary = json.loads(out.splitlines()[-1])
    assert code == 0
    assert summary["delivered"] == summary["readings"] + 2


def test_without_a_broker_it_says_so_and_leaves_with_3():
    code, out, err = ended(simulate("127.0.0.1:1", "--for", "1s"))

    assert (code, out) == (3, "")
    assert "nobody_listens: Kafka at" in err and "VIGILWARD_BOOTSTRAP_SERVERS" in err
    assert "VIGILWARD_BOOTSTRAP_SERVERS" in err
    assert len(err.splitlines()) == 1


def test_without_its_topics_it_says_so_and_leaves_with_3(broker):
    code, _, err = ended(simulate(broker.bootstrap_servers, "--for", "1s", VIGILWARD_TOPIC_PREFIX="night."))

    assert code == 3
    assert "there is no topic night.readings, night.patients" in err


@pytest.mark.parametrize(
    ("words", "says"), [(("--scenario", "flu"), "haemorrhage"), (("--for", "soon"), "such as 60s")]
)
def test_what_it_does_not_understand_is_a_matter_of_usage(words, says):
    code, _, err = ended(simulate("127.0.0.1:1", *words))

    assert code == 2
    assert says in err
