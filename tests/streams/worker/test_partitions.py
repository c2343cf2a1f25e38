"""One partition of ours: what is taken, what is sent, and what is safe."""

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.log import Output
from streams.worker.partitions import RECORDS_AT_ONCE, SILENCE_MS, Holding, stretches


class Saying:
    """A log that says one thing for each record; two for the third."""

    event_clock, partition, time = True, 0, 0

    def __init__(self):
        self.next_offset = 0

    def run(self, records):
        said = []
        for offset, _, key, value, _ in records:
            if offset < self.next_offset:
                continue
            self.next_offset = offset + 1
            said += [Output("alerts", key, b'{"kind":"technical","priority":"low","state":"raised"}', (), 0)] * (
                2 if value == b"twice" else 1
            )
        return said


def holding(log, noted, settings, metrics, settled, start=0):
    return Holding(log, start, noted, settings.topic, metrics, lambda partition, at: settled.append(at))


def test_nothing_is_safe_before_everything_it_caused_is_acknowledged(make, settings, metrics, run):
    async def story():
        noted, settled = make.Noted(), []
        held = holding(Saying(), noted, settings, metrics, settled)

        await held.take(make.batch(make.record("r", 0, 0), make.record("r", 0, 1, b"twice")))
        assert held.expected == 2 and settled == []

        noted.acknowledge()
        assert settled == [2]
        assert [(letter.topic, letter.partition) for letter in noted.letters] == [("vitals.alerts", 0)] * 3

    run(story())


def test_what_was_taken_before_is_left_aside(make, settings, metrics, run):
    async def story():
        noted = make.Noted()
        held = holding(Saying(), noted, settings, metrics, [])
        await held.take(make.batch(make.record("r", 0, 0), make.record("r", 0, 1)))

        await held.take(make.batch(make.record("r", 0, 1), make.record("r", 0, 2)))

        assert len(noted.letters) == 3

    run(story())


def test_a_partition_that_begins_in_the_middle_expects_the_middle(make, settings, metrics, run):
    async def story():
        held = holding(Saying(), make.Noted(), settings, metrics, [], start=40)
        assert held.expected == 40

        await held.take(make.batch(make.record("r", 0, 40)))
        assert held.expected == 41

    run(story())


def test_of_a_partition_given_up_nothing_is_committed_any_more(make, settings, metrics, run):
    async def story():
        noted, settled = make.Noted(), []
        held = holding(Saying(), noted, settings, metrics, settled)
        await held.take(make.batch(make.record("r", 0, 0)))

        held.give_up()
        noted.acknowledge()

        assert settled == []

    run(story())


def test_after_a_long_silence_due_moments_are_fired_in_portions(make, settings, metrics, run):
    """Others get their turn between the portions: health is answered while ten thousand patients fall due."""
    turns = []

    class Silent(Saying):
        event_clock, portions = False, 3

        def advance(self, until, limit):
            self.time, self.portions = until, self.portions - 1
            turns.append("portion")
            return [], self.portions == 0

    async def neighbour():
        for _ in range(3):
            turns.append("neighbour")
            await asyncio.sleep(0)

    async def story():
        held = holding(Silent(), make.Noted(), settings, metrics, [])
        other = asyncio.create_task(neighbour())
        await held.take(make.batch(make.record("r", 0, 0, at=2 * SILENCE_MS)))
        await other

    run(story())
    assert turns[:4] == ["portion", "neighbour", "portion", "neighbour"]


def test_the_same_alerts_leave_however_the_log_is_cut_into_batches(make, settings, metrics, run):
    values = [make.reading(second=second, spo2=97 if second < 30 else 80) for second in range(180)]

    async def told(cuts):
        noted = make.Noted()
        held = holding(make.log_of(), noted, settings, metrics, [])
        records = [make.record("r", 0, offset, value) for offset, value in enumerate(values)]
        for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
            if begin < end:
                await held.take(make.batch(*records[begin:end]))
        return [(letter.topic, letter.key, letter.value) for letter in noted.letters]

    whole = run(told([]))
    assert [topic for topic, _, _ in whole].count("vitals.alerts") > 0
    assert run(told([1, 30, 31, 100])) == whole


@given(st.lists(st.integers(0, 3 * SILENCE_MS), max_size=50))
def test_stretches_are_the_records_cut_at_silences(gaps):
    at, records = 0, []
    for offset, gap in enumerate(gaps):
        at += gap
        records.append((offset, at, None, b"", ()))

    cut = list(stretches(records))

    assert [record for stretch in cut for record in stretch] == records
    assert all(stretch for stretch in cut)
    assert all(b[1] - a[1] < SILENCE_MS for stretch in cut for a, b in pairwise(stretch))


def test_a_long_batch_is_cut_so_that_others_get_their_turn():
    records = [(offset, 0, None, b"", ()) for offset in range(2 * RECORDS_AT_ONCE + 1)]

    assert [len(stretch) for stretch in stretches(records)] == [RECORDS_AT_ONCE, RECORDS_AT_ONCE, 1]
