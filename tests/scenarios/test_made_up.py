"""What made-up patients of a scenario make the ward hear, over hours and several of them."""

from typing import Any

from streams.demo.show import QUICKER, QUIET_S
from streams.recorded.replay import Replay
from streams.simulator.scenarios import named
from streams.simulator.simulator import Simulator
from tests.making import T0, from_json

MINUTE_MS = 60_000


def calls(scenario: str, *, patients: int, minutes: int) -> list[dict[str, Any]]:
    """Every revision of a physiological alert that asks for someone anew."""
    ward = Simulator(patients, start_ms=T0, scenarios=(named(scenario),), quiet_s=(1_200, 1_800))
    replay, said = Replay(), []
    for _, _, reading in ward.readings(T0, T0 + minutes * MINUTE_MS):
        said += replay.take(reading)
    alerts = [from_json(one.value) for one in said if one.topic == "alerts"]
    anew = ("raised", "worsened", "returned", "escalated")
    return [
        alert
        for alert in alerts
        if alert["kind"] == "physiological"
        and alert["interrupts"]
        and (alert["state"] in anew or alert["reason"] == "persisted")
    ]


def test_nobody_who_is_well_again_is_told_to_be_measured_less_often_than_before():
    """As in the demo, where illness is over within an hour: what a nurse took meanwhile is no cuff's interval."""
    treated = [named(one) for one in ("haemorrhage", "opioid", "arrhythmia")]
    ward = Simulator(3, start_ms=T0, scenarios=treated, quiet_s=QUIET_S, quicker=QUICKER, rate_hz=0.05)
    replay, said = Replay(), []
    for _, _, reading in ward.readings(T0, T0 + 120 * MINUTE_MS):
        said += replay.take(reading)
    alerts = [from_json(one.value) for one in said if one.topic == "alerts"]

    assert {alert["patient_id"] for alert in alerts} == {patient.patient_id for patient in ward.patients}
    assert [alert["headline"] for alert in alerts if "less often" in alert["headline"]] == []


def test_a_storm_of_artefacts_hardly_calls_anyone():
    """Fifteen hours of storms together; at every patient wild values of each sensor in three minutes of four."""
    assert len(calls("artefact_storm", patients=10, minutes=120)) <= 3
