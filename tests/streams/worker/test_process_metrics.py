"""What Prometheus reads of the process: reasons, version, event loop, log lines, each there before anything happens."""

import asyncio
import logging

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from streams.config.settings import Settings
from streams.worker.health import Unready
from streams.worker.process_metrics import LEVELS, PROBE_EVERY_S, ProcessMetrics


def scraped(about: ProcessMetrics) -> str:
    registry = CollectorRegistry()
    about.register(registry)
    return generate_latest(registry).decode()


@pytest.fixture
def about():
    reasons: list[Unready] = []
    made = ProcessMetrics(Settings(partitions=12, group="night"), "a" * 64, lambda: reasons)
    made.reasons = reasons
    return made


def test_every_reason_is_there_from_the_start_and_the_true_ones_are_one(about):
    assert all(f'vigilward_unready{{reason="{reason}"}} 0.0' in scraped(about) for reason in Unready)

    about.reasons.append(Unready.CANNOT_SEND)

    now = scraped(about)
    assert 'vigilward_unready{reason="cannot_send"} 1.0' in now and now.count("} 1.0") >= 1
    assert 'vigilward_unready{reason="stalled"} 0.0' in now


def test_the_log_and_the_build_are_named(about):
    now = scraped(about)

    assert "vigilward_log_partitions 12.0" in now
    assert 'group="night"' in now and 'rules="aaaaaaaaaaaa"' in now
    assert "process_resident_memory_bytes" in now and "python_info" in now


def test_log_lines_are_counted_by_level(about):
    assert all(f'vigilward_log_lines_total{{level="{level}"}} 0.0' in scraped(about) for level in LEVELS)
    logger = logging.getLogger("test_process_metrics")
    logger.addHandler(about.log_lines)

    logger.warning("one"), logger.warning("two"), logger.error("three")

    now = scraped(about)
    assert 'vigilward_log_lines_total{level="warning"} 2.0' in now
    assert 'vigilward_log_lines_total{level="error"} 1.0' in now


def test_a_blocked_event_loop_is_seen_once(about):
    async def block() -> None:
        task = asyncio.create_task(about.run())
        await asyncio.sleep(0)
        import time

        time.sleep(PROBE_EVERY_S + 0.4)  # on purpose: this is the fault
        await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(block())

    assert about.loop_lag_s > 0.3
    scraped(about)
    assert about.loop_lag_s == 0.0
