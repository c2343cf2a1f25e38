"""A shadow beside what is armed: it counts, and whatever becomes of it, the armed alerts are the same."""

import asyncio
import re
import sys
import time

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from streams.config.settings import Settings, SettingsError, load
from streams.log import Checkpoint
from streams.worker.owned_partition import OwnedPartition
from streams.worker.shadow import Shadow, Stopped
from streams.worker.worker import Worker
from tests.making import rules_bytes

WITHIN_S = 30


@pytest.fixture
def candidate(tmp_path):
    path = tmp_path / "candidate.json"
    path.write_bytes(rules_bytes(("version", "2"), ("stream.red", 500)))
    return path


def shadow_of(path, **how):
    return Shadow(Settings(clock="event", mode="demo", partitions=1, shadow_rules=path), **how)


async def until(true):
    """Waits until something holds; the limit is for a test that will fail."""
    end = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < end, "it did not come"
        await asyncio.sleep(0.01)


def ill(make):
    """A patient whose SpO2 falls, as batches of records."""
    values = [make.reading(second=second, spo2=97 if second < 30 else 88) for second in range(0, 300, 5)]
    records = [make.record("vitals.readings", 0, offset, value) for offset, value in enumerate(values)]
    return [make.batch(*records[cut : cut + 10]) for cut in range(0, len(records), 10)]


async def told(make, settings, metrics, shadow, after_first=None):
    """What leaves a partition of a worker for that patient, with or without a shadow."""
    noted = make.Noted()
    held = OwnedPartition(make.log_of(), 0, noted, settings.topic, metrics, lambda partition, at: None)
    held.shadow = shadow
    if shadow is not None:
        shadow.begin(0, Checkpoint(), ())
    for number, batch in enumerate(ill(make)):
        await held.take(batch)
        if number == 0 and after_first is not None:
            await after_first()
    return [(record.topic, record.key, record.value, record.due) for record in noted.records]


BOTH = [("armed", "physiological", "medium", 1, 1), ("shadow", "physiological", "medium", 1, 0)]


def test_both_sides_are_counted_and_what_is_armed_says_the_same(make, settings, metrics, run, candidate):
    async def story():
        alone = await told(make, settings, metrics, None)
        shadow = shadow_of(candidate)
        await shadow.start()
        beside = await told(make, settings, metrics, shadow)
        await until(lambda: [tuple(row) for row in shadow.rows] == BOTH)
        running = shadow.running
        await shadow.close()
        return alone, beside, running

    alone, beside, running = run(story())

    assert beside == alone and any(topic == "vitals.alerts" for topic, *_ in alone)
    assert running


FAULTS = {
    "ends at once": ("import sys; sys.exit(3)", Stopped.ENDED),
    "speaks nonsense": ("print('nonsense', flush=True); input()", Stopped.FAULT),
    "never reads": ("import time; time.sleep(60)", Stopped.BEHIND),
}


@pytest.mark.parametrize(("program", "why"), FAULTS.values(), ids=FAULTS)
def test_a_shadow_that_fails_stops_alone_and_is_told(make, settings, metrics, run, candidate, caplog, program, why):
    async def story():
        alone = await told(make, settings, metrics, None)
        shadow = shadow_of(candidate, process=(sys.executable, "-c", program), behind_bytes=1_000)
        if why is not Stopped.BEHIND:
            shadow._behind = 1 << 30
        await shadow.start()

        async def wait():
            if why is not Stopped.BEHIND:
                await until(lambda: not shadow.running)
            else:  # more than a pipe of the kernel holds
                shadow.begin(0, Checkpoint(), [("p", 0, b"x" * 1_000_000)])

        beside = await told(make, settings, metrics, shadow, after_first=wait)
        stopped, running = dict(shadow.stopped), shadow.running
        await shadow.close()
        return alone, beside, stopped, running

    alone, beside, stopped, running = run(story())

    assert beside == alone
    assert (stopped, running) == ({why: 1}, False)
    assert f"the shadow stopped ({why})" in caplog.text


@pytest.mark.parametrize("content", [b"{}", b"no json", None], ids=["not rules", "no json", "gone"])
def test_rules_that_cannot_be_read_start_no_shadow_and_stop_nothing_else(
    make, settings, metrics, run, candidate, caplog, content
):
    shadow = shadow_of(candidate)
    if content is None:
        candidate.unlink()
    else:
        candidate.write_bytes(content)

    async def story():
        await shadow.start()
        return await told(make, settings, metrics, shadow)

    assert run(story())
    assert (shadow.running, dict(shadow.stopped)) == (False, {Stopped.BAD_RULES: 1})
    assert "vigilward rules validate" in caplog.text


def test_a_program_that_is_not_there_starts_no_shadow(run, candidate):
    shadow = shadow_of(candidate, process=("/no/such/program",))
    run(shadow.start())

    assert dict(shadow.stopped) == {Stopped.CANNOT_START: 1}


def test_a_fault_of_its_own_never_reaches_who_feeds_it(run, candidate):
    async def story():
        shadow = shadow_of(candidate, process=(sys.executable, "-c", "input()"))
        await shadow.start()
        shadow.take(0, [("not", "a", "record")], [])
        shadow.take(0, [], [])
        shadow.drop(0)
        stopped = dict(shadow.stopped)
        await shadow.close()
        return stopped

    assert run(story()) == {Stopped.FAULT: 1}


def test_its_process_ends_with_the_worker(run, candidate):
    async def story():
        shadow = shadow_of(candidate)
        await shadow.start()
        process = shadow._process
        await shadow.close()
        return process.returncode, dict(shadow.stopped)

    ended, stopped = run(story())
    assert (ended is not None, stopped) == (True, {})


def test_metrics_name_sides_kinds_and_priorities_and_nobody(run, candidate):
    async def story():
        shadow = shadow_of(candidate, process=(sys.executable, "-c", "input()"))
        await shadow.start()
        shadow.rows = [("armed", "physiological", "medium", 31, 12), ("shadow", "physiological", "medium", 19, 9)]
        registry = CollectorRegistry()
        registry.register(shadow)
        scraped = generate_latest(registry).decode()
        await shadow.close()
        return scraped

    scraped = run(story())

    assert 'vigilward_shadow_alerts_total{kind="physiological",priority="medium",rules="armed"} 31.0' in scraped
    assert 'vigilward_shadow_interruptions_total{kind="physiological",priority="medium",rules="shadow"} 9.0' in scraped
    assert "vigilward_shadow_up 1.0" in scraped
    assert 'vigilward_shadow_stopped_total{reason="behind"} 0.0' in scraped
    assert set(re.findall(r"[{,](\w+)=", scraped)) == {
        "rules", "kind", "priority", "reason", "name", "version", "sha256",
    }  # fmt: skip


def test_without_a_candidate_there_is_no_shadow_at_all(settings, candidate):
    async def made(one):
        worker = Worker(one)
        return worker.shadow, worker.assignment.shadow, set(worker.metrics.registry._names_to_collectors)

    shadow, owned, names = asyncio.run(made(settings))
    assert (shadow, owned) == (None, None)
    assert not any("shadow" in name for name in names)

    shadow, owned, _ = asyncio.run(made(settings.model_copy(update={"shadow_rules": candidate})))
    assert shadow is owned and shadow is not None


def test_a_file_that_is_not_there_is_refused_with_the_other_settings():
    with pytest.raises(SettingsError, match="VIGILWARD_SHADOW_RULES"):
        load(shadow_rules="no such file")
