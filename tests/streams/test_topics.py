"""The closed table of topics."""

import pytest

from streams.settings import Settings
from streams.topics import FORWARDED, TOPICS, WORKER_NEEDS, Cleanup, Topic, config_of, partitions_of, size_limit


def test_the_table_knows_every_topic_and_no_other():
    assert set(TOPICS) == set(Topic)
    assert set(FORWARDED) < set(WORKER_NEEDS) < set(Topic)


def test_a_patient_has_the_same_partition_everywhere():
    counts = {topic: partitions_of(topic, Settings(partitions=6)) for topic in Topic}

    assert {topic for topic, count in counts.items() if count != 6} == {Topic.RULES}


def test_what_leaves_may_be_larger_than_what_came():
    settings = Settings()

    assert size_limit(Topic.REJECTIONS, settings) > size_limit(Topic.READINGS, settings)


def test_only_the_newest_status_of_a_patient_is_kept():
    assert {topic for topic, facts in TOPICS.items() if facts.cleanup is Cleanup.COMPACT} == {Topic.STATUS}


@pytest.mark.parametrize(("clock", "stamped_by"), [("arrival", "LogAppendTime"), ("event", "CreateTime")])
def test_in_arrival_clock_the_broker_stamps_the_log(clock, stamped_by):
    settings = Settings(clock=clock)

    assert config_of(Topic.READINGS, settings)["message.timestamp.type"] == stamped_by
    assert config_of(Topic.ALERTS, settings)["message.timestamp.type"] == "CreateTime"
