"""A device's clock may step, drift or jump: its patient stays watched, and who should know is told."""

import pytest

from tests.making import SECOND, T0, new_partition, reading, run
from tests.senders.stories import ILL_ROUND, ROUND, admitted, calls, heard, listen, stream, subjects, ticks

HOUR_S = 3_600


def ill_from(second):
    return lambda at: at > second


def first_call(said):
    return next((alert["at"] for alert in calls(said)), None)


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize("every", [1, 5, 60])
@pytest.mark.parametrize("step", [-5 * HOUR_S, -HOUR_S, -30, 20, HOUR_S])
def test_a_clock_that_steps_ends_nobodys_watch(step, every, counts):
    """NTP, summer time, somebody sets it: ill half an hour after the step."""
    begin, end = (2_400, 4_800) if every == 60 else (1_200, 3_000)
    log = stream(2, end, every, ill_from(begin + 600), lambda s: s if s < begin else s + step, counts=counts)
    said, became = listen(admitted(), log)

    assert calls(said), "nobody was called"
    assert became["late"] + became["rejected"] <= 4 * max(12, 75 // every) + 8


@pytest.mark.parametrize("ppm", [-50, 50, -500])
def test_a_clock_that_drifts_is_followed(ppm):
    """50 ppm are 4.3 seconds a day: enough within two days, and here at ten times the pace."""
    drift = 40 * ppm / 1_000_000
    said, became = listen(admitted(), stream(2, 2 * HOUR_S, 5, ill_from(6_000), lambda s: s * (1 + drift)))

    assert calls(said) and became["late"] + became["rejected"] <= 0.01 * became["received"]


def test_one_value_of_the_future_is_refused_alone():
    log = stream(2, 3_600, 5, ill_from(1_800))
    glitch = reading(log[200].at, "p", "mon-3", taken=log[200].at + 86_400 * SECOND, heart_rate=76)
    said, became = listen(admitted(), [*log, glitch])

    assert became["clock_ahead"] == became["rejected"] == 1 and became["late"] == 0
    assert [alert["at"] for alert in said] == [alert["at"] for alert in heard(admitted(), log)]


def test_a_device_that_begins_in_another_zone_is_watched_within_a_minute():
    for zone in (-7 * HOUR_S, 2 * HOUR_S):
        said = heard(admitted(), stream(2, 600, 5, lambda s: True, lambda s, z=zone: s + z))
        assert calls(said), zone


def test_a_living_device_whose_values_are_all_too_old_is_told_within_a_minute():
    """Its clock stands still: nothing can be learnt of it."""
    log = stream(2, 600, 5) + stream(600, 1_200, 5, clock=lambda s: 600 - HOUR_S + s % 7)
    said = heard(admitted(), log, ticks(0, 1_200))
    told = next(alert for alert in said if alert["subject"] == "device clock")

    assert told["interrupts"] and told["at"] <= "2026-11-22T12:11:05"


def test_a_clock_in_order_says_nothing():
    said, became = listen(admitted(), stream(2, 3_600, 5), stream(4, 3_600, 60, device="mon-4", vitals=("spo2",)))

    assert said == [] and became["late"] == became["rejected"] == 0


# ---- charting systems


def rounds(*told, zone=0, source="epr"):
    return [
        reading(
            T0 + int(at * SECOND), "p", source, taken=T0 + (taken + zone) * SECOND, source="spot", sequence=n, **values
        )
        for n, (at, taken, values) in enumerate(told)
    ]


def test_a_round_charted_for_tonight_is_refused_alone_and_told():
    h = HOUR_S
    log = rounds((60, 0, ROUND), (4 * h, 14 * h, ROUND), (8 * h, 8 * h - 60, ILL_ROUND), (9 * h, 9 * h - 60, ILL_ROUND))
    said, became = listen(admitted(), log, ticks(0, 10 * h, 600))

    assert "charting clock" in subjects(calls(said, "technical")) and calls(said)
    assert became["clock_ahead"] == len(ROUND)


@pytest.mark.parametrize("zone", [-10, -7, -1, 2, 9])
def test_a_charting_system_in_another_zone_is_told(zone):
    h = HOUR_S
    log = rounds(*((n * h, n * h - 60, ILL_ROUND) for n in (1, 2, 3, 4, 5)), zone=zone * h)
    said = heard(admitted(), log, ticks(0, 6 * h, 600))

    assert subjects(said) & {"charting clock", "charting zone"}
    assert calls(said) or "while unseen" in subjects(calls(said, "technical"))


def test_rounds_in_time_say_nothing_of_a_zone():
    h = HOUR_S
    log = rounds(*((n * h, n * h - (60, 1_500, 300)[n % 3], ROUND) for n in range(1, 9)))

    assert not subjects(heard(admitted(), log, ticks(0, 9 * h, 600))) & {"charting clock", "charting zone"}


def test_a_second_round_within_the_minute_stands_in_the_status_at_once():
    log = [admitted(), *rounds((60, 55, ROUND), (75, 70, {**ROUND, "heart_rate": 99}), (76.5, 76, {"spo2": 95}))]
    outputs = run(new_partition(), [*log, *ticks(77, 90, 1)])
    at = [(output.due - T0) / SECOND for output in outputs if output.topic == "status"]

    assert [second for second in at if 60 <= second < 90] == [60.001, 75.001, 76.501]
