"""The ways in: a notifier's health and metrics, receipts of webhook receivers, and PCD-05 over MLLP."""

import asyncio
import logging
import time
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from streams.gateways.mllp import Frames, TooLarge, frame
from streams.gateways.store import NotStored
from streams.listening_socket import listening_socket
from streams.notify.channels.pcd04 import time_text
from streams.notify.channels.pcd05 import acknowledgement, read_status
from streams.notify.notifier import Notifier
from streams.notify.receipts import MOST_BYTES, DeviceReceipt, ReceiptRefused, check_signature, read_callback
from streams.notify.routes import Channel

log = logging.getLogger(__name__)
PATH = "/receipts"


def app(notifier: Notifier) -> web.Application:
    """Over HTTP: /livez, /readyz, /metrics, and POST /receipts."""

    async def livez(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        reasons = notifier.unready
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(_: web.Request) -> web.Response:
        body = generate_latest(notifier.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def receipts(request: web.Request) -> web.Response:
        body = await request.read()
        try:
            receipt = read_callback(body)
            recipient = notifier.recipient_of(receipt)
            header = request.headers.get("Vigilward-Signature", "")
            check_signature(header, body, recipient, time.time())
            await notifier.receive(receipt)
        except ReceiptRefused as refused:
            return web.Response(status=refused.status, body=refused.told, content_type="application/json")
        except NotStored as fault:
            return web.json_response(
                {"code": "not_stored", "remedy": "send the same again"}, status=503, reason=str(fault)
            )
        return web.Response(status=204)

    made = web.Application(client_max_size=MOST_BYTES)
    made.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    made.router.add_post(PATH, receipts)
    return made


async def mllp(notifier: Notifier, host: str, port: int) -> asyncio.Server:
    """Takes PCD-05 from alarm managers; each message is acknowledged once it stands in Kafka. Raises CannotListen."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = Frames(MOST_BYTES)
        try:
            while data := await reader.read(MOST_BYTES):
                for message in frames.feed(data):
                    writer.write(frame(await taken(notifier, message)))
                    await writer.drain()
        except TooLarge as fault:
            log.warning("a connection sent %s, and was closed", fault)
        except ConnectionError:
            pass
        finally:
            writer.close()

    listening = listening_socket(host, port, "VIGILWARD_NOTIFY_MLLP")
    return await asyncio.start_server(serve, sock=listening)


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
    head = message.partition(b"\r")[0].split(b"|")
    return head[9].decode("utf-8", "replace") if len(head) > 9 else ""
