"""What is read waits its turn; and a board that hears nothing any more says so."""

import asyncio
import json
import logging
import threading
import time

import pytest
from confluent_kafka import KafkaError

from streams.board.board import Board
from streams.board.consumer import MOST_WAITING, BoardConsumer, Heard, in_turn
from streams.board.lag_monitor import Watch
from streams.board.settings import load_board
from streams.board.view import View
from streams.config.settings import Settings
from streams.config.topics import Topic

RECORD = Heard(Topic.STATUS, 0, 0, b"p", b"{}", (), 0)


def test_the_listener_waits_while_the_board_has_not_understood_what_it_was_told():
    loop, taken = asyncio.new_event_loop(), []
    handed = threading.Semaphore(0)
    hand_on = in_turn(loop, taken.append)

    def read() -> None:
        for number in range(40):
            hand_on([RECORD._replace(offset=number)])
            handed.release()
        loop.call_soon_threadsafe(loop.stop)

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    ahead = 0
    while handed.acquire(timeout=0.3):  # nobody takes yet
        ahead += 1
    loop.run_forever()
    reading.join(10)
    loop.close()

    assert ahead == MOST_WAITING
    assert [batch[0].offset for batch in taken] == list(range(40))


def test_a_listener_whose_board_has_ended_does_not_wait_for_ever():
    loop = asyncio.new_event_loop()
    hand_on = in_turn(loop, lambda batch: None)
    loop.close()

    for _ in range(MOST_WAITING + 1):
        hand_on([RECORD])


def test_a_listener_that_has_ended_is_told_to_every_page(caplog: pytest.LogCaptureFixture):
    """Its pages must not look alive."""
    board = Board(Settings(), load_board())
    board.watch = Watch(broker=True, partitions=1, looked_at=time.time())
    listener = board._listener = BoardConsumer(
        {"no.such.option": 1}, {Topic.STATUS: "vitals.status"}, lambda batch: None
    )
    with caplog.at_level(logging.ERROR):
        listener.start()
        listener._thread.join(10)

    assert not listener.goes_on
    assert "start the board again" in caplog.text
    assert json.loads(board._pulse(View(None)))["broker"] is False


class Refused:
    """A fetch that a broker refuses."""

    def topic(self):
        return "vitals.trends"

    def error(self):
        return KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)


def test_a_topic_that_may_not_be_read_is_told_once(caplog: pytest.LogCaptureFixture):
    listener = BoardConsumer({}, {Topic.TRENDS: "vitals.trends"}, lambda batch: None)
    with caplog.at_level(logging.ERROR):
        listener._take([Refused(), Refused()])
        listener._take([Refused()])

    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["vitals.trends cannot be read"]
