"""A broker that hangs is waited for as long as its answer is worth, and stops nothing else."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.metadata import MetadataRequest

from streams.worker import hung_brokers
from streams.worker.hung_brokers import beside


async def at_a_broker_that_hangs(work):
    """It takes connections, and answers nothing."""
    open_ones = []

    async def hangs(reader, writer):
        open_ones.append(writer)
        await reader.read()

    async with await asyncio.start_server(hangs, "127.0.0.1", 0) as server:
        try:
            return await work(server.sockets[0].getsockname()[1])
        finally:
            for writer in open_ones:
                writer.close()
            await asyncio.gather(*(writer.wait_closed() for writer in open_ones), return_exceptions=True)


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(hung_brokers, "WITHIN_S", 0.05)


def test_a_new_connection_is_given_up_soon_though_a_request_may_take_long(hasty):
    async def connect(port):
        async with asyncio.timeout(30):
            await create_conn("127.0.0.1", port, request_timeout_ms=60_000)

    with pytest.raises(TimeoutError):
        asyncio.run(at_a_broker_that_hangs(connect))


@pytest.mark.parametrize(("request_of", "soon"), [(lambda: MetadataRequest([]), True),
                                                  (lambda: FindCoordinatorRequest("group", 0), True),
                                                  (lambda: HeartbeatRequest("group", 1, "member"), False)])  # fmt: skip
def test_what_all_waits_for_is_asked_of_another_soon_and_all_else_is_waited_for(hasty, request_of, soon, monkeypatch):
    async def answered(self):
        self._versions = {3: (0, 5), 10: (0, 1), 12: (0, 1)}

    monkeypatch.setattr(AIOKafkaConnection, "_do_version_lookup", answered)

    async def ask(port):
        connection = await create_conn("127.0.0.1", port, request_timeout_ms=60_000)
        try:
            asked = asyncio.ensure_future(connection.send(request_of()))
            done, _ = await asyncio.wait({asked}, timeout=30 if soon else 0.5)
            asked.cancel()
            return bool(done)
        finally:
            connection.close()

    assert asyncio.run(at_a_broker_that_hangs(ask)) is soon


def test_a_producer_outlives_a_broker_that_is_lost_while_it_says_who_coordinates():
    """aiokafka's sender asks again after these, and after no other fault of a connection."""

    async def lost(node, request):
        raise KafkaConnectionError("Connection at 127.0.0.1:9092 closed")

    async def look_up():
        client = AIOKafkaClient(bootstrap_servers="127.0.0.1:9")
        client.get_random_node, client.send = (lambda: 1), lost
        try:
            await client.coordinator_lookup(1, "vitals.readings-0")
        finally:
            await client.close()

    with pytest.raises(NodeNotReadyError, match="closed"):
        asyncio.run(look_up())


@pytest.fixture
def thread():
    loop = asyncio.new_event_loop()
    runs = threading.Thread(target=loop.run_forever)
    runs.start()
    yield SimpleNamespace(thread_loop=loop)
    loop.call_soon_threadsafe(loop.stop)
    runs.join()
    loop.close()


def test_many_questions_that_hang_keep_no_other_waiting(thread):
    async def answers(word):
        return word, threading.current_thread().name

    async def ask():
        hanging = [asyncio.ensure_future(beside(thread, 60.0, asyncio.sleep, 60)) for _ in range(5)]
        told = await beside(thread, 60.0, answers, "here")
        for one in hanging:
            one.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        with pytest.raises(TimeoutError):
            await beside(thread, 0.05, asyncio.sleep, 60)
        return told

    word, where = asyncio.run(ask())
    assert word == "here" and where != threading.current_thread().name
