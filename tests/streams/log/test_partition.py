import pytest

from streams.log.placing import partition_of
from tests.making import (
    HOUR,
    MINUTE,
    SECOND,
    T0,
    Entry,
    alerts,
    from_json,
    new_partition,
    numbered,
    reading,
    record,
    rules_bytes,
    rules_with,
    run,
    said,
    to_json,
)

YEAR = 366 * 24 * HOUR
RED = {"resp_rate": 26, "heart_rate": 80}
CHILD = {"age_years": 7}


def codes(outputs) -> list[tuple[str, str | None]]:
    told = [dict(o.headers) for o in outputs if o.topic == "rejections"]
    return [(headers["code"].decode(), headers["field"].decode() if "field" in headers else None) for headers in told]


def red_minutes(minutes: float = 2, patient: str = "p") -> list[Entry]:
    """A red resp rate from a monitor, every five seconds."""
    seconds = range(0, int(60 * minutes), 5)
    return [reading(T0 + s * SECOND, patient, "m", sequence=s, **(RED | {"heart_rate": 80 + s % 3})) for s in seconds]


# ---- refused, with what came and where it stood


def test_a_patient_of_another_partition_is_refused():
    stranger = next(f"p{n}" for n in range(100) if partition_of(f"p{n}", 8) != 0)
    log = new_partition(partition=0, partitions=8)
    outputs = run(log, [reading(T0, stranger, **RED)])

    assert codes(outputs) == [("wrong_partition", "patient_id")]
    assert log.tally.rejected == log.tally.received == 2 and not log.watches


def test_a_reading_of_another_mode_is_refused():
    log = new_partition()

    assert codes(run(log, [reading(T0, "p", mode="demo", **RED)])) == [("wrong_mode", "mode")]
    assert not log.watches and log.tally.adds_up()


def test_in_event_clock_a_clock_a_year_ahead_is_refused_and_moves_no_time():
    log = new_partition(clock="event")
    entries = [reading(T0, "p", **RED), reading(T0 + YEAR + SECOND, "p", **RED), reading(T0 + SECOND, "p", **RED)]

    assert codes(run(log, entries)) == [("clock_ahead", "taken_at")]
    assert log.time == T0 + SECOND and log.tally.accepted == 4


def test_in_event_clock_a_clock_a_year_ahead_of_the_first_is_just_taken():
    log = new_partition(clock="event")
    run(log, [reading(T0, "p", **RED), reading(T0 + YEAR, "p", **RED)])

    assert log.time == T0 + YEAR


def test_a_rejection_carries_the_bytes_as_they_came_and_where_they_stood():
    log = new_partition()
    junk = Entry(T0, "junk", "p", b"\xff not json")
    (output,) = run(log, [reading(T0, "p", **RED), junk])
    headers = dict(output.headers)

    assert (output.key, output.value) == (b"p", b"\xff not json")
    assert (headers["topic"], headers["partition"], headers["offset"]) == (b"vitals.readings", b"0", b"1")
    assert headers["remedy"]


def test_a_bad_vital_is_refused_and_its_neighbour_is_taken():
    log = new_partition()
    outputs = run(log, [reading(T0, "p", resp_rate=16, spo2=140, heart_rate={"value": 80, "unit": "bananas"})])

    assert sorted(codes(outputs)) == [
        ("impossible", "vitals.spo2.value"),
        ("unknown_unit", "vitals.heart_rate.unit"),
    ]
    assert (log.tally.received, log.tally.accepted, log.tally.rejected) == (3, 1, 2)


@pytest.mark.parametrize("value", [b"", b"null", b"[]", b"{}", b"\x00" * 99, b'{"patient_id": 5}', None])
def test_what_cannot_be_read_stops_nothing(value):
    log = new_partition()
    outputs = log.run([(0, T0, b"p", value, ()), *[(1, *r[1:]) for r in numbered([reading(T0, "p", **RED)])]])

    assert len(codes(outputs)) == 1 and log.tally.accepted == 2 and log.tally.adds_up()


# ---- control records


def test_a_record_that_is_forwarded_again_is_left_aside():
    log = new_partition()
    run(log, [record(T0, "p", "admit", 5, ward="w1"), record(T0, "p", "transfer", 6, ward="w2")])
    again = [(2, *numbered([record(T0, "p", "admit", 5, ward="w1")])[0][1:])]

    assert log.run(again) == [] and log.watches["p"].vigil.stay.ward == "w2"
    assert log.sources == {"vitals.patients/0": 6} and log.tally.forwarded == 3


def test_a_record_of_another_mode_or_partition_is_refused_with_its_original_place():
    stranger = next(f"p{n}" for n in range(100) if partition_of(f"p{n}", 8) != 0)
    entries = [record(T0, "p", "admit", 5, mode="real"), record(T0, stranger, "admit", 6)]
    outputs = run(new_partition(partitions=8), entries)

    assert codes(outputs)[0] == ("wrong_mode", "mode") and codes(outputs)[1] == ("wrong_partition", "patient_id")
    assert dict(outputs[1].headers)["topic"] == b"vitals.patients" and dict(outputs[1].headers)["offset"] == b"6"


def test_a_record_that_breaks_the_contract_is_refused_by_its_field():
    log = new_partition()

    assert codes(run(log, [record(T0, "p", "admit", 5, age_years=-1)])) == [("bad_record", "age_years")]
    assert "p" not in log.watches and log.sources  # it was seen, and need not be forwarded again


