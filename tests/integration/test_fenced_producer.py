"""The fence, on a real broker: whose fenced_producer writes, what becomes of an older owner's, and what is read
back.
"""

import asyncio

import pytest
from aiokafka.errors import RequestTimedOutError
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from streams.config.topics import Topic
from streams.worker.state_store import fenced_producer
from streams.worker.state_store.fenced_producer import Fenced, FencedProducer, Line
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    CheckpointBody,
    encode_checkpoint,
    encode_state,
    patient_key,
)
from streams.worker.state_store.stored import read_states
from tests.integration.staging import Stage, until


@pytest.fixture
def stage(kafka, topic_prefix):
    return Stage(kafka.bootstrap, topic_prefix, clock="arrival", mode="demo", partitions=2).make_topics()


def state(stage, patient, upto, partition=0):
    value = encode_state(patient, upto, b"snapshot %d" % upto, 1 << 20)
    return Line(stage.settings.topic(Topic.STATES), partition, patient_key(patient), value)


def checkpoint(stage, next_offset, partition=0):
    body = CheckpointBody(next_offset, 0, None, {}, None, "cluster", "topic", 1, 1)
    return Line(stage.settings.topic(Topic.STATES), partition, CHECKPOINT_KEY, encode_checkpoint(body))


async def new_pen(stage, partition=0):
    fenced_producer = FencedProducer(stage.settings, partition)
    await fenced_producer.start()
    return fenced_producer


def stored(stage, partition=0):
    return asyncio.run(read_states(stage.settings, [partition]))[partition]


def test_what_was_written_is_read_back_by_partition(stage):
    async def tell():
        first, second = await new_pen(stage), await new_pen(stage, 1)
        await asyncio.gather(
            first.write([state(stage, "p-1", 5), checkpoint(stage, 6)]),
            second.write([state(stage, "p-2", 7, 1), checkpoint(stage, 8, 1)]),
        )
        await asyncio.gather(first.stop(), second.stop())

    asyncio.run(tell())
    assert stored(stage).checkpoint.next_offset == 6 and list(stored(stage).states) == ["p-1"]
    assert stored(stage, 1).states["p-2"].upto == 7


def test_a_newer_owner_makes_an_older_pen_dry_for_good(stage):
    async def tell():
        zombie = await new_pen(stage)
        await zombie.write([state(stage, "p-1", 5), checkpoint(stage, 6)])
        owner = await new_pen(stage)
        await owner.write([state(stage, "p-1", 9), checkpoint(stage, 10)])
        for _ in range(2):
            with pytest.raises(Fenced):
                await zombie.write([state(stage, "p-1", 7), checkpoint(stage, 8)])
        await owner.write([checkpoint(stage, 11)])
        await asyncio.gather(zombie.stop(), owner.stop())

    asyncio.run(tell())
    assert stored(stage).checkpoint.next_offset == 11
    assert stored(stage).states["p-1"].upto == 9


def test_a_pen_that_is_taken_away_between_two_batches_of_one_write_is_dry(stage):
    """Then aiokafka refuses the second batch with an error that is none of Kafka's."""
    savepoint = checkpoint(stage, 10)._replace(topic=stage.settings.topic(Topic.SAVEPOINTS))

    async def tell():
        zombie = await new_pen(stage)
        send_batch, sent, owners = zombie._producer.send_batch, [], []

        async def taken_away_between(*batch, **where):
            if sent:
                if not owners:
                    owners.append(await new_pen(stage))
                await asyncio.wait(sent)
            sent.append(await send_batch(*batch, **where))
            return sent[-1]

        zombie._producer.send_batch = taken_away_between
        with pytest.raises(Fenced):
            await zombie.write([state(stage, "p-1", 9), savepoint, checkpoint(stage, 10)])
        assert zombie.fenced
        await asyncio.gather(zombie.stop(), *(owner.stop() for owner in owners))
        return len(owners)

    assert asyncio.run(tell()) == 1
    found = stored(stage)
    assert (found.checkpoint, found.states, found.lost) == (None, {}, [])


