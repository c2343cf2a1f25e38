"""That newer packaged rules wait for an approver is told to every page."""

import json
import time

import pytest

from schemas.heartbeat import Heartbeat
from streams.board.board import Board
from streams.board.lag_monitor import LagMonitor, Watch
from streams.board.settings import load_board
from streams.board.view import View
from streams.config.packaged_rules import first_rules, packaged_rules
from streams.config.settings import Settings
from streams.liveness import Owned


@pytest.mark.parametrize(
    ("in_force", "waits"),
    [(first_rules().sha256, True), (packaged_rules().sha256, False), ("of the site", False), ("", False)],
    ids=["first", "packaged", "the site's own", "not said"],
)
def test_it_is_heard_from_the_heartbeats(in_force, waits):
    monitor = LagMonitor(
        {}, log_topic="log", heartbeats="beats", after_s=4, by_arrival=True, mode="demo", tell=lambda watch: None
    )
    owned = monitor._owned[0] = Owned(time.monotonic())
    assert not monitor._rules_wait()
    owned.hear(Heartbeat(0, "w", 1, 5, 5, 0.0, 1, 1, 0.0, rules=in_force), 7, time.monotonic())

    assert monitor._rules_wait() is waits


def test_it_goes_out_with_every_pulse():
    board = Board(Settings(), load_board())
    assert json.loads(board._pulse(View(None)))["rules_waiting"] is False
    board.watch = Watch(broker=True, partitions=1, looked_at=time.time(), rules_waiting=True)
    assert json.loads(board._pulse(View(None)))["rules_waiting"] is True
