"""What is measured while monitoring is paused breaks nothing open, unless it is an extreme that lasts."""

import pytest

from schemas.times import to_text
from tests.making import MINUTE, SECOND, T0, action, alerts, every, new_partition, reading, record, run

PAUSED, OVER = T0 + 20 * MINUTE, T0 + 50 * MINUTE
PAUSE = {"pause": {"reason": "wash", "until": to_text(OVER)}}


def streamed(begin, end, **values):
    return [
        reading(t, "p", **{"spo2": 90, "pulse_rate": 75, "resp_rate": 16, **values})
        for t in every(15 * SECOND, begin, end)
    ]


def calls(during, answered):
    """What was called from the pause on, by moment; before it SpO2 90 was called for, and answered or not."""
    opened = [one for one in alerts(run(new_partition(), streamed(T0, PAUSED))) if one["kind"] == "physiological"]
    first = opened[0]["alert_id"]
    entries = [
        record(T0 - SECOND, "p", "admit", 1, age_years=60),
        *streamed(T0, PAUSED),
        *([action(PAUSED, "p", "acknowledge", 2, alert_id=first, reason="treatment")] if answered else []),
        record(PAUSED, "p", "pause", 3, **PAUSE),
        *streamed(PAUSED + SECOND, OVER, **during),
        *streamed(OVER, OVER + 5 * MINUTE, **during),
    ]
    told = [one for one in alerts(run(new_partition(), entries)) if one["interrupts"] and one["at"] > to_text(PAUSED)]
    return [one for one in told if one["state"] in ("raised", "worsened", "returned")]


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("during", [{"spo2": 84}, {"resp_rate": 30}, {"resp_rate": 27, "pulse_rate": 135}])
def test_what_gets_worse_in_a_pause_is_called_once_the_pause_is_over(during, answered):
    told = calls(during, answered)

    assert told and min(one["at"] for one in told) >= to_text(OVER)


@pytest.mark.parametrize("answered", [True, False])
def test_an_extreme_that_lasts_breaks_through_a_pause(answered):
    told = calls({"spo2": 70}, answered)

    assert told[0]["priority"] == "high" and told[0]["at"] < to_text(PAUSED + 2 * MINUTE)
