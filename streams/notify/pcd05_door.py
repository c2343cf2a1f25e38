"""Where PCD-05 comes in: ORA^R41 over MLLP, from alarm managers, each acknowledged once it stands in Kafka.

MLLP knows nobody: connections are few, none is kept for ever that says nothing, and one that begins a message has to
end it.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from streams.formats.hl7v2_text import decode, split
from streams.gateways.mllp import Frames, TooLarge, frame
from streams.gateways.store import NotStored
from streams.listening_socket import listening_socket
from streams.notify.channels.pcd04 import time_text
from streams.notify.channels.pcd05 import acknowledgement, read_status
from streams.notify.notifier import Notifier
from streams.notify.receipts import MOST_BYTES, DeviceReceipt, ReceiptRefused
from streams.notify.routes import Channel

log = logging.getLogger(__name__)
MOST_CONNECTIONS: Final = 64
IDLE_S: Final = 900.0
"""Between two messages; alarm managers keep a connection open, and open another when this one is gone."""
MESSAGE_S: Final = 10.0
"""From a message's first byte to its last, and for an answer to be read."""


class Pcd05Door:
    """One listening port."""

    def __init__(self, notifier: Notifier, *, idle_s: float = IDLE_S, message_s: float = MESSAGE_S) -> None:
        self._notifier, self._idle_s, self._message_s = notifier, idle_s, message_s
        self._open = 0

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Takes connections from now on. Raises CannotListen."""
        listening = listening_socket(host, port, "VIGILWARD_NOTIFY_MLLP")
        return await asyncio.start_server(self._serve, sock=listening)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MOST_CONNECTIONS:
            log.warning("a connection is refused: %d alarm managers are connected", self._open)
            writer.close()
            return
        self._open += 1
        try:
            await self._converse(reader, writer)
        except TooLarge as fault:
            log.warning("a connection sent %s, and was closed", fault)
        except TimeoutError:
            log.warning("a connection said nothing, or no end of what it began, and was closed")
        except ConnectionError:
            pass
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames, loop = Frames(MOST_BYTES), asyncio.get_running_loop()
        ends_at = loop.time() + self._idle_s
        began = False
        while True:
            async with asyncio.timeout_at(ends_at):
                data = await reader.read(MOST_BYTES)
            if not data:
                return
            messages = frames.feed(data)
            for message in messages:
                writer.write(frame(await taken(self._notifier, message)))
                async with asyncio.timeout(self._message_s):
                    await writer.drain()
            if frames.holds and (messages or not began):
                ends_at, began = loop.time() + self._message_s, True
            elif messages:
                ends_at, began = loop.time() + self._idle_s, False


async def taken(notifier: Notifier, message: bytes) -> bytes:
    """What an ORA^R41 is answered with."""
    now = time_text(datetime.now(UTC))
    try:
        wanted, receipt = read_status(message)
    except ValueError as fault:
        return acknowledgement(_control(message), "AR", str(fault), now)
    if receipt is None:
        return acknowledgement(wanted, "AA", "", now)
    try:
        await _receive(notifier, receipt)
    except ReceiptRefused as refused:
        log.warning("a PCD-05 message is not taken: %s", refused)
        return acknowledgement(wanted, "AE" if refused.status == 404 else "AR", refused.remedy, now)
    except NotStored:
        return acknowledgement(wanted, "AE", "not stored, send it again", now)
    return acknowledgement(wanted, "AA", "", now)


async def _receive(notifier: Notifier, receipt: DeviceReceipt) -> None:
    if notifier.recipient_of(receipt).channel is not Channel.PCD04:
        raise ReceiptRefused(403, "not_allowed", "MSA-2", "a receipt of another channel is signed and sent there")
    await notifier.receive(receipt)


def _control(message: bytes) -> str:
    held = split(decode(message)[0]).messages
    return held[0].control_id if held else ""
