"""The windows of the last half hour: a vital that comes slowly beside a stream is not forgotten."""

import pytest

from tests.making import HOUR, MINUTE, SECOND, T0, alerts, every, new_partition, new_vigil, reading, record, run


def beside_a_stream(minutes, end=HOUR):
    """A respiratory rate of 28 every so many minutes, beside SpO2 every 5 seconds."""
    entries = [record(T0 - SECOND, "p", "admit", 1, age_years=60)]
    entries += [reading(t, "p", spo2=97, pulse_rate=75) for t in every(5 * SECOND, T0, T0 + end)]
    slow = every(minutes * MINUTE, T0 + 1, T0 + end)
    entries += [reading(t, "p", "w", source="wearable", resp_rate=28) for t in slow]
    return sorted(entries, key=lambda entry: entry.at)


@pytest.mark.parametrize("minutes", [8, 12, 14])
def test_a_red_that_comes_slowly_beside_a_stream_calls_at_its_second_value(minutes):
    calls = [alert for alert in alerts(run(new_partition(), beside_a_stream(minutes))) if alert["interrupts"]]

    assert calls and calls[0]["reason"] == "persisted"


def test_what_is_kept_is_bounded():
    log = new_partition()
    run(log, beside_a_stream(5))

    windows = log.watches["p"].vigil.persistence.windows
    assert 40 <= len(windows) <= 46
    assert windows == sorted(windows) and new_vigil().persistence.windows == []
