from schemas.status import Status
from schemas.times import to_text
from tests.making import HOUR, MINUTE, SECOND, T0, Entry, action, from_json, new_partition, reading, record, run

WELL = {"heart_rate": 78, "resp_rate": 16, "spo2": 97}


def stream(begin_s: int, end_s: int, **values: object) -> list[Entry]:
    """Readings every five seconds, their heart rate alive."""
    found = []
    for second in range(begin_s, end_s, 5):
        now = WELL | values
        now["heart_rate"] += second // 5 % 3
        found.append(reading(T0 + second * SECOND, "p", "m", sequence=second, **now))
    return found


def statuses(log: list[Entry], until_s: int) -> list[dict]:
    """What was said of patient `p` until a second; another patient moves the time."""
    log = sorted([*log, reading(T0 + until_s * SECOND, "other", "x", heart_rate=80)], key=lambda entry: entry.at)
    outputs = run(new_partition(), log)
    return [from_json(o.value) for o in outputs if o.topic == "status" and o.key == b"p" and o.value is not None]


def states(status: dict) -> dict[str, str]:
    return {name: vital["state"] for name, vital in status["vitals"].items()}


def test_every_status_keeps_the_contract():
    log = [record(T0, "p", "admit", 0, ward="w", bed="3", age_years=70, sex="male"), *stream(0, 120)]
    log += [reading(T0 + 60 * SECOND, "p", "chart", source="spot", consciousness="A", supplemental_oxygen=False)]
    told = statuses(log, 600)

    assert len(told) > 2
    for status in told:
        Status.model_validate(status)


def test_a_streamed_vital_is_live():
    assert set(states(statuses(stream(0, 120), 121)[-1]).values()) == {"live"}


def test_silence_is_told_by_vital():
    told = statuses(stream(0, 60), 600)[-1]

    assert states(told) == dict.fromkeys(WELL, "stale")
    assert told["vitals"]["spo2"]["value"] == 97  # what was last known, with the moment it was taken
    assert told["vitals"]["spo2"]["taken_at"] < told["vitals"]["spo2"]["valid_until"] < told["at"]


def test_a_sensor_that_is_off_is_told():
    off = stream(60, 240, spo2={"value": None, "unit": "%", "quality": "invalid"})
    told = [states(status)["spo2"] for status in statuses(stream(0, 60) + off, 241)]

    assert told[0] == "live" and told[-1] == "sensor off"


def test_a_vital_that_was_only_ever_unusable_was_never_seen():
    told = statuses([reading(T0, "p", "m", heart_rate=80, spo2={"value": None, "unit": "%", "quality": "invalid"})], 60)

    assert states(told[0])["spo2"] == "never seen" and told[0]["vitals"]["spo2"]["value"] is None


def test_a_pause_is_told_with_its_end():
    pause = {"reason": "scan", "until": to_text(T0 + 10 * MINUTE)}
    told = statuses([*stream(0, 60), record(T0 + 61 * SECOND, "p", "pause", 0, pause=pause)], 70)[-1]

    assert told["paused_until"] == to_text(T0 + 10 * MINUTE) and set(states(told).values()) == {"paused"}
    assert not told["learning"]


def test_a_patient_without_a_record_is_watched_as_unassigned_with_what_is_unknown():
    told = statuses(stream(0, 60), 61)[-1]

    assert (told["assigned"], told["coverage"], told["unknown"]) == (False, "covered", ["age", "maternity"])
    assert told["news2"]["scale"] == 1


def test_a_child_is_shown_as_not_covered_and_never_as_low():
    told = statuses([record(T0, "p", "admit", 0, age_years=7), *stream(0, 60)], 61)[-1]

    assert (told["coverage"], told["coverage_reason"]) == ("not covered", "under 16 years")
    assert told["news2"] is None and told["advice"] is None


def test_an_open_alert_stands_in_the_status_until_it_ends():
    low = [*stream(0, 60), *stream(60, 180, spo2=90)]
    during = statuses(low, 181)[-1]["alerts"]

    assert [(alert["subject"], alert["priority"], alert["interrupts"]) for alert in during] == [
        ("deterioration", "medium", True)
    ]
    assert not [a for a in statuses([*low, *stream(180, 900)], 901)[-1]["alerts"] if a["kind"] == "physiological"]


def test_the_next_observations_are_due_by_chart_4():
    """A score of 0: within twelve hours of the last set that a person took."""
    vitals = {**WELL, "systolic_bp": 120, "temperature": 37.0, "consciousness": "A", "supplemental_oxygen": False}
    told = statuses([reading(T0, "p", "chart", source="spot", **vitals)], 60)[-1]

    assert told["observation_due_at"] == to_text(T0 + 12 * HOUR)


def test_one_entered_temperature_puts_no_full_set_off():
    vitals = {**WELL, "systolic_bp": 120, "temperature": 37.0, "consciousness": "A", "supplemental_oxygen": False}
    later = reading(T0 + HOUR, "p", "chart", source="spot", temperature=37.1)
    told = statuses([reading(T0, "p", "chart", source="spot", **vitals), later], 3 * 3600)[-1]

    assert told["observation_due_at"] == to_text(T0 + 12 * HOUR)


def test_a_patient_whose_discharge_is_confirmed_is_forgotten():
    log = [*stream(0, 60), record(T0 + 61 * SECOND, "p", "discharge", 0, confirmed=True)]
    log += [reading(T0 + 13 * HOUR, "other", "x", heart_rate=80)]
    partition = new_partition()
    outputs = [o for o in run(partition, log) if o.topic == "status" and o.key == b"p"]

    assert outputs[-1].value is None and "p" not in partition.watches


def test_a_low_score_does_not_calm_while_a_sensor_reads_nothing():
    seen = [reading(T0 + 1 * SECOND, "p", "chart", source="spot", consciousness="A", supplemental_oxygen=False)]
    nothing = {"value": None, "unit": "%", "quality": "underflow"}
    told = statuses([*seen, *stream(0, 120), *stream(120, 240, spo2=nothing)], 241)
    before, now = told[0], told[-1]

    assert {alert["priority"] for alert in now["alerts"] if alert["kind"] == "technical"} == {"high"}
    assert before["advice"] != now["advice"] == "Check the patient first, then the sensor."


def test_a_low_score_does_not_calm_while_what_could_raise_it_is_missing():
    seen = {"consciousness": "A", "supplemental_oxygen": False, "systolic_bp": 124, "temperature": 36.8}
    whole = reading(T0 + 1 * SECOND, "p", "chart", source="spot", **seen)

    assert statuses(stream(0, 240), 241)[-1]["advice"] == "Take a full set of observations."
    assert statuses([whole, *stream(0, 240)], 241)[-1]["advice"] == "Continue routine observations."


def test_a_low_score_does_not_calm_while_somebody_is_concerned():
    seen = [reading(T0 + 1 * SECOND, "p", "chart", source="spot", consciousness="A", supplemental_oxygen=False)]
    concern = action(T0 + 90 * SECOND, "p", "concern", 1, reason="mentation")

    assert "see the patient" in statuses([*seen, *stream(0, 240), concern], 241)[-1]["advice"]
