"""What made-up patients of a scenario make the ward hear, over hours and several of them."""

from typing import Any

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


def test_a_storm_of_artefacts_hardly_calls_anyone():
    """Fifteen hours of storms together; at every patient wild values of each sensor in three minutes of four."""
    assert len(calls("artefact_storm", patients=10, minutes=120)) <= 3
