"""What a worker does when records of a partition of its own were deleted before it took them."""

import asyncio

import pytest
from faust.types import TP

from streams.worker.assignment import PartitionAssignment
from streams.worker.forwarding import Forwarder
from streams.worker.owned_partition import OwnedPartition
from streams.worker.store import Kept, MemoryStore

READINGS, PATIENTS = TP("vitals.readings", 0), TP("vitals.patients", 0)


class Stage:
    """A worker that owns partition 0; `to_log` and `said` are acknowledged when the test says so."""

    def __init__(self, make, settings, metrics):
        self.to_log, self.said, self.safe = make.Noted(), make.Noted(), []
        self.forwarder = Forwarder(settings, self.to_log, self.said, lambda tp, at: self.safe.append((tp, at)))
        self.forwarder.own({PATIENTS: 5})
        store = MemoryStore(lambda partition, at: self.safe.append((READINGS, at)))

        def new_log(partition, kept):
            return make.log_of()

        self.assignment = PartitionAssignment(settings, store, new_log, self.said, self.forwarder, metrics)
        log = new_log(0, Kept())
        self.owned = OwnedPartition(log, 10, self.said, settings.topic, metrics, store.settled)
        self.assignment.owned_partitions[0] = self.owned


@pytest.fixture
def after(make, settings, metrics, run):
    """The stage after a loss was found, what follows it was taken, and all that was said of it acknowledged."""

    def story(lost, take):
        async def told():
            stage = Stage(make, settings, metrics)
            expected = stage.assignment.expected(lost)
            stage.assignment.lost(lost, expected, 50)
            await take(stage)
            stage.said.acknowledge()
            snapshot = asyncio.create_task(stage.owned.acks.all_acknowledged())
            await asyncio.sleep(0.01)
            stage.before, stage.snapshot_waits = list(stage.safe), not snapshot.done()
            stage.to_log.acknowledge()
            await snapshot
            return stage

        return run(told())

    return story


def test_no_offset_and_no_snapshot_goes_beyond_a_loss_before_it_is_told(make, after):
    """A crash between the two would otherwise pass over it: nobody would ever hear that readings were lost."""
    told = after(READINGS, lambda stage: stage.owned.take(make.batch(make.record(*READINGS, 50, make.reading()))))

    assert told.before == [] and told.snapshot_waits
    assert told.safe[-1] == (READINGS, 51)
    assert [record.partition for record in told.to_log.records] == [0]


def test_no_offset_of_a_source_beyond_a_loss_is_safe_before_the_loss_is_told(make, after):
    """What follows is refused, and so leaves by another way than the telling."""
    told = after(PATIENTS, lambda stage: stage.forwarder.take(make.batch(make.record(*PATIENTS, 50, b""))))

    assert told.before == []
    assert told.safe[-1] == (PATIENTS, 51)


def test_a_loss_of_a_partition_that_is_not_ours_is_left_to_its_owner(make, settings, metrics, run):
    async def story():
        stage = Stage(make, settings, metrics)
        stage.assignment.forget(0)
        stage.assignment.lost(READINGS, 10, 50)
        await asyncio.sleep(0)
        return stage

    assert run(story()).to_log.records == []
