"""What one partition does with its log; the laws that hold for every log are in tests/properties."""

import pytest

from schemas.rejection import Rejection
from streams.log import Marker, Output
from streams.log.placing import partition_of
from tests.making import (
    HOUR,
    MINUTE,
    SECOND,
    T0,
    Entry,
    Moment,
    alerts,
    from_json,
    new_partition,
    numbered,
    reading,
    record,
    rules_bytes,
    run,
    to_json,
)

WELL = {"heart_rate": 78, "resp_rate": 16, "spo2": 97}


def beats(begin_s: int, end_s: int, patient: str = "p", **values: object) -> list[Entry]:
    """One reading every five seconds."""
    return [reading(T0 + s * SECOND, patient, "m", sequence=s, **(values or WELL)) for s in range(begin_s, end_s, 5)]


def refusals(outputs: list[Output]) -> list[Rejection]:
    return [Rejection.from_headers(output.headers) for output in outputs if output.topic == "rejections"]


def statuses(outputs: list[Output], patient: str = "p") -> list[dict]:
    key = patient.encode()
    return [from_json(o.value) for o in outputs if o.topic == "status" and o.key == key and o.value is not None]


def test_a_reading_on_a_wrong_partition_is_refused():
    """Two workers must never watch one patient."""
    home = partition_of("p", 8)
    log = new_partition(partition=(home + 1) % 8, partitions=8)
    outputs = run(log, beats(0, 5))

    assert [(one.code.value, one.vitals) for one in refusals(outputs)] == [("wrong_partition", 3)]
    assert log.watches == {}


def test_another_modes_reading_is_refused_and_moves_no_time_in_event_clock():
    log = new_partition(clock="event")
    run(log, beats(0, 5))
    outputs = run(log, []) + log.run(numbered([*beats(0, 5), reading(T0 + HOUR, "p", mode="real", heart_rate=80)])[1:])

    assert [one.code.value for one in refusals(outputs)] == ["wrong_mode"]
    assert log.time == T0


def test_a_clock_a_year_ahead_is_refused_in_event_clock():
    log = new_partition(clock="event")
    outputs = run(log, [*beats(0, 5), reading(T0 + 367 * 24 * HOUR, "p", "n", heart_rate=80)])

    assert [one.code.value for one in refusals(outputs)] == ["clock_ahead"]
    assert log.time == T0


def test_in_arrival_clock_a_devices_year_ahead_is_only_its_clock():
    log = new_partition()
    run(log, [*beats(0, 5), reading(T0 + MINUTE, "p", "n", taken=T0 + 367 * 24 * HOUR, heart_rate=80)])

    assert log.tally.accepted == 4 and log.time == T0 + MINUTE


def test_append_times_that_go_back_stop_the_time_and_are_counted():
    log = new_partition()
    run(log, [*beats(0, 60), reading(T0 + 20 * SECOND, "p", "m", sequence=99, taken=T0 + 60 * SECOND, **WELL)])

    assert log.time == T0 + 55 * SECOND
    assert log.tally.time_went_back == 1


def test_an_unsigned_patient_record_is_refused_with_its_bytes():
    offset, at, key, value, headers = numbered([record(T0, "p", "admit", 0)])[0]
    unsigned = tuple(header for header in headers if header[0] != "signature")
    outputs = new_partition().run([(offset, at, key, value, unsigned)])

    assert [(one.code.value, output.value) for one, output in zip(refusals(outputs), outputs, strict=True)] == [
        ("bad_signature", value)
    ]


def test_a_signature_for_another_partition_does_not_hold():
    stray = numbered([record(T0, "p", "admit", 0)], partition=1)

    assert [one.code.value for one in refusals(new_partition().run(stray))] == ["bad_signature"]


def test_a_record_forwarded_again_or_out_of_turn_changes_nothing():
    log = new_partition()
    first, second = record(T0, "p", "admit", 1, bed="1"), record(T0 + 1, "p", "transfer", 2, bed="2")
    outputs = run(log, [first, second, first, second, record(T0 + 2, "p", "transfer", 0, bed="0")])

    assert [status["bed"] for status in statuses(outputs)] == ["1", "2"]
    assert log.tally.forwarded == 5


def test_a_patient_record_that_cannot_be_read_goes_back_to_its_own_topic():
    body = to_json({"event": "admit", "patient_id": "p", "mode": "test", "age_years": "old"})
    outputs = run(new_partition(), [Entry(T0, "patient", "p", body, ("vitals.patients", 7))])
    only = refusals(outputs)[0]

    assert (only.topic, only.offset, only.code.value, only.field) == ("vitals.patients", 7, "bad_record", "age_years")
    assert outputs[0].value == body and outputs[0].key == b"p"


def test_a_withdrawal_of_nothing_is_sent_back_although_it_has_no_vitals():
    empty = Entry(
        T0, "reading", "p",
        {"patient_id": "p", "device_id": "c", "taken_at": Moment(T0), "source": "spot", "mode": "test", "corrects": 4,
         "vitals": {}},
    )  # fmt: skip
    log = new_partition()

    assert [(one.code.value, one.vitals) for one in refusals(run(log, [empty]))] == [("nothing_to_correct", 0)]
    assert log.tally.adds_up()


