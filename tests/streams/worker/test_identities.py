"""Whether the topics are still those that were taken: a late answer hides nothing that another shows."""

import asyncio
import threading

import pytest

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.installation.broker import BrokerUnreachable
from streams.worker import identities
from streams.worker.identities import Asker, Identities, IdentityWatch

TAKEN = Identities({Topic.READINGS: "r", Topic.ACTIONS: "a"}, {Topic.READINGS: 2})


class Held:
    def __init__(self, expected=20):
        self.identities, self.expected, self.let = TAKEN, expected, []

    def taken(self):
        return dict.fromkeys(range(2), self.expected)

    def let_go(self, partitions):
        self.let.append(partitions)


class Rejoins:
    def __init__(self):
        self.count = 0

    async def __call__(self):
        self.count += 1


def watch_of(ask, ends, held=None, rejoins=None):
    return IdentityWatch(Settings(partitions=2), ask, held or Held(), ends, rejoins or Rejoins())


async def ends(at):
    return {0: at, 1: 20}


def test_a_log_that_is_cut_is_seen_though_nobody_tells_the_ids(monkeypatch):
    monkeypatch.setattr(identities, "CUT_WAITS_S", 0.01)
    held, rejoins, hangs = Held(), Rejoins(), threading.Event()

    def ask():
        hangs.wait(30)
        raise BrokerUnreachable("no answer")

    async def look():
        same = await watch_of(ask, lambda: ends(6), held, rejoins).is_same()
        hangs.set()
        return same

    assert asyncio.run(look()) is False
    assert held.let == [{0}] and rejoins.count == 1


def test_a_topic_made_anew_is_seen_though_nobody_tells_where_the_log_ends():
    rejoins = Rejoins()

    async def away():
        raise OSError("away")

    anew = Identities({Topic.READINGS: "r", Topic.ACTIONS: "other"}, {})

    assert asyncio.run(watch_of(lambda: anew, away, rejoins=rejoins).is_same()) is False and rejoins.count == 1


@pytest.mark.parametrize("asked", [TAKEN, BrokerUnreachable("no answer")], ids=["the same", "no answer"])
def test_nothing_is_done_where_nothing_differs(asked):
    rejoins = Rejoins()

    def ask():
        if isinstance(asked, Exception):
            raise asked
        return asked

    assert asyncio.run(watch_of(ask, lambda: ends(20), rejoins=rejoins).is_same()) and not rejoins.count


def test_what_is_taken_while_the_answer_is_on_its_way_is_no_cut():
    """Told late, it was taken for a cut on three loaded brokers: a loss was told, and states were let go."""
    held, rejoins = Held(expected=20), Rejoins()

    async def late():
        held.expected = 25
        return {0: 20, 1: 22}

    def ask():
        held.expected = 30
        return TAKEN

    assert asyncio.run(watch_of(ask, late, held, rejoins).is_same()) and not rejoins.count and not held.let[0]


def test_an_answer_to_an_earlier_question_tells_nothing(monkeypatch):
    """The partitions were dealt anew meanwhile, and the topics asked for there."""
    monkeypatch.setattr(identities, "CUT_WAITS_S", 0.01)
    monkeypatch.setattr(identities, "ASKED_LATELY_S", 0.0)
    held, rejoins, hangs, answers = Held(), Rejoins(), threading.Event(), iter(["r", "new"])

    def ask():
        answer = next(answers)
        if answer == "r":
            hangs.wait(30)
        return Identities({Topic.READINGS: answer, Topic.ACTIONS: "a"}, {})

    async def look():
        watch = watch_of(ask, lambda: ends(6), held, rejoins)
        await watch.is_same()
        held.identities, held.expected = Identities({Topic.READINGS: "new", Topic.ACTIONS: "a"}, {}), 6
        hangs.set()
        return await watch.is_same()

    assert asyncio.run(look()) is True and rejoins.count == 1


class Admin:
    def __init__(self, answers):
        self.answers, self.asked = answers, 0


def test_a_client_that_insists_on_a_lost_broker_is_replaced(monkeypatch):
    made = []

    def new(settings):
        made.append(Admin(True))
        return made[-1]

    def asked(self, admin, within_s):
        admin.asked += 1
        if not admin.answers:
            raise BrokerUnreachable("no answer")
        self._admin = admin
        return TAKEN

    monkeypatch.setattr(identities, "admin_of", new)
    monkeypatch.setattr(Asker, "_asked", asked)
    asker = Asker(Settings())

    assert asker() == asker() == TAKEN and len(made) == 1, "one for the worker's life, while it answers"
    made[0].answers = False
    assert asker() == TAKEN and [one.asked for one in made] == [3, 1]
