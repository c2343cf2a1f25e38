"""A partition that a rebalance gives back: its pen proves itself, and the marker never goes back."""

import asyncio
from types import SimpleNamespace

from streams.rules import packaged_rules
from streams.worker.ledger.entry import Entry
from streams.worker.ledger.ledger import Ledger
from streams.worker.ledger.pen import PenDry
from streams.worker.ledger.record import MarkerBody, decode_marker


def marker(next_offset):
    return MarkerBody(next_offset, 0, None, {}, None, "", "", 0, 0)


class Pen:
    """Writes into a list, or is dry."""

    def __init__(self, dry=False):
        self.written, self.dry = [], dry

    async def write(self, lines):
        if self.dry:
            raise PenDry("another's")
        self.written += lines


def ledger_of(settings, metrics, pen, last):
    ledger = Ledger(settings, packaged_rules(), metrics, SimpleNamespace())
    entry = Entry(0, pen, last, saved_at=0.0, due_at=0.0, paused=True)
    ledger._entries[0] = entry
    return ledger, entry


def test_a_proof_waits_for_the_snapshot_that_is_under_way_and_never_writes_an_older_marker_after_it(
    settings, metrics, run
):
    async def story():
        ledger, entry = ledger_of(settings, metrics, Pen(), marker(5))
        async with entry.saving:  # a snapshot is being written when the partition is given back
            proof = asyncio.create_task(ledger.keep([0]))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            entry.last = marker(9)

        assert await proof == {0}
        [line] = entry.pen.written
        assert decode_marker(line.value).next_offset == 9
        assert not entry.paused

    run(story())


def test_what_a_dry_pen_held_and_what_was_never_written_do_not_go_on(settings, metrics, run):
    async def story():
        ledger, entry = ledger_of(settings, metrics, Pen(dry=True), marker(5))
        assert await ledger.keep([0]) == set()
        assert entry.paused
        entry.pen, entry.last = Pen(), None
        assert await ledger.keep([0]) == set()
        assert entry.pen.written == []

    run(story())
