"""A push service that a real Chromium subscribes at and is pushed by: its half of Chromium's own protocol.

Chromium asks three doors, which its command line names: checkin (who is this browser), registration (a token for a
page's key), and MCS, a connection over TLS on which messages come: a version byte, then tag, length and a protocol
buffer each (google_apis/gcm in Chromium's source). What a notifier posts goes out as it came: the browser opens it.
"""

import asyncio
import socket
import ssl
import threading
from pathlib import Path

from aiohttp import web

from streams.web_push.base64url import unpacked
from streams.web_push.identity import verifier
from tests.certificates import write_certificate

VERSION = 41
PING, PONG, LOGIN, LOGGED_IN, MESSAGE = 0, 1, 2, 3, 8
WITHIN_S = 30


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def text_field(place: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(place << 3 | 2) + varint(len(data)) + data


def pair(name: str, value: str) -> bytes:
    return text_field(7, text_field(1, name) + text_field(2, value))


CHECKED_IN = varint(1 << 3) + varint(1) + b"".join(varint(place << 3 | 1) + bytes([7] * 8) for place in (7, 8))


class PushService:
    """Runs beside the test until `close`. `flags`: Chromium's command line; `logged_in`: it waits for messages."""

    def __init__(self, folder: Path) -> None:
        self.logged_in, self.sent = threading.Event(), 0
        self._registered: dict[str, dict[str, str]] = {}
        self._browsers: set[asyncio.StreamWriter] = set()
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*write_certificate(folder))
        doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        http, mcs = (door.getsockname()[1] for door in doors)
        self.url = f"http://127.0.0.1:{http}"
        self.flags = [
            f"--gcm-checkin-url={self.url}/checkin",
            f"--gcm-registration-url={self.url}/register",
            f"--gcm-mcs-endpoint=https://127.0.0.1:{mcs}",
            "--ignore-certificate-errors",
        ]
        self._loop, self._over = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(*doors, tls),))
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(WITHIN_S)
        self._loop.close()

    def here(self, subscription: dict) -> dict:
        """The same, at this service's address instead of the maker's, which Chromium has built in."""
        return subscription | {"endpoint": f"{self.url}/send/{subscription['endpoint'].rsplit('/', 1)[1]}"}

    async def _serve(self, http: socket.socket, mcs: socket.socket, tls: ssl.SSLContext) -> None:
        app = web.Application()
        app.router.add_post("/checkin", self._checkin)
        app.router.add_post("/register", self._register)
        app.router.add_post("/send/{token}", self._send)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.SockSite(runner, http).start()
        server = await asyncio.start_server(self._converse, sock=mcs, ssl=tls)
        await self._over.wait()
        server.close()
        for one in self._browsers:
            one.transport.abort()
        await runner.cleanup()

    async def _checkin(self, _: web.Request) -> web.Response:
        return web.Response(body=CHECKED_IN, content_type="application/x-protobuf")

    async def _register(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("delete"):
            gone = [token for token, one in self._registered.items() if one.get("appid") == form.get("appid")]
            for token in gone:
                del self._registered[token]
            return web.Response(text=f"token={form.get('appid')}")
        token = f"t{len(self._registered)}"
        self._registered[token] = form
        return web.Response(text=f"token={token}")

    async def _send(self, request: web.Request) -> web.Response:
        """Of whoever holds the key that the page subscribed with, alone (RFC 8292)."""
        form = self._registered.get(request.match_info["token"])
        if form is None:
            return web.Response(status=410)
        words = dict(part.strip().split("=", 1) for part in request.headers["Authorization"][6:].split(","))
        text, _, signature = words["t"].rpartition(".")
        if words["k"] != form["sender"] or not verifier(words["k"])(unpacked(signature), text.encode()):
            return web.Response(status=403)
        self.sent += 1
        facts = pair("subtype", form["X-subtype"]) + pair("content-encoding", request.headers["Content-Encoding"])
        message = text_field(3, form["sender"]) + text_field(5, form["app"]) + facts
        message += text_field(9, f"0:{self.sent}") + text_field(21, await request.read())
        for one in self._browsers:
            one.write(bytes([MESSAGE]) + varint(len(message)) + message)
        return web.Response(status=201)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._browsers.add(writer)
        try:
            assert await reader.readexactly(1) == bytes([VERSION])
            writer.write(bytes([VERSION]))
            while True:
                tag, length, shift = (await reader.readexactly(1))[0], 0, 0
                while (part := (await reader.readexactly(1))[0]) & 0x80:
                    length, shift = length | (part & 0x7F) << shift, shift + 7
                await reader.readexactly(length | part << shift)
                if tag == LOGIN:
                    body = text_field(1, "welcome")
                    writer.write(bytes([LOGGED_IN]) + varint(len(body)) + body)
                    self.logged_in.set()
                elif tag == PING:
                    writer.write(bytes([PONG, 0]))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._browsers.discard(writer)
            writer.close()
