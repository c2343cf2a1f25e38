"""Two sets of rules over one recording, side by side."""

from collections import Counter

import msgspec

from schemas.control_record import ControlRecordKeys
from streams.config.packaged_rules import packaged_rules
from streams.lab.rules.dry_run import compared, hear, in_words
from streams.log import Output
from streams.log.fixed import FixedRules
from streams.recorded.again import Recording
from streams.recorded.replay import replay
from tests.making import T0, reading, rules_with


def falls(patient, low, minutes=10):
    """SpO2 falls for some minutes, and recovers."""
    return [
        reading(T0 + second * 1_000, patient, sequence=second, spo2=low if 60 <= second < 60 + minutes * 60 else 97)
        for second in range(0, 1800, 5)
    ]


def ward():
    """One patient in trouble, one who just touches red, one who is well."""
    entries = falls("ill", 82) + falls("touched", 90, minutes=0.5) + falls("well", 97)
    return [entry.bytes() for entry in sorted(entries, key=lambda entry: entry.at)]


def told(**rules):
    return hear(replay(ward(), rules=rules_with(*rules.items())))


def test_the_same_rules_say_the_same():
    found = compared(told(), told())

    assert found["alerts"]["armed"] == found["alerts"]["candidate"] > 0
    assert (found["newly_alerted"], found["no_longer_alerted"], found["by_patient"]) == ([], [], [])


def test_rules_that_wait_longer_call_for_fewer_and_say_for_whom():
    """By protocol a red score is shown at once under any rules; whether it calls is a matter of how long it lasts."""
    longer = hear(replay(ward(), rules=rules_with(("stream.red", 12), ("extreme.spo2.low", 70))))
    quicker = hear(replay(ward(), rules=rules_with(("stream.red", 1))))

    found = compared(quicker, longer)

    assert found["patients"] == 3
    assert found["alerts"] == {"armed": 2, "candidate": 2}
    assert found["interrupting"] == {"armed": 2, "candidate": 1}
    assert (found["newly_interrupting"], found["no_longer_interrupting"]) == ([], ["touched"])
    assert in_words(found)[0] == "2 -> 2 alerts, 2 -> 1 that call; 0 patients newly alerted, 0 no longer, of 3"


def test_every_alert_is_counted_once_however_many_revisions_it_has():
    outputs = list(replay(ward()))
    raised = [msgspec.json.decode(o.value) for o in outputs if o.topic == "alerts" and b'"state":"raised"' in o.value]

    counted = hear(outputs)

    assert len(counted.alerts) == len(raised)
    assert counted.by("patient") == Counter((alert["patient_id"],) for alert in raised)
    assert counted.patients == {"ill", "touched", "well"}


def test_a_worse_revision_moves_the_alert_and_makes_no_second_one():
    def revision(number, priority, calls):
        body = {"alert_id": "a", "patient_id": "p", "kind": "physiological", "priority": priority}
        state = "raised" if number == 1 else "worsened"
        return Output("alerts", b"p", msgspec.json.encode({**body, "interrupts": calls, "state": state}), (), T0)

    counted = hear([revision(1, "low", False), revision(2, "high", True), revision(3, "medium", False)])

    assert counted.by("priority", called=True) == {("high",): 1}


def test_a_bundled_sample_goes_by_its_name_and_a_candidate_ignores_the_logs_own_rules():
    recording = Recording.named("bidmc", 8, ControlRecordKeys.parse(""))
    rules = packaged_rules()

    assert hear(recording.play(rules)) == hear(recording.play(rules, FixedRules))
