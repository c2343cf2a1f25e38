"""The gateways on a real Kafka: what is acknowledged stands there, and what is refused says why."""

import gzip
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import textwrap
import time
from contextlib import suppress

import pytest
from paho.mqtt import client as paho

from deploy.kafka.broker import Cluster
from deploy.kafka.properties import free_ports
from deploy.make.tools import path_of
from streams.config.topics import Topic
from tests.integration.gates import ROOT, GateProcess, Mllp, ask, readings
from tests.integration.staging import Stage, until
from tests.streams.formats.making import HEART_RATE, SPO2, message, observation, obx


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, partitions=3).make_topics()


def codes(answers):
    return [answer.split("\rMSA|")[1].split("|")[0] for answer in answers]


def test_an_acknowledged_hl7_message_stands_in_kafka(stage, tmp_path):
    with GateProcess(stage, tmp_path, "hl7v2") as gate, Mllp(gate.door) as peer:
        peer.send(message(HEART_RATE, SPO2), message(SPO2, control="M-2"), message(SPO2, control="M-3"))
        answers = [peer.answer() for _ in range(3)]

        assert codes(answers) == ["AA"] * 3
        assert [answer.split("\rMSA|AA|")[1].split("\r")[0] for answer in answers] == ["M-1", "M-2", "M-3"]
        assert len(readings(stage)) == 3
        assert gate.metric("vigilward_gateway_records_total") == 3


def test_with_a_new_key_in_front_of_an_old_one_a_patients_watch_goes_on(stage, tmp_path):
    old, new = "k1:the secret of last year", "k2:the secret of this year"
    with GateProcess(stage, tmp_path / "before", "hl7v2", pseudonym_keys=old) as gate, Mllp(gate.door) as peer:
        peer.send(message(SPO2))
        assert codes([peer.answer()]) == ["AA"]
    both = f"{new},{old}"
    with GateProcess(stage, tmp_path / "after", "hl7v2", pseudonym_keys=both) as gate, Mllp(gate.door) as peer:
        peer.send(message(SPO2, control="M-2"), message(SPO2, control="M-3"))
        assert codes([peer.answer(), peer.answer()]) == ["AA", "AA"]

    before, after, again = sorted(one["patient_id"] for one in readings(stage))
    assert before.startswith("k1-") and after.startswith("k2-") and after == again
    merges = [json.loads(one.value()) for one in stage.read(Topic.PATIENTS)]
    assert merges == [{"event": "merge", "patient_id": before, "merged_into": after}]


def test_a_message_in_pieces_and_bytes_between_frames_do_no_harm(stage, tmp_path):
    with GateProcess(stage, tmp_path, "hl7v2") as gate, Mllp(gate.door) as peer:
        wire = b"noise\x0b" + message(SPO2) + b"\x1c\r\n\n"
        for at in range(0, len(wire), 7):
            peer.raw(wire[at : at + 7])
            time.sleep(0.0005)

        assert codes([peer.answer()]) == ["AA"]


def test_what_is_refused_is_named_and_kept_without_names(stage, tmp_path):
    bad = message(obx(1, "8867-4^HR^LN", 82, ""), pid="PID|||4711^^^H^MR||Doe^Jane")
    with GateProcess(stage, tmp_path, "hl7v2") as gate, Mllp(gate.door) as peer:
        peer.send(bad, message(HEART_RATE, kind="SIU^S12"), message(HEART_RATE).replace(b"|2.6|", b"|3.0|"))
        answers = [peer.answer() for _ in range(3)]

    assert codes(answers) == ["AE", "AR", "AR"]
    assert "ERR||OBX^1^6|101^Required field missing^HL70357|E|missing_unit" in answers[0]
    (kept, *_) = stage.read(Topic.REJECTIONS)
    assert b"4711" in kept.value()
    assert b"Doe" not in kept.value()
    assert dict(kept.headers())["control_id"] == b"M-1"


