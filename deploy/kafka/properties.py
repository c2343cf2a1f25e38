"""How a test broker is configured: every setting that differs from Kafka's own, and why."""

from __future__ import annotations

import random
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
# Below the ports that the system gives to outgoing connections (32768 and up by default): a broker restarted on one of
# those was refused its own port, which some client held as its source port.
PORTS = range(15_000, 32_768)

COMMON = {
    "process.roles": "broker,controller",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    # A misspelt topic is an error, not a new topic with one partition.
    "auto.create.topics.enable": "false",
    # 50 partitions each would cost a second of start and serve nobody here.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    # A group of one need not wait 3 s for others; tests may ask for short sessions.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # After SIGKILL a broker waits until the controller has forgotten its former self: 6 s with these, 14 s without.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # The cleaner's default buffer is 128 MiB on the heap: with -Xmx256m one of three brokers died of it at its start.
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    # Compaction within seconds instead of 15 s, so that a test can wait for it.
    "log.cleaner.backoff.ms": "200",
    "log.initial.task.delay.ms": "200",
    "log.segment.delete.delay.ms": "100",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One broker's place in its cluster; brokers are controllers as well. Both ports are on the loopback address."""

    id: int
    port: int
    controller_port: int


class NoFreePort(Exception):
    """As many ports as asked for could not be had."""


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, drawn at random so that clusters started side by side do not meet."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, 50 * count):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                continue
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise NoFreePort(f"fewer than {count} free ports between {PORTS.start} and {PORTS.stop}")


def server_properties(node: Node, nodes: Sequence[Node], data: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """All settings of one broker of the cluster `nodes`; `settings` has the last word.

    Internal topics have as many copies as there are brokers, three at most; writes need all but one of them.
    """
    copies = min(3, len(nodes))
    in_sync = max(1, copies - 1)
    own = {
        "node.id": str(node.id),
        "listeners": f"PLAINTEXT://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{node.port}",
        "controller.quorum.voters": ",".join(f"{one.id}@{HOST}:{one.controller_port}" for one in nodes),
        "log.dirs": str(data),
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(in_sync),
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(in_sync),
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": str(in_sync),
    }
    return COMMON | own | dict(settings)


def written(properties: Mapping[str, str]) -> str:
    """The settings as a Java properties file.

    >>> written({"node.id": "1"})
    'node.id=1\\n'
    """
    return "".join(f"{name}={value}\n" for name, value in properties.items())
