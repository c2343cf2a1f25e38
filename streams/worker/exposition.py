"""What a scrape reads where it is kept: partitions, outlets, deliveries."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.settings import Settings
from streams.worker.consumer import Deliveries
from streams.worker.damage import Damage
from streams.worker.health import Health
from streams.worker.metrics import FAMILIES, Metrics, flat
from streams.worker.outlet import Outlet
from streams.worker.ownership import Ownership
from streams.worker.shedding import SHED


@dataclass(frozen=True, slots=True, eq=False)
class Exposition(Collector):
    """Everything that is counted elsewhere, as Prometheus reads it."""

    settings: Settings
    metrics: Metrics
    ownership: Ownership
    outlets: Mapping[str, Outlet]
    health: Health

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        yield from self._counts()
        yield from self._partitions()
        yield from self._outlets()
        yield from self._deliveries()
        yield _gauge("vigilward_ready", "1 if every partition of ours was taken and moves.", not self.health.unready())
        worker = InfoMetricFamily("vigilward_worker", "How this worker is set up.")
        worker.add_metric([], {"clock": self.settings.clock.value, "mode": self.settings.mode.value})
        yield worker

    def _counts(self) -> Iterator[Metric]:
        counts = Counter(self.metrics.retired)
        for holding in self.ownership.holdings.values():
            counts.update(flat(holding.log.tally))
        for name, (label, says) in FAMILIES.items():
            family = CounterMetricFamily(name, says, labels=[label])
            for (of, value), count in sorted(counts.items()):
                if of == name:
                    family.add_metric([value], count)
            yield family

    def _partitions(self) -> Iterator[Metric]:
        held = self.ownership.holdings
        at = GaugeMetricFamily(
            "vigilward_partition_time_seconds", "The partition's time, since 1970.", labels=["partition"]
        )
        lag = GaugeMetricFamily(
            "vigilward_partition_lag_records", "Records in the log not yet taken.", labels=["partition"]
        )
        late = GaugeMetricFamily(
            "vigilward_partition_lag_seconds",
            "How long the oldest record not yet taken has been in the log.",
            labels=["partition"],
        )
        for number, holding in sorted(held.items()):
            late.add_metric([str(number)], self.health.lag_s(number))
            at.add_metric([str(number)], holding.log.time / 1_000)
            behind = self.health.lag(holding)
            if behind is not None:
                lag.add_metric([str(number)], behind)
        yield from (at, lag, late)
        yield _gauge("vigilward_partitions", "Partitions of the log that are ours.", len(held))
        watched = sum(len(holding.log.watches) for holding in held.values())
        yield _gauge("vigilward_patients", "Patients watched.", watched)

    def _outlets(self) -> Iterator[Metric]:
        records = GaugeMetricFamily("vigilward_outlet_records", "Records on their way to Kafka.", labels=["outlet"])
        volume = GaugeMetricFamily("vigilward_outlet_bytes", "Bytes on their way to Kafka.", labels=["outlet"])
        oldest = GaugeMetricFamily(
            "vigilward_outlet_oldest_seconds", "How long the oldest has been waiting for Kafka.", labels=["outlet"]
        )
        refused = CounterMetricFamily(
            "vigilward_outlet_refused", "Records that Kafka will not take.", labels=["outlet"]
        )
        held = CounterMetricFamily(
            "vigilward_outlet_held_back",
            "Times that the log was held back because as much as may waited for Kafka.",
            labels=["outlet"],
        )
        holding = GaugeMetricFamily(
            "vigilward_outlet_holding_back", "Record batches that wait for room on the way to Kafka.", labels=["outlet"]
        )
        replaced = CounterMetricFamily("vigilward_producer_restarts", "Producers replaced.", labels=["outlet"])
        for name, outlet in self.outlets.items():
            records.add_metric([name], outlet.waiting)
            volume.add_metric([name], outlet.waiting_bytes)
            oldest.add_metric([name], outlet.oldest_s())
            refused.add_metric([name], outlet.refusals)
            replaced.add_metric([name], outlet.replaced)
            held.add_metric([name], outlet.held_back)
            holding.add_metric([name], outlet.holding_back)
        yield from (records, volume, oldest, refused, replaced, held, holding)

    def _deliveries(self) -> Iterator[Metric]:
        counts: Deliveries = self.health.deliveries()
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
        shedding = sum(held.shedding.on for held in self.ownership.holdings.values() if held.shedding is not None)
        yield _gauge("vigilward_partitions_shedding", "Partitions that are behind and leave records unsent.", shedding)
        yield _gauge("vigilward_scrape_time_seconds", "The worker's clock at this scrape, since 1970.", time.time())


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=float(value))


def _counters(*facts: tuple[str, str, float]) -> Iterable[Metric]:
    return [CounterMetricFamily(name, says, value=value) for name, says, value in facts]
