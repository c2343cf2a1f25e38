"""What can no longer be measured: who is called, when, and where nobody is."""

import pytest

from schemas.times import to_text
from tests.making import HOUR, MINUTE, SECOND, T0, action, alerts, every, new_partition, reading, record, run

COMFORT = {"plan": "comfort", "author": "dr-1", "reason": "talked over with the family"}
PLAIN = {"age_years": 60}
SCATTER = [(97, 75), (75, 120), (99, 50), (82, 170)]


def called(facts, readings, until):
    """What interrupts until then."""
    entries = [record(T0 - SECOND, "p", "admit", 1, **facts), *readings, reading(until, "other", spo2=97)]
    return [
        alert for alert in alerts(run(new_partition(), entries)) if alert["patient_id"] == "p" and alert["interrupts"]
    ]


def scattered(begin, end, source="monitor"):
    return [
        reading(t, "p", source=source, spo2=SCATTER[i % 4][0], pulse_rate=SCATTER[i % 4][1])
        for i, t in enumerate(every(SECOND, begin, end))
    ]


def ill(source):
    values = {"spo2": 88, "heart_rate": 135, "resp_rate": 28, "systolic_bp": 85, "temperature": 36}
    return [reading(T0, "p", "n", source=source, consciousness="A", **values)]


@pytest.mark.parametrize(
    "readings",
    [
        ill("spot"),  # observations become overdue
        scattered(T0, T0 + 10 * MINUTE),  # nothing can be measured
        [reading(t, "p", spo2=97, pulse_rate=75, heart_rate=75) for t in every(SECOND, T0, T0 + 2 * MINUTE)]
        + [reading(t, "p", heart_rate=75) for t in every(SECOND, T0 + 2 * MINUTE, T0 + 15 * MINUTE)],  # no pulse
        [reading(t, "p", spo2=84, pulse_rate=75) for t in every(SECOND, T0, T0 + 5 * MINUTE)],  # nothing any more
    ],
    ids=["overdue", "scatters", "pulse", "lost"],
)
def test_under_a_comfort_plan_the_measuring_calls_nobody(readings):
    assert called({**PLAIN, "escalation_plan": COMFORT}, readings, T0 + 2 * HOUR) == []
    assert called(PLAIN, readings, T0 + 2 * HOUR)


def test_a_sensor_that_scatters_as_it_is_taken_off_is_lost_and_does_not_scatter():
    steady = [reading(t, "p", source="wearable", spo2=97, pulse_rate=75) for t in every(SECOND, T0, T0 + 10 * MINUTE)]
    off = scattered(T0 + 10 * MINUTE, T0 + 10 * MINUTE + 30 * SECOND, "wearable")

    assert {one["subject"] for one in called(PLAIN, steady + off, T0 + 2 * HOUR)} == {"monitoring lost"}


def test_what_scatters_on_is_told_once_and_as_lost_once_it_is_lost():
    calls = called(PLAIN, scattered(T0, T0 + 10 * MINUTE), T0 + HOUR)

    raised = [one["subject"] for one in calls if one["state"] == "raised"]
    assert raised == ["cannot be measured", "monitoring lost"]
    lost = next(i for i, one in enumerate(calls) if one["subject"] == "monitoring lost")
    assert {one["subject"] for one in calls[lost:]} == {"monitoring lost"}


@pytest.mark.parametrize("facts", [PLAIN, {**PLAIN, "maternity": "pregnant"}])
def test_what_is_lost_after_an_extreme_that_waited_for_a_second_value_is_high(facts):
    well = [reading(T0 + i * 5 * MINUTE, "p", spo2=97, pulse_rate=75, resp_rate=16) for i in range(6)]
    far = reading(T0 + 30 * MINUTE, "p", spo2=70, pulse_rate=80, resp_rate=16)
    lost = [one for one in called(facts, [*well, far], T0 + HOUR) if one["subject"] == "monitoring lost"]

    assert lost and {one["priority"] for one in lost} == {"high"}


