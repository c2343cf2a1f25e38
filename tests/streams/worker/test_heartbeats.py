"""What a worker says of each of its partitions, once a second, whatever else is stuck."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.errors import KafkaConnectionError

from schemas.heartbeat import decode_heartbeat
from streams.worker.heartbeats import Heartbeats


class Wire:
    """A producer that acknowledges, refuses or hangs."""

    def __init__(self):
        self.sent, self.answers = [], lambda: None

    async def send_and_wait(self, topic, value, *, key, partition):
        self.sent.append((partition, decode_heartbeat(value)))
        if (answer := self.answers()) is not None:
            await answer


def heartbeats(settings, owned_partitions, reasons=()):
    return Heartbeats(
        settings, SimpleNamespace(owned_partitions=owned_partitions), generation=lambda: 7, lag_s=lambda number: 1.25,
        log_end=lambda number: 13, unsent_s=lambda number: 0.5, reasons=lambda: reasons,
    )  # fmt: skip


def owned(expected=12):
    return SimpleNamespace(expected=expected, log=SimpleNamespace(rules=SimpleNamespace(sha256=""), time=5_000))


def test_a_heartbeat_says_who_how_far_and_how_late(settings):
    ours = heartbeats(settings, {3: owned()}, reasons=("stalled",))
    beat = ours.beats(6.0)[3]

    assert (beat.partition, beat.generation, beat.next_offset, beat.log_end) == (3, 7, 12, 13)
    assert (beat.lag_s, beat.stream_time, beat.wall_time, beat.unsent_s) == (1.25, 5_000, 6_000, 0.5)
    assert (beat.reasons, beat.mode, beat.owner) == (("stalled",), "demo", ours.owner)


def test_none_is_queued_behind_one_that_is_stuck_and_the_others_go_on(settings, run):
    async def story():
        ours, wire = heartbeats(settings, {0: owned(), 1: owned()}), Wire()
        stuck = asyncio.get_running_loop().create_future()
        wire.answers = lambda: stuck if wire.sent[-1][0] == 0 else None
        for _ in range(3):
            ours.send(wire, ours.beats(1.0))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        stuck.set_result(None)
        return [number for number, _ in wire.sent]

    assert run(story()) == [0, 1, 1, 1]


@pytest.mark.parametrize("refusal", [KafkaConnectionError(), AssertionError("Unrecognized partition")], ids=repr)
def test_what_cannot_be_sent_is_said_once_and_tried_again(settings, run, caplog, refusal):
    async def story():
        ours, wire = heartbeats(settings, {0: owned()}), Wire()

        async def refuse():
            raise refusal

        wire.answers = refuse
        for _ in range(3):
            ours.send(wire, ours.beats(1.0))
            await asyncio.sleep(0.01)
        wire.answers = lambda: None
        ours.send(wire, ours.beats(1.0))
        await asyncio.sleep(0.01)
        return ours.sent, len(wire.sent)

    assert run(story()) == (1, 4)
    assert sum("heartbeats cannot be sent" in line for line in caplog.messages) == 1
    assert [one.getMessage().split(":")[0].split(" after")[0] for one in caplog.records] == [
        "Kafka is away", "Kafka is back",
    ]  # fmt: skip
