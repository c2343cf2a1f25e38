"""What Prometheus may know of a board: whether it hears, who looks, what it could not read; never a patient or bed."""

import time
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.board.board import Board
from streams.process_collectors import add_process_collectors


class BoardMetrics(Collector):
    """One board process, read at the moment of a scrape."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def register(self) -> CollectorRegistry:
        """A registry of the board's own, with what the client library knows of any process."""
        registry = CollectorRegistry()
        registry.register(self)
        add_process_collectors(registry)
        return registry

    def collect(self) -> Iterator[Metric]:
        """One scrape."""
        board = self._board
        watch, projection = board.watch, board.projection
        build = InfoMetricFamily("vigilward_board_build", "Which version this is.")
        build.add_metric([], {"version": version("vigilward"), "mode": board.settings.mode.value})
        yield build
        for name, says, value in (
            ("ready", "1 if the whole picture was read and is still heard.", board.caught_up and board.hears),
            ("broker_reachable", "1 if Kafka answers.", watch.broker),
            ("beds", "Beds with a patient on the page.", len(projection.beds)),
            ("listeners", "Pages that are told each change.", board.streams.listeners),
            ("partitions_silent", "Partitions that the board's banner calls unwatched.", len(watch.silent)),
            ("watch_age_seconds", "How long ago the board last looked who watches.", _age(watch.looked_at)),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"vigilward_board_{name}", says, value=float(value))
        yield CounterMetricFamily(
            "vigilward_board_events", "Events said to every page since the start.", value=board.streams.last
        )
        yield CounterMetricFamily(
            "vigilward_board_records_unreadable",
            "Records of the topics that could not be shown.",
            value=projection.unreadable,
        )


def _age(at: float) -> float | None:
    """Seconds since `at` (since 1970); None where nobody has looked: absent, not zero."""
    return time.time() - at if at else None
