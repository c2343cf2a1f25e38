"""What Prometheus may know of a worker's process: readiness by reason, version, event loop, log lines."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from detectors.compiled import CORE
from streams.config.settings import Settings
from streams.process_collectors import add_process_collectors
from streams.worker.health import Unready

LEVELS = ("debug", "info", "warning", "error", "critical")
PROBE_EVERY_S = 0.5


class LogLines(logging.Handler):
    """Counts log lines by level, whoever writes them."""

    def __init__(self) -> None:
        super().__init__()
        self._lock, self.counts = Lock(), Counter(dict.fromkeys(LEVELS, 0))

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        with self._lock:
            self.counts[record.levelname.lower() if record.levelname.lower() in LEVELS else "error"] += 1


class ProcessMetrics(Collector):
    """The process of one worker. `unready`: the reasons of this moment. `rules`: the SHA-256 of the rules in force."""

    def __init__(self, settings: Settings, rules: str, unready: Callable[[], Iterable[Unready]]) -> None:
        self._settings, self._rules, self._unready = settings, rules, unready
        self.log_lines = LogLines()
        self.loop_lag_s = 0.0
        """The longest that the event loop was late since the last scrape, in seconds."""

    def register(self, registry: CollectorRegistry) -> None:
        """Adds this, and what the client library knows of any process (memory, descriptors, collections)."""
        registry.register(self)
        add_process_collectors(registry)

    async def run(self) -> None:
        """Notes how late the event loop is, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PROBE_EVERY_S
            await asyncio.sleep(PROBE_EVERY_S)
            self.loop_lag_s = max(self.loop_lag_s, loop.time() - due)

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        reasons = set(self._unready())
        unready = GaugeMetricFamily("vigilward_unready", "1 while the worker is unready for it.", labels=["reason"])
        for reason in Unready:
            unready.add_metric([reason.value], float(reason in reasons))
        yield unready
        yield GaugeMetricFamily(
            "vigilward_log_partitions", "Partitions of the log, fixed for its life.", value=self._settings.partitions
        )
        build = InfoMetricFamily("vigilward_build", "Version, compiled or plain core, group, packaged rules' hash.")
        build.add_metric(
            [],
            {
                "version": version("vigilward"),
                "core": CORE,
                "group": self._settings.group,
                "rules": self._rules[:12],
            },
        )
        yield build
        late, self.loop_lag_s = self.loop_lag_s, 0.0
        yield GaugeMetricFamily(
            "vigilward_event_loop_lag_seconds", "Longest delay of the event loop since the last scrape.", value=late
        )
        lines = CounterMetricFamily("vigilward_log_lines", "Log lines, by level.", labels=["level"])
        for level in LEVELS:
            lines.add_metric([level], self.log_lines.counts[level])
        yield lines
