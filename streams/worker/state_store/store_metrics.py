"""What Prometheus may know of the state store: how often, how large, how long, and what could not be used."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.worker.state_store.state_encoding import Why

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
OUTCOMES = ("committed", "refused")


class StoreMetrics:
    """The state_store's metrics."""

    def __init__(self, registry: CollectorRegistry, oldest_s: Callable[[], float]) -> None:
        """`oldest_s`: how long ago the partition that waits longest was saved, in seconds."""
        self.snapshots = Counter(
            "vigilward_snapshots", "Snapshots of a partition, by outcome.", ("outcome",), registry=registry
        )
        self.states = Counter("vigilward_snapshot_states", "Patients' states written.", registry=registry)
        self.bytes = Counter("vigilward_snapshot_bytes", "Bytes of patients' states written.", registry=registry)
        self.seconds = Histogram(
            "vigilward_snapshot_seconds", "From the moment a snapshot holds until it is committed.", buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self.recovery = Histogram(
            "vigilward_recovery_seconds", "From the fence until the states of an assignment are read.", buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self.unusable = Counter(
            "vigilward_states_unusable", "Stored records that could not be used, by reason.", ("reason",),
            registry=registry,
        )  # fmt: skip
        self.takeover_gap = Gauge(
            "vigilward_takeover_gap_seconds",
            "For how long nobody watched the partitions that were taken over from a build of another behaviour.",
            registry=registry,
        )
        self.savepoints = Counter("vigilward_savepoints", "Savepoints of a partition written.", registry=registry)
        age = Gauge(
            "vigilward_snapshot_age_seconds", "How long ago the partition that waits longest was saved.",
            registry=registry,
        )  # fmt: skip
        age.set_function(oldest_s)
        for outcome in OUTCOMES:
            self.snapshots.labels(outcome)
        for why in Why:
            self.unusable.labels(why.value)

    def tell_of_gaps(self, gaps: Mapping[int, float]) -> None:
        """Partitions taken over from a build of another behaviour, and for how many seconds nobody watched each."""
        if gaps:
            self.takeover_gap.set(max(gaps.values()))