@pytest.mark.parametrize("minutes", [0.000001, 0.05, 60])
def test_a_set_is_asked_for_at_most_once_a_minute_however_often_it_is_ordered(minutes):
    ordered = {**PLAIN, "observations": {"every_minutes": minutes, "author": "dr-1"}}
    readings = [reading(T0 + i * MINUTE, "p", spo2=93, resp_rate=22) for i in range(40)]
    asked = [one for one in called(ordered, readings, T0 + 40 * MINUTE) if one["state"] == "raised"]

    assert 1 <= len(asked) <= 10


def test_a_full_set_is_asked_for_half_an_hour_later_although_nothing_new_comes():
    charted = {"resp_rate": 22, "spo2": 94, "heart_rate": 95, "systolic_bp": 124, "temperature": 37}
    ordered = {**PLAIN, "observations": {"every_minutes": 60, "author": "dr-1"}}
    calls = called(ordered, [reading(T0, "p", "n", source="spot", **charted)], T0 + 2 * HOUR)

    asked = [one["at"] for one in calls if one["state"] == "raised" and "incomplete" in one["subject"]]
    assert asked == [to_text(T0 + 30 * MINUTE + 1), to_text(T0 + 90 * MINUTE + 1)]


def test_a_full_set_is_asked_for_once_an_interval_however_often_the_points_come_and_go():
    ill = {"resp_rate": 22, "spo2": 94, "heart_rate": 95, "systolic_bp": 124, "temperature": 37}
    charted = [
        reading(T0 + i * HOUR, "p", "n", source="spot", **(ill if i % 2 else {**ill, "resp_rate": 16, "spo2": 97}))
        for i in range(12)
    ]
    asked = [one["at"] for one in called(PLAIN, charted, T0 + 12 * HOUR) if "incomplete" in one["subject"]]

    assert [at[:16] for at in dict.fromkeys(asked)][:1] == [to_text(T0 + 90 * MINUTE)[:16]]
    assert len([one for one in called(PLAIN, charted, T0 + 12 * HOUR) if one["state"] == "raised"]) == 2


@pytest.mark.parametrize(("reason", "until"), [("equipment", 15), ("observations", 60)])
def test_overdue_observations_are_told_once_an_interval_whatever_was_answered(reason, until):
    log = [record(T0 - SECOND, "p", "admit", 1, **PLAIN), *ill("spot")]
    end = [reading(T0 + HOUR, "other", spo2=97), reading(T0 + 2 * HOUR, "other", spo2=97)]
    overdue = [one for one in alerts(run(new_partition(), [*log, *end])) if one["subject"] == "observations overdue"]
    given = action(T0 + 20 * MINUTE, "p", "acknowledge", 2, alert_id=overdue[0]["alert_id"], reason=reason)
    told = [
        one for one in alerts(run(new_partition(), [*log, given, *end])) if one["subject"] == "observations overdue"
    ]

    assert next(one["at"] for one in told if one["state"] == "returned") == to_text(T0 + (20 + until) * MINUTE)


@pytest.mark.parametrize("source", ["monitor", "wearable"])
def test_a_loss_after_a_criterion_where_news2_is_silent_is_as_urgent_as_after_a_red(source):
    pregnant = {"age_years": 30, "maternity": "pregnant"}
    values = {"spo2": 97, "pulse_rate": 75, "resp_rate": 32}
    readings = [reading(t, "p", source=source, **values) for t in every(15 * SECOND, T0, T0 + 10 * MINUTE)]

    assert "monitoring lost" in {one["subject"] for one in called(pregnant, readings, T0 + 16 * MINUTE)}


def test_what_goes_all_at_once_is_one_call():
    well = [reading(T0 + i * 5 * MINUTE, "p", spo2=97, pulse_rate=75, resp_rate=16) for i in range(6)]
    far = reading(T0 + 30 * MINUTE, "p", spo2=70, pulse_rate=80, resp_rate=16)

    assert {one["subject"] for one in called(PLAIN, [*well, far], T0 + HOUR)} == {"monitoring lost"}


