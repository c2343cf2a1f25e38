"""A broker that hangs (stopped, cut off) keeps its connections open and answers nothing.

aiokafka waits for every answer as long as for that to a JoinGroup: a session and more. Metadata and new connections are
what all else waits for, so a broker has a few seconds for those; then another is asked. And what may hang is asked
beside the consumer thread's queue: its two workers fetch, and two questions that hang would stop every partition.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.metadata import MetadataRequest

WITHIN_S: Final = 5.0
QUICK: Final = (MetadataRequest, ApiVersionRequest)

Told = TypeVar("Told")
_send = AIOKafkaConnection.send


def send(self: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Awaitable[Any]:
    """As aiokafka's own, but that a broker has no longer for metadata, and for a new connection's first answer."""
    answer: Awaitable[Any] = _send(self, request, expect_response)
    return asyncio.wait_for(answer, WITHIN_S) if isinstance(request, QUICK) else answer


AIOKafkaConnection.send = send  # type: ignore[method-assign]  # for every client of this process


class Thread(Protocol):
    """A thread with a loop of its own."""

    thread_loop: asyncio.AbstractEventLoop


async def beside(thread: Thread, within_s: float, ask: Callable[..., Awaitable[Told]], *about: Any) -> Told:
    """What `ask(*about)` tells on the thread's loop. Raises TimeoutError, and what it raises."""

    async def asked() -> Told:
        async with asyncio.timeout(within_s):
            return await ask(*about)

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked(), thread.thread_loop))