def test_other_rules_take_effect_in_their_place_in_the_log():
    stricter = rules_bytes(("name", "stricter"), ("stream.red", 1))
    red = {**WELL, "resp_rate": 27}
    log = [*beats(0, 60), Entry(T0 + 60 * SECOND, "rules", None, stricter, ("vitals.rules", 0)), *beats(60, 120, **red)]
    raised = alerts(run(new_partition(), log))[0]

    assert raised["rules"]["name"] == "stricter"
    assert raised["interrupts"]


def test_rules_that_cannot_be_armed_change_nothing():
    log = new_partition()
    before = log.rules
    outputs = run(log, [Entry(T0, "rules", None, b'{"name": 1}', ("vitals.rules", 0))])

    assert [(one.code.value, one.field) for one in refusals(outputs)] == [("bad_record", "rules")]
    assert log.rules is before


def test_a_patient_whose_discharge_is_confirmed_is_forgotten_after_hours():
    rules_hours = 12
    log = new_partition()
    entries = [*beats(0, 60), record(T0 + MINUTE, "p", "discharge", 0, confirmed=True)]
    outputs = run(log, [*entries, reading(T0 + (rules_hours + 1) * HOUR, "other", "x", heart_rate=80)])

    assert "p" not in log.watches
    assert [o.value for o in outputs if o.topic == "status" and o.key == b"p"][-1] is None


def test_lost_readings_are_told_once_even_to_a_state_that_is_newer():
    entries = [*beats(0, 60), Entry(T0 + MINUTE, "loss", None, {"from": 1, "to": 9}, ("vitals.readings", 8))]
    records = numbered([*entries, *beats(60, 120)])
    whole = new_partition()
    expected = whole.run(records)
    early = new_partition()
    early.run(records[:5])
    back = new_partition(marker=early.marker, states=[whole.state("p")])

    assert [alert["subject"] for alert in alerts(expected)] == ["data lost"]
    assert alerts(back.run(records)) == []
    assert back.watches["p"].vigil.snapshot() == whole.watches["p"].vigil.snapshot()


def test_what_a_newer_state_holds_is_not_refused_again():
    odd = reading(T0 + 30 * SECOND, "p", "m", sequence=30, heart_rate=80, mood={"value": 3}, spo2=[1])
    records = numbered([*beats(0, 30), odd, *beats(35, 60)])
    whole, early = new_partition(), new_partition()
    whole.run(records)
    early.run(records[:2])
    back = new_partition(marker=early.marker, states=[whole.state("p")])

    assert refusals(back.run(records)) == []
    assert back.tally.adds_up() and back.tally.received == 0


@pytest.mark.parametrize("age", [15.0, 70.0])
def test_in_event_clock_a_record_before_any_reading_waits_for_a_moment(age):
    """The admission comes before the first reading; its age is of that day, not of 1970."""
    log = new_partition(clock="event")
    first = run(log, [record(T0, "p", "admit", 0, age_years=age, maternity="none", devices=["m"])])
    assert first == [] and log.marker == Marker()
    outputs = log.run(numbered([record(T0, "p", "admit", 0, age_years=age), *beats(0, 120)])[1:])

    assert statuses(outputs)[0]["at"] == "2026-11-22T12:00:00.000Z"
    assert statuses(outputs)[-1]["coverage"] == ("not covered" if age < 16 else "covered")
    assert alerts(outputs) == []  # it was never late with its first data


def test_what_waits_for_a_moment_is_read_again_after_a_restart():
    admit = record(T0, "p", "admit", 0, bed="7")
    records = numbered([admit, *beats(0, 120)])
    whole, early = new_partition(clock="event"), new_partition(clock="event")
    expected = whole.run(records)
    early.run(records[:1])

    assert new_partition(clock="event", marker=early.marker).run(records) == expected


def test_time_can_be_let_pass_in_portions_after_a_long_silence():
    """Everything falls due at once then, and a worker has to breathe."""
    entries = [entry for patient in ("a", "b", "c") for entry in beats(0, 60, patient)]
    entries.sort(key=lambda entry: entry.at)
    at_once, portioned = new_partition(), new_partition()
    expected = run(at_once, [*entries, Entry(T0 + HOUR, "tick", None, b"")])
    outputs, done = run(portioned, entries), False
    while not done:
        some, done = portioned.advance(T0 + HOUR, 2)
        outputs += some
    outputs += portioned.run(numbered([*entries, Entry(T0 + HOUR, "tick", None, b"")])[-1:])

    assert outputs == expected


def test_a_status_says_where_in_the_log_it_stands():
    outputs = run(new_partition(), beats(0, 60))
    headers = dict(next(o for o in outputs if o.topic == "status").headers)

    assert headers["partition"] == b"0" and int(headers["offset"]) > 0
