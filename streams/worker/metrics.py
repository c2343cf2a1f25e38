"""What Prometheus may know of a worker: counts, delays and queues; never a patient, a bed or a device.

Histograms are filled as things happen; everything else is read where it is kept, at the moment of the scrape
(`streams.worker.collector`).
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product

import msgspec
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client import Counter as PrometheusCounter

from schemas.alert import Kind, Priority, State
from schemas.reasons import Refusal
from streams.config.settings import Clock, Settings
from streams.config.topics import Topic
from streams.log import Tally
from streams.worker.outgoing import OutgoingRecord

AGES_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0)
DELAYS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
REBALANCES_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0)
PROCESSING_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class AlertFacts(msgspec.Struct):
    """Of an alert only what may be a label."""

    kind: str
    priority: str
    state: str


_facts = msgspec.json.Decoder(AlertFacts).decode


class Metrics:
    """The figures of one worker, in a registry of their own."""

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        self._alerts_topic = settings.topic(Topic.ALERTS)
        self._by_arrival = settings.clock is Clock.ARRIVAL
        self.retired: Counter[tuple[str, str]] = Counter()
        self.stateless_starts = 0
        self.shed: Counter[str] = Counter()
        self._age = self._histogram(
            "vigilward_record_age_seconds", "Age of the oldest record of a batch when the Vigils get it.", AGES_S
        )
        self._delay = self._histogram(
            "vigilward_alert_delay_seconds",
            "From the moment that decided an alert until Kafka acknowledged it (arrival clock only).",
            DELAYS_S,
        )
        self._processed = self._histogram(
            "vigilward_processing_seconds", "Time that the Vigils took for one batch of records.", PROCESSING_S
        )
        self._rebalances = self._histogram(
            "vigilward_rebalance_seconds", "From giving partitions up until those dealt anew are taken.", REBALANCES_S
        )
        self._alerts = PrometheusCounter(
            "vigilward_alerts",
            "Alerts said, every revision, repeats after a restart included.",
            ("kind", "priority", "state"),
            registry=self.registry,
        )
        # Every label set exists from the start: `increase` does not see the first of a series that was not there.
        for labels in product(Kind, Priority, State):
            self._alerts.labels(*(label.value for label in labels))

    def _histogram(self, name: str, says: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(name, says, buckets=buckets, registry=self.registry)

    def age_of(self, appended_ms: int) -> None:
        """A batch begins with a record appended then."""
        self._age.observe(max(0.0, time.time() - appended_ms / 1_000))

    def processed(self, seconds: float) -> None:
        """The Vigils had a batch."""
        self._processed.observe(seconds)

    def rebalanced(self, seconds: float) -> None:
        """Partitions changed hands."""
        self._rebalances.observe(seconds)

    def said(self, records: Sequence[OutgoingRecord]) -> None:
        """The Vigils said this."""
        for record in records:
            if record.topic == self._alerts_topic:
                facts = _facts(record.value or b"{}")
                self._alerts.labels(facts.kind, facts.priority, facts.state).inc()

    def arrived(self, records: Sequence[OutgoingRecord]) -> None:
        """Kafka has these."""
        if not self._by_arrival:  # a recording's moments are not today's
            return
        now = time.time()
        for record in records:
            if record.due and record.topic == self._alerts_topic:
                self._delay.observe(max(0.0, now - record.due / 1_000))

    def began_without_state(self) -> None:
        """A partition went on from the middle of its log with nothing known of its patients."""
        self.stateless_starts += 1

    def retire(self, tally: Tally) -> None:
        """A partition goes to another worker: what was counted of it stays counted here."""
        self.retired.update(flat(tally))


FAMILIES: Mapping[str, tuple[str, str]] = {
    "vigilward_records": ("kind", "Records of the log, by what they are."),
    "vigilward_vitals": ("verdict", "Vitals of readable readings, by what became of them."),
    "vigilward_rejections": ("reason", "Refusals, by their code."),
    "vigilward_outputs": ("topic", "What the Vigils said, by topic."),
    "vigilward_anomalies": ("kind", "Unknown fields seen, and append times that went back."),
}
"""Counter families that are read from the tallies: their label, and what they say."""


OUTPUTS = (Topic.ALERTS, Topic.STATUS, Topic.TRENDS, Topic.REJECTIONS)
"""The topics that a Vigil's outputs go to."""


def flat(tally: Tally) -> Counter[tuple[str, str]]:
    """A partition's counts by family and label; each family's labels are closed lists."""
    counts = Counter(
        {
            ("vigilward_records", "readable"): tally.readable,
            ("vigilward_records", "unreadable"): tally.unreadable,
            ("vigilward_records", "forwarded"): tally.forwarded,
            ("vigilward_anomalies", "unknown_field"): tally.unknown_fields,
            ("vigilward_anomalies", "time_went_back"): tally.time_went_back,
            ("vigilward_anomalies", "step_absorbed"): tally.steps_absorbed,
            ("vigilward_anomalies", "forgotten"): tally.forgotten,
        }
    )
    for verdict in ("accepted", "suspect", "duplicate", "late", "rejected"):
        counts["vigilward_vitals", verdict] = getattr(tally, verdict)
    for code in Refusal:
        counts["vigilward_rejections", code.value] = tally.refusals.get(code.value, 0)
    for topic in OUTPUTS:
        counts["vigilward_outputs", topic] = tally.said.get(topic, 0)
    return counts
