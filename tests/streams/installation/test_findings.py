"""What is wrong with an installation, and what is not."""

from dataclasses import replace

import pytest

from streams.config.settings import Settings
from streams.config.topics import TOPICS, Topic, config_of, partitions_of
from streams.installation.facts import Installation, TopicFacts
from streams.installation.findings import EXACT_PACKAGES, Code, findings, what_stops_a_worker

ALL = frozenset({"gzip", "snappy", "lz4", "zstd"})
SETTINGS = Settings(control_record_key="s3cret-of-the-tests")


def sound(settings=SETTINGS, **changed):
    """An installation without a fault, but for what is changed: {topic: facts or None}."""
    topics = {
        settings.topic(topic): changed.get(
            topic.value, TopicFacts(partitions_of(topic, settings), config_of(topic, settings))
        )
        for topic in TOPICS
    }
    there = {name: facts for name, facts in topics.items() if facts is not None}
    return Installation(
        1, there, skew_ms=3, generation="4.0 or newer", python=(3, 12), packages=EXACT_PACKAGES, codecs=ALL
    )


def readings(**config):
    return TopicFacts(8, {**config_of(Topic.READINGS, SETTINGS), **config})


def codes(found, settings=SETTINGS):
    return [one.code for one in findings(found, settings)]


def test_of_a_sound_installation_nothing_is_said():
    assert findings(sound(), SETTINGS) == []


def test_a_missing_topic_is_found_and_can_be_mended_and_stops_a_worker():
    found = sound(alerts=None)

    assert [(one.code, one.subject, one.mendable) for one in findings(found, SETTINGS)] == [
        (Code.TOPIC_MISSING, "vitals.alerts", True)
    ]
    assert what_stops_a_worker(found, SETTINGS)


def test_a_topic_that_no_worker_needs_does_not_stop_one():
    found = sound(notifications=None)

    assert codes(found) == [Code.TOPIC_MISSING]
    assert not what_stops_a_worker(found, SETTINGS)


def test_a_patient_on_different_partitions_is_found_and_cannot_be_mended():
    found = sound(patients=TopicFacts(6, config_of(Topic.PATIENTS, SETTINGS)))

    (one,) = findings(found, SETTINGS)
    assert (one.code, one.mendable) == (Code.PARTITION_COUNT, False)
    assert what_stops_a_worker(found, SETTINGS)


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"message.timestamp.type": "CreateTime"}, Code.TIMESTAMP_TYPE),
        ({"retention.ms": "3600000"}, Code.RETENTION),
        ({"retention.bytes": "1000000000"}, Code.RETENTION),
        ({"max.message.bytes": "1000"}, Code.MESSAGE_SIZE),
        ({"cleanup.policy": "compact"}, Code.CLEANUP_POLICY),
    ],
)
def test_a_log_that_forgets_or_is_stamped_by_others_is_found(config, code):
    assert codes(sound(readings=readings(**config))) == [code]


@pytest.mark.parametrize("config", [{"retention.ms": "-1"}, {"max.message.bytes": "99999999"}])
def test_more_than_enough_is_no_fault(config):
    assert codes(sound(readings=readings(**config))) == []


def test_in_event_clock_nobody_looks_at_stamps():
    settings = Settings(clock="event", mode="demo", control_record_key="s3cret-of-the-tests")
    found = sound(settings, readings=readings())

    assert codes(found, settings) == []


def test_what_may_not_be_read_is_said_and_stops_nobody():
    found = sound(status=TopicFacts(8, None))

    assert codes(found) == [Code.CONFIG_UNREADABLE]
    assert not what_stops_a_worker(found, SETTINGS)


@pytest.mark.parametrize(("skew_ms", "said"), [(5_000, "ahead of"), (-5_000, "behind")])
def test_a_clock_that_is_off_is_said_with_its_direction(skew_ms, said):
    found = sound()
    found = replace(found, skew_ms=skew_ms)

    (one,) = findings(found, SETTINGS)
    assert one.code is Code.CLOCK_SKEW and said in one.says


