"""A gateway's web server: health and metrics, and the routes of the doors that speak HTTP."""

import gzip
import zlib
from io import BytesIO
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from streams.gateways.gateway import Gateway

HEALTH: Final = frozenset({"/livez", "/readyz", "/metrics"})
NOT_UNPACKED: Final = "the body cannot be unpacked as its Content-Encoding says: send it whole, as gzip or as it is"
GZIP: Final = b"\x1f\x8b"


class NotUnpacked(ValueError):
    """A body that is not packed as it says, or is cut off."""


class BodyTooLarge(ValueError):
    """A body beyond what is taken, packed or unpacked."""


def make_app(gateway: Gateway) -> web.Application:
    """/livez, /readyz and /metrics; all else is refused (503) until the gateway has found Kafka."""

    @web.middleware
    async def closed_until_begun(request: web.Request, handler: Handler) -> web.StreamResponse:
        if gateway.starting and request.path not in HEALTH:
            words = {"error": "not stored, Kafka is away: send it again"}
            return web.json_response(words, status=503, headers={"Retry-After": "5"})
        return await handler(request)

    app = web.Application(client_max_size=gateway.own.max_message_bytes, middlewares=[closed_until_begun])

    async def livez(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        reasons = gateway.unready()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(gateway.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return app


async def listen(app: web.Application, gateway: Gateway, port: int, *, tls: bool) -> tuple[web.AppRunner, int]:
    """Serves on the gateway's host; the runner and the port. Raises OSError."""
    # aiohttp takes a gzip that is cut off for a whole one: bodies are unpacked here, by `body_of`
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, gateway.own.host, port, ssl_context=gateway.own.tls() if tls else None, backlog=1_024)
    await site.start()
    return runner, runner.addresses[0][1]


async def body_of(request: web.Request, limit: int) -> bytes:
    """The whole body, unpacked; gzip without its header, too. Raises NotUnpacked, BodyTooLarge."""
    try:
        return unpacked(await request.read(), request.headers.get("Content-Encoding", ""), limit)
    except web.HTTPRequestEntityTooLarge as error:
        raise BodyTooLarge from error


def unpacked(data: bytes, encoding: str, limit: int) -> bytes:
    """The bytes that were packed, `limit` of them at most. Raises NotUnpacked, BodyTooLarge.

    >>> import gzip
    >>> unpacked(gzip.compress(b"a") + gzip.compress(b"b"), "gzip", 9), unpacked(b"c", "", 9)
    (b'ab', b'c')
    """
    how = encoding.strip().lower()
    if how in ("", "identity") and not data.startswith(GZIP):
        if len(data) > limit:
            raise BodyTooLarge
        return data
    if how not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise NotUnpacked
    if how != "deflate":
        return _ungzipped(data, limit)
    packed = zlib.decompressobj(15 if data[:1] and data[0] & 15 == 8 else -15)  # with zlib's head or bare
    try:
        found = packed.decompress(data, limit + 1)
    except zlib.error as error:
        raise NotUnpacked from error
    if len(found) > limit:
        raise BodyTooLarge
    if not packed.eof or packed.unused_data:
        raise NotUnpacked
    return found


def _ungzipped(data: bytes, limit: int) -> bytes:
    """All members, one after another."""
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as packed:
            found = packed.read(limit + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise NotUnpacked from error
    if len(found) > limit:
        raise BodyTooLarge
    return found


def who_may(gateway: Gateway, request: web.Request) -> str | None:
    """The sender's name by its bearer token; "" where none is asked for, None where it is not let in."""
    names = gateway.own.names_by_token()
    if not names:
        return ""
    said = request.headers.get("Authorization", "")
    return names.get(said.removeprefix("Bearer ").strip()) if said.startswith("Bearer ") else None
