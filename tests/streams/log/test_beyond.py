"""A checkpoint that stays before those who wait is older than the states: a restart goes on from both, as if nothing
had been.
"""

import pytest

from streams.log import Checkpoint
from streams.log.beyond import NOTHING, Ahead
from streams.log.newcomers import Newcomers
from tests.making import (
    SECOND,
    T0,
    Entry,
    alerts,
    new_partition,
    numbered,
    old_rules,
    reading,
    record,
    rules_bytes,
    rules_with,
)

ILL = {"heart_rate": 135, "spo2": 83, "resp_rate": 31}
ADOPTED = Entry(T0 + 61 * SECOND, "rules", None, rules_bytes(("version", "a site's")), ("vitals.rules", 0))
ERASED = record(T0 + 61 * SECOND, "known", "erase", 1)
WENT_HOME = record(T0 + 61 * SECOND, "known", "discharge", 1, confirmed=True)


def crowded(rules, kept=None, states=()):
    log = new_partition(rules=rules, checkpoint=kept, states=states)
    log.newcomers = Newcomers(log, 0)
    return log


def ward(happens, until):
    """`known` is admitted and falls ill; `new` is seen for the first time, and waits; then something happens."""
    log = [record(T0, "known", "admit", 0, ward="W", bed="7")]
    log += [reading(T0 + at * SECOND, "known", sequence=at, **ILL) for at in range(1, 21)]
    log.append(reading(T0 + 21 * SECOND, "new", sequence=1, **ILL))
    log += [reading(T0 + at * SECOND, "known", sequence=at, **ILL) for at in range(22, 60)]
    return numbered([*log, happens, *[reading(T0 + at * SECOND, "new", sequence=at, **ILL) for at in range(61, until)]])


def stopped(records, rules):
    """All of it was taken but for who is new: what was said, and what is kept."""
    log = crowded(rules)
    said = log.run(records)
    assert log.newcomers.waiting and log.checkpoint.next_offset < 30
    return said, log.checkpoint, [log.state(patient) for patient, _ in log.watched]


def to_the_end(log):
    out = log.release()
    while log.newcomers.works:
        out += log.newcomers.go_on(50)
    return out


def test_a_state_goes_on_under_the_rules_that_it_stands_under():
    records = ward(ADOPTED, until=90)
    _, checkpoint, states = stopped(records, old_rules())
    assert checkpoint.rules is None and list(checkpoint.ahead.rules.values()) == [ADOPTED.body]

    back, whole = crowded(old_rules(), checkpoint, states), crowded(old_rules())

    assert [back.state("known")] == states and back.watches["known"].vigil.rules.version == "a site's"
    assert back.rules.version == old_rules().version, "whoever is seen before the record begins under the older ones"
    for log in (back, whole):
        log.run(records)
        to_the_end(log)
    assert {p: back.state(p) for p, _ in back.watched} == {p: whole.state(p) for p, _ in whole.watched}
    assert back.checkpoint == whole.checkpoint and whole.checkpoint.ahead == NOTHING


@pytest.mark.parametrize("happens", [ERASED, WENT_HOME], ids=["erased", "forgotten after she went home"])
def test_whoever_is_gone_is_not_watched_anew(happens):
    """Her alerts were said and cleared; the records of hers that are taken once more raise none."""
    rules = rules_with(("forget_discharged_hours", 0.005))
    records = ward(happens, until=90)
    said, checkpoint, states = stopped(records, rules)
    assert not states and {one["patient_id"] for one in alerts(said)} == {"known"}

    back = crowded(rules, checkpoint, states)
    again = back.run(records) + to_the_end(back)

    assert not [one for one in again if one.key == b"known"]
    assert back.find("known") is None and back.find("new") is not None and back.checkpoint.ahead == NOTHING


def test_whoever_is_gone_and_comes_again_is_watched_from_there():
    records = ward(ERASED, until=90)
    offset = records[-1][0] + 1
    later = numbered([reading(T0 + at * SECOND, "known", sequence=at, **ILL) for at in range(90, 120)])
    records += [(offset + number, *one[1:]) for number, one in enumerate(later)]
    _, checkpoint, states = stopped(records, old_rules())

    back, whole = crowded(old_rules(), checkpoint, states), crowded(old_rules())
    for log in (back, whole):
        log.run(records)
        to_the_end(log)

    assert back.state("known") == whole.state("known")


def test_on_another_log_the_newest_rules_stay_and_nobody_is_gone():
    kept = Checkpoint(7, rules=b"old", ahead=Ahead({9: b"new", 8: b"between"}, {"p": 12}))

    assert (kept.brought_up.rules, kept.brought_up.ahead) == (b"new", NOTHING)
    assert Checkpoint(7, rules=b"old").brought_up.rules == b"old"


def test_a_checkpoint_written_before_the_states_names_no_rules_between():
    """Its states hold up to behind the rules' record: they stand under those, once that record is met again."""
    records = ward(ADOPTED, until=90)
    early, live, whole = (new_partition(rules=old_rules()) for _ in range(3))
    early.run(records[:20])
    live.run(records[:61])  # the rules are the last of these
    whole.run(records)
    assert early.checkpoint.ahead == NOTHING

    back = new_partition(rules=old_rules(), checkpoint=early.checkpoint, states=[live.state("known")])
    back.run(records[20:80])
    back.run(records[80:])

    assert back.watches["known"].vigil.rules.version == "a site's"
    assert {p: back.state(p) for p in back.watches} == {p: whole.state(p) for p in whole.watches}
    assert not back.beyond.states, "what was kept is let go once the checkpoint is there"