def test_enhanced_mode_gives_the_acknowledgements_that_are_asked_for(stage, tmp_path):
    def asking(accept, application):
        return message(SPO2, control=f"{accept}-{application}").replace(
            b"|||NE|AL|", f"|||{accept}|{application}|".encode()
        )

    with GateProcess(stage, tmp_path, "hl7v2") as gate, Mllp(gate.door) as peer:
        peer.send(asking("AL", "NE"), asking("NE", "NE"), asking("AL", "AL"), asking("ER", "SU"))

        assert codes([peer.answer() for _ in range(4)]) == ["CA", "CA", "AA", "AA"]


def test_nothing_is_acknowledged_while_kafka_is_away(kafka, topic_prefix, tmp_path):
    with Cluster(tmp_path / "broker") as own:
        stage = Stage(own.bootstrap, topic_prefix, partitions=1).make_topics()
        with GateProcess(stage, tmp_path, "hl7v2", store_within_s=4) as gate, Mllp(gate.door) as peer:
            peer.send(message(SPO2))
            assert codes([peer.answer()]) == ["AA"]
            own.brokers[0].pause()
            peer.send(message(SPO2, control="M-2"))
            answer = peer.answer()
            own.brokers[0].resume()

            assert codes([answer]) == ["AR"]
            assert "not_stored" in answer
            peer.send(message(SPO2, control="M-2"))
            assert codes([peer.answer()]) == ["AA"]


def test_a_fhir_observation_is_created_once(stage, tmp_path):
    with GateProcess(stage, tmp_path, "fhir") as gate:
        one = observation(identifier=[{"system": "urn:s", "value": "1"}])
        wanted = {"If-None-Exist": "identifier=urn:s|1", "Content-Type": "application/fhir+json"}
        first = ask(gate.door, "/fhir/Observation", one, **wanted)
        again = ask(gate.door, "/fhir/Observation", one, **wanted)
        bad = ask(gate.door, "/fhir/Observation", observation(valueQuantity={"value": 80, "unit": "bpm"}))
        tried = ask(gate.door, "/fhir/Observation/$validate", observation(status="registered"))

        assert (first[0], again[0], bad[0], tried[0]) == (201, 200, 422, 200)
        assert first[2]["Location"] == again[2]["Location"]
        assert bad[1]["issue"][0]["expression"] == ["Observation.valueQuantity.code"]
        assert tried[1]["issue"][0]["details"]["coding"][0]["code"] == "status"
        assert ask(gate.door, "/fhir/metadata")[1]["fhirVersion"] == "4.0.1"
        assert len(readings(stage)) == 1


def test_a_batch_is_answered_entry_by_entry_and_a_transaction_is_whole_or_nothing(stage, tmp_path):
    def bundle(kind):
        good, bad = observation(), observation("59408-5", 140, "%")
        entries = [{"resource": one, "request": {"method": "POST", "url": "Observation"}} for one in (good, bad)]
        return {"resourceType": "Bundle", "type": kind, "entry": entries}

    with GateProcess(stage, tmp_path, "fhir") as gate:
        transaction = ask(gate.door, "/fhir", bundle("transaction"))
        before = len(readings(stage))
        batch = ask(gate.door, "/fhir", bundle("batch"))

        assert (transaction[0], before) == (422, 0)
        assert [one["response"]["status"][:3] for one in batch[1]["entry"]] == ["201", "422"]
        assert len(readings(stage)) == 1


