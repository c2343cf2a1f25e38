"""HAPI FHIR's plain server beside our FHIR gateway, per CPU second of each.

    python -m tests.bench.beside_hapi --seconds 10

The plain server (Jetty, RestfulServer) reads Observations with HAPI's parser, answers, and keeps nothing; the figure of
the gateway, by `gateway_load`, has conversion and Kafka too. Needs Java and Maven. The warm-up is as
long as the measurement: a virtual machine compiles what it runs often.
"""

import argparse
import asyncio
import hashlib
import subprocess
import tempfile
from pathlib import Path

from tests.bench.gateway_load import cpu_s, load
from tests.integration.staging import ROOT

PEERS = ROOT / "tests/integration/peers"


def jars() -> Path:
    """HAPI's jars, as the tests with peers fetch them."""
    name = hashlib.sha256((PEERS / "pom.xml").read_bytes()).hexdigest()[:12]
    folder = ROOT / ".cache/peers" / f"libs-{name}"
    if not folder.is_dir():
        words = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        subprocess.run([*words, "-f", str(PEERS / "pom.xml")], check=True)
    return folder


def main() -> None:
    """Prints the figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--connections", type=int, default=16)
    words.add_argument("--seconds", type=float, default=10)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        classes = f"{jars()}/*"
        subprocess.run(["javac", "-cp", classes, "-d", folder, str(PEERS / "PlainServer.java")], check=True)
        command = ["java", "-cp", f"{folder}:{classes}", "PlainServer"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                port = int(server.stdout.readline().removeprefix("LISTENING "))
                for door in ("fhir", "fhir-single"):
                    asyncio.run(load(door, port, asked.connections, asked.seconds, 0))
                    before = cpu_s(server.pid)
                    count, _ = asyncio.run(load(door, port, asked.connections, asked.seconds, 0))
                    used = cpu_s(server.pid) - before
                    pace = f"{count / asked.seconds:,.0f} a second, {count / used:,.0f} a CPU second"
                    print(f"HAPI plain server, {door}: {pace}")
            finally:
                server.kill()


if __name__ == "__main__":
    main()
