"""A tick each second to every partition that is ours."""

import asyncio
import time
from types import SimpleNamespace

from schemas.forwarded import LogKeys
from streams.log.forward import tick_in
from streams.settings import Settings
from streams.worker.ticks import Ticker, this_clock


def ours(*partitions):
    return lambda: [SimpleNamespace(partition=partition) for partition in partitions]


def test_every_partition_gets_one_that_says_what_this_machines_clocks_show(make, run):
    noted = make.Noted()
    settings = Settings(log_key="k:a secret of sixteen")

    run(Ticker(settings, noted, ours(0, 3)).look())

    assert [letter.partition for letter in noted.letters] == [0, 3]
    letter = noted.letters[1]
    record = 0, 0, letter.key, letter.value, letter.headers
    told = tick_in(record, LogKeys.parse("k:a secret of sixteen"), "vitals.readings", 3)
    assert told.clock == this_clock() and abs(told.wall_ms / 1_000 - time.time()) < 60
    assert tick_in(record, LogKeys.parse("k:a secret of sixteen"), "vitals.readings", 0) is None


def test_without_a_key_it_is_bare(make, run):
    noted = make.Noted()

    run(Ticker(Settings(), noted, ours(0)).look())

    (letter,) = noted.letters
    assert (letter.topic, letter.partition, letter.key, letter.value) == ("vitals.readings", 0, None, b"{}")


def test_one_tick_at_most_is_under_way(make, run):
    """While a broker is away, ticks must not pile up."""
    noted = make.Noted()
    ticker = Ticker(Settings(), noted, ours(0))

    run(ticker.look())
    run(ticker.look())
    assert len(noted.letters) == 1

    noted.acknowledge()
    run(ticker.look())
    assert len(noted.letters) == 2 == ticker.ticks


def test_in_event_clock_there_are_no_ticks(make, run):
    noted = make.Noted()
    ticker = Ticker(Settings(clock="event", mode="demo"), noted, ours(0))

    run(asyncio.wait_for(ticker.run(), 5))

    assert noted.letters == []
