"""The closed table of topics."""

from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.config.topics import (
    DAY_MS,
    FORWARDED,
    HOUR_MS,
    KEEPS_PATIENTS,
    TOPICS,
    WORKER_NEEDS,
    Cleanup,
    Topic,
    config_of,
    partitions_of,
    retention_ms,
    size_limit,
)


def test_the_table_knows_every_topic_and_no_other():
    assert set(TOPICS) == set(Topic)
    assert set(FORWARDED) < set(WORKER_NEEDS) < set(Topic)


def test_a_patient_has_the_same_partition_everywhere():
    counts = {topic: partitions_of(topic, Settings(partitions=6)) for topic in Topic}

    assert {topic for topic, count in counts.items() if count != 6} == {Topic.RULES, Topic.SUBSCRIPTIONS}


def test_what_leaves_may_be_larger_than_what_came():
    settings = Settings()

    assert size_limit(Topic.REJECTIONS, settings) > size_limit(Topic.READINGS, settings)


def test_only_the_newest_status_and_the_newest_state_of_a_patient_are_kept():
    compacted = {topic for topic, facts in TOPICS.items() if facts.cleanup is Cleanup.COMPACT}

    assert compacted == {Topic.STATUS, Topic.STATES, Topic.SUBSCRIPTIONS}


def test_what_is_kept_of_a_patient_has_a_life_that_is_stated():
    days = {topic: TOPICS[topic].retention_ms / DAY_MS for topic in KEEPS_PATIENTS}
    assert all(0 < life <= 400 for life in days.values()) and days[Topic.PATIENTS] == 400
    said = (Path(__file__).parents[3] / "docs" / "state.md").read_text()
    assert all(f"{topic}`" in said for topic in KEEPS_PATIENTS) and "| 400 days" in said


def test_the_board_says_how_long_admissions_readings_and_actions_are_kept():
    said = (Path(__file__).parents[3] / "streams" / "board" / "README.md").read_text()
    words = {7: "seven", 30: "thirty", 3: "three"}
    patients, *others = (
        TOPICS[one].retention_ms // DAY_MS for one in (Topic.PATIENTS, Topic.READINGS, Topic.ACTIONS, Topic.TRENDS)
    )
    readings, actions, minutes = (words[days] for days in others)

    assert TOPICS[Topic.ALERTS].retention_ms == TOPICS[Topic.ACTIONS].retention_ms
    assert (
        f"`vitals.patients` for {patients} days, readings {readings}, alerts and actions {actions}, minutes {minutes};"
    ) in " ".join(said.split())


def test_states_are_compacted_in_small_pieces():
    assert int(config_of(Topic.STATES, Settings())["segment.bytes"]) <= 16 * 1_048_576
    assert "segment.bytes" not in config_of(Topic.STATUS, Settings())


@pytest.mark.parametrize("hours", [1, 167, 1_000])
def test_a_savepoint_is_kept_as_long_as_the_readings_that_follow_it(hours):
    settings = Settings(max_outage_h=hours)

    assert retention_ms(Topic.SAVEPOINTS, settings) >= retention_ms(Topic.READINGS, settings) >= 7 * DAY_MS


def test_without_a_longer_outage_every_topic_is_kept_as_its_row_says():
    assert {topic: retention_ms(topic, Settings(snapshot_every_s=600)) for topic in Topic} == {
        topic: facts.retention_ms for topic, facts in TOPICS.items()
    }


def test_what_a_worker_goes_on_from_outlives_the_longest_outage_and_the_span_between_snapshots():
    settings = Settings(max_outage_h=1_000, snapshot_every_s=600)
    longer = {topic for topic in Topic if retention_ms(topic, settings) != TOPICS[topic].retention_ms}

    assert longer == {Topic.READINGS, Topic.ACTIONS, Topic.SAVEPOINTS}
    assert all(config_of(topic, settings)["retention.ms"] == str(1_000 * HOUR_MS + 600_000) for topic in longer)


@pytest.mark.parametrize(("clock", "stamped_by"), [("arrival", "LogAppendTime"), ("event", "CreateTime")])
def test_in_arrival_clock_the_broker_stamps_the_log(clock, stamped_by):
    settings = Settings(clock=clock)

    assert config_of(Topic.READINGS, settings)["message.timestamp.type"] == stamped_by
    assert config_of(Topic.ALERTS, settings)["message.timestamp.type"] == "CreateTime"
