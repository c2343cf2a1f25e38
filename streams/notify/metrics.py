"""What Prometheus may know of a notifier; no patient, bed or message."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.notify.notice import Fate
from streams.process_collectors import add_process_collectors

DELAYS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0, 60.0, 300.0)


class NotifyMetrics:
    """The counters of one notifier, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        add_process_collectors(self.registry)
        self.notices = Counter(
            "vigilward_notify_notices", "Messages by what became of them.", ["fate"], registry=self.registry
        )
        for fate in Fate:
            self.notices.labels(fate.value)
        self.tries = Counter("vigilward_notify_failed_tries", "Tries that failed.", registry=self.registry)
        self.nobody = Counter(
            "vigilward_notify_steps_without_recipient", "Steps of a ladder that no recipient was on duty for.",
            registry=self.registry,
        )  # fmt: skip
        self.unreadable = Counter(
            "vigilward_notify_records_unreadable", "Alerts that could not be read.", registry=self.registry
        )
        self.waiting = Gauge("vigilward_notify_waiting", "Messages that are not sent yet.", registry=self.registry)
        self.parked = Gauge(
            "vigilward_notify_parked", "Messages that a receiver refuses while it takes others.", registry=self.registry
        )
        self.away = Gauge("vigilward_notify_recipients_away", "Recipients that do not answer.", registry=self.registry)
        self.delay = Histogram(
            "vigilward_notify_delay_seconds", "From an alert's record in Kafka to its first arrival at a receiver.",
            registry=self.registry, buckets=DELAYS_S,
        )  # fmt: skip
