"""When assignment begins and ends."""

import pytest
from faust.types import TP

from streams.worker.batches import RecordBatch
from streams.worker.consumer import BatchConsumer
from streams.worker.faust_app import BatchApp

LOG = TP("vitals.readings", 0)


class Owner:
    """Notes what it is told."""

    def __init__(self):
        self.told = []

    async def take(self, tps):
        self.told.append(("take", tps))

    async def give_up(self, tps):
        self.told.append(("give up", tps))


@pytest.mark.parametrize(("said", "current"), [(3, 4), (-1, -1)])
def test_a_late_word_of_an_earlier_generation_takes_nothing(settings, run, said, current):
    """Callbacks that were overtaken, and one with generation -1, were seen after stalls."""

    async def story():
        app = BatchApp(settings)
        app.owner = Owner()
        app.consumer_generation_id = current
        await app._on_partitions_assigned({LOG}, said)
        return app.owner.told

    assert run(story()) == []


def test_an_event_of_an_agent_is_the_batch_itself(settings, make, run):
    async def story():
        app = BatchApp(settings)
        topic = app.batches_of("vitals.readings", 1)
        batch = make.batch(make.record("vitals.readings", 0, 5), make.record("vitals.readings", 0, 7))
        event = await topic.decode(BatchConsumer._event_of(None, batch, 1), propagate=True)
        assert isinstance(event.value, RecordBatch) and event.value is batch
        assert (event.message.offset, batch.next_offset) == (7, 8)

    run(story())


def test_nothing_is_served_and_nothing_is_declared_by_faust_itself(settings, run):
    async def story():
        conf = BatchApp(settings).conf
        return conf.web_enabled, conf.topic_allow_declare, conf.stream_wait_empty, conf.worker_redirect_stdouts

    assert run(story()) == (False, False, False, False)