def test_http_answers_line_by_line_and_remembers_the_key(stage, tmp_path):
    good = {"patient_id": "p-1", "device_id": "d", "taken_at": "2026-11-29T20:00:00Z",
            "vitals": {"spo2": {"value": 97, "unit": "%"}}}  # fmt: skip
    body = "\n".join(json.dumps(one) for one in (good, {**good, "vitals": {"spo2": {"value": 97}}}, {})).encode()
    with GateProcess(stage, tmp_path, "http") as gate:
        packed = ask(
            gate.door, "/readings", gzip.compress(body), **{"Content-Encoding": "gzip", "Idempotency-Key": "k"}
        )
        again = ask(gate.door, "/readings", body, **{"Idempotency-Key": "k"})
        other = ask(gate.door, "/readings", b"{}", **{"Idempotency-Key": "k"})
        health = ask(gate.door, "/readyz")
        point = {"header": {"user_id": "u-1"}, "body": {"heart_rate": {"value": 61, "unit": "beats/min"},
                 "effective_time_frame": {"date_time": "2026-11-29T20:00:00Z"}}}  # fmt: skip
        worn = ask(gate.door, "/convert/openmhealth", point)

        assert packed[0] == again[0] == 207
        assert [json.loads(line)["verdict"] for line in packed[1].splitlines()] == ["taken", "refused", "refused"]
        assert again[1] == packed[1]
        assert (other[0], health[0], worn[0]) == (422, 200, 200)
        assert [one["patient_id"] for one in readings(stage)] == ["p-1", "u-1"]


