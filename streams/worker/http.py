"""The worker's own small web server: /metrics, /livez and /readyz."""

import errno
import logging

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from streams.settings import Settings
from streams.worker.health import Health

log = logging.getLogger(__name__)

PORTS_TO_TRY = 20


class HealthServer:
    """Serves on `http_host` and `http_port`, or the next free port, which it logs."""

    def __init__(self, settings: Settings, registry: CollectorRegistry, health: Health) -> None:
        self._settings, self._registry, self._health = settings, registry, health
        self._runner: web.AppRunner | None = None
        self.port: int | None = None

    async def start(self) -> None:
        """Listens. Raises OSError where no port is free."""
        app = web.Application()
        app.add_routes(
            [web.get("/metrics", self._metrics), web.get("/livez", self._livez), web.get("/readyz", self._readyz)]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        wanted = self._settings.http_port
        for port in range(wanted, wanted + PORTS_TO_TRY) if wanted else (0,):
            site = web.TCPSite(self._runner, self._settings.http_host, port)
            try:
                await site.start()
            except OSError as taken:
                if taken.errno != errno.EADDRINUSE or port == wanted + PORTS_TO_TRY - 1:
                    raise
                continue
            self.port = self._runner.addresses[0][1]
            log.info("metrics and health at http://%s:%d/metrics, /livez, /readyz", self._settings.http_host, self.port)
            return

    async def stop(self) -> None:
        """Stops listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _livez(self, request: web.Request) -> web.Response:
        alive = self._health.alive()
        return web.json_response({"alive": alive}, status=200 if alive else 503)

    async def _readyz(self, request: web.Request) -> web.Response:
        reasons = self._health.unready()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)
