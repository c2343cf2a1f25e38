"""Weights as a file: where they come from stands beside the numbers, and the rules hold the very same numbers."""

import json
from importlib.resources import files

import pytest

from detectors.rules import read_rules
from streams.config.packaged_rules import packaged_rules, packaged_rules_bytes
from streams.lab.learning.recipes import HEADS
from streams.lab.learning.weights import WeightsError, digest, into_rules, packaged_weights, read_weights, write_weights
from tests.making import HOUR, T0, Entry, new_partition, reading, run

SHARE_ALIKE = ("mimic3_demo", "ODbL")


@pytest.mark.parametrize("head", sorted(HEADS))
def test_the_rules_hold_the_numbers_that_were_learned(head):
    """The rules are what an alert is judged by; the weights file says whence the same numbers come."""
    inside = {one.head: one for one in packaged_rules().risk.heads}

    assert inside[head] == packaged_weights()[head].model


@pytest.mark.parametrize("head", sorted(HEADS))
def test_every_head_names_its_source_its_licence_and_its_patients(head):
    weights = packaged_weights()[head]

    assert (weights.source, weights.licence) == (HEADS[head].folder, HEADS[head].licence)
    assert len(set(weights.patients)) == len(weights.patients) >= weights.model.patients > 1000
    assert weights.figures["auroc"] > weights.figures["auroc_news2"]


def test_nothing_is_learned_from_a_set_that_shares_alike():
    told = " ".join(f"{one.source} {one.licence} {one.model.learned_from}" for one in packaged_weights().values())

    assert not [word for word in SHARE_ALIKE if word in told]


def test_a_patient_it_was_learned_from_is_found_and_another_is_not():
    weights = read_weights(_with(patients=[digest("p-1"), digest("p-2")]))

    assert weights.learned_from("p-1") and not weights.learned_from("p-3")


def test_weights_are_written_as_they_are_read():
    for weights in packaged_weights().values():
        assert read_weights(write_weights(weights)) == weights


def _with(**changes: object) -> bytes:
    return json.dumps(json.loads(write_weights(packaged_weights()["sepsis"])) | changes).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "cannot be read"),
        (_with(surprise=1), "cannot be read"),
        (_with(weights=2), "cannot be read"),
        (_with(model=json.loads(_with())["model"] | {"tables": []}), "there are no tables"),
    ],
)
def test_weights_without_sense_are_refused(data, says):
    with pytest.raises(WeightsError, match=says):
        read_weights(data)


def test_other_weights_in_the_rules_change_nothing_else():
    before = packaged_rules()
    model = json.loads(_with())["model"]
    challenger = read_weights(_with(model=model | {"bias": -5.0, "version": "2"})).model
    after = read_rules(into_rules(packaged_rules_bytes(), [challenger]))

    assert {one.head: one.bias for one in after.risk.heads}["sepsis"] == -5.0
    assert [one for one in after.risk.heads if one.head != "sepsis"] == [
        one for one in before.risk.heads if one.head != "sepsis"
    ]
    assert (after.armed, after.calling, after.risk.crossings) == (before.armed, before.calling, before.risk.crossings)
    assert after.sha256 != before.sha256
    assert into_rules(packaged_rules_bytes(), [one.model for one in packaged_weights().values()]) == (
        packaged_rules_bytes()
    )


def test_rules_that_say_nothing_of_risk_take_no_weights():
    told = json.loads(packaged_rules_bytes())
    del told["risk"]
    with pytest.raises(WeightsError, match="no `risk` section"):
        into_rules(json.dumps(told).encode(), [packaged_weights()["sepsis"].model])


def test_other_weights_reach_every_partition_as_a_forwarded_record_of_rules():
    """A worker learns nothing from outcomes: what it thinks changes by the log alone, at one place of it."""
    model = json.loads(_with())["model"]
    challenger = read_weights(_with(model=model | {"bias": -9.0, "version": "2"})).model
    rules = into_rules(packaged_rules_bytes(), [challenger])
    vitals = {"heart_rate": 90, "resp_rate": 20, "spo2": 95, "systolic_bp": 110, "diastolic_bp": 60}
    chart = [reading(T0 + h * HOUR, "p", "chart", source="spot", sequence=h, **vitals) for h in range(6)]
    before, after = new_partition(clock="event"), new_partition(clock="event")
    run(before, chart)
    run(after, [*chart, Entry(T0 + 5 * HOUR, "rules", None, rules, ("vitals.rules", 0))])

    odds = [part.watches["p"].vigil.forecasts["sepsis"].log_odds for part in (before, after)]
    assert after.rules.sha256 == read_rules(rules).sha256 != before.rules.sha256
    assert odds[1] - odds[0] == pytest.approx(-9.0 - model["bias"])


@pytest.mark.parametrize("head", sorted(HEADS))
def test_the_shipped_file_is_as_it_is_written(head):
    """Reading and writing it changes no byte: what is learned anew can be held against it."""
    data = files("detectors").joinpath(f"data/weights/{head}.json").read_bytes()

    assert write_weights(read_weights(data)) == data
