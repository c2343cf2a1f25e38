"""Two groups on one log, builds of two behaviours, a state handed over: on a real broker."""

import asyncio
import signal

import msgspec
import pytest

from streams.config.packaged_rules import packaged_rules
from streams.config.topics import Topic
from streams.log.behaviour import BEHAVIOUR, FIRST
from streams.worker.faults import CannotTake
from streams.worker.metrics import Metrics
from streams.worker.state_store import KafkaStateStore
from streams.worker.state_store.state_encoding import CHECKPOINT_KEY, encode_checkpoint
from streams.worker.state_store.stored import read_states
from streams.worker.store import Place
from tests.integration.rounds import command, lived, publish, readings, small_ward, taken
from tests.integration.staging import until
from tests.integration.test_state_store_worker import judged, write_plainly

OFTEN = 20


@pytest.fixture
def stage(kafka, topic_prefix):
    return small_ward(kafka, topic_prefix)


def checkpoints(stage):
    return {number: one.checkpoint for number, one in asyncio.run(read_states(stage.settings, [0, 1])).items()}


def test_another_group_is_refused_and_never_fences_the_one_that_watches(stage, tmp_path):
    other = f"{stage.settings.group}-green"
    with stage.worker(tmp_path / "mine") as worker:
        worker.ready(partitions=2)
        publish(stage, 0, 16)
        taken(stage, worker)
        with stage.worker(tmp_path / "other", group=other) as second:
            assert second.process.wait(60) == 3, second.fate()
            assert f"belongs to group {stage.settings.group}" in second.log.read_text()
            assert "state hand-over" in second.log.read_text()
        for number in range(1, OFTEN):  # the rest without a process each
            asyncio.run(refused_as(stage, other))
            stage.publish(Topic.READINGS, readings(8 + 8 * number, 8))
        taken(stage, worker)
        assert worker.get("/readyz")[0] == 200
        lines = worker.get("/metrics")[1].splitlines()
        refused = [line for line in lines if line.startswith('vigilward_snapshots_total{outcome="refused"')]
        assert [line.split()[-1] for line in refused] == ["0.0"], "its fenced_producers were never taken away"
        assert worker.stop() == 0, worker.fate()
    assert {body.group for body in checkpoints(stage).values()} == {stage.settings.group}
    assert judged(stage).clean, judged(stage).examples


async def refused_as(stage, group):
    settings = stage.settings.model_copy(update={"group": group})
    state_store = KafkaStateStore(settings, packaged_rules(), Metrics(settings), context=None)
    with pytest.raises(CannotTake, match="belongs to group"):
        await state_store.take({number: Place(0, 1 << 40, False) for number in (0, 1)})


def test_a_stopped_worker_of_a_group_that_handed_its_states_over_sets_nothing_back(stage, tmp_path):
    other = f"{stage.settings.group}-green"
    lived(stage, tmp_path / "1", 0, 40)
    with stage.worker(tmp_path / "2") as zombie:
        zombie.ready(partitions=2)
        refused = command(stage, "state", "hand-over", "--group", other, code=3)
        assert b"stop them first" in refused.stderr
        publish(stage, 40, 16)
        zombie.process.send_signal(signal.SIGSTOP)
        until(lambda: not members(stage), zombie.fate)  # its session is over
        command(stage, "state", "hand-over", "--group", other)
        with stage.worker(tmp_path / "3", group=other) as owner:
            owner.ready(partitions=2)
            publish(stage, 56, 40)
            until(lambda: all(c.next_offset >= 1 for c in checkpoints(stage).values()))
            zombie.process.send_signal(signal.SIGCONT)
            assert zombie.process.wait(60) == 3, zombie.fate()
            publish(stage, 96, 16)
            until(lambda: caught_up(stage), owner.fate)
            assert owner.stop() == 0, owner.fate()
    assert {body.group for body in checkpoints(stage).values()} == {other}
    assert judged(stage).clean, judged(stage).examples


def members(stage):
    from streams.installation.broker import admin_of

    admin = admin_of(stage.settings)
    return admin.describe_consumer_groups([stage.settings.group])[stage.settings.group].result(10).members


def caught_up(stage):
    ends = stage.ends(Topic.READINGS)
    return all(body.next_offset >= ends[number] for number, body in checkpoints(stage).items())


def test_states_go_to_another_group_when_nobody_runs_and_nothing_is_said_twice(stage, tmp_path):
    other = f"{stage.settings.group}-green"
    lived(stage, tmp_path / "1", 0, 40)
    before = checkpoints(stage)

    command(stage, "state", "hand-over", "--group", other, "--dry-run")
    assert checkpoints(stage) == before
    command(stage, "state", "hand-over", "--group", other)
    assert {number: body.next_offset for number, body in checkpoints(stage).items()} == {
        number: body.next_offset for number, body in before.items()
    }
    with stage.worker(tmp_path / "2", group=other) as worker:
        worker.ready(partitions=2)
        publish(stage, 40, 24)
        until(lambda: caught_up(stage), worker.fate)
        assert worker.stop() == 0, worker.fate()
    assert judged(stage).clean, judged(stage).examples


def test_a_build_of_another_behaviour_waits_until_the_former_has_drained(stage, tmp_path):
    """The former is this build, whose checkpoint is rewritten as the first build wrote it."""
    with stage.worker(tmp_path / "1", snapshot_every_s=60) as killed:
        killed.ready(partitions=2)
        stage.publish(Topic.READINGS, readings(0, 40))
        until(lambda: len(stage.read(Topic.STATUS)) >= 8, killed.fate)
        killed.process.kill()
        killed.process.wait()
    rewrite(stage)

    with stage.worker(tmp_path / "2") as refused:
        assert refused.process.wait(60) == 3, refused.fate()
        assert "stop it with SIGTERM" in refused.log.read_text()
    rewrite(stage, behaviour=BEHAVIOUR)  # the former build is started again, and stopped in good order
    lived(stage, tmp_path / "3", 40, 8)
    assert all(body.drained for body in checkpoints(stage).values())
    rewrite(stage)

    with stage.worker(tmp_path / "4") as worker:
        worker.ready(partitions=2)
        assert {body.behaviour for body in checkpoints(stage).values()} == {BEHAVIOUR}
        assert worker.metric("vigilward_takeover_gap_seconds") > 0
        assert worker.log.read_text().count("taken over from behaviour 1") == 2
        publish(stage, 48, 16)
        taken(stage, worker)
        assert worker.stop() == 0, worker.fate()
    assert judged(stage).clean, judged(stage).examples


def rewrite(stage, behaviour=FIRST):
    for number, body in checkpoints(stage).items():
        more = {"group": "", "drained": False} if behaviour == FIRST else {"group": stage.settings.group}
        body = msgspec.structs.replace(body, behaviour=behaviour, **more)
        write_plainly(stage, number, CHECKPOINT_KEY, encode_checkpoint(body))
