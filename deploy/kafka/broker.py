"""Starts, stops and mistreats a real Apache Kafka on this machine, without Docker.

    python deploy/kafka/broker.py start --dir /tmp/kafka       # prints the bootstrap address when it is usable
    python deploy/kafka/broker.py start --dir /tmp/three --brokers 3
    python deploy/kafka/broker.py status --dir /tmp/kafka
    python deploy/kafka/broker.py stop --dir /tmp/kafka

Needs Java 17; Maven the first time. In tests:

    with Cluster(folder) as kafka:
        kafka.create_topics({"prefix.readings": 8})
        kafka.brokers[0].kill()
        kafka.brokers[0].start()
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.kafka.false_clock import FalseClock
from deploy.kafka.jars import CannotFetch, WrongJars
from deploy.kafka.java import JavaMissing, prepared
from deploy.kafka.properties import HOST, Node, free_ports, server_properties, written
from deploy.kafka.secured import Security

USABLE_WITHIN_S = 90.0
STOPPED_WITHIN_S = 30.0
LAST_LEAVES_WITHIN_S = 3.0


class BrokerFailed(Exception):
    """A broker did not start, or died; the text ends with the last lines of its log."""


class Broker:
    """One Kafka process with its folder: `server.properties`, `data/`, `broker.log`, `pid`.

    A broker outlives this object: another process may open the same folder and go on with it.
    """

    def __init__(
        self,
        folder: Path,
        node: Node,
        properties: str,
        cluster_id: str,
        java: list[str],
        security: Security | None = None,
    ) -> None:
        self.folder, self.node, self.cluster_id, self.java, self.security = folder, node, cluster_id, java, security
        self.bootstrap = f"{HOST}:{node.port}"
        self._properties = folder / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(properties)

    @property
    def pid(self) -> int | None:
        """The process id while the broker runs (also while it is paused), else `None`."""
        if self._process is not None:
            return self._process.pid if self._process.poll() is None else None
        try:
            pid = int((self.folder / "pid").read_text())
            # A number is given out again: only a process with our settings on its command line is ours.
            return pid if str(self._properties).encode() in Path(f"/proc/{pid}/cmdline").read_bytes() else None
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None

    def start(self, wait: bool = True) -> Self:
        """Start the process unless it runs; with `wait`, return when clients can use it."""
        if self.pid is None:
            if not (self.folder / "data" / "meta.properties").exists():
                words = ["format", "-t", self.cluster_id, "-c", str(self._properties)]
                self._java("kafka.tools.StorageTool", *words, *(self.security.format_options if self.security else []))
            with (self.folder / "broker.log").open("ab") as log:
                words = [*self.java, "kafka.Kafka", str(self._properties)]
                # A session of its own: Ctrl-C in the terminal is meant for the tests, not for the broker.
                self._process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
            (self.folder / "pid").write_text(str(self._process.pid))
        if wait:
            self.wait_until_usable()
        return self

    def _java(self, *words: str) -> None:
        # Only the quick compiler: the better one costs a second more than so short a program can win back.
        options = [word for word in self.java[1:] if not word.startswith("-XX:ArchiveClassesAtExit")]
        command = [self.java[0], "-XX:TieredStopAtLevel=1", *options, *words]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise BrokerFailed(f"{' '.join(words)} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")

    def wait_until_usable(self, timeout_s: float = USABLE_WITHIN_S) -> None:
        """Return when the broker itself says that it takes part in the cluster: an open port alone is too early."""
        own = self.security.client() if self.security else {}
        client = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "socket.timeout.ms": 2_000, **own})
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if self.pid is None:
                raise BrokerFailed(f"broker {self.node.id} died:\n{self.last_words()}")
            try:
                if self.node.id in client.list_topics(timeout=1.0).brokers:
                    return
            except KafkaException:
                pass  # not listening yet; list_topics has waited
            time.sleep(0.05)
        raise BrokerFailed(f"broker {self.node.id} was not usable within {timeout_s:.0f} s:\n{self.last_words()}")

    def last_words(self, lines: int = 20) -> str:
        """The end of the broker's log."""
        log = self.folder / "broker.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"

    def stop(self) -> None:
        """Ask it to leave in order (SIGTERM); kill it if it has not left in time."""
        self.ask_to_stop()
        if not self._ended_within(STOPPED_WITHIN_S):
            self.kill()

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting; a paused broker is resumed to hear it."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, as a crash would: nothing is flushed, nobody is told."""
        self._signal(signal.SIGKILL)
        if not self._ended_within(STOPPED_WITHIN_S):
            raise BrokerFailed(f"broker {self.node.id} survived SIGKILL")

    def pause(self) -> None:
        """SIGSTOP: the process stays, its connections stay, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        self._signal(signal.SIGCONT)

    def restart(self) -> Self:
        """Leave in order and come back with the same data and ports."""
        self.stop()
        return self.start()

    def _signal(self, which: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            os.kill(pid, which)

    def _ended_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.pid is not None and time.monotonic() < until:
            time.sleep(0.02)
        return self.pid is None


class Cluster:
    """One broker or several in a folder, with data and ports that stay when it is opened again."""

    def __init__(
        self,
        folder: Path | str,
        brokers: int = 1,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        heap_mb: int = 256,
        for_load: bool = False,
        security: Security | None = None,
        clock: FalseClock | None = None,
    ) -> None:
        """`port` is the first broker's (default: a free one); `settings` override server properties.

        `security`: encrypted and with logins (`deploy.kafka.secured`).
        `for_load` is for benchmarks: slower to start, more records a second. `clock`: what all of them take for the
        wall clock.
        """
        self.folder = Path(folder).absolute()
        plan = self._plan(brokers, port)
        nodes = [Node(**one) for one in plan["nodes"]]
        java = prepared(heap_mb, for_load, run_once)
        java = java if clock is None else clock.before(java)
        self._security = security
        more = {node.id: (security.properties(node) if security else {}) | dict(settings or {}) for node in nodes}
        self.brokers = [
            Broker(
                self.folder / f"broker-{node.id}",
                node,
                written(server_properties(node, nodes, self.folder / f"broker-{node.id}" / "data", more[node.id])),
                plan["cluster_id"],
                java,
                security,
            )
            for node in nodes
        ]
        self.bootstrap = ",".join(broker.bootstrap for broker in self.brokers)

    def _plan(self, brokers: int, port: int | None) -> dict[str, Any]:
        """Who listens where: as written when the folder was new."""
        written_plan = self.folder / "cluster.json"
        if written_plan.exists():
            return json.loads(written_plan.read_text())
        ports = free_ports(2 * brokers)
        if port is not None:
            ports[0] = port
        nodes = [{"id": n + 1, "port": ports[n], "controller_port": ports[brokers + n]} for n in range(brokers)]
        plan = {"cluster_id": _new_cluster_id(), "nodes": nodes}
        self.folder.mkdir(parents=True, exist_ok=True)
        written_plan.write_text(json.dumps(plan))
        return plan

    def start(self) -> Self:
        """Start all brokers side by side; return when each is usable."""
        for broker in self.brokers:
            broker.start(wait=False)
        for broker in self.brokers:
            broker.wait_until_usable()
        return self

    def stop(self) -> None:
        """Stop all brokers side by side. Once most have left, the last cannot leave in order, and is killed."""
        for broker in self.brokers:
            broker.ask_to_stop()
        until = time.monotonic() + STOPPED_WITHIN_S
        while running := [broker for broker in self.brokers if broker.pid is not None]:
            if len(running) <= len(self.brokers) // 2:
                until = min(until, time.monotonic() + LAST_LEAVES_WITHIN_S)
            if time.monotonic() > until:
                self.kill()
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL to all brokers."""
        for broker in self.brokers:
            broker.kill()

    def admin(self) -> AdminClient:
        """A client that may do everything."""
        own = self._security.client() if self._security else {}
        return AdminClient({"bootstrap.servers": self.bootstrap, **own})

    def create_topics(self, partitions: Mapping[str, int], settings: Mapping[str, str] | None = None) -> None:
        """Create topics (name -> partition count), all with the same settings, and wait until they exist."""
        copies = min(3, len(self.brokers))
        wanted = [
            NewTopic(name, num_partitions=count, replication_factor=copies, config=dict(settings or {}))
            for name, count in partitions.items()
        ]
        admin = self.admin()  # held until the last answer: a client that goes away takes its requests with it
        for created in admin.create_topics(wanted, operation_timeout=30).values():
            created.result(timeout=30)

    def __enter__(self) -> Self:
        # Also when the interpreter leaves without unwinding, no broker may be left behind.
        atexit.register(self.kill)
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        atexit.unregister(self.kill)


