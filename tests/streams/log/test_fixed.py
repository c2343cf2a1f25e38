"""A candidate's rules stand, whatever rules the log names."""

from streams.log import Checkpoint, Partition
from streams.log.fixed import FixedRules
from tests.making import KEYS, T0, TOPIC, Entry, numbered, reading, rules_bytes, rules_with


def made(kind, checkpoint=None):
    return kind(
        0, 1, clock="arrival", mode="test", rules=rules_with(), keys=KEYS, topic=TOPIC, checkpoint=checkpoint, states=()
    )


PACKAGED = rules_with().version
OTHER = rules_bytes(("version", "another"))
LOG = numbered([reading(T0, "p", spo2=97), Entry(T0, "rules", None, OTHER, ("vitals.rules", 0))])


def test_a_record_of_rules_changes_a_partition_and_not_one_with_fixed_rules():
    armed, candidate = made(Partition), made(FixedRules)
    for log in (armed, candidate):
        log.run(LOG)

    assert (armed.rules.version, candidate.rules.version) == ("another", PACKAGED)
    assert candidate.watches["p"].vigil.rules is candidate.rules
    assert candidate.tally == armed.tally, "it is no refusal"


def test_rules_that_were_in_force_at_its_checkpoint_do_not_count_either():
    assert made(Partition, Checkpoint(rules=OTHER)).rules.version == "another"
    assert made(FixedRules, Checkpoint(rules=OTHER)).rules.version == PACKAGED
