"""What the board says on a real broker while the topic of the readings is gone: not that the broker is."""

import threading

import pytest

from streams.board.lag_monitor import LagMonitor
from streams.config.topics import Topic
from streams.installation.broker import admin_of
from tests.integration.rounds import small_ward
from tests.integration.staging import until


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


@pytest.fixture
def said(stage):
    said, settings = [], stage.settings
    monitor = LagMonitor(
        settings.librdkafka(), log_topic=settings.topic(Topic.READINGS), heartbeats=settings.topic(Topic.HEARTBEATS),
        after_s=60, by_arrival=True, mode="demo", tell=said.append,
    )  # fmt: skip
    monitor.start()
    yield said
    monitor.stop()


def test_a_log_that_was_deleted_is_told_in_its_own_words_until_it_is_there_again(stage, said):
    until(lambda: said and said[-1].broker and said[-1].partitions)
    admin, name = admin_of(stage.settings), stage.settings.topic(Topic.READINGS)
    for answer in admin.delete_topics([name], operation_timeout=10).values():
        answer.result()
    since = len(said)
    until(lambda: {one.reasons for one in said[-1].findings} == {("no_log",)})
    threading.Event().wait(2)  # and it stays that
    assert {one.reasons for one in said[-1].findings} == {("no_log",)}
    stage.make_topics()
    until(lambda: not said[-1].findings)

    assert all(watch.broker for watch in said[since:]), [watch.broker for watch in said[since:]]
