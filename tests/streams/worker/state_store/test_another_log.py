"""A log that was made anew, or cut back, since its states were saved: they stay, and go on where it is."""

import asyncio

import msgspec
import pytest

from streams.config.packaged_rules import packaged_rules
from streams.config.settings import Settings
from streams.worker.faults import CannotTake
from streams.worker.state_store.identity import Identity, anew_since
from streams.worker.state_store.recovery import recover
from streams.worker.state_store.state_encoding import LIBRARIES, CheckpointBody, StateBody, Why
from streams.worker.state_store.stored import Lost, Stored
from streams.worker.store import Place

HERE = Identity("cluster", "topic")
BODY = CheckpointBody(100, 5_000, None, {"vitals.patients/0@X": 7}, None, *HERE, generation=1, patients=2)


def since(now=HERE, end=1_000, **more):
    return anew_since(msgspec.structs.replace(BODY, **more), now, "vitals.readings", 0, end)


def test_the_same_log_is_no_other():
    assert since() is None
    assert since(end=100) is None


def test_another_topic_of_the_same_cluster_begins_at_its_first_offset_and_each_is_told_apart():
    anew, again = since(Identity("cluster", "second")), since(Identity("cluster", "third"))

    assert anew.next_offset == again.next_offset == 0
    assert anew.mark != again.mark


def test_a_log_that_was_cut_back_goes_on_at_its_end():
    assert since(end=60).next_offset == 60
    assert since(end=60).mark != since(end=60, log_number=1).mark, "cut back once more, it is told once more"


def test_another_clusters_states_are_refused_with_the_remedy():
    with pytest.raises(CannotTake, match="state import"):
        since(Identity("elsewhere", "second"))


def test_every_state_goes_on_and_none_holds_beyond_where_the_log_goes_on():
    states = {name: StateBody(upto, 1, LIBRARIES, b"snapshot") for name, upto in (("p-1", 100), ("p-2", 40))}
    stored = Stored(BODY, states, [Lost("p-3", 9, Why.DAMAGED)])
    settings = Settings(mode="demo", control_record_key="s3cret-of-the-tests")

    kept = asyncio.run(recover(settings, packaged_rules(), 0, Place(0, 60, True), stored, HERE, 0))

    assert {patient: upto for patient, upto, _ in kept.states} == {"p-1": 60, "p-2": 40}
    assert kept.unsaved == {"p-1", "p-2"} and [one.patient for one in kept.lost] == ["p-3"]
    assert (kept.next_offset, kept.since) == (60, since(end=60).mark)
    at = kept.checkpoint
    assert (at.log_number, at.time, dict(at.sources)) == (1, 5_000, {"vitals.patients/0@X": 7})
