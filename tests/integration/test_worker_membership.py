"""A worker that fell out of its group is gone, and is replaced: the worst is one that lives and watches nobody."""

import sys

import pytest

from streams.config.topics import Topic
from tests.integration.staging import Stage

pytestmark = pytest.mark.needs("java", "maven")

FALLS_OUT = (
    sys.executable,
    "-c",
    """
import asyncio, sys
from streams.config.settings import load
from streams.worker.logs import set_up
from streams.worker.worker import Worker

async def main():
    worker = Worker(load())

    async def fall_out():
        while not worker.assignment.assigned:
            await asyncio.sleep(0.1)
        thread = worker.app.consumer._thread
        thread.thread_loop.call_soon_threadsafe(thread._consumer._coordinator._coordination_task.cancel)

    falling = asyncio.create_task(fall_out())
    return await worker.run()

set_up("worker", as_json=True)
sys.exit(asyncio.run(main()))
""",
)
"""A real worker whose task for the group ends without a word, as aiokafka's does after an unforeseen cancellation."""


def test_a_worker_that_fell_out_of_its_group_says_so_and_ends(kafka, topic_prefix, tmp_path):
    stage = Stage(kafka.bootstrap, topic_prefix, clock="arrival", mode="demo", partitions=2).make_topics()
    stage.publish(Topic.READINGS, [(b"p-1", b"{}")])

    with stage.worker(tmp_path, *FALLS_OUT) as worker:
        assert worker.process.wait(60) == 3
        assert any("fell out of its group" in event for event in worker.events()), worker.fate()

    with stage.worker(tmp_path) as next_one:
        next_one.ready(partitions=2)
