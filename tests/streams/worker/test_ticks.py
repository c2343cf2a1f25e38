"""A tick each second to every partition that is ours."""

import asyncio
import time
from types import SimpleNamespace

from schemas.control_record import ControlRecordKeys
from streams.config.settings import Settings
from streams.log.control_records import tick_in
from streams.worker.ticks import Ticker, this_clock


def ours(*partitions):
    return lambda: [SimpleNamespace(partition=partition) for partition in partitions]


def test_every_partition_gets_one_that_says_what_this_machines_clocks_show(make, run):
    noted = make.Noted()
    settings = Settings(control_record_key="k:a secret of sixteen")

    run(Ticker(settings, noted, ours(0, 3)).look())

    assert [record.partition for record in noted.records] == [0, 3]
    record = noted.records[1]
    record = 0, 0, record.key, record.value, record.headers
    told = tick_in(record, ControlRecordKeys.parse("k:a secret of sixteen"), "vitals.readings", 3)
    assert told.clock == this_clock() and abs(told.wall_ms / 1_000 - time.time()) < 60
    assert tick_in(record, ControlRecordKeys.parse("k:a secret of sixteen"), "vitals.readings", 0) is None


def test_without_a_key_it_is_bare(make, run):
    noted = make.Noted()

    run(Ticker(Settings(), noted, ours(0)).look())

    (record,) = noted.records
    assert (record.topic, record.partition, record.key, record.value) == ("vitals.readings", 0, None, b"{}")


def test_one_tick_at_most_is_under_way(make, run):
    """While a broker is away, ticks must not pile up."""
    noted = make.Noted()
    ticker = Ticker(Settings(), noted, ours(0))

    run(ticker.look())
    run(ticker.look())
    assert len(noted.records) == 1

    noted.acknowledge()
    run(ticker.look())
    assert len(noted.records) == 2 == ticker.ticks


def test_in_event_clock_there_are_no_ticks(make, run):
    noted = make.Noted()
    ticker = Ticker(Settings(clock="event", mode="demo"), noted, ours(0))

    run(asyncio.wait_for(ticker.run(), 5))

    assert noted.records == []