def run_once(java: list[str], folder: Path) -> None:
    """One broker from its start to its orderly end, with nothing in it."""
    port, controller_port = free_ports(2)
    node = Node(1, port, controller_port)
    properties = written(server_properties(node, [node], folder / "data", {}))
    broker = Broker(folder, node, properties, _new_cluster_id(), java)
    try:
        broker.start()
    finally:
        broker.stop()


def _new_cluster_id() -> str:
    # A leading minus would look like an option to the formatting tool.
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")


def status(cluster: Cluster) -> dict[str, Any]:
    """What runs, for people and scripts."""
    brokers = [{"id": one.node.id, "bootstrap": one.bootstrap, "pid": one.pid} for one in cluster.brokers]
    return {"bootstrap": cluster.bootstrap, "brokers": brokers}


def main() -> int:
    """start, stop or status; 1 if a broker is not running, 3 if it cannot be started."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("do", choices=["start", "stop", "status"])
    words.add_argument("--dir", required=True, type=Path, help="where data, logs and settings lie")
    words.add_argument("--port", type=int, help="the first broker's port (default: a free one below 32768)")
    words.add_argument("--brokers", type=int, default=1, help="how many (default: 1)")
    words.add_argument("--heap", type=int, default=256, help="each broker's heap in MiB (default: 256)")
    words.add_argument("--for-load", action="store_true", help="for benchmarks: slower to start, more records a second")
    asked = words.parse_args()
    if asked.do != "start" and not (asked.dir / "cluster.json").exists():
        print(f"there is no Kafka in {asked.dir}", file=sys.stderr)
        return 1
    try:
        cluster = Cluster(asked.dir, asked.brokers, asked.port, heap_mb=asked.heap, for_load=asked.for_load)
        if asked.do == "stop":
            cluster.stop()
            return 0
        if asked.do == "start":
            print(cluster.start().bootstrap)
            return 0
    except (BrokerFailed, CannotFetch, JavaMissing, WrongJars) as error:
        print(error, file=sys.stderr)
        return 3
    print(json.dumps(status(cluster)))
    return 0 if all(broker.pid for broker in cluster.brokers) else 1


if __name__ == "__main__":
    sys.exit(main())
