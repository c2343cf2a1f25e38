"""Stopped anywhere and gone on from its snapshots, a partition says the same, and comes to the same state."""

from collections.abc import Sequence

import hypothesis.strategies as st
from hypothesis import given

from streams.log import Output, Partition, Record
from tests.making import Entry, new_partition, numbered
from tests.properties.test_log_time import again, insert, places
from tests.properties.wards import PATIENTS, forgetful, wards

either_clock = st.booleans().flatmap(lambda event: st.tuples(st.just("event" if event else "arrival"), wards(event)))
somewhere = st.integers(0, 1_000)
cuts = st.lists(somewhere, max_size=6)


def fresh(clock: str, **kept: object) -> Partition:
    return new_partition(clock=clock, rules=forgetful(), **kept)


def spoken(outputs: Sequence[Output], patient: str) -> list[tuple]:
    """Everything that was said of a patient but rejections; the headers hold the log's position."""
    key = patient.encode()
    return [(o.topic, o.value, o.headers) for o in outputs if o.topic != "rejections" and o.key == key]


def in_batches(log: Partition, records: list[Record], where: Sequence[int]) -> list[Output]:
    """Hands the records over, cut at some places."""
    places = sorted({place % (len(records) + 1) for place in where} | {len(records)})
    outputs: list[Output] = []
    before = 0
    for place in places:
        outputs += log.run(records[before:place])
        before = place
    return outputs


def states(log: Partition) -> dict[str, bytes]:
    return {patient: watch.vigil.snapshot() for patient, watch in log.watches.items()}


@given(either_clock, places, somewhere, somewhere, cuts)
def test_restored_at_any_place_it_says_the_same(ward, where, stop, start, batches):
    """The snapshot is one of checkpoint and states together; the replay may start before it, in batches cut
    anywhere.
    """
    clock, log = ward
    records = numbered(_untidy(clock, insert(log, where, again)))
    stop %= len(records) + 1
    before, whole = fresh(clock), fresh(clock)
    whole_said = whole.run(records)
    before_said = in_batches(before, records[:stop], batches)
    kept = [before.state(patient) for patient in before.watches]
    back = fresh(clock, checkpoint=before.checkpoint, states=kept)
    # What came before the first reading waits for it, in event clock: the checkpoint then lies before `stop`, and what
    # was refused meanwhile is refused again, byte for byte.
    after_said = in_batches(back, records[start % (before.checkpoint.next_offset + 1) :], batches)
    if before.checkpoint.next_offset < stop:
        assert {output.topic for output in before_said} <= {"rejections"}
        after_said = [output for output in after_said if output not in before_said]
    assert before_said + after_said == whole_said
    assert states(back) == states(whole)
    assert back.checkpoint == whole.checkpoint


@given(either_clock, places, somewhere, somewhere, st.tuples(somewhere, somewhere, somewhere), cuts)
def test_a_patients_state_may_be_newer_than_the_checkpoint(ward, where, checkpoint_at, start, uptos, batches):
    """What it holds already is not said again, whatever the others have to catch up with."""
    clock, log = ward
    records = numbered(_untidy(clock, insert(log, where, again)))
    checkpoint_at %= len(records) + 1
    at_checkpoint, whole = fresh(clock), fresh(clock)
    at_checkpoint.run(records[:checkpoint_at])
    whole.run(records)
    kept, expected = {patient: at_checkpoint.state(patient) for patient in at_checkpoint.watches}, {}
    for patient, upto in zip(PATIENTS, uptos, strict=True):
        upto = checkpoint_at + upto % (len(records) - checkpoint_at + 1)
        live = fresh(clock)
        live.run(records[:upto])
        if patient in live.watches:
            kept[patient] = live.state(patient)
            expected[patient] = spoken(live.run(records[upto:]), patient)
    back = fresh(clock, checkpoint=at_checkpoint.checkpoint, states=kept.values())
    outputs = in_batches(back, records[start % (at_checkpoint.checkpoint.next_offset + 1) :], batches)
    for patient, rest in expected.items():
        assert spoken(outputs, patient) == rest
    assert states(back) == states(whole)


def _untidy(clock: str, log: list[Entry]) -> list[Entry]:
    """In event clock some of it comes so late that it is refused."""
    if clock == "arrival":
        return log
    return [log[i] for i in sorted(range(len(log)), key=lambda i: log[i].at + i * 7 % 5 * 5000)]
