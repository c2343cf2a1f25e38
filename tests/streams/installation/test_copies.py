"""How many copies there are of each record, and what is said where there could be more."""

import json
from dataclasses import replace

import pytest

from streams.config.settings import Settings
from streams.config.topics import TOPICS
from streams.installation.copies import copy_findings, reassignment
from streams.installation.facts import Installation, TopicFacts
from streams.installation.finding import Code
from streams.installation.findings import what_stops_a_first_start

SETTINGS = Settings(partitions=2)
SAFE = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}


def topic(*holders, **config):
    return TopicFacts(len(holders), {**SAFE, **config}, dict(enumerate(holders)))


def installation(brokers=3, **changed):
    whole = topic((1, 2, 3), (2, 3, 1))
    topics = {SETTINGS.topic(name): changed.get(name.value, whole) for name in TOPICS}
    internal = {"__consumer_offsets": whole, "__transaction_state": changed.get("transactions", whole)}
    return Installation(brokers, topics, broker_ids=tuple(range(1, brokers + 1)), internal=internal)


def codes(found, settings=SETTINGS):
    return [(one.code, one.subject) for one in copy_findings(found, settings)]


def test_three_copies_on_three_brokers_are_sound():
    assert codes(installation()) == []
    assert reassignment(installation(), SETTINGS) is None


def test_on_one_broker_there_can_be_but_one_copy():
    alone = topic((1,), (1,), **{"min.insync.replicas": "1"})
    found = Installation(1, {SETTINGS.topic(name): alone for name in TOPICS}, broker_ids=(1,))

    assert codes(found) == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (topic((1,), (2,), **{"min.insync.replicas": "1"}), Code.REPLICATION),
        (topic((1, 2, 3), (1, 2), **{"min.insync.replicas": "1"}), Code.REPLICATION),
        (topic((1, 2, 3), (2, 3, 1), **{"min.insync.replicas": "1"}), Code.MIN_INSYNC),
        (topic((1, 2, 3), (2, 3, 1), **{"unclean.leader.election.enable": "true"}), Code.UNCLEAN_ELECTION),
    ],
)
def test_fewer_are_found_on_our_topics_and_on_kafkas_own(facts, code):
    assert codes(installation(alerts=facts)) == [(code, "vitals.alerts")]
    assert codes(installation(transactions=facts)) == [(code, "__transaction_state")]


def test_what_a_broker_would_make_its_own_topics_with_is_looked_at_before_they_are_there():
    fresh = replace(installation(), internal={}, broker_config={"transaction.state.log.replication.factor": "1"})

    (one,) = copy_findings(fresh, SETTINGS)
    assert (one.code, one.subject) == (Code.REPLICATION, "__transaction_state") and "server.properties" in one.remedy


def test_the_plan_keeps_who_has_it_and_gives_each_partition_its_copies():
    one = topic((2,), (3,))
    plan = json.loads(reassignment(installation(alerts=one), SETTINGS))

    assert [(move["topic"], move["partition"]) for move in plan["partitions"]] == [
        ("vitals.alerts", 0),
        ("vitals.alerts", 1),
    ]
    for move, holder in zip(plan["partitions"], (2, 3), strict=True):
        assert move["replicas"][0] == holder and sorted(move["replicas"]) == [1, 2, 3]


def test_a_log_of_real_patients_does_not_begin_with_one_copy_and_one_of_a_demo_does():
    found = installation(readings=topic((1,), (2,)))

    assert what_stops_a_first_start(found, SETTINGS)
    assert not what_stops_a_first_start(found, SETTINGS.model_copy(update={"mode": "demo"}))
