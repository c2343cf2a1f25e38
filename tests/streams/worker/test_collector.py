"""What Prometheus reads of a worker."""

import re
import subprocess
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from prometheus_client.exposition import generate_latest

from schemas.alert import Kind, Priority, State
from schemas.reasons import Refusal
from streams.config.settings import Settings
from streams.worker.collector import WorkerCollector
from streams.worker.consumer_stats import ConsumerStats
from streams.worker.metrics import Metrics, flat
from streams.worker.outgoing import OutgoingRecord


@pytest.fixture
def scrape(make):
    """The text of a scrape of a worker that had something of everything."""

    def scrape(clock="arrival", partitions=1):
        settings = Settings(clock=clock, mode="demo", partitions=partitions)
        metrics = Metrics(settings)
        log = make.log_of()
        log.run([(0, 0, b"p-secret", make.reading("p-secret"), ()), (1, 0, b"x", b"no json", ())])
        metrics.age_of(round(time.time() * 1_000))
        metrics.processed(0.001)
        alert = OutgoingRecord(
            "vitals.alerts", 0, b"p-secret", b'{"kind":"technical","priority":"low","state":"raised"}', due=1
        )
        metrics.said([alert])
        metrics.arrived([alert])
        metrics.retire(make.log_of().tally)
        producer = SimpleNamespace(
            waiting=1, waiting_bytes=2, oldest_s=lambda: 0.5, refusals=1, replaced=1, blocked_count=4, blocked=1
        )
        health = SimpleNamespace(
            lag=lambda owned: 3,
            still_s=lambda number: 0.0,
            standing_by=False,
            lag_s=lambda number: 1.5,
            consumer_stats=ConsumerStats,
            ticks=lambda: 1,
            heartbeats=lambda: 5,
            open_transaction_s=lambda: 0.0,
            rebalances=lambda: 2,
            unready=list,
        )
        watch = SimpleNamespace(changes=Counter())
        held = {0: SimpleNamespace(log=log, shedding=None, newcomers=None)}
        assignment = SimpleNamespace(owned_partitions=held, watch=watch, patients=lambda: len(log.watches))
        exposition = WorkerCollector(settings, metrics, assignment, {"said": producer}, health)
        metrics.registry.register(exposition)
        return generate_latest(metrics.registry).decode()

    return scrape


@pytest.mark.needs("promtool")
def test_the_names_pass_promtool(scrape):
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=scrape(), capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_no_label_holds_a_patient_a_bed_or_a_device(scrape):
    said = scrape()

    labels = set(re.findall(r"[{,](\w+)=", said))
    assert labels == {
        "le", "kind", "priority", "state", "verdict", "reason", "topic", "partition", "producer", "clock", "mode",
    }  # fmt: skip
    assert "p-secret" not in said and "mon-1" not in said


def test_records_and_vitals_are_counted_by_what_became_of_them(scrape):
    said = scrape()

    assert 'vigilward_records_total{kind="readable"} 1.0' in said
    assert 'vigilward_records_total{kind="unreadable"} 1.0' in said
    assert 'vigilward_vitals_total{verdict="accepted"} 5.0' in said
    assert 'vigilward_rejections_total{reason="not_json"} 1.0' in said
    assert 'vigilward_alerts_total{kind="technical",priority="low",state="raised"} 1.0' in said
    assert 'vigilward_partition_lag_records{partition="0"} 3.0' in said
    assert "vigilward_ready 1.0" in said


def test_a_buffer_that_held_back_the_log_is_told(scrape):
    said = scrape()

    assert 'vigilward_producer_blocked_total{producer="said"} 4.0' in said
    assert 'vigilward_producer_blocked{producer="said"} 1.0' in said


def test_a_recordings_moments_do_not_look_like_delays(scrape):
    assert "vigilward_alert_delay_seconds_count 1.0" in scrape(clock="arrival")
    assert "vigilward_alert_delay_seconds_count 0.0" in scrape(clock="event")


def test_every_label_comes_from_a_closed_list(make):
    log = make.log_of()
    log.run([(0, 0, b"x", b"no json", ())])

    values = {value for _, value in flat(log.tally)}
    closed = {"readable", "unreadable", "forwarded", "unknown_field", "time_went_back", "step_absorbed", "forgotten"}
    closed |= {"accepted", "suspect", "duplicate", "late", "rejected"} | set(Refusal)
    assert values <= closed | {"alerts", "status", "trends", "rejections"}
    assert len(Kind) * len(Priority) * len(State) < 100


def test_closed_label_sets_are_there_from_the_start(scrape):
    """Prometheus sees no increase in a series that begins with its first event."""
    said = scrape()

    assert 'vigilward_alerts_total{kind="physiological",priority="high",state="raised"} 0.0' in said
    assert 'vigilward_rejections_total{reason="wrong_mode"} 0.0' in said
    assert 'vigilward_outputs_total{topic="alerts"} 0.0' in said
