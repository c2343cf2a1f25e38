"""What a gateway counts. No patient, device or sender is a label."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.formats.findings import Converted, Outcome
from streams.process_collectors import add_process_collectors

if TYPE_CHECKING:
    from streams.gateways.store import Record

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0)


class GatewayMetrics:
    """The counters of one gateway, in a registry of their own."""

    def __init__(self, door: str, prefix: str = "") -> None:
        self.registry = CollectorRegistry()
        add_process_collectors(self.registry)
        self.door, self._prefix = door, prefix
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
        # `increase` does not see the first of a series that was not there
        self._of_outcome = {outcome: self.messages.labels(door, outcome.value) for outcome in Outcome}
        self._of_topic: dict[str, Counter] = {}
        self._seconds = self.seconds.labels(door)

    def count(self, results: Sequence[Converted], outcomes: Sequence[Outcome]) -> None:
        """Counts what became of messages, and every finding about them."""
        for outcome in outcomes:
            self._of_outcome[outcome].inc()
        for one in results:
            for finding in one.findings:
                self.findings.labels(self.door, str(finding.code)).inc()

    def stored(self, records: "Sequence[Record]", took_s: float) -> None:
        """Counts a message's records, and how long it took."""
        self._seconds.observe(took_s)
        for record in records:
            counter = self._of_topic.get(record.topic)
            if counter is None:
                name = record.topic.removeprefix(self._prefix)
                counter = self._of_topic[record.topic] = self.records.labels(self.door, name)
            counter.inc()