@pytest.mark.parametrize(("longest", "said"), [("900000", []), (None, []), ("3600000", [Code.TRANSACTION_TIMEOUT])])
def test_a_broker_that_lets_a_transaction_hold_orders_up_for_longer_than_kafkas_default_is_told(longest, said):
    config = {} if longest is None else {"transaction.max.timeout.ms": longest}

    assert codes(replace(sound(), broker_config=config)) == said


def test_old_brokers_old_pythons_other_packages_and_a_missing_key_are_said():
    found = Installation(1, sound().topics, 0, "older than 3.5", (3, 9), {"river": "0.21.0"}, ALL)

    assert codes(found, Settings()) == [
        Code.BROKER_OLD, Code.PYTHON_OLD, Code.PACKAGE_VERSION, Code.PACKAGE_VERSION, Code.NO_LOG_KEY,
    ]  # fmt: skip


def test_every_finding_names_a_remedy():
    found = Installation(1, {}, 9_999, "older than 3.5", (3, 9), {})

    assert all(one.remedy and one.says and one.subject for one in findings(found, Settings()))


def states(**config):
    return TopicFacts(8, {**config_of(Topic.STATES, SETTINGS), **config})


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"cleanup.policy": "delete"}, Code.CLEANUP_POLICY),
        ({"segment.bytes": "1073741824"}, Code.SEGMENT_SIZE),
        ({"segment.ms": "604800000"}, Code.SEGMENT_TIME),
        ({"min.cleanable.dirty.ratio": "0.5"}, Code.COMPACTION_RATIO),
    ],
)
def test_states_that_would_not_be_compacted_in_time_are_found_and_can_be_mended(config, code):
    (one,) = findings(sound(states=states(**config)), SETTINGS)

    assert (one.code, one.subject, one.mendable) == (code, "vitals.states", True)


def test_smaller_segments_and_earlier_compaction_are_no_fault():
    assert (
        findings(sound(states=states(**{"segment.bytes": "1048576", "min.cleanable.dirty.ratio": "0.01"})), SETTINGS)
        == []
    )


def test_without_a_place_for_states_a_worker_does_not_start_unless_it_keeps_them_in_memory():
    found = sound(states=None)

    assert what_stops_a_worker(found, SETTINGS)
    assert not what_stops_a_worker(found, Settings(control_record_key="s3cret-of-the-tests", state="memory"))


def test_a_codec_that_may_come_and_cannot_be_unpacked_is_found_and_stops_a_worker():
    by_producers, by_topic = sound(), sound(readings=readings(**{"compression.type": "zstd"}))
    without = frozenset({"gzip", "snappy", "lz4"})

    assert codes(replace(by_producers, codecs=without)).count(Code.CODEC_MISSING) == 5
    (one,) = [one for one in findings(replace(by_topic, codecs=without), SETTINGS) if one.subject == "vitals.readings"]
    assert one.code is Code.CODEC_MISSING and "zstd" in one.says
    assert what_stops_a_worker(replace(by_topic, codecs=without), SETTINGS)
    assert codes(by_topic) == []


def test_a_codec_that_no_topic_lets_come_is_not_asked_for():
    kept_plain = {"compression.type": "uncompressed"}
    found = sound(readings=readings(**kept_plain))

    assert "vitals.readings" not in {one.subject for one in findings(replace(found, codecs=frozenset()), SETTINGS)}


def test_partitions_that_were_added_under_states_are_found_and_stop_nobody():
    grown = {topic: TopicFacts(12, config_of(Topic(topic), SETTINGS)) for topic in ("readings", "patients")}

    assert codes(sound(**grown)) == [Code.PARTITION_COUNT] * 2
    assert not what_stops_a_worker(sound(**grown), SETTINGS)
    assert what_stops_a_worker(sound(**grown, states=TopicFacts(12, config_of(Topic.STATES, SETTINGS))), SETTINGS)
