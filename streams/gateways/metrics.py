"""What a gateway counts. No patient, device or sender is a label."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.formats.findings import Outcome

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0)


class GatewayMetrics:
    """The counters of one gateway, in a registry of their own."""

    def __init__(self, door: str) -> None:
        self.registry = CollectorRegistry()
        self.door = door
        self.messages = Counter(
            "vigilward_gateway_messages", "Messages by what became of them.", ["door", "verdict"],
            registry=self.registry,
        )  # fmt: skip
        self.records = Counter(
            "vigilward_gateway_records", "Records that Kafka has.", ["door", "topic"], registry=self.registry
        )
        self.findings = Counter(
            "vigilward_gateway_findings", "Findings by their code.", ["door", "code"], registry=self.registry
        )
        self.not_stored = Counter(
            "vigilward_gateway_not_stored", "Messages that Kafka did not take in time; none was acknowledged.",
            ["door"], registry=self.registry,
        )  # fmt: skip
        self.connections = Gauge(
            "vigilward_gateway_connections", "Connections that stand open.", ["door"], registry=self.registry
        )
        self.seconds = Histogram(
            "vigilward_gateway_acknowledge_seconds", "From a message's last byte to its acknowledgement.", ["door"],
            registry=self.registry, buckets=BUCKETS,
        )  # fmt: skip
        self.connections.labels(door).set(0)
        self.not_stored.labels(door)
        for outcome in Outcome:  # `increase` does not see the first of a series that was not there
            self.messages.labels(door, outcome.value)
