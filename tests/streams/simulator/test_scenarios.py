"""What each scenario must do to NEWS2, minute by minute, for several made-up patients."""

import json
from itertools import pairwise
from statistics import median

import pytest

from detectors.news2 import news2
from streams.simulator.scenarios import MIXED, SCENARIOS, named
from streams.simulator.simulator import Simulator

ONSET_S = 1800
MINUTE_MS = 60_000
SEEDS = (1, 2, 3)
STREAMED = ("heart_rate", "pulse_rate", "resp_rate", "spo2")


def course(name, hours, seed):
    """Per minute: minutes since onset, and the median (streams) or newest value of each vital, None if none came."""
    ward = Simulator(1, seed=seed, scenarios=(named(name),), quiet_s=(ONSET_S, ONSET_S), start_ms=0, rate_hz=0.25)
    newest, minutes = {}, []
    for minute in range(int(ONSET_S / 60 + hours * 60)):
        streamed = {vital: [] for vital in STREAMED}
        for _, _, value in ward.readings(minute * MINUTE_MS, (minute + 1) * MINUTE_MS):
            for vital, measure in json.loads(value)["vitals"].items():
                newest[vital] = measure["value"]
                if vital in streamed and "quality" not in measure:
                    streamed[vital].append(measure["value"])
        now = newest | {vital: median(values) if values else None for vital, values in streamed.items()}
        minutes.append((minute - ONSET_S // 60, now))
    return minutes


def score(now, scale=1):
    return news2(
        now["resp_rate"],
        now["spo2"],
        now.get("systolic_bp"),
        now["pulse_rate"],
        now["heart_rate"],
        now.get("temperature"),
        now.get("consciousness"),
        now.get("supplemental_oxygen"),
        spo2_scale=scale,
    )


def scores(minutes, scale=1):
    return {minute: score(now, scale).score_min for minute, now in minutes}


def first_at(scored, limit):
    return next((minute for minute, points in scored.items() if points >= limit), None)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("name", "hours", "five_between", "seven_between"),
    [
        ("sepsis", 8, (90, 300), (120, 350)),
        ("respiratory_failure", 4, (35, 90), (60, 160)),
        ("haemorrhage", 3, (30, 70), (40, 85)),
        ("opioid", 1.5, (18, 45), (24, 56)),
    ],
)
def test_an_illness_reaches_the_limits_of_news2_when_its_story_says_so(name, hours, five_between, seven_between, seed):
    scored = scores(course(name, hours, seed))

    assert max(points for minute, points in scored.items() if minute < 0) <= 2
    assert five_between[0] <= first_at(scored, 5) <= five_between[1]
    assert seven_between[0] <= first_at(scored, 7) <= seven_between[1]


@pytest.mark.parametrize(
    ("name", "hours"),
    [("sepsis", 15), ("respiratory_failure", 9), ("haemorrhage", 5), ("opioid", 4), ("arrhythmia", 4)],
)
def test_an_illness_ends_in_recovery(name, hours):
    scored = scores(course(name, hours, seed=1))

    assert max(points for minute, points in scored.items() if minute > (hours - 0.5) * 60) <= 2


def test_in_sepsis_fever_and_heart_come_before_the_pressure_falls():
    minutes = dict(course("sepsis", 6, seed=1))

    assert minutes[120]["temperature"] >= minutes[0]["temperature"] + 0.8
    assert minutes[120]["heart_rate"] >= minutes[-5]["heart_rate"] + 6
    assert minutes[120]["systolic_bp"] > 100
    assert minutes[345]["systolic_bp"] <= 100
    assert minutes[345]["consciousness"] == "C"


def test_in_haemorrhage_the_heart_quickens_while_the_pressure_still_holds():
    minutes = dict(course("haemorrhage", 2, seed=1))

    assert minutes[28]["heart_rate"] >= minutes[-5]["heart_rate"] + 8
    assert minutes[28]["systolic_bp"] > 100
    assert minutes[90]["systolic_bp"] <= 90


def test_after_an_opioid_breathing_slows_first_and_oxygen_follows():
    minutes = dict(course("opioid", 1.2, seed=1))
    slow = next(minute for minute, now in minutes.items() if now["resp_rate"] <= 11)
    low = next(minute for minute, now in minutes.items() if now["spo2"] <= 93)

    assert slow + 5 <= low <= slow + 30
    assert min(one["resp_rate"] for one in minutes.values()) <= 8
    assert {"V", "P"} <= {one.get("consciousness") for one in minutes.values()}


@pytest.mark.parametrize("seed", SEEDS)
def test_in_fibrillation_the_heart_jumps_and_not_every_beat_reaches_the_finger(seed):
    minutes = dict(course("arrhythmia", 0.9, seed))

    assert minutes[2]["heart_rate"] >= minutes[-2]["heart_rate"] + 45
    assert minutes[20]["pulse_rate"] <= minutes[20]["heart_rate"] * 0.88
    assert abs(minutes[-10]["pulse_rate"] - minutes[-10]["heart_rate"]) <= 1
    assert abs(minutes[50]["heart_rate"] - minutes[-2]["heart_rate"]) <= 15


def test_fibrillation_is_irregular_from_second_to_second():
    ward = Simulator(1, scenarios=(named("arrhythmia"),), quiet_s=(600, 600), start_ms=0)
    rates = [
        json.loads(value)["vitals"]["heart_rate"]["value"]
        for _, _, value in ward.readings(0, 1_200_000)
        if b'"monitor-sim' in value
    ]

    def jumps(part):
        return median(abs(b - a) for a, b in pairwise(part))

    assert jumps(rates[:590]) <= 1
    assert jumps(rates[620:]) >= 4


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["stable", "athlete"])
def test_a_well_patient_is_left_in_peace_for_a_day(name, seed):
    minutes = course(name, 24, seed)
    scored = [score(now) for minute, now in minutes if minute > -25]

    assert max(one.score_min for one in scored) <= 3
    assert sum(one.score_min <= 1 for one in scored) >= 0.97 * len(scored)
    assert sum(bool(one.red) for one in scored) <= 0.005 * len(scored)


