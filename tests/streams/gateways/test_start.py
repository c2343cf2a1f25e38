"""A gateway whose Kafka is not there: it waits, takes nothing, says so, and ends in good order."""

import re
import signal
import socket
import sys
import time

import pytest

from deploy.kafka.properties import HOST, free_ports
from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from streams.config.topics import Topic
from streams.gateways.gateway import Gateway
from streams.gateways.serve import serve
from streams.gateways.settings import GatewaySettings
from tests.integration.gates import COMMAND, ask
from tests.integration.staging import Stage, WorkerProcess, until


@pytest.mark.parametrize("door", ["hl7v2", "fhir"])
def test_while_kafka_is_away_a_gateway_waits_unready_and_obeys_a_stop_at_once(door, tmp_path):
    nobody, door_port, health_port = free_ports(3)
    port = door_port if door == "fhir" else health_port
    environment = {
        **Stage(f"{HOST}:{nobody}", "away.").environment,
        "VIGILWARD_GATEWAY_PORT": str(door_port),
        "VIGILWARD_GATEWAY_HEALTH_PORT": str(health_port),
    }
    with WorkerProcess(tmp_path, environment, (sys.executable, *COMMAND, door)) as gate:
        until(lambda: any(re.match("Kafka is away: nobody_listens", one) for one in gate.events()), gate.fate)
        assert ask(port, "/livez")[0] == 200
        assert ask(port, "/readyz")[:2] == (503, {"ready": False, "reasons": ["starting"]})
        if door == "fhir":
            assert ask(port, "/fhir/Observation", {"resourceType": "Observation"})[0] == 503
        if door == "hl7v2":
            with pytest.raises(OSError):
                ask(door_port, "/")

        began = time.monotonic()
        assert gate.stop(signal.SIGTERM) == 0, gate.fate()
        assert time.monotonic() - began < 10
        assert [one for one in gate.events() if one.startswith("gateway ")] == [f"gateway {door} ended"]


def test_a_missing_topic_is_named_with_its_remedy():
    gateway = Gateway("http", Settings(topic_prefix="w."), GatewaySettings())
    there = {gateway.settings.topic(topic) for topic in Topic if topic is not Topic.PATIENTS}

    with pytest.raises(SettingsError, match=r"no topic w\.patients: `vigilward doctor --fix`") as refused:
        gateway.require_topics(there)
    assert refused.value.exit_code == 3
    gateway.require_topics({gateway.settings.topic(topic) for topic in Topic})


@pytest.mark.parametrize(("door", "name"), [("hl7v2", "HEALTH_PORT"), ("fhir", "PORT")])
def test_a_port_that_is_taken_is_named_by_its_setting(door, name):
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        own = GatewaySettings(port=port if door == "fhir" else 0, health_port=port)
        with pytest.raises(SettingsError, match=rf"VIGILWARD_GATEWAY_{name}: cannot listen on {HOST}:{port} \(Address"):
            serve(door, Settings(topic_prefix="w."), own)
