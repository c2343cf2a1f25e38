"""What a scrape reads where it is kept: partitions, producers, consumer_stats."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.config.packaged_rules import newer_wait
from streams.config.settings import Settings
from streams.worker.assignment import PartitionAssignment
from streams.worker.buffered_producer import BufferedProducer
from streams.worker.consumer_stats import ConsumerStats
from streams.worker.damage import Damage
from streams.worker.health import Health
from streams.worker.identities import CUT, WATCHED
from streams.worker.metrics import FAMILIES, Metrics, flat
from streams.worker.shedding import SHED


@dataclass(frozen=True, slots=True, eq=False)
class WorkerCollector(Collector):
    """Everything that is counted elsewhere, as Prometheus reads it."""

    settings: Settings
    metrics: Metrics
    assignment: PartitionAssignment
    producers: Mapping[str, BufferedProducer]
    health: Health

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        yield from self._counts()
        yield from self._partitions()
        yield from self._producers()
        yield from self._consumer_stats()
        yield _gauge("vigilward_ready", "1 if every partition of ours was taken and moves.", not self.health.unready())
        yield _gauge("vigilward_standing_by", "1 while every partition is another worker's.", self.health.standing_by)
        worker = InfoMetricFamily("vigilward_worker", "How this worker is set up.")
        worker.add_metric([], {"clock": self.settings.clock.value, "mode": self.settings.mode.value})
        yield worker

    def _counts(self) -> Iterator[Metric]:
        counts = Counter(self.metrics.retired)
        for owned in self.assignment.owned_partitions.values():
            counts.update(flat(owned.log.tally))
        for name, (label, says) in FAMILIES.items():
            family = CounterMetricFamily(name, says, labels=[label])
            for (of, value), count in sorted(counts.items()):
                if of == name:
                    family.add_metric([value], count)
            yield family

    def _partitions(self) -> Iterator[Metric]:
        held = self.assignment.owned_partitions
        at = GaugeMetricFamily(
            "vigilward_partition_stream_time_seconds", "the stream time, since 1970.", labels=["partition"]
        )
        lag = GaugeMetricFamily(
            "vigilward_partition_lag_records", "Records in the log not yet taken.", labels=["partition"]
        )
        late = GaugeMetricFamily(
            "vigilward_partition_lag_seconds",
            "How long the oldest record not yet taken has been in the log.",
            labels=["partition"],
        )
        still = GaugeMetricFamily(
            "vigilward_partition_still_seconds",
            "Since the partition last moved: more was taken, or nothing was left to take.",
            labels=["partition"],
        )
        for number, owned in sorted(held.items()):
            still.add_metric([str(number)], self.health.still_s(number))
            late.add_metric([str(number)], self.health.lag_s(number))
            at.add_metric([str(number)], owned.log.time / 1_000)
            behind = self.health.lag(owned)
            if behind is not None:
                lag.add_metric([str(number)], behind)
        yield from (at, lag, late, still)
        waiting = sum(newer_wait(owned.log.rules.sha256) for owned in held.values())
        yield _gauge(
            "vigilward_rules_waiting_partitions",
            "Partitions whose newer packaged rules wait for approval.",
            waiting,
        )
        yield _gauge("vigilward_partitions", "Partitions of the log that are ours.", len(held))
        newcomers = [owned.newcomers for owned in held.values() if owned.newcomers is not None]
        yield _gauge("vigilward_patients", "Patients watched.", self.assignment.patients())
        yield _gauge(
            "vigilward_newcomer_records_waiting",
            "Records of patients never seen before, or unreadable, that wait while those known before go first.",
            sum(one.waiting for one in newcomers),
        )
        yield _gauge(
            "vigilward_newcomers_behind_seconds",
            "How long the first of them has been in the log.",
            max((one.behind_ms for one in newcomers), default=0) / 1_000,
        )

    def _producers(self) -> Iterator[Metric]:
        records = GaugeMetricFamily(
            "vigilward_producer_queue_records", "Records on their way to Kafka.", labels=["producer"]
        )
        volume = GaugeMetricFamily(
            "vigilward_producer_queue_bytes", "Bytes on their way to Kafka.", labels=["producer"]
        )
        oldest = GaugeMetricFamily(
            "vigilward_producer_queue_oldest_seconds",
            "How long the oldest has been waiting for Kafka.",
            labels=["producer"],
        )
        refused = CounterMetricFamily(
            "vigilward_producer_refused", "Records that Kafka will not take.", labels=["producer"]
        )
        held = CounterMetricFamily(
            "vigilward_producer_blocked",
            "Times that the log was held back because as much as may waited for Kafka.",
            labels=["producer"],
        )
        owned = GaugeMetricFamily(
            "vigilward_producer_blocked", "Record batches that wait for room on the way to Kafka.", labels=["producer"]
        )
        replaced = CounterMetricFamily("vigilward_producer_restarts", "Producers replaced.", labels=["producer"])
        for name, producer in self.producers.items():
            records.add_metric([name], producer.waiting)
            volume.add_metric([name], producer.waiting_bytes)
            oldest.add_metric([name], producer.oldest_s())
            refused.add_metric([name], producer.refusals)
            replaced.add_metric([name], producer.replaced)
            held.add_metric([name], producer.blocked_count)
            owned.add_metric([name], producer.blocked)
        yield from (records, volume, oldest, refused, replaced, held, owned)

    def _consumer_stats(self) -> Iterator[Metric]:
        counts: ConsumerStats = self.health.consumer_stats()
        ticks, rebalances = self.health.ticks(), self.health.rebalances()
        yield from _counters(
            ("vigilward_heartbeats", "Heartbeats sent.", self.health.heartbeats()),
            ("vigilward_polls", "Fetches that were answered.", counts.polls),
            ("vigilward_batches", "Record batches handed over.", counts.batches),
            ("vigilward_batches_dropped", "Record batches dropped and fetched again.", counts.dropped),
            ("vigilward_gaps_refetched", "Gaps in the offsets, fetched again.", counts.went_back),
            ("vigilward_offset_holes", "Offsets that do not exist, such as transaction markers.", counts.holes),
            ("vigilward_records_lost", "Records deleted before they were taken.", counts.lost),
            ("vigilward_records_unstamped", "Records of the log that the broker did not stamp.", counts.unstamped),
            ("vigilward_fetch_errors", "Fetches that failed.", counts.fetch_errors),
            ("vigilward_rebalances", "Times that partitions were dealt anew.", rebalances),
            ("vigilward_ticks", "Ticks appended to the log.", ticks),
            ("vigilward_stateless_starts", "Partitions that went on without a state.", self.metrics.stateless_starts),
        )
        damaged = CounterMetricFamily(
            "vigilward_batches_unreadable", "Record batches that cannot be read, passed over.", labels=["reason"]
        )
        for damage in Damage:
            damaged.add_metric([damage.value], counts.unreadable[damage.value])
        yield damaged
        shed = CounterMetricFamily(
            "vigilward_records_shed",
            "Records left unsent by partitions that were behind; never alerts.",
            labels=["topic"],
        )
        for topic in SHED:
            shed.add_metric([topic.value], self.metrics.shed[topic])
        yield shed
        shedding = sum(
            held.shedding.on for held in self.assignment.owned_partitions.values() if held.shedding is not None
        )
        yield _gauge("vigilward_partitions_shedding", "Partitions that are behind and leave records unsent.", shedding)
        yield _gauge(
            "vigilward_open_transaction_seconds",
            "How long patient records, actions or rules have been waiting for a transaction to end.",
            self.health.open_transaction_s(),
        )
        anew = CounterMetricFamily(
            "vigilward_topics_made_anew",
            "Partitions that went on from a topic made anew, or a log cut back.",
            labels=["topic"],
        )
        for name in (*(topic.value for topic in WATCHED), CUT):
            anew.add_metric([name], self.assignment.watch.changes[name])
        yield anew
        yield _gauge("vigilward_scrape_time_seconds", "The worker's clock at this scrape, since 1970.", time.time())


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=float(value))


def _counters(*facts: tuple[str, str, float]) -> Iterable[Metric]:
    return [CounterMetricFamily(name, says, value=value) for name, says, value in facts]
