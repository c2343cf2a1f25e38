from tests.making import HOUR, MINUTE, SECOND, T0, alerts, new_partition, reading, record, run

WELL = {"heart_rate": 78, "resp_rate": 16, "spo2": 97}


def stream(begin_s: int, end_s: int, step_s: int = 5, **values: object) -> list:
    """A monitor's readings of patient `p`, with a little life in the heart rate."""
    found = []
    for second in range(begin_s, end_s, step_s):
        beat = {"heart_rate": values["heart_rate"] + second // step_s * 7 % 5 - 2} if "heart_rate" in values else {}
        found.append(reading(T0 + second * SECOND, "p", "m", sequence=second, **{**values, **beat}))
    return found


def said(log: list, *, tick_s: int | None = None) -> list[tuple[int, str, str, str]]:
    """Seconds, state, subject and reason of each alert."""
    if tick_s is not None:
        log = [*log, reading(T0 + tick_s * SECOND, "other", "x", heart_rate=80)]
    return [
        ((output.due - T0) // SECOND, alert["state"], alert["subject"], alert["reason"])
        for output, alert in _paired(run(new_partition(), log))
        if alert["patient_id"] == "p"
    ]


def _paired(outputs: list) -> list:
    of_alerts = [output for output in outputs if output.topic == "alerts"]
    return list(zip(of_alerts, alerts(of_alerts), strict=True))


def test_a_learned_alert_ends_when_the_patient_is_back():
    log = stream(0, 3 * 3600, 15, **WELL) + stream(3 * 3600, 4 * 3600, 15, **{**WELL, "heart_rate": 98})
    log += stream(4 * 3600, 5 * 3600, 15, **WELL)

    assert [(state, reason) for _, state, subject, reason in said(log) if subject == "deterioration"] == [
        ("raised", "learned"),
        ("cleared", "condition_over"),
    ]


def test_a_round_charted_late_proves_nothing_about_now():
    """A red value of two hours ago, while a newer one stands, neither confirms a red of now nor counts as a window."""
    log = stream(0, 600, 5, **WELL)
    late = reading(T0 + 300 * SECOND, "p", "chart", taken=T0 - 2 * HOUR, source="spot", sequence=1, resp_rate=30)

    assert said(sorted([*log, late], key=lambda entry: entry.at)) == said(log) == []


def test_a_device_that_sends_only_old_data_is_told_of_within_a_minute():
    """Its clock was set back by an hour, and nothing else is heard of this patient."""
    log = stream(0, 60, 5, **WELL)
    log += [
        reading(T0 + s * SECOND, "p", "m", taken=T0 + (s - 3600) * SECOND, sequence=s, heart_rate=70)
        for s in range(60, 90, 29)
    ]
    first = next(entry for entry in said(log, tick_s=300) if entry[2] == "device clock")

    assert first[:2] == (120, "raised")


def test_a_clock_set_back_is_learnt_anew_within_half_a_minute():
    log = stream(0, 60, 5, **WELL)
    log += [
        reading(T0 + s * SECOND, "p", "m", taken=T0 + (s - 3600) * SECOND, sequence=s, **WELL)
        for s in range(60, 400, 5)
    ]
    partition = new_partition()
    run(partition, log)

    assert partition.tally.late == 3 * 6
    assert [entry for entry in said(log) if entry[2] == "device clock"] == []


def test_a_new_admission_begins_with_nothing_learnt():
    log = [record(T0, "p", "admit", 0, encounter="e1"), *stream(0, 3600, 15, **WELL)]
    log += [record(T0 + 3600 * SECOND, "p", "admit", 1, encounter="e2")]
    log += stream(3600, 3600 + 540, 15, **{**WELL, "heart_rate": 120})
    partition = new_partition()
    run(partition, sorted(log, key=lambda entry: entry.at))

    assert partition.watches["p"].vigil.tracks["heart_rate"].usual is None


def test_a_week_of_silence_costs_a_handful_of_moments():
    """Of a patient who was admitted: another is forgotten by then."""
    partition = new_partition()
    admission = record(T0, "p", "admit", 0, ward="W")
    later = reading(T0 + 7 * 24 * HOUR + MINUTE, "other", "x", heart_rate=80)
    run(partition, [admission, *stream(0, 60, 5, **WELL), later])

    assert partition.watches["p"].vigil.due > T0 + 7 * 24 * HOUR
