"""When a partition's states are written: by time and by how many changed, each partition on its own beat."""

from types import SimpleNamespace

import pytest

from streams.worker.state_store.entry import Entry
from streams.worker.state_store.state_encoding import CheckpointBody


def entry(dirty=0, due_at=10.0, taken=5, last=5):
    owned = SimpleNamespace(log=SimpleNamespace(dirty=set(range(dirty))), taken=taken)
    body = None if last is None else CheckpointBody(last, 0, None, {}, None, "", "", 0, 0)
    return Entry(0, fenced_producer=None, last=body, saved_at=0.0, due_at=due_at, owned=owned)


@pytest.mark.parametrize(
    ("dirty", "now", "due"),
    [
        (1, 9.9, False),
        (1, 10.0, True),
        (100, 2.4, False),  # many changed, but it was saved a moment ago
        (100, 2.5, True),
        (99, 9.9, False),
    ],
)
def test_time_or_many_changes_make_it_due(dirty, now, due):
    assert entry(dirty).is_due(now, every_s=10.0, patients=100) is due


def test_while_partitions_change_hands_nothing_is_due():
    paused = entry(1)
    paused.paused = True

    assert not paused.is_due(100.0, 10.0, 100)


def test_a_late_snapshot_does_not_shift_the_beat():
    late = entry(due_at=3.0)
    late.next_due(27.2, every_s=10.0)

    assert late.due_at == 33.0


@pytest.mark.parametrize(
    ("dirty", "taken", "last", "changed"), [(0, 5, 5, False), (1, 5, 5, True), (0, 6, 5, True), (0, 5, None, True)]
)
def test_only_what_changed_is_written(dirty, taken, last, changed):
    assert entry(dirty, taken=taken, last=last).changed is changed
