"""A broker that hangs (stopped, cut off) keeps its connections open and answers nothing.

aiokafka waits for every answer as long as for that to a JoinGroup: a session and more. Metadata, who coordinates, and
new connections are what all else waits for, so a broker has a few seconds for those; then another is asked. And what
may hang is asked beside the consumer thread's queue: its two workers fetch, and two questions that hang would stop
every partition.

A broker that is lost closes its connections. aiokafka's producer asks another, but where the answer under way was who
coordinates: that ended it for good, as if it had been fenced.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.metadata import MetadataRequest

WITHIN_S: Final = 5.0
QUICK: Final = (MetadataRequest, ApiVersionRequest, FindCoordinatorRequest)

Told = TypeVar("Told")
_send = AIOKafkaConnection.send
_coordinator_lookup = AIOKafkaClient.coordinator_lookup


def send(self: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Awaitable[Any]:
    """As aiokafka's own, but that a broker has no longer for what all else waits for."""
    answer: Awaitable[Any] = _send(self, request, expect_response)
    return asyncio.wait_for(answer, WITHIN_S) if isinstance(request, QUICK) else answer


async def coordinator_lookup(self: AIOKafkaClient, kind: Any, key: str) -> Any:
    """As aiokafka's own; a connection that was lost meanwhile is one more broker that is not ready."""
    try:
        return await _coordinator_lookup(self, kind, key)
    except KafkaConnectionError as lost:
        raise NodeNotReadyError(str(lost)) from lost


AIOKafkaConnection.send = send  # type: ignore[method-assign]  # for every client of this process
AIOKafkaClient.coordinator_lookup = coordinator_lookup  # type: ignore[method-assign]


class Thread(Protocol):
    """A thread with a loop of its own."""

    thread_loop: asyncio.AbstractEventLoop


async def beside(thread: Thread, within_s: float, ask: Callable[..., Awaitable[Told]], *about: Any) -> Told:
    """What `ask(*about)` tells on the thread's loop. Raises TimeoutError, and what it raises."""

    async def asked() -> Told:
        async with asyncio.timeout(within_s):
            return await ask(*about)

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked(), thread.thread_loop))