def test_rules_take_effect_by_a_record_and_are_named_in_what_follows():
    changed = ("stream.red", 2)
    adopt = Entry(T0, "rules", None, rules_bytes(changed), ("vitals.rules", 0))
    told = alerts(run(new_partition(), [adopt, *red_minutes()]))

    assert {alert["rules"]["sha256"] for alert in told} == {rules_with(changed).sha256}


def test_rules_that_cannot_be_armed_are_refused_and_the_old_ones_stay():
    log = new_partition()
    disarmed = Entry(T0, "rules", None, rules_bytes(("armed", ("news2",))), ("vitals.rules", 0))

    assert codes(run(log, [disarmed])) == [("bad_record", "rules")]
    assert log.rules == rules_with() and log.checkpoint.rules is None


def test_a_loss_is_told_of_everyone_who_is_watched():
    loss = Entry(T0 + MINUTE, "loss", None, b"{}", ("vitals.readings", 9))
    entries = [reading(T0, "p", **RED), reading(T0, "q", **RED), loss]
    told = [a["patient_id"] for a in alerts(run(new_partition(), entries)) if a["subject"] == "data lost"]

    assert told == ["p", "q"]


# ---- time


def test_time_never_goes_back_and_that_it_tried_is_counted():
    log = new_partition()
    run(log, [reading(T0 + MINUTE, "p", **RED), reading(T0, "p", **RED)])

    assert log.time == T0 + MINUTE and log.tally.time_went_back == 1


def test_what_is_due_is_done_before_the_record_that_moves_the_time():
    """A red score is told at the end of its window, though the next record comes an hour later."""
    outputs = run(new_partition(), [*red_minutes(), reading(T0 + HOUR, "q", heart_rate=80)])
    told = [output for output in outputs if output.topic == "alerts"]

    assert told[0].due < T0 + MINUTE
    assert [output.due for output in outputs] == sorted(output.due for output in outputs)


def test_a_log_cut_into_batches_anywhere_says_the_same():
    records = numbered([*red_minutes(), reading(T0 + HOUR, "q", heart_rate=80)])
    whole = new_partition().run(records)
    for cut in (1, 3, len(records) - 1):
        log = new_partition()
        assert log.run(records[:cut]) + log.run(records[cut:]) == whole


def test_records_delivered_again_after_a_restart_change_nothing():
    log, records = new_partition(), numbered(red_minutes())
    log.run(records)
    before = log.state("p"), log.checkpoint

    assert log.run(records) == [] and (log.state("p"), log.checkpoint) == before


def test_a_long_silence_can_be_walked_in_small_steps():
    entries = [*red_minutes(), reading(T0 + HOUR, "q", heart_rate=80)]
    whole = [o for o in run(new_partition(), entries) if o.key == b"p"]
    log = new_partition()
    outputs, done = run(log, entries[:-1]), False
    while not done:
        more, done = log.advance(T0 + HOUR, 1)
        assert len([o for o in more if o.topic == "status"]) <= 1
        outputs += more

    assert said(outputs, ("alerts", "status", "trends")) == said(whole, ("alerts", "status", "trends"))


def test_a_status_names_the_place_in_the_log_by_which_readers_leave_older_ones_aside():
    outputs = run(new_partition(), [*red_minutes(), reading(T0 + HOUR, "q", heart_rate=80)])
    places = [int(dict(o.headers)["offset"]) for o in outputs if o.topic == "status" and o.key == b"p"]

    assert places == sorted(places) and len(places) > 2


def test_an_alert_holds_nothing_of_the_log_or_of_the_software():
    """The same readings elsewhere in the log give the same bytes."""
    entries = [*red_minutes(), reading(T0 + HOUR, "q", heart_rate=80)]
    elsewhere = [(100 + 7 * offset, *rest) for offset, *rest in numbered(entries)]

    assert said(new_partition().run(elsewhere), ["alerts"]) == said(run(new_partition(), entries), ["alerts"]) != []


def test_patients_who_lie_side_by_side_do_not_touch_each_other():
    alone = [o for o in run(new_partition(), [*red_minutes(), reading(T0 + HOUR, "r", heart_rate=80)]) if o.key == b"p"]
    others = [e for q in ("q", "z") for e in red_minutes(patient=q)] + [record(T0, "q", "admit", 0, **CHILD)]
    crowd = sorted([*red_minutes(), *others, reading(T0 + HOUR, "r", heart_rate=80)], key=lambda entry: entry.at)
    beside = [o for o in run(new_partition(), crowd) if o.key == b"p"]

    assert said(beside) == said(alone) and from_json(alone[0].value)


def test_everything_adds_up():
    log = new_partition()
    entries = [
        *red_minutes(),
        *red_minutes(0.2),
        reading(T0 + 110 * SECOND, "p", "m", taken=T0, sequence=9999, **RED),
        reading(T0 + 110 * SECOND, "p", "m", spo2=140, heart_rate=260),
        record(T0 + 110 * SECOND, "p", "admit", 1),
        Entry(T0 + 110 * SECOND, "junk", "p", to_json({"no": "reading"})),
    ]
    run(log, sorted(entries, key=lambda entry: entry.at))

    assert log.tally.adds_up() and log.tally.records == len(entries)
    assert min(log.tally.duplicate, log.tally.late, log.tally.suspect, log.tally.rejected, log.tally.unreadable) > 0
