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


def test_only_the_newest_status_and_the_newest_state_of_a_patient_are_kept():
    compacted = {topic for topic, facts in TOPICS.items() if facts.cleanup is Cleanup.COMPACT}

    assert compacted == {Topic.STATUS, Topic.STATES}


def test_states_are_compacted_in_small_pieces():
    assert int(config_of(Topic.STATES, Settings())["segment.bytes"]) <= 16 * 1_048_576
    assert "segment.bytes" not in config_of(Topic.STATUS, Settings())


def test_a_savepoint_is_kept_as_long_as_the_readings_that_follow_it():
    assert TOPICS[Topic.SAVEPOINTS].retention_ms >= TOPICS[Topic.READINGS].retention_ms


@pytest.mark.parametrize(("clock", "stamped_by"), [("arrival", "LogAppendTime"), ("event", "CreateTime")])
def test_in_arrival_clock_the_broker_stamps_the_log(clock, stamped_by):
    settings = Settings(clock=clock)

    assert config_of(Topic.READINGS, settings)["message.timestamp.type"] == stamped_by
    assert config_of(Topic.ALERTS, settings)["message.timestamp.type"] == "CreateTime"
