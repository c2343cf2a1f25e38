"""A candidate beside the armed rules: the same log, counted side by side, heard by nobody."""

import msgspec

from streams.log import Checkpoint
from streams.log.shadow import ARMED, SHADOW, Counts, Hello, Twin, beside, in_words, report
from streams.recorded.replay import Replay
from tests.making import SECOND, T0, TOPIC, new_partition, numbered, reading, rules_with

LOG = numbered([reading(T0 + at * SECOND, "p", sequence=at, spo2=97 if at < 60 else 88) for at in range(0, 600, 5)])
HELLO = Hello(b"", 1, "arrival", "test", TOPIC, "tests:a secret of the tests")


def twin(*changes):
    return Twin(HELLO, rules_with(*changes))


def armed_alerts(log, records):
    return [o.value for o in log.run(records) if o.topic == "alerts"]


def revision(state, calls, priority="medium", alert_id="a"):
    body = {"alert_id": alert_id, "kind": "physiological", "priority": priority, "state": state}
    return msgspec.json.encode({**body, "interrupts": calls, "patient_id": "p-secret"})


def test_each_alert_is_counted_once_as_raised_and_once_as_calling():
    counts = Counts()
    for state, calls in (("raised", False), ("updated", True), ("worsened", True), ("cleared", False)):
        counts.hear(SHADOW, revision(state, calls))
    counts.hear(ARMED, revision("raised", True))

    assert counts.rows() == [("armed", "physiological", "medium", 1, 1), ("shadow", "physiological", "medium", 1, 1)]


def test_an_alert_at_rest_is_forgotten():
    counts = Counts()
    for number in range(100):
        counts.hear(ARMED, revision("raised", True, alert_id=str(number)))
        counts.hear(ARMED, revision("cleared", False, alert_id=str(number)))

    assert counts._calling[ARMED] == set()


def test_the_same_rules_in_shadow_count_the_same():
    log, shadow = new_partition(), twin()
    shadow.begin(0, Checkpoint(), ())
    for cut in range(0, len(LOG), 7):
        shadow.take(0, LOG[cut : cut + 7], armed_alerts(log, LOG[cut : cut + 7]))

    rows = {row[0]: row[1:] for row in shadow.counts.rows()}
    assert rows[ARMED] == rows[SHADOW] == ("physiological", "medium", 1, 1)


def test_rules_that_wait_longer_call_less_in_shadow():
    log, shadow = new_partition(), twin(("stream.red", 500))
    shadow.begin(0, Checkpoint(), ())
    shadow.take(0, LOG, armed_alerts(log, LOG))

    assert shadow.counts.rows() == [
        ("armed", "physiological", "medium", 1, 1),
        ("shadow", "physiological", "medium", 1, 0),
    ]


def test_it_begins_with_what_the_armed_vigils_know():
    """A partition taken over in the middle of a night: the shadow need not learn anew what is usual."""
    log = new_partition()
    log.run(LOG[:60])
    shadow = twin(("version", "2"))

    shadow.begin(0, log.checkpoint, [log.state("p")])

    vigil = shadow.logs[0].watches["p"].vigil
    assert vigil.snapshot() == log.watches["p"].vigil.snapshot()
    assert vigil.rules.version == "2"
    shadow.take(0, LOG[60:], armed_alerts(log, LOG[60:]))
    assert shadow.logs[0].watches["p"].vigil.snapshot() == log.watches["p"].vigil.snapshot()


def test_a_partition_that_went_is_forgotten_and_its_late_records_change_nothing():
    shadow = twin()
    shadow.begin(0, Checkpoint(), ())
    shadow.drop(0)
    shadow.take(0, LOG, ())

    assert (shadow.logs, shadow.counts.rows()) == ({}, [])


def test_a_recording_in_shadow_says_what_is_armed_and_counts_both():
    lines = [value for _, _, _, value, _ in LOG]
    plain, counts = Replay(rules=rules_with()), Counts()
    seen = Replay(rules=rules_with(), kind=beside(rules_with(("stream.red", 500)), counts))

    assert [seen.take(line) for line in lines] == [plain.take(line) for line in lines]

    found = report(counts)
    assert (found["alerts"], found["interruptions"]) == ({"armed": 1, "shadow": 1}, {"armed": 1, "shadow": 0})
    assert in_words(found)[0] == "1 -> 1 alerts, 1 -> 0 that interrupt (armed -> shadow)"
