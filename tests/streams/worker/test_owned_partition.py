"""One partition of ours: what is taken, what is sent, and what is safe."""

import asyncio

from streams.log import Output, Tally
from streams.log.control_records import signed_tick
from streams.log.stream_time import SILENCE_MS, Stretch
from streams.worker.owned_partition import OwnedPartition
from tests.making import KEYS, SECOND, clocks


class Saying:
    """A log that says one thing for each record; two for the third."""

    event_clock, partition, time = True, 0, 0

    def __init__(self):
        self.expected, self.tally = 0, Tally()

    @property
    def checkpoint_offset(self):
        return self.expected

    def place(self, records):
        return [Stretch(records, None)]

    def take(self, stretch):
        said = []
        for offset, _, key, value, _ in stretch.records:
            self.expected = offset + 1
            said += [Output("alerts", key, b'{"kind":"technical","priority":"low","state":"raised"}', (), 0)] * (
                2 if value == b"twice" else 1
            )
        return said


def owned(log, noted, settings, metrics, settled, start=0):
    return OwnedPartition(log, start, noted, settings.topic, metrics, lambda partition, at: settled.append(at))


def test_nothing_is_safe_before_everything_it_caused_is_acknowledged(make, settings, metrics, run):
    async def story():
        noted, settled = make.Noted(), []
        held = owned(Saying(), noted, settings, metrics, settled)

        await held.take(make.batch(make.record("r", 0, 0), make.record("r", 0, 1, b"twice")))
        assert held.expected == 2 and settled == []

        noted.acknowledge()
        assert settled == [2]
        assert [(record.topic, record.partition) for record in noted.records] == [("vitals.alerts", 0)] * 3

    run(story())


def test_what_was_taken_before_is_left_aside(make, settings, metrics, run):
    async def story():
        noted = make.Noted()
        held = owned(Saying(), noted, settings, metrics, [])
        await held.take(make.batch(make.record("r", 0, 0), make.record("r", 0, 1)))

        await held.take(make.batch(make.record("r", 0, 1), make.record("r", 0, 2)))

        assert len(noted.records) == 3

    run(story())


def test_a_partition_that_begins_in_the_middle_expects_the_middle(make, settings, metrics, run):
    async def story():
        held = owned(Saying(), make.Noted(), settings, metrics, [], start=40)
        assert held.expected == 40

        await held.take(make.batch(make.record("r", 0, 40)))
        assert held.expected == 41

    run(story())


def test_of_a_partition_given_up_nothing_is_committed_any_more(make, settings, metrics, run):
    async def story():
        noted, settled = make.Noted(), []
        held = owned(Saying(), noted, settings, metrics, settled)
        await held.take(make.batch(make.record("r", 0, 0)))

        held.give_up()
        noted.acknowledge()

        assert settled == []

    run(story())


def test_a_partition_given_up_while_its_states_are_written_down_says_nothing_more(make, settings, metrics, run):
    class Timed(Saying):
        event_clock = False
        advanced = 0

        def advance(self, time, limit):
            self.advanced += 1
            return [Output("alerts", b"p", b'{"kind":"technical","priority":"low","state":"raised"}', (), 0)], True

    async def story():
        noted, log = make.Noted(), Timed()
        held = owned(log, noted, settings, metrics, [])
        async with held.still:
            taking = asyncio.create_task(held.take(make.batch(make.record("r", 0, 0, at=2 * SILENCE_MS))))
            await asyncio.sleep(0.01)
            held.give_up()
        await taking

        assert (noted.records, log.advanced) == ([], 0)

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
        held = owned(Silent(), make.Noted(), settings, metrics, [])
        other = asyncio.create_task(neighbour())
        await held.take(make.batch(make.record("r", 0, 0, at=2 * SILENCE_MS)))
        await other

    run(story())
    assert turns[:4] == ["portion", "neighbour", "portion", "neighbour"]


def test_the_same_alerts_leave_however_the_log_is_cut_into_batches(make, settings, metrics, run):
    values = [make.reading(second=second, spo2=97 if second < 30 else 80) for second in range(180)]

    async def told(cuts):
        noted = make.Noted()
        held = owned(make.log_of(), noted, settings, metrics, [])
        records = [make.record("r", 0, offset, value) for offset, value in enumerate(values)]
        for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
            if begin < end:
                await held.take(make.batch(*records[begin:end]))
        return [(record.topic, record.key, record.value) for record in noted.records]

    whole = run(told([]))
    assert [topic for topic, _, _ in whole].count("vitals.alerts") > 0
    assert run(told([1, 30, 31, 100])) == whole


def test_what_waits_for_its_time_is_fetched_but_not_safe(make, settings, metrics, run):
    """A restart inside the wait begins before it."""

    def tick(offset, at, wall):
        key, value, headers = signed_tick(clocks(wall), KEYS, "vitals.readings", 0)
        return make.record("r", 0, offset, value, key, at, headers)

    async def story():
        noted, settled = make.Noted(), []
        held = owned(make.log_of(clock="arrival", keys=KEYS), noted, settings, metrics, settled)
        await held.take(make.batch(tick(0, 0, 0), tick(1, SECOND, SECOND)))

        await held.take(make.batch(make.record("r", 0, 2, b"{", at=3_600_000), tick(3, 3_601_000, 2 * SECOND)))
        assert (held.expected, held.taken, settled) == (4, 2, [2])

        await held.take(make.batch(tick(4, 3_602_000, 3 * SECOND)))
        noted.acknowledge()
        assert (held.expected, held.taken, settled[-1], held.log.time) == (5, 5, 5, 3 * SECOND)

    run(story())
