"""Runs a gateway's process: Kafka first, then the door, until SIGTERM."""

import asyncio
import logging
import signal
from contextlib import suppress

from aiohttp import web

from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from streams.gateways import fhir, hl7v2, http, mqtt
from streams.gateways.gateway import Gateway
from streams.gateways.server import listen, make_app
from streams.gateways.settings import GatewaySettings

log = logging.getLogger(__name__)


def serve(door: str, settings: Settings, own: GatewaySettings) -> None:
    """Until SIGTERM or Ctrl-C. Raises SettingsError where it cannot begin."""
    if own.open_to_all and door in ("fhir", "http"):
        raise SettingsError(
            ["VIGILWARD_GATEWAY_HOST: beyond loopback set TOKENS or CLIENT_CA_FILE: whoever reaches the port may send"]
        )
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(door, settings, own))


async def _run(door: str, settings: Settings, own: GatewaySettings) -> None:
    gateway = Gateway(door, settings, own)
    gateway.require_topics()
    gateway.store.start()
    ended = asyncio.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(which, ended.set)
    app = make_app(gateway)
    try:
        stop, where = await _open(door, gateway, app)
    except OSError as taken:
        raise SettingsError(
            [f"VIGILWARD_GATEWAY_PORT: cannot listen on {own.host} ({taken.strerror or taken})"], exit_code=3
        ) from None
    log.info("gateway %s %s", door, where)
    await ended.wait()
    gateway.stopping = True
    await stop()
    await gateway.store.stop()
    log.info("gateway %s ended", door)


async def _open(door: str, gateway: Gateway, app: web.Application):  # noqa: ANN202 - a closure and a sentence
    own = gateway.own
    if door in ("fhir", "http"):
        module = fhir if door == "fhir" else http
        (fhir.FhirDoor(gateway) if door == "fhir" else http.HttpDoor(gateway)).add_to(app)
        runner, port = await listen(app, gateway, module.PORT if own.port is None else own.port, tls=True)
        return runner.cleanup, f"listens on {own.host}:{port}, /metrics, /livez, /readyz"
    runner, port = await listen(app, gateway, own.health_port, tls=False)
    inner = hl7v2.Hl7v2Door(gateway) if door == "hl7v2" else mqtt.MqttDoor(gateway)
    await inner.start()

    async def stop() -> None:
        await inner.stop()
        await runner.cleanup()

    place = f"listens on {own.host}:{inner.port}" if door == "hl7v2" else f"reads {own.mqtt_host}:{own.mqtt_port}"
    return stop, f"{place}; metrics and health at http://{own.host}:{port}/metrics, /livez, /readyz"
