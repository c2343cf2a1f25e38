"""Ready and alive: what a worker must not look like when it does nothing."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.liveness import AFTER_S
from streams.log.tally import Tally
from streams.worker.consumer_stats import ConsumerStats, Seen
from streams.worker.health import STALLED_S, STUCK_S, Health, Unready


class Stage:
    """A worker reduced to what its health looks at."""

    def __init__(self, settings):
        self.end, self.handed_over, self.fetched_ms = 10, True, 1
        self.waits_s = 0.0
        self.fetched, self.consumer_stats, self.oldest = True, ConsumerStats(), 0.0
        self.owned = SimpleNamespace(
            partition=0, expected=10, end_at_start=0, stamp_ms=0, log=SimpleNamespace(time=0, tally=Tally())
        )
        watch = SimpleNamespace(grown={})
        self.assignment = SimpleNamespace(
            assigned=True, owned_partitions={0: self.owned}, consumer=self, watch=watch, identities=None
        )
        self.app = SimpleNamespace(crashed=False, rebalancing_count=1)
        producer = SimpleNamespace(oldest_s=lambda partition=None: self.oldest)
        self.health = Health(settings, self.app, self.assignment, {"said": producer})
        self.health.phase = None

    def seen(self, tp):
        return Seen(self.end, self.fetched_ms, self.handed_over) if self.fetched else None

    def open_transaction_s(self):
        return self.waits_s

    def looked_at(self, seconds_ago=0.0):
        self.health.look(asyncio.get_running_loop().time() - seconds_ago)


@pytest.fixture
def told(settings, run):
    """What the health says after `change(stage)` was done to a sound worker."""

    def tell(change):
        async def story():
            stage = Stage(settings)
            stage.looked_at(seconds_ago=0.5)
            change(stage)
            return stage.health.unready(), stage.health.alive()

        return run(story())

    return tell


def test_a_worker_that_has_taken_everything_is_ready_and_alive(told):
    assert told(lambda stage: None) == ([], True)


@pytest.mark.parametrize("phase", [Unready.STARTING, Unready.STOPPING])
def test_a_worker_that_starts_or_stops_is_not_ready(told, phase):
    assert told(lambda stage: setattr(stage.health, "phase", phase)) == ([phase], True)


def test_a_worker_without_an_assignment_is_not_ready(told):
    assert told(lambda stage: setattr(stage.assignment, "assigned", False))[0] == [Unready.NOT_ASSIGNED]


def test_a_worker_that_may_not_read_the_topics_gets_nothing_and_is_not_ready(told):
    assert told(lambda stage: stage.assignment.owned_partitions.clear())[0] == [Unready.OWNS_NO_PARTITION]


def test_a_spare_worker_that_sees_the_log_is_ready_and_says_once_that_it_stands_by(settings, run, caplog):
    async def story():
        stage = Stage(settings)
        stage.assignment.owned_partitions.clear()
        stage.assignment.identities = SimpleNamespace(ids={Topic.READINGS: "an id"})
        for second in range(60):
            stage.health.look(float(second))
        return stage.health.unready(), stage.health.standing_by

    caplog.set_level("INFO")
    assert run(story()) == ([], True)
    assert [record.message for record in caplog.records] == ["standing by: every partition is another worker's"]


def test_a_partition_that_was_never_fetched_is_not_ready(told):
    assert told(lambda stage: setattr(stage, "fetched", False))[0] == [Unready.NOT_FETCHED]


def test_fetches_that_fail_are_said(told):
    assert told(lambda stage: setattr(stage.consumer_stats, "fetch_failing", True))[0] == [Unready.FETCH_FAILS]


def test_alerts_that_cannot_be_sent_are_said(told):
    assert told(lambda stage: setattr(stage, "oldest", AFTER_S + 1))[0] == [Unready.CANNOT_SEND]


def still(stage, seconds):
    """Behind, and not moving, for so long."""
    stage.end, stage.handed_over = 20, False
    stage.health._progress.clear()
    stage.looked_at(seconds_ago=seconds)
    stage.looked_at()


def test_a_partition_that_does_not_move_is_told_and_after_long_only_a_restart_helps(told):
    assert told(lambda stage: still(stage, AFTER_S - 1)) == ([], True)
    assert told(lambda stage: still(stage, AFTER_S + 1)) == ([Unready.BEHIND], True)
    assert told(lambda stage: still(stage, STALLED_S + 1)) == ([Unready.STALLED, Unready.BEHIND], True)
    assert told(lambda stage: still(stage, STUCK_S + 1)) == ([Unready.STALLED, Unready.BEHIND], False)


def test_a_broker_that_is_away_is_no_reason_to_restart_the_worker(told):
    def change(stage):
        still(stage, STUCK_S + 1)
        stage.consumer_stats.fetch_failing = True

    assert told(change)[1] is True


def test_fetches_that_stopped_without_a_word_are_noticed_although_nothing_seems_to_be_left(told):
    """aiokafka's fetcher has stood still before while its consumer lived."""

    def change(stage):
        stage.health._progress.clear()
        stage.looked_at(seconds_ago=STALLED_S + 1)
        stage.looked_at()

    assert told(change)[0] == [Unready.STALLED]


