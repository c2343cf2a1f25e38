"""Where calls arrive in the field: a webhook's receiver that can misbehave, and one of PCD-04; both note the moment."""

import asyncio
import functools
import hashlib
import json
import threading
import time
from collections import defaultdict

from streams.gateways.mllp import Frames, frame


class Receivers(threading.Thread):
    """Both, in a thread of their own. `mood`: what the webhook's answers; 204, 500, 429, or 0 for never.

    `taken`: by event id, what came with an answer of 204, as hashes; `order`: alert, phase and id as they were first
    taken. `pages` and `page_order`: the same of PCD-04, by MSH-10, each answered after `slow_s` at `slow_port`. `at`:
    seconds since 1970, of a message's first arrival at the socket.
    """

    def __init__(self, slow_s: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.slow_s = slow_s
        self.mood = 204
        self.taken: dict[str, set[str]] = defaultdict(set)
        self.order: list[tuple[str, str, str]] = []
        self.events: dict[str, dict] = {}
        self.at: dict[str, float] = {}
        self.page_at: dict[str, float] = {}
        self.pages: dict[str, set[str]] = defaultdict(set)
        self.page_order: list[tuple[str, str]] = []
        self.texts: dict[str, str] = {}
        self._ready = threading.Event()
        self.start()
        self._ready.wait(10)

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        http = await asyncio.start_server(self._http, "127.0.0.1", 0)
        mllp = await asyncio.start_server(self._mllp, "127.0.0.1", 0)
        slow = await asyncio.start_server(functools.partial(self._mllp, after_s=self.slow_s), "127.0.0.1", 0)
        self.port, self.mllp_port, self.slow_port = (one.sockets[0].getsockname()[1] for one in (http, mllp, slow))
        self.server = http
        self._ready.set()
        await self._over.wait()

    def close(self) -> None:
        """Ends."""
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(5)

    def down(self) -> None:
        """Nobody listens for webhooks any more."""
        self._loop.call_soon_threadsafe(self.server.close)

    def up(self) -> None:
        """Somebody does again, at the same port."""

        async def again() -> None:
            self.server = await asyncio.start_server(self._http, "127.0.0.1", self.port)

        asyncio.run_coroutine_threadsafe(again(), self._loop).result(10)

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
                )
                body = await reader.readexactly(length)
                now, mood = time.time(), self.mood
                event = json.loads(body)
                self.at.setdefault(event["id"], now)
                if not self.server.is_serving():
                    break
                if mood == 0:
                    await asyncio.sleep(30)
                    break
                if mood == 204:
                    self._take(event, body)
                writer.write(f"HTTP/1.1 {mood} x\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _take(self, event: dict, body: bytes) -> None:
        name = event["id"]
        if name not in self.taken:
            self.order.append((event["data"]["alert_id"], event["data"]["phase"], name))
            self.events[name] = event
        self.taken[name].add(hashlib.sha256(body).hexdigest())

    async def _mllp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after_s: float = 0.0) -> None:
        frames = Frames(1_000_000)
        try:
            while data := await reader.read(65_536):
                now = time.time()
                for message in frames.feed(data):
                    lines = message.decode().split("\r")
                    control = lines[0].split("|")[9]
                    alert = next(line for line in lines if line.startswith("OBR")).split("|")[3].partition("^")[0]
                    self.page_at.setdefault(alert, now)
                    if control not in self.pages:
                        phase = next(line for line in lines if "|68481^" in line).split("|")[5]
                        self.page_order.append((alert, phase))
                    self.pages[control].add(hashlib.sha256(message).hexdigest())
                    self.texts[control] = next(line for line in lines if line.startswith("OBX")).split("|")[5]
                    if after_s:
                        await asyncio.sleep(after_s)
                    writer.write(frame(f"MSH|^~\\&|R||||1||ACK^R40^ACK|1|P|2.6\rMSA|AA|{control}\r".encode()))
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
