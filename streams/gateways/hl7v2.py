"""The HL7 v2 gateway: an MLLP server that acknowledges a message once Kafka has it.

A connection's messages are taken in their order and acknowledged in their order; many may be on their way at once.
While Kafka is slow nothing more is read, so that TCP holds the sender back; nothing is dropped.
"""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Final

from streams.formats.converter import Format
from streams.formats.hl7v2_ack import acknowledge
from streams.gateways.gateway import Answer, Gateway
from streams.gateways.mllp import Frames, TooLarge, frame
from streams.gateways.store import NotStored

log = logging.getLogger(__name__)
PORT: Final = 2575
READ_BYTES: Final = 65_536
ON_THEIR_WAY: Final = 64  # messages of one connection


class Hl7v2Door:
    """The server; `port` is where it listens."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def start(self) -> None:
        """Listens. Raises OSError."""
        own = self._gateway.own
        wanted = PORT if own.port is None else own.port
        self._server = await asyncio.start_server(
            self._serve, own.host, wanted, ssl=own.tls(), backlog=1_024, limit=READ_BYTES
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Takes nothing more; what is on its way is still acknowledged by the connections' own tasks."""
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0.2)
        for writer in tuple(self._open):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gauge = self._gateway.metrics.connections.labels(self._gateway.door)
        gauge.inc()
        self._open.add(writer)
        answers: asyncio.Queue[Answer | None] = asyncio.Queue(ON_THEIR_WAY)
        telling = asyncio.create_task(self._tell(answers, writer))
        try:
            await self._read(reader, answers)
        except (ConnectionError, TimeoutError):
            pass  # the sender is gone: what was not acknowledged it sends again
        finally:
            await answers.put(None)
            await telling
            self._open.discard(writer)
            writer.close()
            gauge.dec()

    async def _read(self, reader: asyncio.StreamReader, answers: "asyncio.Queue[Answer | None]") -> None:
        frames = Frames(self._gateway.own.max_message_bytes)
        while data := await reader.read(READ_BYTES):
            try:
                messages = frames.feed(data)
            except TooLarge as error:
                log.warning("a connection sent %s, and was closed", error)
                return
            for message in messages:
                answer = await self._gateway.take(message, Format.HL7V2)
                await answers.put(answer)

    async def _tell(self, answers: "asyncio.Queue[Answer | None]", writer: asyncio.StreamWriter) -> None:
        """Acknowledges in order, each when it is stored."""
        while (answer := await answers.get()) is not None:
            try:
                await answer.stored
                stored = True
            except NotStored:
                stored = False
            try:
                for one in answer.results:
                    for reply in acknowledge(one, datetime.now(UTC), stored=stored):
                        writer.write(frame(reply))
                await writer.drain()
            except (ConnectionError, TimeoutError):
                continue  # gone before it heard: it sends again, and that is a repeat
