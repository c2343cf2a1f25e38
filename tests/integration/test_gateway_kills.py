"""Each gateway killed with SIGKILL under load: what was acknowledged stands in Kafka, and a resend is the same reading.

Two kills a gateway in the suite; GATEWAY_KILLS=20 for more, GATEWAY_REPORT=file to keep what was seen.
"""

import http.client
import json
import os
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import pytest

from schemas.base import read_moment
from schemas.times import to_ms
from streams.config.packaged_rules import packaged_rules
from streams.config.topics import Topic
from streams.log import Partition
from tests.integration.gates import GateProcess, Mllp, readings
from tests.integration.staging import Stage, until
from tests.integration.test_gateways import Broker, vital
from tests.making import KEYS
from tests.streams.formats.making import SPO2, message, observation

KILLS = int(os.environ.get("GATEWAY_KILLS", "2"))
pytestmark = pytest.mark.timeout(240 + 90 * KILLS)  # a gateway begins within seconds, on a busy machine within a minute
LANES = 6
UNDER_LOAD_S = 1.5
SENDER_REST_S = 0.001
"""A sender that never rests sends twice as fast as any gateway stores: then the test would be of the catching up."""


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, partitions=3).make_topics()


def over_mllp(port, names, acknowledged):
    with suppress(OSError), Mllp(port) as peer:
        for name in names:
            peer.send(message(SPO2, control=name, pid=f"PID|||{name}^^^H^MR"))
            if "MSA|AA|" not in peer.answer():
                return
            acknowledged.append(name)


def over_http(port, names, acknowledged, path, body, good):
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            for name in names:
                connection.request("POST", path, json.dumps(body(name)))
                answer = connection.getresponse()
                answer.read()
                if answer.status != good:
                    return
                acknowledged.append(name)
        finally:
            connection.close()


def over_fhir(port, names, acknowledged):
    def body(name):
        return observation(id=None, subject={"reference": name}, identifier=[{"system": "urn:k", "value": name}])

    over_http(port, names, acknowledged, "/fhir/Observation", body, 201)


def over_ndjson(port, names, acknowledged):
    def body(name):
        return {"patient_id": name, "device_id": "d", **json.loads(vital(97))}

    over_http(port, names, acknowledged, "/readings", body, 200)


def watched(messages):
    """A watch that has taken the messages as they lie on the topic, each as it was measured."""
    log = Partition(0, 1, clock="arrival", mode="real", rules=packaged_rules(), keys=KEYS, topic=Topic.READINGS)
    taken_at = [to_ms(read_moment(json.loads(one.value())["taken_at"])) for one in messages]
    log.run([(n, taken_at[n] + 1, one.key(), one.value(), ()) for n, one in enumerate(messages)])
    return log


def names(sender):
    """Names of messages that no other sender gives: bound here, where a loop's variable would be its last value."""
    return (f"{sender}-{n}" for n in range(100_000))


def report(door, **seen):
    """Keeps what was seen, one line a gateway, where a file is named for it."""
    if name := os.environ.get("GATEWAY_REPORT"):
        with Path(name).open("a", encoding="utf-8") as file:
            told = ", ".join(f"{number:,} {what.replace('_', ' ')}" for what, number in seen.items())
            file.write(f"{door}: {KILLS} kills, {told}\n")


WAYS = {"hl7v2": over_mllp, "fhir": over_fhir, "http": over_ndjson}


@pytest.mark.parametrize("door", WAYS)
def test_what_was_acknowledged_stands_in_kafka_and_a_resend_is_the_same_reading(stage, tmp_path, door):
    acknowledged: list[str] = []
    prefix = "Patient/" if door == "fhir" else ""
    for number in range(KILLS):
        with GateProcess(stage, tmp_path, door) as gate:
            lanes = [
                threading.Thread(
                    target=WAYS[door],
                    args=(gate.door, names(f"{prefix}{number}-{lane}"), acknowledged),
                )
                for lane in range(LANES)
            ]
            for lane in lanes:
                lane.start()
            time.sleep(UNDER_LOAD_S)
            gate.process.kill()
            for lane in lanes:
                lane.join(30)
    again = acknowledged[::10]
    with GateProcess(stage, tmp_path, door) as gate:
        resent: list[str] = []
        WAYS[door](gate.door, again, resent)

    stored = defaultdict(set)
    for one in readings(stage):
        stored[one["patient_id"]].add((one["device_id"], one.get("sequence"), one["taken_at"]))
    assert len(set(acknowledged)) == len(acknowledged) > 10 * KILLS
    assert resent == again
    assert set(acknowledged) <= set(stored)
    assert {name for name in stored if len(stored[name]) > 1} == set()  # to the watch a repeat, told by these three
    messages = stage.read(Topic.READINGS)
    tally = watched(messages).tally
    assert (tally.accepted, tally.duplicate) == (len(stored), len(messages) - len(stored))
    assert (tally.late, tally.rejected, tally.time_went_back, tally.said["alerts"]) == (0, 0, 0, 0)
    lost = len(set(acknowledged) - set(stored))
    report(
        door, acknowledged=len(acknowledged), stored=len(stored), lost=lost, resent=len(resent),
        told_as_repeats=tally.duplicate, applied_twice=tally.accepted - len(stored), alerts=tally.said["alerts"],
    )  # fmt: skip


@pytest.mark.needs("mosquitto")
def test_what_an_mqtt_broker_has_taken_reaches_kafka_whoever_is_killed(stage, tmp_path):
    published = 0
    with Broker(tmp_path / "mosquitto") as broker:
        sender = broker.client("sender")
        for _ in range(KILLS):
            with GateProcess(stage, tmp_path / "log", "mqtt", mqtt_port=broker.port) as gate:
                until(lambda: gate.metric("vigilward_gateway_connections") == 1)
                end = time.monotonic() + UNDER_LOAD_S
                while time.monotonic() < end:
                    sender.publish(f"vitals/p-{published}/d-1", vital(97), qos=1).wait_for_publish(10)
                    published += 1
                    time.sleep(SENDER_REST_S)
                gate.process.kill()
        with GateProcess(stage, tmp_path / "log", "mqtt", mqtt_port=broker.port):
            until(lambda: len({one["patient_id"] for one in readings(stage)}) >= published)
        sender.loop_stop()

    stored = readings(stage)
    named = {(one["patient_id"], one["device_id"], one.get("sequence"), one["taken_at"]) for one in stored}
    assert published > 10 * KILLS
    assert len(named) == published  # what the broker brought again is the same reading
    tally = watched(stage.read(Topic.READINGS)).tally
    assert (tally.accepted, tally.duplicate) == (published, len(stored) - published)
    assert (tally.late, tally.rejected, tally.time_went_back, tally.said["alerts"]) == (0, 0, 0, 0)
    report(
        "mqtt", taken_by_the_broker=published, stored=len(named), lost=published - len(named),
        told_as_repeats=tally.duplicate, applied_twice=tally.accepted - len(named), alerts=tally.said["alerts"],
    )  # fmt: skip
    assert {one["patient_id"] for one in readings(stage)} == {f"p-{n}" for n in range(published)}
