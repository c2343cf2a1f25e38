"""Runs a gateway's process: health first, then Kafka, then the door, until SIGTERM."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from streams.config.settings import Settings
from streams.config.settings_problems import SettingsError
from streams.gateways import fhir, hl7v2, http, mqtt
from streams.gateways.gateway import Gateway
from streams.gateways.server import listen, make_app
from streams.gateways.settings import GatewaySettings
from streams.installation.broker import BrokerUnreachable, look_at_topics
from streams.worker.gc_tuning import THRESHOLDS

log = logging.getLogger(__name__)
ASK_WITHIN_S: Final = 1.0
RETRY_S: Final = 1.0


def serve(door: str, settings: Settings, own: GatewaySettings) -> None:
    """Until SIGTERM or Ctrl-C. Raises SettingsError, BrokerUnreachable where it cannot begin."""
    if own.open_to_all and door in ("fhir", "http"):
        raise SettingsError(
            ["VIGILWARD_GATEWAY_HOST: beyond loopback set TOKENS or CLIENT_CA_FILE: whoever reaches the port may send"]
        )
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(door, settings, own))


async def _run(door: str, settings: Settings, own: GatewaySettings) -> None:
    gateway, ended = Gateway(door, settings, own), asyncio.Event()
    gateway.store.start()
    gc.set_threshold(*THRESHOLDS)
    gc.collect()
    gc.freeze()  # what was imported is not looked through again, which would hold up every message behind it
    for which in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(which, ended.set)
    stop = await _open(gateway, ended)
    await ended.wait()
    gateway.stopping = True
    await stop()
    await gateway.store.stop()
    log.info("gateway %s ended", door)


async def _open(gateway: Gateway, ended: asyncio.Event) -> Callable[[], Awaitable[None]]:
    """Health, and once Kafka answers the door; what closes both. Told to stop meanwhile, it opens no door."""
    door, own, app = gateway.door, gateway.own, make_app(gateway)
    inner: hl7v2.Hl7v2Door | mqtt.MqttDoor | None = None
    telling: asyncio.Task[None] | None = None
    if door in ("fhir", "http"):
        module = fhir if door == "fhir" else http
        (fhir.FhirDoor(gateway) if door == "fhir" else http.HttpDoor(gateway)).add_to(app)
        wanted = module.PORT if own.port is None else own.port
        with _naming("PORT", own, wanted):
            runner, port = await listen(app, gateway, wanted, tls=True)
    else:
        inner = hl7v2.Hl7v2Door(gateway) if door == "hl7v2" else mqtt.MqttDoor(gateway)
        with _naming("HEALTH_PORT", own, own.health_port):
            runner, port = await listen(app, gateway, own.health_port, tls=False)

    async def stop() -> None:
        if inner is not None and not gateway.starting:
            await inner.stop()
        if telling is not None:
            telling.cancel()
        await runner.cleanup()

    if await _kafka_answers(gateway, port, ended):
        if inner is not None:
            with _naming("PORT", own, hl7v2.PORT if own.port is None else own.port):
                await inner.start()
        gateway.starting = False
        telling = gateway.tell_attached()
        log.info("gateway %s %s", door, _where(gateway, inner, port))
    return stop


@contextmanager
def _naming(name: str, own: GatewaySettings, port: int) -> Iterator[None]:
    """Says which setting is at fault where nobody can listen. Raises SettingsError."""
    try:
        yield
    except OSError as taken:
        said = f"VIGILWARD_GATEWAY_{name}: cannot listen on {own.host}:{port} ({os.strerror(taken.errno or 0)})"
        raise SettingsError(
            [f"{said}; another gateway or program may: set another, or 0 for any"], exit_code=3
        ) from None


async def _kafka_answers(gateway: Gateway, port: int, ended: asyncio.Event) -> bool:
    """Waits for Kafka as long as it is away; False if told to stop meanwhile. Raises BrokerUnreachable where waiting
    does not help (a wrong login, an unknown authority), SettingsError where a topic is missing.
    """
    told = False
    while not ended.is_set():
        try:
            found = await asyncio.to_thread(look_at_topics, gateway.settings, configured=False, within_s=ASK_WITHIN_S)
        except BrokerUnreachable as away:
            if away.why is None or away.why.final:
                raise
            if not told:
                log.error("Kafka is away: %s; waiting for it, health at %s:%d/readyz", away, gateway.own.host, port)
            told = True
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), RETRY_S)
        else:
            gateway.require_topics(found.topics)
            return not ended.is_set()
    return False


def _where(gateway: Gateway, inner: hl7v2.Hl7v2Door | mqtt.MqttDoor | None, port: int) -> str:
    own = gateway.own
    if inner is None:
        return f"listens on {own.host}:{port}, /metrics, /livez, /readyz"
    if isinstance(inner, hl7v2.Hl7v2Door):
        place = f"listens on {own.host}:{inner.port}"
    else:
        place = f"reads {own.mqtt_host}:{own.mqtt_port}"
    return f"{place}; metrics and health at http://{own.host}:{port}/metrics, /livez, /readyz"
