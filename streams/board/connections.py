"""Connections are bounded: in number, in how long a request may take to arrive, in how long nobody reads an answer.

Without an end half-open requests held every file that the process may open, and the answer to a page that had stopped
reading lay in projection for it: 72 of them took 1.8 GB.
"""

import asyncio
import logging
import resource
import time
from collections import OrderedDict
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger(__name__)

ARRIVES_WITHIN_S: Final = 10.0
"""A request, its body included."""
READ_WITHIN_S: Final = 10.0
"""A page that reads nothing for so long is dropped; it comes back by itself, and is told what it missed."""
BACKLOG: Final = 128
"""Connections that may wait to be accepted, and are accepted at once."""
FILES_BESIDE: Final = 256
"""Files that the process needs beside its connections: Kafka's, its own, and a backlog."""
SAID_EVERY_S: Final = 60.0


def most_connections(wanted: int) -> int:
    """As many as wanted, if the process may open as many files; the soft limit is raised to the hard one first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_BESIDE
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(16, min(wanted, soft - FILES_BESIDE))


class Room:
    """How many connections there may be. Where there is no room for one more, the one that has been waiting longest
    without a request of its own makes room: a flood of them keeps nobody out who asks for something.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._idle: OrderedDict[Any, None] = OrderedDict()
        self._all: set[Any] = set()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, connection: Any) -> bool:
        """A connection more; False if there is no room, and everybody here is being answered."""
        if len(self._all) >= self.most and not self._make_room():
            self.dropped += 1
            return False
        self._all.add(connection)
        self._idle[connection] = None
        return True

    def busy(self, connection: Any) -> None:
        """It has asked for something."""
        self._idle.pop(connection, None)

    def idle(self, connection: Any) -> None:
        """It was answered."""
        if connection in self._all:
            self._idle[connection] = None

    def leave(self, connection: Any) -> None:
        """It is gone."""
        self._all.discard(connection)
        self._idle.pop(connection, None)

    def _make_room(self) -> bool:
        if not self._idle:
            return False
        connection, _ = self._idle.popitem(last=False)
        self._all.discard(connection)
        self.dropped += 1
        connection.drop()
        return True


class BoundedProtocol(H11Protocol):
    """One connection of a bounded server. `room` is shared by all of a process: it is set before the server starts."""

    room: Room = Room(10_000)
    arrives_within_s: float = ARRIVES_WITHIN_S
    read_within_s: float = READ_WITHIN_S

    _arriving: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It has as long as a request may take to send its first."""
        super().connection_made(transport)
        if not self.room.enter(self):
            self.drop()
            return
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """A piece of a request: the time runs from its first byte to its last."""
        if self._arriving is None and self._is_between():
            self._await_request()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self.room.busy(self)
            if not self.cycle.more_body:
                self._arrived()

    def on_response_complete(self) -> None:
        """It may ask again, or be the one who makes room."""
        self._arrived()
        super().on_response_complete()
        self.room.idle(self)

    def pause_writing(self) -> None:
        """More lies here for it than it reads."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.read_within_s, self.drop)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._arrived()
        self._read()
        self.room.leave(self)
        super().connection_lost(exc)

    def drop(self) -> None:
        """At once: what lies here for it is let go."""
        self.transport.abort()

    def _is_between(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_request(self) -> None:
        self._arriving = self.loop.call_later(self.arrives_within_s, self.drop)

    def _arrived(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


def say_seldom(loop: asyncio.AbstractEventLoop) -> None:
    """Faults that the loop meets are said once a minute each kind: an accept that fails is tried again at once."""
    last: dict[str, float] = {}

    def say(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        fault = context.get("exception")
        kind = f"{context.get('message', '')} ({type(fault).__name__})"
        now = time.monotonic()
        if now - last.get(kind, -SAID_EVERY_S) >= SAID_EVERY_S:
            last[kind] = now
            log.error("%s", kind)

    loop.set_exception_handler(say)