@pytest.mark.parametrize("second_ms", [2, 3_600_000, -3_600_000], ids=["right", "set on", "set back"])
def test_fetches_that_go_on_are_seen_whatever_the_machines_clock_says(told, second_ms):
    """A clock that was set back an hour made a worker look well for an hour, and one set on made it look ill."""

    def change(stage):
        stage.health._progress.clear()
        stage.looked_at(seconds_ago=STALLED_S + 1)
        stage.fetched_ms = second_ms
        stage.looked_at(seconds_ago=STALLED_S - 1)
        stage.looked_at()

    assert told(change)[0] == []


@pytest.mark.parametrize("now_s", [0.0, 4e9], ids=["set back", "set on"])
def test_fetches_that_stopped_are_noticed_whatever_the_machines_clock_says(told, monkeypatch, now_s):
    monkeypatch.setattr(time, "time", lambda: now_s)

    def change(stage):
        stage.health._progress.clear()
        stage.looked_at(seconds_ago=STALLED_S + 1)
        stage.looked_at()

    assert told(change)[0] == [Unready.STALLED]


@pytest.fixture
def by_arrival(run):
    """The same in arrival clock."""

    def tell(change):
        async def story():
            stage = Stage(Settings(mode="demo", partitions=1))
            change(stage)
            stage.looked_at()
            return stage.health.unready()

        return run(story())

    return tell


def test_a_worker_that_begins_far_behind_its_log_says_so_from_the_first_record(by_arrival):
    """It was called ready as long as it moved, 400 s behind."""

    def change(stage):
        stage.end, stage.handed_over = 50_000, False
        stage.owned.end_at_start, stage.owned.stamp_ms = 50_000, int((time.time() - 400) * 1_000)
        stage.looked_at()

    assert by_arrival(change) == [Unready.BEHIND]


@pytest.mark.parametrize(
    ("apart_s", "moves", "says"),
    [
        (0, True, []),
        (-4, True, []),
        (-9, True, [Unready.CLOCK]),
        (-9, False, []),  # nothing could be read for a while, or it was taken just now
        (3_600, True, [Unready.CLOCK]),
        (3_600, False, [Unready.CLOCK]),
    ],
)
def test_a_time_that_is_not_the_walls_is_told(by_arrival, apart_s, moves, says):
    def change(stage):
        stage.owned.log.time = (time.time() + apart_s) * 1_000
        for second in range(6):
            stage.owned.expected += moves
            stage.looked_at(seconds_ago=6 - second)

    assert by_arrival(change) == says


def test_a_worker_that_refuses_nearly_everything_is_not_ready_and_says_why(settings, run):
    """A worker of the wrong mode left every patient unwatched, ready and live, without a line in its log."""

    async def story():
        stage = Stage(settings)
        stage.looked_at(seconds_ago=2)
        tally = stage.owned.log.tally
        tally.readable, tally.refusals["wrong_mode"] = 60, 60
        stage.looked_at(seconds_ago=1)
        first = stage.health.unready(), stage.health.reasons()
        tally.readable += 600
        stage.looked_at()
        return first, stage.health.unready()

    assert run(story()) == (([Unready.REFUSES], ["refuses_wrong_mode"]), [])


def test_a_flood_of_rubbish_beside_a_watched_ward_does_not_count(settings, run):
    async def story():
        stage = Stage(settings)
        stage.looked_at(seconds_ago=2)
        tally = stage.owned.log.tally
        tally.readable, tally.unreadable, tally.refusals["not_json"] = 5, 10_000, 10_000
        stage.looked_at()
        return stage.health.unready()

    assert run(story()) == []


def test_a_transactions_checkpoint_at_the_end_of_a_log_is_not_a_lag(told, settings, run):
    async def story():
        stage = Stage(settings)
        stage.end = 11  # the checkpoint's offset; no record will ever have it
        return stage.health.lag(stage.owned)

    assert run(story()) == 0


def test_a_worker_that_waits_for_partitions_in_vain_says_so_once(settings, run, caplog):
    async def story():
        stage = Stage(settings)
        stage.assignment.assigned = False
        for second in range(60):
            stage.health.look(float(second))

    run(story())
    assert [record.message for record in caplog.records if "no partition was dealt" in record.message] == [
        "no partition was dealt to this worker in 15 s: this user may not join the group or read the topics"
    ]


def test_a_worker_that_crashed_is_dead(told):
    assert told(lambda stage: setattr(stage.app, "crashed", True))[1] is False


def test_orders_that_wait_behind_an_open_transaction_are_told(told):
    assert told(lambda stage: setattr(stage, "waits_s", 3.0)) == ([], True)
    assert told(lambda stage: setattr(stage, "waits_s", 5.0)) == ([Unready.OPEN_TRANSACTION], True)


def test_a_crowd_of_made_up_patients_is_told(told):
    assert told(lambda stage: setattr(stage.health, "crowded", lambda: True)) == ([Unready.CROWDED], True)


def test_a_partition_that_has_gone_is_late_with_nothing_and_ends_no_worker(settings, run):
    """Whoever looks after each partition in turn may come to one that went to another worker meanwhile."""

    async def story():
        stage = Stage(settings)
        stage.looked_at()
        assert stage.health.log_end(0) == 10
        del stage.assignment.owned_partitions[0]
        return stage.health.lag_s(0), stage.health.log_end(0)

    assert run(story()) == (0.0, None)
