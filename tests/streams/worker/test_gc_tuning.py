import gc
import weakref
from collections.abc import Iterator

import pytest

from streams.worker.gc_tuning import EVERY_S, MANY, GcTuning


@pytest.fixture(autouse=True)
def left_as_found() -> Iterator[None]:
    yield
    gc.unfreeze()


class Knot:
    """Something that refers to itself: it goes only when it is looked for."""

    def __init__(self) -> None:
        self.itself = self


def test_what_nobody_can_reach_is_thrown_away():
    gone = weakref.ref(Knot())
    GcTuning(lambda: 1).look()

    assert gone() is None


def test_what_stays_is_left_aside_and_goes_when_nobody_holds_it():
    kept = Knot()
    GcTuning(lambda: 1).look()
    assert gc.get_freeze_count() > 0
    gone = weakref.ref(kept)
    del kept.itself, kept

    assert gone() is None


def test_after_partitions_changed_hands_all_is_looked_at_anew():
    deals = [1]
    garbage, kept = GcTuning(lambda: deals[-1]), Knot()
    garbage.look()
    gone = weakref.ref(kept)
    del kept
    garbage.look()
    assert gone() is not None
    deals.append(2)
    garbage.look()

    assert gone() is None


def test_many_new_patients_are_looked_at_before_they_are_too_many():
    patients = [0]
    garbage = GcTuning(lambda: 1, lambda: patients[-1])
    assert garbage.is_due(0.0) and not garbage.is_due(1.0)

    patients.append(MANY)
    assert garbage.is_due(1.5) and not garbage.is_due(2.0)
    patients.append(10)
    assert not garbage.is_due(2.5), "they went"
    patients.append(10 + MANY)
    assert garbage.is_due(3.0) and not garbage.is_due(3.0 + EVERY_S / 2) and garbage.is_due(3.0 + EVERY_S)
