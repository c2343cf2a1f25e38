"""A spot check that was charted wrongly is taken back: the patient is scored again."""

from tests.making import HOUR, MINUTE, T0, Entry, alerts, new_partition, reading, run

WELL = {"heart_rate": 78, "resp_rate": 16, "spo2": 97, "systolic_bp": 122, "temperature": 36.9, "consciousness": "A",
        "supplemental_oxygen": False}  # fmt: skip


def charted(
    minute: float, sequence: int, *, of: float | None = None, corrects: int | None = None, **values: object
) -> Entry:
    taken = T0 + int((minute if of is None else of) * MINUTE)
    return reading(
        T0 + int(minute * MINUTE),
        "p",
        "chart",
        taken=taken,
        source="spot",
        sequence=sequence,
        corrects=corrects,
        **values,
    )


def said(*log: Entry) -> list[tuple[str, str, str]]:
    later = reading(max(entry.at for entry in log) + MINUTE, "other", "x", heart_rate=80)
    return [
        (a["state"], a["reason"], a["headline"])
        for a in alerts(run(new_partition(), [*log, later]))
        if a["patient_id"] == "p" and a["reason"] != "not_delivered"
    ]


def test_a_typing_error_raises_an_alert_and_its_correction_ends_it_at_once():
    states = said(
        charted(0, 1, **WELL), charted(5, 2, **{**WELL, "resp_rate": 36}), charted(7, 3, of=5, corrects=2, **WELL)
    )

    assert [state[:2] for state in states] == [("raised", "red_score"), ("resolved", "corrected")]


def test_a_withdrawal_without_values_ends_it_too():
    states = said(charted(0, 1, **WELL), charted(5, 2, resp_rate=36), charted(7, 3, of=5, corrects=2))

    assert [state[:2] for state in states] == [("raised", "red_score"), ("resolved", "corrected")]


def test_a_correction_to_something_worse_is_said():
    states = said(
        charted(0, 1, **{**WELL, "resp_rate": 22}), charted(2, 2, of=0, corrects=1, **{**WELL, "resp_rate": 32})
    )

    assert [state[:2] for state in states] == [("raised", "red_score")]


def test_a_correction_of_one_value_leaves_what_the_others_ask_for():
    ill = {**WELL, "heart_rate": 135, "resp_rate": 36}
    states = said(charted(0, 1, **ill), charted(2, 2, of=0, corrects=1, **{**ill, "resp_rate": 16}))

    assert states[0][0] == "raised"
    assert all(state[0] not in ("cleared", "resolved") for state in states)


def test_a_reading_that_counts_no_more_cannot_be_corrected():
    partition = new_partition()
    run(partition, [charted(0, 1, **WELL), charted(60, 2, **WELL), charted(90, 3, of=0, corrects=1, resp_rate=20)])

    assert partition.tally.refusals["nothing_to_correct"] == 1


def test_what_was_taken_back_hours_ago_stays_taken_back():
    log = [charted(0, 1, resp_rate=36), charted(2, 2, of=0, corrects=1)]
    partition = new_partition()
    run(partition, [*log, reading(T0 + 3 * HOUR, "other", "x", heart_rate=80)])

    assert partition.watches["p"].vigil.tracks["resp_rate"].known is None
