"""How alerts leave the worker, over a small broker in this process."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.settings import Settings
from streams.demo.embedded import EmbeddedBroker, Request
from streams.worker import buffered_producer
from streams.worker.buffered_producer import MAX_QUEUED_RECORDS, STOP_S, BufferedProducer
from streams.worker.outgoing import AckTracker, OutgoingRecord, under

ALERTS, REJECTIONS = "vitals.alerts", "vitals.rejections"
LIMIT = 4_000
MESSAGE_TOO_LARGE, OUT_OF_ORDER, NOT_LEADER = 10, 45, 6


@pytest.fixture(scope="module")
def embedded():
    with EmbeddedBroker({ALERTS: 2, REJECTIONS: 2}) as broker:
        yield broker


@asynccontextmanager
async def producer(broker, **more):
    faults = []
    settings = Settings(bootstrap_servers=broker.bootstrap_servers, clock="event", mode="demo", **more)

    def refused(record):
        return None if record.topic == REJECTIONS else OutgoingRecord(REJECTIONS, 0, record.key, b"instead")

    one = BufferedProducer(settings, lambda topic: LIMIT, refused, faults.append)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()
    assert faults == []


def records(*values, topic=ALERTS, partition=0):
    return [OutgoingRecord(topic, partition, b"p", value) for value in values]


async def read(broker, topic, partition, wanted):
    """The last `wanted` values of a partition."""
    place = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        consumer.seek(place, max(0, end - wanted))
        found = []
        while len(found) < wanted:
            found += (await consumer.getmany(place, timeout_ms=500)).get(place, [])
        return [record.value for record in found]
    finally:
        await consumer.stop()


def test_records_arrive_in_their_order_and_their_receipt_hears_of_it(embedded, run):
    safe = []

    async def story():
        async with producer(embedded) as one:
            sent = records(*[b"%d" % number for number in range(500)])
            await one.put(under(AckTracker(safe.append).open(77, len(sent)), sent))
            assert one.waiting == 500 and safe == []
            assert await one.flushed(10)
            assert (one.waiting, one.waiting_bytes, one.oldest_s()) == (0, 0, 0.0)
        return await read(embedded, ALERTS, 0, 500)

    assert run(story()) == [b"%d" % number for number in range(500)]
    assert safe == [77]


def test_a_passing_trouble_of_the_broker_loses_and_repeats_nothing(embedded, run):
    async def story():
        async with producer(embedded) as one:
            embedded.fail_next(Request.PRODUCE, NOT_LEADER, NOT_LEADER)
            await one.put(records(b"a", b"b", b"c"))
            assert await one.flushed(20)
            await one.put(records(b"d"))
            assert await one.flushed(20)
        return await read(embedded, ALERTS, 0, 4)

    assert run(story()) == [b"a", b"b", b"c", b"d"]


def test_a_poisoned_producer_is_replaced_and_what_was_not_acknowledged_is_sent_again(embedded, run):
    async def story():
        async with producer(embedded) as one:
            embedded.fail_next(Request.PRODUCE, OUT_OF_ORDER)
            await one.put(records(b"e", b"f"))
            assert await one.flushed(20)
            assert one.replaced == 1
        return await read(embedded, ALERTS, 0, 2)

    assert run(story()) == [b"e", b"f"]


def test_a_record_that_the_broker_refuses_is_found_among_others_and_said_elsewhere(embedded, run):
    """First the batch is refused, then the first of it alone: that one is taken out, its neighbours arrive."""
    safe = []

    async def story():
        async with producer(embedded) as one:
            embedded.fail_next(Request.PRODUCE, MESSAGE_TOO_LARGE, MESSAGE_TOO_LARGE)
            sent = records(b"too large", b"g", b"h")
            await one.put(under(AckTracker(safe.append).open(3, len(sent)), sent))
            assert await one.flushed(20)
            assert (one.refusals, one.replaced) == (1, 2)
        return await read(embedded, ALERTS, 0, 2), await read(embedded, REJECTIONS, 0, 1)

    assert run(story()) == ([b"g", b"h"], [b"instead"])
    assert safe == [3]


def test_a_record_that_is_too_large_never_reaches_the_producer(embedded, run):
    async def story():
        async with producer(embedded) as one:
            await one.put([*records(b"x" * LIMIT), *records(b"i")])
            assert await one.flushed(20)
            assert (one.refusals, one.replaced) == (1, 0)
        return await read(embedded, ALERTS, 0, 1), await read(embedded, REJECTIONS, 0, 1)

    assert run(story()) == ([b"i"], [b"instead"])


def test_what_nobody_will_ever_take_is_counted_and_holds_nothing_up(embedded, run):
    safe = []

    async def story():
        async with producer(embedded) as one:
            sent = records(b"x" * LIMIT, topic=REJECTIONS)
            await one.put(under(AckTracker(safe.append).open(9, 1), sent))
            assert one.refusals == 1

    run(story())
    assert safe == [9]


def test_whoever_waits_for_the_last_record_hears_that_it_was_given_up(embedded, run):
    """Nothing follows it that could be acknowledged: a stop or a hand-over would wait its whole time for nothing."""

    async def story():
        async with producer(embedded) as one:
            embedded.fail_next(Request.PRODUCE, MESSAGE_TOO_LARGE)
            await one.put(records(b"nobody takes this", topic=REJECTIONS))
            async with asyncio.timeout(20):
                assert await one.flushed(600)
            assert (one.refusals, one.waiting) == (1, 0)

    run(story())


def test_while_the_broker_is_away_records_wait_grow_old_and_then_arrive(embedded, run):
    async def story():
        async with producer(embedded) as one:
            await one.put(records(b"before", partition=1))
            assert await one.flushed(20)
            embedded.down()
            await one.put(records(b"during", partition=1))
            assert not await one.flushed(0.3)
            assert one.oldest_s() > 0.2
            embedded.up()
            assert await one.flushed(30)
        return await read(embedded, ALERTS, 1, 2)

    assert run(story()) == [b"before", b"during"]


def test_whoever_waits_on_a_producer_that_is_ended_sends_again_by_the_next(embedded, run):
    """Another topic had been away for longer than a request lasts: what was under way to this one was never heard of
    again, and its partition could not send for good.
    """

    async def story():
        async with producer(embedded) as one:
            await one.put(records(b"j"))
            assert await one.flushed(20)
            embedded.down()
            try:
                await one.put(records(b"k"))
                assert not await one.flushed(0.3)
                replacing = asyncio.create_task(one._replace(one._producer))
                await asyncio.sleep(STOP_S + 0.5)  # by then the line is cut
            finally:
                embedded.up()
            await replacing
            assert await one.flushed(20)
        return await read(embedded, ALERTS, 0, 2)

    assert run(story()) == [b"j", b"k"]


def test_a_producer_that_is_ended_while_it_looks_for_a_topic_is_waited_for_no_longer(embedded, run, monkeypatch):
    """A closed client of aiokafka never answers who asks it for metadata."""
    monkeypatch.setattr(buffered_producer, "QUEUED_WITHIN_S", 0.2)

    async def story():
        async with producer(embedded) as one:
            old = one._producer
            old.send_batch = lambda *words, **more: asyncio.sleep(3_600)
            await one.put(records(b"l"))
            assert not await one.flushed(0.1)
            await one._replace(old)
            assert await one.flushed(20)
        return await read(embedded, ALERTS, 0, 1)

    assert run(story()) == [b"l"]


def test_a_full_buffer_holds_the_senders_back_counts_them_and_lets_one_after_the_other_go_on(embedded, run):
    """As much as may waits: 65,536 bytes. Whoever comes then waits for room, and all of it arrives in its order."""
    first, second = [b"%d" % number * 1_700 for number in (1, 2)], [b"%d" % number * 1_700 for number in (3, 4)]

    async def story():
        async with producer(embedded, producer_buffer_bytes=65_536) as one:
            embedded.down()
            try:
                await one.put(records(*first * 20, partition=1))
                assert (one.blocked_count, one.waiting) == (0, 40)
                waiting = [asyncio.create_task(one.put(records(*second, partition=1))) for _ in range(3)]
                await asyncio.sleep(0.2)
                assert not any(task.done() for task in waiting)
                assert (one.blocked_count, one.blocked, one.waiting) == (3, 3, 40)
            finally:
                embedded.up()
            await asyncio.wait_for(asyncio.gather(*waiting), 30)
            assert await one.flushed(30)
            assert (one.blocked_count, one.blocked, one.waiting_bytes) == (3, 0, 0)
        return await read(embedded, ALERTS, 1, 46)

    assert run(story()) == first * 20 + second * 3


def test_stopping_does_not_wait_for_a_broker_that_is_away(embedded, run):
    async def story():
        async with producer(embedded) as one:
            await one.put(records(b"before"))
            assert await one.flushed(20)
            embedded.down()
            await one.put(records(b"never"))
            await asyncio.sleep(0.1)
            await asyncio.wait_for(one.stop(), 20)
            assert one.waiting == 1
        embedded.up()

    run(story())


def test_nobody_overtakes_one_who_waits_for_room(run):
    async def story():
        one = BufferedProducer(Settings(), lambda topic: LIMIT, lambda record: None, lambda fault: None)
        one._stopping = True  # nothing is sent: what matters is the order in which it is queued
        one.waiting = MAX_QUEUED_RECORDS
        first = asyncio.create_task(one.put(records(b"older")))
        await asyncio.sleep(0)
        one.waiting = MAX_QUEUED_RECORDS * 3 // 4
        second = asyncio.create_task(one.put(records(b"newer")))
        await asyncio.sleep(0)
        one.waiting = 0
        await one._notify_room()
        await asyncio.gather(first, second)
        return [record.value for record in one._queues[ALERTS, 0].records]

    assert run(story()) == [b"older", b"newer"]
