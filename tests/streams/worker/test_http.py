"""The worker's own small web server."""

from types import SimpleNamespace

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Gauge

from streams.config.settings import Settings
from streams.listening_socket import CannotListen
from streams.worker.health import Unready
from streams.worker.http import HealthServer


def server(port=0, alive=True, reasons=()):
    registry = CollectorRegistry()
    Gauge("vigilward_ready", "Ready.", registry=registry).set(1)
    health = SimpleNamespace(alive=lambda: alive, unready=lambda: list(reasons))
    return HealthServer(Settings(http_port=port), registry, health)


async def get(one, path):
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{one.port}{path}") as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


@pytest.mark.parametrize(
    ("facts", "path", "status", "words"),
    [
        ({}, "/livez", 200, '{"alive": true}'),
        ({"alive": False}, "/livez", 503, '{"alive": false}'),
        ({}, "/readyz", 200, '{"ready": true, "reasons": []}'),
        ({"reasons": [Unready.NOT_ASSIGNED]}, "/readyz", 503, '{"ready": false, "reasons": ["not_assigned"]}'),
    ],
)
def test_health_is_said_by_status_and_in_words(run, facts, path, status, words):
    async def story():
        one = server(**facts)
        await one.start()
        try:
            return await get(one, path)
        finally:
            await one.stop()

    assert run(story()) == (status, "application/json; charset=utf-8", words)


def test_metrics_come_in_prometheus_own_form(run):
    async def story():
        one = server()
        await one.start()
        try:
            return await get(one, "/metrics")
        finally:
            await one.stop()

    status, kind, text = run(story())
    assert status == 200 and kind.startswith("text/plain; version=") and "vigilward_ready 1.0" in text


def test_a_port_that_is_taken_is_an_error_that_names_the_setting(run):
    """Taking the next one would let Prometheus and a probe judge another process."""

    async def story():
        first = server()
        await first.start()
        try:
            with pytest.raises(CannotListen, match=r"in use.*VIGILWARD_HTTP_PORT") as refused:
                await server(port=first.port).start()
            return refused.value.exit_code
        finally:
            await first.stop()

    assert run(story()) == 3


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_ours_is_an_error_that_names_the_setting(run, host):
    one = HealthServer(Settings(http_host=host, http_port=0, http_plain=True), CollectorRegistry(), SimpleNamespace())

    with pytest.raises(CannotListen, match=r"VIGILWARD_HTTP_HOST"):
        run(one.start())