def test_a_token_is_asked_for_where_there_are_tokens(stage, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("cloud s3cret\n")
    with GateProcess(stage, tmp_path / "log", "fhir", tokens=tokens) as gate:
        assert ask(gate.door, "/fhir/Observation", observation())[0] == 401
        assert ask(gate.door, "/fhir/Observation", observation(), Authorization="Bearer s3cret")[0] == 201


class Broker:
    """A mosquitto of the test's own, set to keep whatever it takes: by itself it drops what waits beyond 1,000."""

    def __init__(self, folder, *more):
        (self.port,) = free_ports(1)
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "mosquitto.conf"
        lines = f"listener {self.port} 127.0.0.1", "persistence false", "max_queued_messages 0", "allow_anonymous true"
        settings.write_text("\n".join((*lines, *more)) + "\n")
        self._process = subprocess.Popen(
            [path_of("mosquitto"), "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def __enter__(self):
        until(lambda: _answers(self.port))  # a loaded machine starts it later than a gateway asks for it
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def client(self, name, **options):
        one = paho.Client(paho.CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5)
        if will := options.get("will"):
            one.will_set(will, b"", qos=1)
        until(lambda: _connected(one, self.port, options.get("keepalive", 30)))
        one.loop_start()
        return one


def _answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _connected(client, port, keepalive):
    try:
        return client.connect("127.0.0.1", port, keepalive) == 0
    except OSError:
        return False


def vital(value, second=0):
    taken = f"2026-11-29T20:{second // 60:02d}:{second % 60:02d}Z"
    return json.dumps({"taken_at": taken, "vitals": {"spo2": {"value": value, "unit": "%"}}}).encode()


@pytest.mark.needs("mosquitto")
@pytest.mark.parametrize("version", [5, 4])
def test_mqtt_readings_are_taken_from_their_topic_and_none_is_left_behind(stage, tmp_path, version):
    with Broker(tmp_path) as broker, GateProcess(
        stage, tmp_path / "log", "mqtt", mqtt_port=broker.port, mqtt_version=version
    ) as gate:  # fmt: skip
        until(lambda: gate.metric("vigilward_gateway_connections") == 1)
        sender = broker.client("sender")
        sent = [sender.publish("vitals/p-1/d-1", vital(90 + n % 10, n), qos=1) for n in range(120)]  # beyond its window
        for one in sent:
            one.wait_for_publish(20)

        until(lambda: len(readings(stage)) >= 120)
        found = readings(stage)
        assert {(one["patient_id"], one["device_id"]) for one in found} == {("p-1", "d-1")}
        sender.loop_stop()


@pytest.mark.needs("mosquitto")
def test_a_broker_that_keeps_nothing_for_us_is_named(stage, tmp_path):
    with Broker(tmp_path, "max_qos 0") as broker, GateProcess(
        stage, tmp_path / "log", "mqtt", mqtt_port=broker.port
    ) as gate:  # fmt: skip
        until(lambda: gate.metric("vigilward_gateway_connections") == 1, gate.fate)
        assert any("sends vitals/+/+, vitals/+/+/gone once only" in event for event in gate.events())


@pytest.mark.needs("mosquitto")
def test_a_last_will_says_that_the_vitals_are_not_available(stage, tmp_path):
    with Broker(tmp_path) as broker, GateProcess(stage, tmp_path / "log", "mqtt", mqtt_port=broker.port) as gate:
        until(lambda: gate.metric("vigilward_gateway_connections") == 1)
        device = broker.client("device", will="vitals/p-1/d-1/gone", keepalive=2)
        device.publish("vitals/p-1/d-1", vital(97), qos=1).wait_for_publish(20)
        until(lambda: len(readings(stage)) == 1)
        device._sock.close()  # it falls silent without a word

        until(lambda: len(readings(stage)) == 2)
        assert readings(stage)[-1]["vitals"] == {"spo2": {"value": None, "quality": "not available"}}


MENDED = """
name = "ours"
format = "hl7v2"
[[rule]]
code = "HR"
system = "L"
vital = "heart_rate"
[rule.units]
bpm = "/min"
"""


def test_what_was_refused_is_published_once_its_mapping_is_mended(stage, tmp_path):
    local = obx(3, "HR^HR^L", 82, "bpm")
    mapping = tmp_path / "ours.toml"
    mapping.write_text(MENDED)
    with GateProcess(stage, tmp_path / "log", "hl7v2") as gate, Mllp(gate.door) as peer:
        peer.send(message(SPO2, local))
        assert codes([peer.answer()]) == ["AA"]

    def desk(*words):
        ended = subprocess.run(
            [sys.executable, "-c", "from streams.commands import main; main()", "rejections", *words],
            cwd=ROOT, env={**os.environ, **stage.environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return ended.returncode, ended.stdout

    before = desk("list", "--json")
    still = desk("retry", "--all")
    mended = desk("retry", "--all", "--mapping", str(mapping))
    again = desk("retry", "--all", "--mapping", str(mapping))
    first, second = readings(stage)

    assert json.loads(before[1])["codes"] == ["unmapped"]
    assert (still[0], mended[0], again) == (1, 0, (0, ""))
    assert set(second["vitals"]) == {"heart_rate", "spo2"}
    assert second["corrects"] == first["sequence"]


def test_the_first_messages_of_the_readme_are_taken_as_they_stand_there(stage, tmp_path):
    text = (ROOT / "streams/gateways/README.md").read_text()
    blocks = [textwrap.dedent(block) for block in re.findall(r"```\n(.*?)```", text, re.S)]

    def tried(first, port, door):
        (words,) = [block for block in blocks if block.strip().startswith(first)]
        words = words.replace(port, str(door))
        return subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=60, check=False).stdout

    with GateProcess(stage, tmp_path / "a", "hl7v2", site_zone="Europe/Berlin") as gate:
        assert "MSA|AA|1" in tried("exec 3", "2575", gate.door)
    with GateProcess(stage, tmp_path / "b", "fhir") as gate:
        assert "201 Created" in tried("curl", "8090", gate.door)
    assert {one["patient_id"] for one in readings(stage)} == {"4711", "Patient/p-1"}


def certificates(folder):
    """An authority, and a server's and a client's certificate of it."""

    def made(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    made("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1")
    for name in ("server", "client"):
        made(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            f"/CN={name}",
        )
        made("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
             f"{name}.pem", "-extfile", "san")  # fmt: skip
    return folder


def test_over_tls_only_a_client_with_a_certificate_is_heard(stage, tmp_path):
    folder = certificates(tmp_path)
    with GateProcess(
        stage, tmp_path / "log", "hl7v2", tls_cert_file=folder / "server.pem", tls_key_file=folder / "server.key",
        client_ca_file=folder / "ca.pem",
    ) as gate:  # fmt: skip
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        with suppress(OSError), Mllp(gate.door, tls=context) as stranger:
            stranger.send(message(SPO2))
            assert stranger.answer() == ""
        context.load_cert_chain(folder / "client.pem", folder / "client.key")
        with Mllp(gate.door, tls=context) as peer:
            peer.send(message(SPO2))
            assert codes([peer.answer()]) == ["AA"]
    assert len(readings(stage)) == 1