def test_what_a_zombie_had_half_written_is_never_read(stage):
    """Its transaction is open when it stops; the fence ends it before the next owner reads."""

    async def tell():
        zombie = await new_pen(stage)
        await zombie.write([state(stage, "p-1", 5), checkpoint(stage, 6)])
        producer = zombie._producer
        await producer.begin_transaction()
        line = state(stage, "p-1", 99)
        await producer.send_and_wait(line.topic, line.value, key=line.key, partition=0)
        owner = await new_pen(stage)
        found = (await read_states(stage.settings, [0]))[0]
        await asyncio.gather(zombie.stop(), owner.stop())
        return found

    found = asyncio.run(tell())
    assert found.states["p-1"].upto == 5 and not found.lost


def test_a_record_that_the_broker_refuses_takes_the_whole_snapshot_with_it(stage):
    async def tell():
        fenced_producer = await new_pen(stage)
        await fenced_producer.write([checkpoint(stage, 6)])
        topic = stage.settings.topic(Topic.STATES)
        large = Line(topic, 0, b"patient/large", b"x" * (stage.settings.max_outbound_bytes + 1))
        with pytest.raises(Fenced):
            await fenced_producer.write([state(stage, "p-1", 8), large, checkpoint(stage, 9)])
        await fenced_producer.stop()

    asyncio.run(tell())
    assert stored(stage).checkpoint.next_offset == 6 and not stored(stage).states


def test_a_write_that_was_cut_off_leaves_nothing_and_the_pen_knows_whether_it_still_writes(stage):
    async def tell():
        fenced_producer = await new_pen(stage)
        await fenced_producer.write([checkpoint(stage, 6)])
        many = [state(stage, f"p-{number}", 7) for number in range(40_000)]
        task = asyncio.create_task(fenced_producer.write([*many, checkpoint(stage, 8)]))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        was_dry = fenced_producer.fenced
        if not was_dry:
            await fenced_producer.write([checkpoint(stage, 7)])
        await fenced_producer.stop()
        return was_dry

    was_dry = asyncio.run(tell())
    assert stored(stage).checkpoint.next_offset == (6 if was_dry else 7)
    assert not stored(stage).states


def test_a_coordinator_that_hangs_delays_a_snapshot_and_takes_no_partition_away(stage, monkeypatch):
    """What is written in several parts waits as long for its turn as the coordinator is waited for."""
    monkeypatch.setattr(fenced_producer, "REQUEST_TIMEOUT_MS", 1_000)
    savepoint = checkpoint(stage, 10)._replace(topic=stage.settings.topic(Topic.SAVEPOINTS))

    async def tell():
        pen = await new_pen(stage)
        client = pen._producer.client
        send, hung = client.send, []

        async def hangs_once(node, request, **more):
            if type(request).__name__ == "AddPartitionsToTxnRequest" and not hung:
                hung.append(node)
                await asyncio.sleep(1.5)
                raise RequestTimedOutError
            return await send(node, request, **more)

        client.send = hangs_once
        await pen.write([state(stage, "p-1", 9), savepoint, checkpoint(stage, 10)])
        await pen.stop()
        return hung

    assert asyncio.run(tell())
    assert stored(stage).checkpoint.next_offset == 10 and stored(stage).states["p-1"].upto == 9


def test_states_come_back_from_a_log_that_was_really_compacted(kafka, stage):
    """Segments of a second, twenty rounds of fifty states, some of them taken away again."""
    topic = stage.settings.topic(Topic.STATES)
    settings = {"segment.ms": "1000", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "100"}
    entries = [ConfigEntry(*one, incremental_operation=AlterConfigOpType.SET) for one in settings.items()]
    admin = kafka.admin()
    for answer in admin.incremental_alter_configs(
        [ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)]
    ).values():
        answer.result(30)
    patients = [f"p-{number}" for number in range(50)]

    async def write():
        fenced_producer = await new_pen(stage)
        for number in range(20):
            await fenced_producer.write(
                [*(state(stage, patient, number) for patient in patients), checkpoint(stage, number + 1)]
            )
        gone = [Line(topic, 0, patient_key(patient), None) for patient in patients[:10]]
        await fenced_producer.write([*gone, checkpoint(stage, 21)])
        await asyncio.sleep(1.2)  # the newest segment is never cleaned, and rolls only when something is appended
        await fenced_producer.write([checkpoint(stage, 22)])
        await fenced_producer.stop()

    asyncio.run(write())
    until(lambda: stored(stage).records <= 60, within_s=40)

    found = stored(stage)
    assert found.checkpoint.next_offset == 22
    assert {patient: body.upto for patient, body in found.states.items()} == dict.fromkeys(patients[10:], 19)
    assert found.end > 1_000, "the offsets are those of the whole log"
