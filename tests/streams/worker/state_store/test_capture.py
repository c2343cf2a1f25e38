"""A snapshot is one moment of a partition, whatever goes on meanwhile."""

import asyncio

import pytest

from streams.config.packaged_rules import packaged_rules
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Partition
from streams.log.stream_time import Stretch
from streams.simulator.simulator import Simulator
from streams.worker.metrics import Metrics
from streams.worker.owned_partition import OwnedPartition
from streams.worker.state_store.capture import AT_ONCE, capture, lines
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    CheckpointBody,
    decode_checkpoint,
    decode_state,
    patient_key,
)

SETTINGS = Settings(clock="event", mode="demo", partitions=1)
WARD = Simulator(AT_ONCE + 20, seed=5)


def new_log(**more):
    return Partition(0, 1, clock="event", mode="demo", rules=packaged_rules(), **more)


def records(start_s, end_s, offset):
    readings = WARD.readings(WARD.start_ms + start_s * 1_000, WARD.start_ms + end_s * 1_000)
    return [(offset + n, 0, patient.encode(), value, ()) for n, (_, patient, value) in enumerate(readings)]


class BufferedProducer:
    async def put(self, records):
        for record in records:
            if record.ack is not None:
                record.ack.arrived()


def body_of(checkpoint, patients):
    return CheckpointBody.of(checkpoint, "cluster", "topic", 1, patients)


async def owned(log):
    return OwnedPartition(log, 0, BufferedProducer(), SETTINGS.topic, Metrics(SETTINGS), lambda partition, at: None)


def states_of(written):
    states = SETTINGS.topic(Topic.STATES)
    return [line for line in written if line.topic == states]


def test_a_partition_restored_from_its_lines_goes_on_as_the_one_that_wrote_them():
    async def tell():
        log = new_log()
        log.run(records(0, 40, 0))
        held = await owned(log)
        return log, lines(await capture(held, body_of, SETTINGS, everyone=False), SETTINGS, 0)

    log, written = asyncio.run(tell())
    *patients, last = states_of(written)
    assert last.key == CHECKPOINT_KEY
    bodies = [decode_state(line.key, line.value) for line in patients]
    names = [line.key.removeprefix(b"patient/").decode() for line in patients]
    kept = [(name, body.upto, body.snapshot) for name, body in zip(names, bodies, strict=True)]
    again = new_log(checkpoint=decode_checkpoint(last.value).checkpoint, states=kept)

    more = records(40, 70, log.next_offset)
    assert again.run(more) == log.run(more)
    assert {p: again.state(p) for p in again.watches} == {p: log.state(p) for p in log.watches}


def taken_meanwhile(everyone):
    """A capture while a stretch is taken: the offsets before and after it, what was captured, the log, the records."""

    async def tell():
        log = new_log()
        before = records(0, 30, 0)
        log.run(before)
        log.dirty.intersection_update(sorted(log.watches)[: AT_ONCE + 10])
        held = await owned(log)
        first = log.next_offset
        meanwhile = records(30, 32, first)[:60]
        captured, _ = await asyncio.gather(
            capture(held, body_of, SETTINGS, everyone=everyone), held._take_stretch(Stretch(meanwhile, None))
        )
        return first, captured, log, [*before, *meanwhile]

    return asyncio.run(tell())


@pytest.mark.parametrize("everyone", [False, True])
def test_what_is_captured_is_one_moment_although_records_were_taken_meanwhile(everyone):
    """The oracle is a log that took nothing beyond the checkpoint."""
    first, captured, log, taken = taken_meanwhile(everyone)
    assert captured.checkpoint.next_offset == log.next_offset > first, (
        "it was taken between writing ahead and owned still"
    )

    oracle = new_log()
    oracle.run(taken)
    for found in (captured.changed, captured.everyone or {}):
        bodies = {patient: decode_state(patient_key(patient), value) for patient, value in found.items()}
        assert {p: (p, body.upto, body.snapshot) for p, body in bodies.items()} == {p: oracle.state(p) for p in found}
    touched = {key.decode() for offset, _, key, _, _ in taken if offset >= first}
    assert captured.changed.keys() >= touched and not log.dirty
    assert captured.everyone is None or captured.everyone.keys() == log.watches.keys()


def test_nothing_is_taken_while_the_partition_is_held_still():
    """Everybody was touched anew while the states were written ahead: they are written again, and what comes waits."""

    async def tell():
        log = new_log()
        log.run(records(0, 30, 0))
        held = await owned(log)
        at = log.next_offset

        def held_still(checkpoint, patients):
            log.dirty.update(log.watches)
            waiting.append(asyncio.create_task(held._take_stretch(Stretch(records(30, 32, at), None))))
            return body_of(checkpoint, patients)

        waiting = []
        captured = await capture(held, held_still, SETTINGS, everyone=False)
        await asyncio.gather(*waiting)
        return at, captured, log

    at, captured, log = asyncio.run(tell())

    assert captured.checkpoint.next_offset == at < log.next_offset
    assert max(decode_state(patient_key(p), value).upto for p, value in captured.changed.items()) <= at
    assert log.dirty, "what came after the moment is still to be saved"


def test_a_patient_forgotten_while_states_are_written_ahead_is_taken_away():
    async def tell():
        log = new_log()
        log.run(records(0, 30, 0))
        gone = min(log.watches)
        task = asyncio.create_task(capture(await owned(log), body_of, SETTINGS, everyone=True))
        await asyncio.sleep(0)
        del log.watches[gone]
        log.dirty.add(gone)
        return gone, await task

    gone, captured = asyncio.run(tell())

    assert captured.changed[gone] is None and gone not in captured.everyone


def test_a_patient_who_was_forgotten_is_taken_away():
    async def tell():
        log = new_log()
        log.run(records(0, 30, 0))
        gone = next(iter(log.watches))
        del log.watches[gone]
        return gone, lines(await capture(await owned(log), body_of, SETTINGS, everyone=False), SETTINGS, 0)

    gone, written = asyncio.run(tell())

    assert [line.value for line in written if line.key == patient_key(gone)] == [None]


def test_a_savepoint_holds_everyone_and_counts_them():
    async def tell():
        log = new_log()
        log.run(records(0, 30, 0))
        log.dirty.clear()
        log.dirty.add(next(iter(log.watches)))
        return len(log.watches), lines(await capture(await owned(log), body_of, SETTINGS, everyone=True), SETTINGS, 0)

    patients, written = asyncio.run(tell())
    savepoint = [line for line in written if line.topic == SETTINGS.topic(Topic.SAVEPOINTS)]

    assert len(savepoint) == patients + 2
    assert len(states_of(written)) == 2
    assert decode_checkpoint(states_of(written)[-1].value).savepoint_at is not None


def test_a_capture_that_is_cut_off_forgets_nothing():
    async def tell():
        log = new_log()
        log.run(records(0, 30, 0))
        before = set(log.dirty)
        task = asyncio.create_task(capture(await owned(log), body_of, SETTINGS, everyone=False))
        await asyncio.sleep(0)  # it stands between two portions now
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return before, log.dirty

    before, after = asyncio.run(tell())

    assert before == after
