"""A buffer counts as full only if a worker says so while the brokers are stopped."""

from itertools import count

from tests.chaos import full_buffer
from tests.chaos.full_buffer import BYTES, HELD_BACK, HOLDING, Filled, fill


class Ward:
    """One broker and one worker that hears of floods; `holds` when the broker is stopped."""

    def __init__(self, tells, holds):
        self.tells, self.holds = tells, holds
        self.floods = 0
        self.stopped = False
        self.done = []

    def flood(self):
        self.floods += 1

    def pause(self):
        self.stopped = True
        self.done.append("pause")

    def resume(self):
        self.stopped = False
        self.done.append("resume")

    def kill(self):
        self.done.append("kill")

    def tell(self, name):
        owned = self.stopped and self.holds(self.floods)
        return {HELD_BACK: 5 + 2 * self.floods * self.tells, HOLDING: int(owned), BYTES: 70_000 * owned}[name]


def filled(ward, **more):
    return fill(lambda: [ward], [ward], ward.flood, stop_s=0.0, **more)


def test_what_a_worker_says_while_the_broker_is_stopped_is_what_counts():
    ward = Ward(tells=True, holds=lambda floods: True)

    assert filled(ward) == Filled(batches=1, waiting_bytes=70_000, times=2)
    assert ward.done == ["pause", "resume"]


def test_a_worker_is_killed_only_while_its_buffer_is_full():
    ward = Ward(tells=True, holds=lambda floods: floods == 2)

    filled(ward, kill=True)
    assert ward.done == ["pause", "resume", "pause", "kill", "resume"]


def test_a_buffer_that_emptied_before_the_broker_stopped_is_filled_again():
    ward = Ward(tells=True, holds=lambda floods: floods == 2)

    assert filled(ward) == Filled(batches=1, waiting_bytes=70_000, times=2)
    assert ward.floods == 2


def test_a_buffer_that_never_held_is_not_said_to_have_been_full():
    assert filled(Ward(tells=True, holds=lambda floods: False)) is None


def test_a_worker_that_says_nothing_leaves_the_broker_alone(monkeypatch):
    clock = count(step=30.0)
    monkeypatch.setattr(full_buffer.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(full_buffer.time, "sleep", lambda seconds: None)
    ward = Ward(tells=False, holds=lambda floods: True)

    assert filled(ward) is None
    assert (ward.done, ward.floods) == ([], full_buffer.TRIES)
