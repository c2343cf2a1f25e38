"""Where a control record came from: a topic that was made anew begins again, and nothing of it is a repeat."""

import json

import pytest

from schemas.control_record import ControlRecordKind
from streams.config.packaged_rules import PACKAGED_SOURCE, first_rules, packaged_rules, packaged_rules_bytes
from streams.log import Partition
from streams.log.control_records import forward
from streams.simulator.scenarios import MIXED
from streams.simulator.simulator import Simulator
from tests.making import KEYS, T0, TOPIC, to_json


def log_of(rules=None, **more):
    return Partition(
        0, 1, clock="arrival", mode="test", rules=rules or packaged_rules(), keys=KEYS, topic=TOPIC, **more
    )


def admission(offset, bed, topic_id):
    body = to_json(
        {
            "event": "admit", "patient_id": "p-1", "mode": "test", "ward": "w", "bed": bed,
            "at": "2026-11-22T12:00:00Z",
            "date_of_birth": "1960-01-01",
        }
    )  # fmt: skip
    return forward(ControlRecordKind.PATIENT, "vitals.patients", 0, offset, "p-1", body, KEYS, TOPIC, 0, topic_id)


def told(log, *records):
    start = log.next_offset
    return log.run([(start + n, T0 + (start + n) * 1_000, *record) for n, record in enumerate(records)])


def beds(outputs):
    return [json.loads(one.value)["bed"] for one in outputs if one.topic == "status"]


def test_offsets_begin_again_with_a_topic_that_was_made_anew_and_repeats_stay_repeats():
    log = log_of()

    assert beds(told(log, admission(7, "A", "X"))) == ["A"]
    assert beds(told(log, admission(7, "B", "X"), admission(3, "C", "X"))) == []
    assert beds(told(log, admission(0, "D", "Y"))) == ["D"]
    assert beds(told(log, admission(0, "E", "Y"), admission(7, "F", "X"))) == [], "neither is news"
    assert log.sources == {"vitals.patients/0@X": 7, "vitals.patients/0@Y": 0}


def test_the_first_id_goes_on_from_what_was_written_without_one():
    log = log_of()

    assert beds(told(log, admission(7, "A", ""))) == ["A"]
    assert beds(told(log, admission(7, "B", "X"))) == [], "the same record, forwarded again by a newer build"
    assert beds(told(log, admission(8, "C", "X"))) == ["C"]
    assert beds(told(log, admission(0, "D", "Y"))) == ["D"]


def test_a_restart_between_two_topics_of_one_name_knows_both():
    log = log_of()
    told(log, admission(7, "A", "X"), admission(0, "B", "Y"))
    again = log_of(checkpoint=log.checkpoint, states=[log.state("p-1")])

    assert beds(told(again, admission(7, "C", "X"), admission(0, "D", "Y"))) == []
    assert beds(told(again, admission(1, "E", "Y"))) == ["E"]


def rules(body, source, offset=0):
    return forward(ControlRecordKind.RULES, source, 0, offset, "", body, KEYS, TOPIC, 0)


def test_packaged_rules_enter_a_log_that_names_none_and_change_no_other():
    log = log_of(first_rules())
    other = json.loads(packaged_rules_bytes())
    other["version"] = "approved"

    told(log, rules(packaged_rules_bytes(), PACKAGED_SOURCE))
    assert log.rules.sha256 == packaged_rules().sha256
    told(log, rules(json.dumps(other).encode(), "vitals.rules", 5))
    assert log.rules.version == "approved"
    told(log, rules(packaged_rules_bytes(), PACKAGED_SOURCE, 1))
    assert log.rules.version == "approved"


def test_a_status_of_a_log_that_was_made_anew_says_so():
    log = log_of()
    (before,) = [one for one in told(log, admission(0, "A", "X")) if one.topic == "status"]
    anew = log_of(
        checkpoint=log.checkpoint._replace(next_offset=0, log_number=1), states=[("p-1", 0, log.state("p-1")[2])]
    )
    (after,) = [one for one in told(anew, admission(1, "B", "X")) if one.topic == "status"]

    assert "log" not in dict(before.headers) and dict(after.headers)["log"] == b"1"


@pytest.mark.parametrize("clock", ["event", "arrival"])
def test_a_log_that_begins_with_the_packaged_rules_says_what_a_file_says_under_them(clock):
    """As a worker's first start puts them there, before the first reading."""
    ward = Simulator(6, seed=11, scenarios=MIXED, quicker=8.0)
    span = ward.start_ms, ward.start_ms + 1_500_000
    readings = [(at, name.encode(), value, ()) for at, name, value in ward.readings(*span)]
    how = {"clock": clock, "mode": "demo", "keys": KEYS, "topic": TOPIC}
    file = Partition(0, 1, rules=packaged_rules(), **how)
    log = Partition(0, 1, rules=first_rules(), **how)

    told = log.run([(0, span[0], *rules(packaged_rules_bytes(), PACKAGED_SOURCE))])
    told += log.run([(1 + n, *record) for n, record in enumerate(readings)])
    said = file.run([(n, *record) for n, record in enumerate(readings)])

    assert [(one.topic, one.value) for one in told] == [(one.topic, one.value) for one in said]
    assert any(one.topic == "alerts" for one in said)


def merge(offset, old, new):
    body = {"event": "merge", "patient_id": old, "merged_into": new, "mode": "test", "at": "2026-11-22T12:00:00Z"}
    return forward(ControlRecordKind.PATIENT, "vitals.patients", 0, offset, old, to_json(body), KEYS, TOPIC, 0, "X")


def handed_on(log, *records):
    return [one[1:4] for one in told(log, *records) if one.topic == "readings"]


def test_after_a_merge_a_log_made_anew_still_tells_its_loss_and_hands_on_what_is_merged_next():
    log = log_of()
    told(log, admission(0, "A", "X"))
    told(log, *handed_on(log, merge(1, "p-1", "p-2")))
    assert log.watches["p-2"].vigil.stay.merged_from == ("p-1",)

    anew = log_of(
        checkpoint=log.checkpoint._replace(next_offset=0, log_number=1), states=[("p-2", 0, log.state("p-2")[2])]
    )
    loss = forward(ControlRecordKind.LOSS, TOPIC, 0, 0, "", b"{}", KEYS, TOPIC, 0, "Y#anew")
    told(anew, loss)
    assert anew.sources[f"{TOPIC}/0@Y#anew"] == 0
    told(anew, *handed_on(anew, merge(2, "p-2", "p-3")))

    assert anew.watches["p-3"].vigil.stay.merged_from == ("p-2",)


def test_a_merge_of_an_id_that_never_was_raises_nothing():
    log = log_of()

    said = told(log, *handed_on(log, merge(0, "k1-never", "k2-here")))

    assert [one.topic for one in said if one.topic == "alerts"] == []


def test_a_merge_of_an_id_that_has_a_bed_but_was_never_admitted_is_told_and_handed_on():
    log = log_of()
    body = {"event": "update", "patient_id": "p-1", "ward": "4A", "bed": "12", "mode": "test"}
    told(log, forward(ControlRecordKind.PATIENT, "vitals.patients", 0, 0, "p-1", to_json(body), KEYS, TOPIC, 0, "X"))
    said = told(log, merge(1, "p-1", "p-2"))

    assert [one.topic for one in said if one.key == b"p-1"] == ["status"]
    assert [one.key for one in said if one.topic == "readings"] == [b"p-2"]
