"""Our FHIR gateway and HAPI FHIR's plain server, each by Bundles of 20 and by single POSTs, per CPU second of each.

    python -m tests.bench.beside_hapi --seconds 10

The plain server (Jetty, RestfulServer) reads Observations with HAPI's parser, answers, and keeps nothing; the figures
of the gateway have conversion and Kafka too. Needs Java and Maven. The warm-up is as long as the measurement: a virtual
machine compiles what it runs often.
"""

import argparse
import asyncio
import subprocess
import tempfile
from pathlib import Path

from deploy.kafka.broker import Cluster
from tests.bench.gateway_load import cpu_s, load
from tests.integration.gates import GateProcess
from tests.integration.staging import Stage
from tests.integration.test_peers import PEERS, hapi_jars


def told(name: str, pid: int, port: int, connections: int, seconds: float) -> None:
    """Prints the figures of one server, by both ways in turn."""
    for door, what in (("fhir", "Bundles of 20"), ("fhir-single", "single POSTs")):
        asyncio.run(load(door, port, connections, seconds, 0))
        before = cpu_s(pid)
        count, _ = asyncio.run(load(door, port, connections, seconds, 0))
        used = cpu_s(pid) - before
        pace = f"{count / seconds:,.0f} Observations a second, {count / used:,.0f} a CPU second"
        print(f"{name}, {what}: {pace}", flush=True)


def main() -> None:
    """Prints the figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--connections", type=int, default=16)
    words.add_argument("--seconds", type=float, default=10)
    asked = words.parse_args()
    how = asked.connections, asked.seconds
    classes = f"{hapi_jars()}/*"
    with tempfile.TemporaryDirectory() as folder:
        with Cluster(Path(folder) / "kafka", for_load=True) as kafka:
            stage = Stage(kafka.bootstrap, "load.", partitions=8).make_topics()
            with GateProcess(stage, Path(folder) / "log", "fhir") as gate:
                told("our gateway, after Kafka", gate.process.pid, gate.door, *how)
        subprocess.run(["javac", "-cp", classes, "-d", folder, str(PEERS / "PlainServer.java")], check=True)
        command = ["java", "-cp", f"{folder}:{classes}", "PlainServer"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                port = int(server.stdout.readline().removeprefix("LISTENING "))
                told("HAPI's plain server, kept nowhere", server.pid, port, *how)
            finally:
                server.kill()


if __name__ == "__main__":
    main()
