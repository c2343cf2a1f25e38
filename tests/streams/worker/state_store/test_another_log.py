"""A log that was made anew, or cut back, since its states were saved: they stay, and go on where it is."""

import asyncio
from types import SimpleNamespace

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from streams.config.packaged_rules import packaged_rules
from streams.config.settings import Settings
from streams.log.beyond import Ahead
from streams.worker.faults import CannotTake
from streams.worker.state_store.identity import Identity, anew_since
from streams.worker.state_store.kafka_store import KafkaStateStore
from streams.worker.state_store.recovery import recover
from streams.worker.state_store.state_encoding import LIBRARIES, CheckpointBody, StateBody, Why
from streams.worker.state_store.stored import Lost, Stored
from streams.worker.store import Place

HERE = Identity("cluster", "topic")
BODY = CheckpointBody(100, 5_000, None, {"vitals.patients/0@X": 7}, None, *HERE, generation=1, patients=2)


def since(now=HERE, end=1_000, taken=BODY.next_offset, **more):
    return anew_since(msgspec.structs.replace(BODY, **more), now, "vitals.readings", 0, end, taken)


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


def test_where_the_states_are_newer_than_the_checkpoint_it_is_their_end_that_counts():
    assert since(end=200, taken=200) is None
    assert since(end=199, taken=200)[:2] == (100, 199)
    assert since(Identity("cluster", "second"), end=199, taken=200)[:2] == (0, 0)


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


SETTINGS = Settings(mode="demo", control_record_key="s3cret-of-the-tests")
AHEAD = Ahead({20: b"before", 80: b"cut off"}, {"gone": 50, "gone-later": 85})


def waited(upto=90):
    """The checkpoint stays at 10, before who waits beside the log; those known were taken up to 90."""
    states = {name: StateBody(at, 1, LIBRARIES, b"snapshot") for name, at in (("p-1", upto), ("p-2", 40))}
    return Stored(msgspec.structs.replace(BODY, next_offset=10, rules=b"first", ahead=AHEAD), states)


def test_a_log_that_was_cut_between_its_checkpoint_and_its_states_is_told_and_taken_once_more_up_to_there():
    kept = asyncio.run(recover(SETTINGS, packaged_rules(), 0, Place(0, 60, True), waited(), HERE, 0))

    assert {patient: upto for patient, upto, _ in kept.states} == {"p-1": 60, "p-2": 40}
    assert kept.since is not None and "#cut" in kept.since and kept.unsaved == {"p-1", "p-2"}
    at = kept.checkpoint
    assert (at.next_offset, at.log_number, at.rules) == (10, 1, b"first")
    assert at.ahead == Ahead({20: b"before"}, {"gone": 50, "gone-later": 60})
    whole = asyncio.run(recover(SETTINGS, packaged_rules(), 0, Place(0, 90, True), waited(), HERE, 0))
    assert (whole.since, whole.checkpoint.ahead) == (None, AHEAD)


def test_before_the_checkpoint_the_rules_that_took_effect_last_stay():
    kept = asyncio.run(recover(SETTINGS, packaged_rules(), 0, Place(0, 5, True), waited(), HERE, 0))
    at = kept.checkpoint
    assert (at.next_offset, at.rules, at.ahead) == (5, b"cut off", Ahead({}, {}))


@pytest.mark.parametrize(("end", "cut"), [(90, False), (60, True)])
def test_where_states_are_newer_than_the_end_that_was_told_it_is_asked_for_once_more(end, cut):
    asked = []

    async def end_of(partition):
        asked.append(partition)
        return end

    registered = SimpleNamespace(registry=CollectorRegistry())
    store = KafkaStateStore(SETTINGS, packaged_rules(), registered, SimpleNamespace(end_of=end_of))
    store._identity = HERE
    kept = asyncio.run(store._recover(0, Place(0, 50, True), waited(), 0))

    assert asked == [0] and (kept.since is not None) is cut
