"""Ticks for quiet partitions."""

import asyncio
from types import SimpleNamespace

import pytest

from streams.settings import Settings
from streams.worker.ticks import Ticker


def quiet(since=0.0, partition=0):
    return SimpleNamespace(partition=partition, heard_at=since, tick_under_way=False)


@pytest.fixture
def settings():
    return Settings(tick_after_s=2)


def test_a_quiet_partition_gets_a_tick_and_a_busy_one_none(make, settings, run):
    noted = make.Noted()
    ticker = Ticker(settings, noted, lambda: [quiet(0.0, 0), quiet(9.0, 1)])

    run(ticker.look(10.0))

    (letter,) = noted.letters
    assert (letter.topic, letter.partition, letter.key, letter.value) == ("vitals.readings", 0, None, b"{}")


def test_one_tick_at_most_is_under_way(make, settings, run):
    """While a broker is away, ticks must not pile up."""
    noted, holding = make.Noted(), quiet()
    ticker = Ticker(settings, noted, lambda: [holding])

    run(ticker.look(10.0))
    run(ticker.look(20.0))
    assert len(noted.letters) == 1

    noted.acknowledge()
    run(ticker.look(30.0))
    assert len(noted.letters) == 2 == ticker.ticks


def test_in_event_clock_there_are_no_ticks(make, run):
    noted = make.Noted()
    ticker = Ticker(Settings(clock="event", mode="demo"), noted, lambda: [quiet(-1e9)])

    run(asyncio.wait_for(ticker.run(), 5))

    assert noted.letters == []
