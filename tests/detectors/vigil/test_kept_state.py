"""A state that was kept by a build of before goes on under its rules as it would have there."""

import base64
import json
from datetime import timedelta
from pathlib import Path

from detectors.vigil import Vigil
from schemas.decode import FastMeasure, FastReading
from schemas.times import EPOCH
from tests.making import MINUTE, T0, UNITS, old_rules, rules_with

KEPT = json.loads(Path(__file__).with_name("kept_state.json").read_text(encoding="utf-8"))


def reading(minute: int, spo2: float) -> FastReading:
    values = {"heart_rate": 74.0, "resp_rate": 15.0, "spo2": spo2, "systolic_bp": 124.0, "temperature": 36.8}
    vitals = {name: FastMeasure(value, UNITS[name]) for name, value in values.items()}
    return FastReading("p-1", "m", EPOCH + timedelta(milliseconds=T0 + minute * MINUTE), vitals, sequence=minute)


def goes_on(vigil: Vigil) -> list[list[object]]:
    """What it says from there on: SpO2 70 for a quarter of an hour, then well."""
    said = []

    def tell(until: int) -> None:
        while vigil.due <= until:
            due = vigil.due
            said.extend(one for one in vigil.tick(due) if one.topic == "alerts")

    for minute in range(90, 120):
        tell(T0 + minute * MINUTE)
        vigil.take(reading(minute, 70.0 if minute < 105 else 97.0), T0 + minute * MINUTE)
    tell(T0 + 125 * MINUTE)
    names = ("alert_id", "state", "reason", "priority", "interrupts", "headline")
    return [[one.at - T0, *(json.loads(one.value)[name] for name in names)] for one in said]


def test_under_the_rules_of_before_a_kept_state_says_what_it_would_have_said():
    vigil = Vigil.restore(base64.b64decode(KEPT["snapshot"]), old_rules())
    assert len(KEPT["said"]) > 2
    assert goes_on(vigil) == KEPT["said"]


def test_the_same_state_under_the_rules_of_now_calls_for_the_extreme():
    vigil = Vigil.restore(base64.b64decode(KEPT["snapshot"]), old_rules())
    vigil.adopt(rules_with(), T0 + 89 * MINUTE)
    assert any(state == "worsened" and priority == "high" for _, _, state, _, priority, *_ in goes_on(vigil))
    assert Vigil.restore(vigil.snapshot(), vigil.rules).snapshot() == vigil.snapshot()
