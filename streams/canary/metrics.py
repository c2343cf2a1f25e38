"""What Prometheus may know of the canary."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.process_collectors import add_process_collectors

ROUND_TRIPS_S: Final = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 120.0)


class CanaryMetrics(Collector):
    """The figures of one canary process, in a registry of their own. `ages`: seconds by partition."""

    def __init__(self, ages: Callable[[], Mapping[int, float]]) -> None:
        self.registry, self._ages = CollectorRegistry(), ages
        self.registry.register(self)
        add_process_collectors(self.registry)
        self.sent = Counter(
            "vigilward_canary_observations", "Observations that Kafka has.", ["how"], registry=self.registry
        )
        for how in ("sick", "well"):
            self.sent.labels(how)
        self.failed = Counter(
            "vigilward_canary_sends_failed", "Observations that Kafka did not take in time.", registry=self.registry
        )
        self.false = Counter(
            "vigilward_canary_false_alerts", "Alerts raised by a well observation.", registry=self.registry
        )
        self.round_trip = Histogram(
            "vigilward_canary_round_trip_seconds", "From a sick observation's due moment to its alert.",
            registry=self.registry, buckets=ROUND_TRIPS_S,
        )  # fmt: skip

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        age = GaugeMetricFamily(
            "vigilward_canary_age_seconds",
            "Age of the newest sick observation whose alert has come back.",
            labels=["partition"],
        )
        for partition, seconds in sorted(self._ages().items()):
            age.add_metric([str(partition)], seconds)
        yield age
