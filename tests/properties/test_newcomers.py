"""Who waits beside the log, however long, is told the very same, and comes to the same state; nothing is lost."""

from collections import Counter
from collections.abc import Sequence

import hypothesis.strategies as st
from hypothesis import given

from streams.log import Output, Partition, Record
from streams.log.newcomers import Newcomers
from tests.making import Entry, numbered, rules_bytes
from tests.properties.test_log_time import again, insert, places
from tests.properties.test_stop_anywhere import fresh, in_batches, states
from tests.properties.wards import FORGETFUL, PATIENTS, wards

ERASE = {"event": "erase", "mode": "test"}

turns = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 30)), min_size=1, max_size=12)
"""Records that the log takes, and how many of those that wait are taken after them; again and again."""


def crowded(room: int, **kept: object) -> Partition:
    log = fresh("arrival", **kept)
    log.newcomers = Newcomers(log, room)
    return log


def by_turns(log: Partition, records: Sequence[Record], turns: Sequence[tuple[int, int]]) -> list[Output]:
    outputs: list[Output] = []
    at = turn = 0
    while at < len(records):
        most, beside = turns[turn % len(turns)]
        outputs += log.run(records[at : at + most])
        outputs += log.newcomers.go_on(beside) if beside else []
        if beside == 30:
            log.newcomers.join()
        at, turn = at + most, turn + 1
    return outputs


def to_the_end(log: Partition) -> list[Output]:
    outputs = log.release()
    while log.newcomers.works:
        outputs += log.newcomers.go_on(7)
    assert log.newcomers.join() and not log.newcomers.waiting and not log.newcomers.bytes
    return outputs


def told(outputs: Sequence[Output]) -> dict[bytes | None, list[tuple]]:
    """What was said of each, in its order; the headers of a status hold the log's position."""
    said: dict[bytes | None, list[tuple]] = {patient.encode(): [] for patient in PATIENTS}
    for one in outputs:
        if one.topic != "rejections":
            said.setdefault(one.key, []).append((one.topic, one.value, one.due))
    return said


def states_of(log: Partition) -> dict[str, bytes]:
    return {patient: log.state(patient)[2] for patient, _ in log.watched}


def refused(outputs: Sequence[Output]) -> list[tuple]:
    return sorted((o.key or b"", o.value or b"", o.headers) for o in outputs if o.topic == "rejections")


@given(wards(), places, st.integers(0, 3), turns)
def test_whoever_waits_is_told_the_same(ward, where, room, turns):
    records = numbered(insert(ward, where, again))
    whole, log = fresh("arrival"), crowded(room)
    expected = whole.run(records) + whole.release()

    outputs = by_turns(log, records, turns)
    outputs += to_the_end(log)

    assert told(outputs) == told(expected)
    for patient in PATIENTS:  # or a board would take the newest status for an older one
        places = [int(dict(o.headers)["offset"]) for o in outputs if (o.topic, o.key) == ("status", patient.encode())]
        assert places == sorted(places)
    assert refused(outputs) == refused(expected)
    assert states(log) == states(whole)
    assert log.checkpoint == whole.checkpoint
    assert log.tally.as_dict() == whole.tally.as_dict() and log.tally.adds_up()


def drastic(before: list[Entry], at: int, back: int) -> list[Entry]:
    """Rules of another kind, or the end of all that is known of a patient."""
    if back % 2:
        patient = PATIENTS[back % 3]
        return [Entry(at, "patient", patient, ERASE | {"patient_id": patient}, ("vitals.patients", 0))]
    older = [("intake", None), ("watch", None), ("version", f"old {back}")]
    return [Entry(at, "rules", None, rules_bytes(*FORGETFUL, *older[: back % 4]), ("vitals.rules", 0))]


def in_order(log: Sequence[Entry]) -> list[Entry]:
    """A source is forwarded strictly in order."""
    counts: Counter[str] = Counter()
    out = []
    for one in log:
        if one.source is not None:
            one = one._replace(source=(one.source[0], counts[one.source[0]]))
            counts[one.source[0]] += 1
        out.append(one)
    return out


@given(wards(), places, st.integers(0, 3), st.lists(st.integers(0, 3), min_size=1, max_size=4), turns)
def test_whoever_has_to_wait_for_others_to_go_is_told_the_same(ward, where, room, most_watched, turns):
    """Those who are watched go on meanwhile, and some of those who wait are let in now and then."""
    records = numbered(insert(ward, where, again))
    whole, log = fresh("arrival"), crowded(room)
    expected = whole.run(records) + whole.release()
    outputs, step = list[Output](), 1 + len(records) // 7
    for number, start in enumerate(range(0, len(records), step)):
        log.newcomers.most_watched = most_watched[number % len(most_watched)] or None
        outputs += by_turns(log, records[start : start + step], turns)
    log.newcomers.most_watched = None
    outputs += to_the_end(log)

    assert told(outputs) == told(expected)
    assert refused(outputs) == refused(expected)
    assert states(log) == states(whole)
    assert log.checkpoint == whole.checkpoint
    assert log.tally.as_dict() == whole.tally.as_dict() and log.tally.adds_up()


@given(
    wards(), places, places, st.integers(0, 3), turns, st.integers(0, 1_000), st.integers(0, 1_000), st.integers(0, 3)
)
def test_stopped_while_some_wait_it_goes_on_from_its_checkpoint(ward, ends, where, room, turns, stop, start, most):
    """The states of those who were taken first are newer than the checkpoint; nobody is told twice who was saved,
    under whatever rules they stand, nor whoever is gone.
    """
    records = numbered(insert(in_order(insert(ward, ends[:4], drastic)), where, again))
    stop %= len(records) + 1
    whole, before = fresh("arrival"), crowded(room)
    expected = whole.run(records) + whole.release()
    before.newcomers.most_watched = most or None
    said = by_turns(before, records[:stop], turns)
    kept = [before.state(patient) for patient, _ in before.watched]

    back = crowded(room, checkpoint=before.checkpoint, states=kept)
    assert states_of(back) == {patient: snapshot for patient, _, snapshot in kept}
    said += by_turns(back, records[start % (before.checkpoint.next_offset + 1) :], turns)
    said += to_the_end(back)

    assert told(said) == told(expected)
    assert states(back) == states(whole)
    assert back.checkpoint == whole.checkpoint


@given(wards(), st.integers(0, 3), turns)
def test_batches_change_nothing_for_those_who_do_not_wait(ward, room, turns):
    records = numbered(ward)
    log = crowded(1_000)
    expected = in_batches(fresh("arrival"), records, [7, 400])

    assert by_turns(log, records, turns) == expected
    assert not log.newcomers.works
