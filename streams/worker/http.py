"""A process's own small web server: /metrics, /livez and /readyz."""

import logging
import socket
from collections.abc import Sequence
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from streams.config.settings import Settings
from streams.listening_socket import listening_socket

log = logging.getLogger(__name__)


class Probed(Protocol):
    """What a probe asks of a process."""

    def alive(self) -> bool:
        """Whether anything but a restart would help."""

    def unready(self) -> Sequence[str]:
        """Why it does not do its whole work; nothing where it does."""


class HealthServer:
    """Serves on `http_host` and `http_port`, or on any free port for 0, which it logs."""

    def __init__(self, settings: Settings, registry: CollectorRegistry, health: Probed) -> None:
        self._settings, self._registry, self._health = settings, registry, health
        self._socket: socket.socket | None = None
        self._runner: web.AppRunner | None = None
        self.port: int | None = None

    async def start(self) -> None:
        """Listens. Raises CannotListen."""
        self._socket = listening_socket(self._settings.http_host, self._settings.http_port, "VIGILWARD_HTTP")
        app = web.Application()
        app.add_routes(
            [web.get("/metrics", self._metrics), web.get("/livez", self._livez), web.get("/readyz", self._readyz)]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        context = self._settings.http_context()
        await web.SockSite(self._runner, self._socket, ssl_context=context).start()
        host, self.port = self._settings.http_host, self._socket.getsockname()[1]
        scheme = "http" if context is None else "https"
        log.info("metrics and health at %s://%s:%d/metrics, /livez, /readyz", scheme, host, self.port)

    async def stop(self) -> None:
        """Stops listening."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._socket is not None:
            self._socket.close()

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _livez(self, request: web.Request) -> web.Response:
        alive = self._health.alive()
        return web.json_response({"alive": alive}, status=200 if alive else 503)

    async def _readyz(self, request: web.Request) -> web.Response:
        reasons = self._health.unready()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)
