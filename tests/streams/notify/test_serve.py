"""A notifier's process: told to stop while it asks for the rules in force, and a port that another has."""

import asyncio
import os
import signal
import socket

import pytest

from schemas.action import Step
from streams.config.packaged_rules import packaged_rules
from streams.config.settings import Settings
from streams.installation import in_force
from streams.installation.in_force import RulesUnknown, rules_in_force
from streams.listening_socket import CannotListen
from streams.notify import serve as module
from streams.notify.notifier import Notifier
from streams.notify.pcd05_door import Pcd05Door
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


def test_while_kafka_does_not_say_which_rules_are_in_force_nobody_is_judged_by_others(monkeypatch):
    """Unready and asking: neither refused by the packaged rules nor let in by them."""
    asked: list[int] = []

    def away(_: Settings) -> list:
        asked.append(1)
        if len(asked) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        raise RulesUnknown("away")

    monkeypatch.setattr(module, "rules_in_force", away)
    monkeypatch.setattr(module, "ASK_AGAIN_S", 0.01)

    assert served(NotifySettings(port=0)) == 0 and len(asked) == 3


def test_gaps_stand_as_they_were_known_while_kafka_is_away(monkeypatch):
    notifier = Notifier(NOWHERE, NotifySettings(), routes_of(person(Step.NURSE)))
    answers = iter([[packaged_rules()], RulesUnknown("away"), asyncio.CancelledError()])

    def asked(_: Settings) -> list:
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(module, "rules_in_force", asked)
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.0)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(module._look_again(notifier, NOWHERE))

    assert {gap.call.step for gap in notifier.gaps} >= {Step.SHIFT_LEAD, Step.DOCTOR}
    assert "reaches_nobody" in notifier.unready


def test_kafka_that_does_not_answer_names_no_rules(monkeypatch):
    monkeypatch.setattr(in_force, "ANSWER_S", 0.5)
    with pytest.raises(RulesUnknown):
        rules_in_force(NOWHERE)


def test_a_port_for_pcd05_that_another_has_is_named_with_its_setting():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        notifier = Notifier(NOWHERE, NotifySettings(), ROUTES)
        with pytest.raises(CannotListen, match="VIGILWARD_NOTIFY_MLLP_PORT"):
            asyncio.run(Pcd05Door(notifier).listen("127.0.0.1", taken.getsockname()[1]))
