"""The way in over HTTP: a notifier's health and metrics, and receipts of webhook receivers."""

import time

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from streams.gateways.store import NotStored
from streams.notify.notifier import Notifier
from streams.notify.receipts import MOST_BYTES, ReceiptRefused, check_signature, read_callback

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
        header = request.headers.get("Vigilward-Signature", "")
        try:
            # First: who has no key learns nothing, not even which calls there are.
            check_signature(header, body, notifier.routes.recipients, time.time())
            receipt = read_callback(body)
            check_signature(header, body, [notifier.recipient_of(receipt)], time.time())
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
