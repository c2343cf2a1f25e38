"""A notifier's process: told to stop while it asks for the rules in force, and a port that another has."""

import asyncio
import os
import signal
import socket

import pytest

from schemas.action import Step
from streams.config.packaged_rules import packaged_rules
from streams.config.settings import Settings
from streams.listening_socket import CannotListen
from streams.notify import serve as module
from streams.notify.doors import mllp
from streams.notify.notifier import Notifier
from streams.notify.settings import NotifySettings
from tests.streams.notify.conftest import person, routes_of

ROUTES = routes_of(*(person(step) for step in Step))
NOWHERE = Settings(bootstrap_servers="127.0.0.1:1")


def served(own: NotifySettings) -> int:
    async def story() -> int:
        async with asyncio.timeout(20):
            return await module.serve(NOWHERE, own, ROUTES)

    return asyncio.run(story())


def test_told_to_stop_while_kafka_is_asked_for_the_rules_it_ends_in_good_order(monkeypatch):
    """Kafka may take seconds to say nothing: a stop meanwhile is obeyed, and is no death by a signal."""
    deaths: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: deaths.append(number))

    def asked(_: Settings) -> list:
        os.kill(os.getpid(), signal.SIGTERM)
        return [packaged_rules()]

    monkeypatch.setattr(module, "rules_in_force", asked)
    try:
        assert served(NotifySettings(port=0)) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert deaths == []


def test_a_port_for_pcd05_that_another_has_is_named_with_its_setting():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        notifier = Notifier(NOWHERE, NotifySettings(), ROUTES)
        with pytest.raises(CannotListen, match="VIGILWARD_NOTIFY_MLLP_PORT"):
            asyncio.run(mllp(notifier, "127.0.0.1", taken.getsockname()[1]))
