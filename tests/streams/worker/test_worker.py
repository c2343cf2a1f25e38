"""A worker that can no longer do all of its work ends: it is then replaced, and somebody hears of it."""

import asyncio

import pytest

from streams.worker.worker import CLEAN, FAILED, Worker

WITHIN_S = 10


async def works_until_told(worker):
    async with asyncio.timeout(WITHIN_S):
        return await worker.run(signals=False)


@pytest.fixture
def worker(settings, monkeypatch):
    """A worker that needs no broker: it was dealt nothing yet."""
    one = Worker(settings.model_copy(update={"http_port": 0}))

    async def started():
        return True

    monkeypatch.setattr(one, "_start", started)
    return one


@pytest.mark.parametrize("helper", ["ticker", "health", "membership"])
def test_a_worker_whose_ticks_or_watches_broke_ends_and_says_where(worker, monkeypatch, run, caplog, helper):
    """It would otherwise look ready, and say nothing of a patient whose monitor fell silent."""

    async def breaks():
        raise LookupError

    monkeypatch.setattr(getattr(worker, helper), "run", breaks)

    assert run(works_until_told(worker)) == FAILED
    assert "the worker cannot go on: LookupError" in caplog.text


def test_a_worker_that_is_told_to_stop_ends_well(worker, run):
    async def told():
        asyncio.get_running_loop().call_later(0.05, worker.stop)
        return await works_until_told(worker)

    assert run(told()) == CLEAN
