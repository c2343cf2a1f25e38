"""The HL7 v2 gateway: an MLLP server that acknowledges a message once Kafka has it.

A connection's messages are taken in their order and acknowledged in their order; many may be on their way at once, and
what Kafka has by then is acknowledged in one write. While Kafka is slow nothing more is read, so that TCP holds the
sender back; nothing is dropped.
"""

import asyncio
import logging
from collections import deque
from datetime import UTC, datetime
from typing import Final, cast

from streams.formats.findings import Converted
from streams.formats.format import Format
from streams.formats.hl7v2_ack import acknowledge
from streams.gateways.gateway import Gateway
from streams.gateways.mllp import Frames, TooLarge, frame, no_mllp

log = logging.getLogger(__name__)
PORT: Final = 2575
ON_THEIR_WAY: Final = 64  # messages of one connection
IN_A_ROW: Final = 16  # messages of one connection before others have their turn
LAST_ANSWERS_S: Final = 5.0


class Hl7v2Door:
    """The server; `port` is where it listens."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.open: set[_Connection] = set()
        self.stopping = False
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listens. Raises OSError."""
        own = self.gateway.own
        wanted = PORT if own.port is None else own.port
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self.accept, own.host, wanted, ssl=own.tls(), backlog=1_024)
        self.port = self._server.sockets[0].getsockname()[1]

    def accept(self) -> asyncio.Protocol:
        """What reads one connection."""
        return _Connection(self)

    async def stop(self) -> None:
        """Takes nothing more; what is on its way is still acknowledged, as long as Kafka answers soon."""
        self.stopping = True
        if self._server is not None:
            self._server.close()
        until = asyncio.get_running_loop().time() + LAST_ANSWERS_S
        while any(one.waits for one in self.open) and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)
        for one in tuple(self.open):
            one.close()


class _Message:
    """A message on its way: what it was, and whether Kafka has it; None while it is not known."""

    __slots__ = ("results", "stored")

    def __init__(self) -> None:
        self.results: list[Converted] = []
        self.stored: bool | None = None


class _Connection(asyncio.Protocol):
    """One sender. What it sent and is not begun waits here, and then nothing more is read."""

    def __init__(self, door: Hl7v2Door) -> None:
        self._door, self._gateway = door, door.gateway
        self._gauge = self._gateway.metrics.connections.labels(self._gateway.door)
        self._frames = Frames(self._gateway.own.max_message_bytes)
        self._held: deque[bytes] = deque()
        self._sent: deque[_Message] = deque()
        self._transport: asyncio.Transport | None = None
        self._due = self._telling = self._deaf = self._ended = self._heard = False

    @property
    def waits(self) -> bool:
        """Whether an answer is owed."""
        return bool(self._sent)

    def close(self) -> None:
        """Hangs up, after what was written."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A sender is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._door.open.add(self)
        self._gauge.inc()

    def connection_lost(self, _: Exception | None) -> None:
        """The sender is gone: what was not acknowledged it sends again."""
        self._transport = None
        self._held.clear()
        self._door.open.discard(self)
        self._gauge.dec()

    def eof_received(self) -> bool:
        """The sender says no more; what it said is still answered (TLS knows no half of a connection)."""
        self._ended = True
        over_tls = self._transport is not None and self._transport.get_extra_info("sslcontext") is not None
        return not over_tls and (self.waits or bool(self._held))

    def pause_writing(self) -> None:
        """The sender does not read its answers: it gets no more until it does."""
        self._deaf = True

    def resume_writing(self) -> None:
        """It reads again."""
        self._deaf = False
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """Bytes as TCP cuts them."""
        if not self._heard and (other := no_mllp(data)):  # it waits for an answer that never comes
            log.warning("a connection speaks %s; it is closed", other)
            self.close()
            return
        self._heard = True
        try:
            self._held.extend(self._frames.feed(data))
        except TooLarge as error:
            log.warning("a connection sent %s, and was closed", error)
            self._ended = True
            if self._transport is not None:
                self._transport.pause_reading()
        if not self._due:
            self._go_on()

    def _go_on(self) -> None:
        """Begins with what is held, as far as there is room; reads on only when nothing is held."""
        self._due = False
        transport, store = self._transport, self._gateway.store
        if transport is None:
            return
        begun = 0
        while self._held and not self._deaf and not self._door.stopping and len(self._sent) < ON_THEIR_WAY:
            if store.full or begun == IN_A_ROW:
                self._due = True
                if store.full:
                    store.when_room(self._go_on)
                else:
                    asyncio.get_running_loop().call_soon(self._go_on)
                break
            self._begin(self._held.popleft())
            begun += 1
        if self._held:
            transport.pause_reading()
        elif not self._ended:
            transport.resume_reading()
        elif not self._sent:
            transport.close()

    def _begin(self, data: bytes) -> None:
        one = _Message()
        self._sent.append(one)

        def done(failed: str) -> None:
            one.stored = not failed
            if not self._telling and self._sent and self._sent[0] is one:
                self._telling = True
                asyncio.get_running_loop().call_soon(self._tell)

        try:
            one.results = self._gateway.begin(data, Format.HL7V2, done)
        except Exception as fault:  # it would never be answered, nor would what comes behind it
            log.error("a message cannot be handled (%s): its connection is closed", type(fault).__name__)
            if self._transport is not None:
                self._transport.abort()

    def _tell(self) -> None:
        """Acknowledges what is known by now, in order, in one write."""
        self._telling = False
        now, replies = datetime.now(UTC), []
        while self._sent and (stored := self._sent[0].stored) is not None:
            for one in self._sent.popleft().results:
                replies += [frame(reply) for reply in acknowledge(one, now, stored=stored)]
        if self._transport is None:
            return  # gone before it heard: it sends again, and that is a repeat
        if replies:
            self._transport.write(b"".join(replies))
        if not self._due and (self._held or self._ended):
            self._go_on()