def test_a_stable_patient_has_a_score_without_gaps_from_the_third_minute_on():
    """Otherwise a demo of a minute would show observations due in every bed."""
    for index in SEEDS:
        minutes = course("stable", 0, index)
        assert all(score(now).complete for minute, now in minutes if minute > -28)


def test_an_athlete_has_a_slow_heart_and_nothing_else():
    minutes = dict(course("athlete", 0.5, seed=1))

    assert 40 < minutes[0]["heart_rate"] <= 50


@pytest.mark.parametrize("seed", SEEDS)
def test_chronic_hypercapnia_is_low_on_scale_1_and_usual_on_scale_2(seed):
    minutes = course("hypercapnia_scale2", 2, seed)

    assert all(87 <= now["spo2"] <= 92 for _, now in minutes)
    assert max(scores(minutes[5:], scale=2).values()) <= 3
    assert min(scores(minutes[5:], scale=1).values()) >= 4
    ward = Simulator(1, scenarios=(named("hypercapnia_scale2"),))
    assert ward.admissions()[0]["spo2_scale"]["scale"] == 2


def test_a_lost_probe_wobbles_shows_zero_and_then_says_nothing():
    ward = Simulator(1, scenarios=(named("sensor_off"),), quiet_s=(600, 600), start_ms=0)
    said = {}
    for at, _, value in ward.readings(590_000, 4_800_000):
        reading = json.loads(value)
        if reading["device_id"].startswith("monitor"):
            said[at // 1000 - 600] = reading["vitals"].get("spo2")

    assert said[-2].keys() == {"value", "unit"}
    assert said[3]["quality"] == "questionable"
    assert said[20] == {"value": 0, "unit": "%", "quality": "invalid"}
    assert said[60] is None
    assert said[20 * 60 + 5]["value"] > 90
    assert not any(40 * 60 <= second < 50 * 60 for second in said)


def test_a_silent_monitor_does_not_count_what_it_did_not_send():
    ward = Simulator(1, scenarios=(named("sensor_off"),), quiet_s=(60, 60), start_ms=0)
    sequences = [
        json.loads(value)["sequence"] for _, _, value in ward.readings(0, 4_200_000) if b'"monitor-sim' in value
    ]

    assert sequences == list(range(4200 - 600))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_storm_is_wild_for_seconds_and_well_in_between(seed):
    ward = Simulator(1, seed=seed, scenarios=(named("artefact_storm"),), quiet_s=(0, 0), start_ms=0)
    oxygen = [
        json.loads(value)["vitals"]["spo2"]["value"]
        for _, _, value in ward.readings(0, 5_400_000)
        if b'"monitor-sim' in value
    ]
    wild = [value < 94 for value in oxygen]
    runs, length = [], 0
    for one in [*wild, False]:
        if not one and length:
            runs.append(length)
        length = length + 1 if one else 0

    assert 0.08 < sum(wild) / len(wild) < 0.35
    assert max(runs) <= 26
    assert len(runs) > 40
    assert median(oxygen) >= 96


def test_every_scenario_tells_its_story_and_most_are_on_a_mixed_ward():
    assert all(scenario.story and scenario.name == name for name, scenario in SCENARIOS.items())
    assert set(SCENARIOS.values()) == set(MIXED)


def test_a_scenario_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ValueError, match=r"'flu' is not a scenario; there are stable, sepsis"):
        named("flu")
