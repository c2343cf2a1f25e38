"""The HTTP gateway: readings as NDJSON, and the wearables' formats by the same door; a verdict a line.

`POST /readings` takes native readings, one a line; `POST /convert/FORMAT` others' messages. The answer is NDJSON, in
the order of the messages, once Kafka has them: 200 where all was taken, 207 where something was not, 503 where Kafka
did not have it in time. The same `Idempotency-Key` gives the same answer; a reading sent twice is a repeat anyway.
"""

import hashlib
import json
from collections import OrderedDict
from typing import Final

import msgspec
from aiohttp import web

from streams.formats.format import Format
from streams.gateways.gateway import Gateway
from streams.gateways.server import NOT_UNPACKED, BodyTooLarge, NotUnpacked, body_of, who_may
from streams.gateways.store import NotStored

PORT: Final = 8091
REMEMBERED: Final = 10_000
NDJSON: Final = "application/x-ndjson"


class HttpDoor:
    """The routes."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._answered: OrderedDict[tuple[str, str], tuple[str, int, bytes]] = OrderedDict()

    def add_to(self, app: web.Application) -> None:
        """POST /readings and POST /convert/{format}."""
        app.add_routes([web.post("/readings", self._readings), web.post("/convert/{format}", self._convert)])

    async def _readings(self, request: web.Request) -> web.Response:
        return await self._answer(request, Format.NATIVE)

    async def _convert(self, request: web.Request) -> web.Response:
        if request.match_info["format"] not in set(Format):
            return _refuse(404, "there is no such format: " + ", ".join(Format))
        return await self._answer(request, Format(request.match_info["format"]))

    async def _answer(self, request: web.Request, form: Format) -> web.Response:
        sender = who_may(self._gateway, request)
        if sender is None:
            return _refuse(401, "send a bearer token", {"WWW-Authenticate": "Bearer"})
        try:
            body = await body_of(request, self._gateway.own.max_message_bytes)
        except NotUnpacked:
            return _refuse(400, NOT_UNPACKED)
        except BodyTooLarge:
            return _refuse(413, f"the body is too large: send {self._gateway.own.max_message_bytes:,} bytes at most")
        key = request.headers.get("Idempotency-Key", "")
        digest = hashlib.sha256(request.path.encode() + b"\0" + body).hexdigest()
        before = self._answered.get((sender, key)) if key else None
        if before is not None:
            if before[0] != digest:
                return _refuse(422, "this Idempotency-Key was used for another body")
            return web.Response(status=before[1], body=before[2], content_type=NDJSON)
        if not body.strip():
            return _refuse(400, "there is no message in it")
        taken = await self._gateway.take(body, form, sender=sender, patient=request.query.get("patient"))
        try:
            await taken.stored
        except NotStored:
            return _refuse(503, "not stored: send it again", {"Retry-After": "5"})
        lines = [one.verdict() for one in taken.results]
        good = all(line["verdict"] in ("taken", "ignored") for line in lines)
        answer = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        status = 200 if good else 207
        if key:
            self._answered[sender, key] = (digest, status, answer)
            while len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)
        return web.Response(status=status, body=answer, content_type=NDJSON)


def _refuse(status: int, words: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, text=json.dumps({"error": words}), content_type="application/json", headers=headers
    )