def streamed(begin, end, **values):
    return [reading(t, "p", **values) for t in every(15 * SECOND, begin, end)]


WELL = {"spo2": 97, "pulse_rate": 75, "resp_rate": 16}
LEFT = {"encounter": "e-1"}


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_discharge_taken_back_tells_no_loss_of_the_time_in_which_nothing_was_expected(confirmed):
    back = T0 + 3 * HOUR
    calls = called(
        {**PLAIN, **LEFT},
        [
            *streamed(T0, T0 + 20 * MINUTE, **WELL),
            record(T0 + 20 * MINUTE, "p", "discharge", 2, confirmed=confirmed, **LEFT),
            record(back, "p", "cancel_discharge", 3, **LEFT),
        ],
        back + HOUR,
    )

    assert [one["at"] for one in calls if one["state"] == "raised"] == [to_text(back + 15 * MINUTE)]


@pytest.mark.parametrize("resumed", [True, False])
def test_after_a_pause_what_stays_silent_is_lost_from_its_end_on(resumed):
    over = T0 + 80 * MINUTE
    until = T0 + 100 * MINUTE if resumed else over
    readings = streamed(T0, T0 + 20 * MINUTE, **WELL)
    readings += [record(T0 + 20 * MINUTE, "p", "pause", 2, pause={"reason": "scan", "until": to_text(until)})]
    readings += [record(over, "p", "resume", 3)] if resumed else []

    calls = called(PLAIN, readings, over + HOUR)

    assert [one["at"] for one in calls if one["state"] == "raised"] == [to_text(over + 15 * MINUTE)]


@pytest.mark.parametrize(
    ("before", "last", "waits", "priority"),
    [
        ({}, {"spo2": [97, 45, 88, 60], "pulse_rate": [75, 190, 40, 150]}, 15, "medium"),  # well, and then pulled off
        ({"resp_rate": 28, "pulse_rate": 118, "systolic_bp": 96}, {"pulse_rate": [75, 190, 40, 150]}, 2, "high"),
    ],
    ids=["well", "ill"],
)
def test_how_bad_it_was_is_not_told_by_a_sensor_that_scatters_as_it_comes_off(before, last, waits, priority):
    off = T0 + 20 * MINUTE
    ends = {**WELL, **before}
    scatter = [
        reading(off + i * 3 * SECOND, "p", **{**ends, **{name: told[i % 4] for name, told in last.items()}})
        for i in range(10)
    ]
    calls = called(PLAIN, [*streamed(T0, off, **ends), *scatter], off + HOUR)

    (lost,) = [one for one in calls if one["subject"] == "monitoring lost" and one["state"] == "raised"]
    assert lost["priority"] == priority
    assert to_text(off + waits * MINUTE) < lost["at"] < to_text(off + (waits + 2) * MINUTE)


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_what_is_handed_over_at_one_moment_does_not_hide_that_nothing_comes_after_it(batch):
    values = {"spo2": 90, "pulse_rate": 125, "resp_rate": 26}
    live = [reading(T0 + i * MINUTE, "p", **values) for i in range(20)]
    back = T0 + 25 * MINUTE
    kept = [reading(back + i, "p", taken=T0 + (20 + i) * MINUTE, **values) for i in range(batch)]
    calls = called(PLAIN, [*live, *kept], T0 + 2 * HOUR)
    told = [one["at"] for one in calls if (one["subject"], one["state"]) == ("monitoring lost", "raised")]

    assert to_text(back) < told[-1] < to_text(back + 10 * MINUTE)


def test_a_pause_does_not_make_a_cuff_that_measures_each_hour_seem_lost():
    readings = [reading(T0 + i * HOUR, "p", systolic_bp=125, diastolic_bp=70) for i in range(10)]
    until = to_text(T0 + 4 * HOUR - 5 * MINUTE)
    pause = record(T0 + 3 * HOUR + 10 * MINUTE, "p", "pause", 2, pause={"reason": "wash", "until": until})

    assert called(PLAIN, [*readings[:4], pause, *readings[4:]], T0 + 10 * HOUR) == []
