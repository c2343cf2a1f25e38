"""A way to the broker that can be cut: connections stay open, and everything on them is swallowed."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Self


class Proxy:
    """Passes TCP on from one port of this machine to another, until it is told to swallow. A thread of its own."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self.swallowing = False
        self._loop: asyncio.AbstractEventLoop | None = None  # its thread's, while it passes
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._ready = threading.Event()
        self._open: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._over.set)
        self._thread.join(5)
        assert not self._thread.is_alive()

    def cut(self) -> None:
        """From now on nothing comes through, and nobody is told."""
        self.swallowing = True

    def mend(self) -> None:
        """Connections that lost something are closed, as a firewall that was set right would; new ones pass."""
        self.swallowing = False

        self._call(self._close)

    def _call(self, work: Callable[[], object]) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(work)

    def _close(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._accept, "127.0.0.1", self.port):
            self._ready.set()
            await self._over.wait()
            self._close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(back)
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._open -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if not self.swallowing:
                    writer.write(data)
                    await writer.drain()
        writer.close()
