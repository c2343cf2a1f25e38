"""Examples that the search once found, each a fact of its own."""

from tests.making import HOUR, SECOND, T0, Entry, new_partition, numbered, reading, record, run, said


def heard(log: list[Entry], clock: str = "arrival") -> list[tuple]:
    return said(run(new_partition(clock=clock), log))


def pulse(at_s: float, taken_s: float, sequence: int | None, rate: int = 80) -> Entry:
    at, taken = T0 + int(at_s * SECOND), T0 + int(taken_s * SECOND)
    return reading(at, "a", "n", taken=taken, sequence=sequence, pulse_rate=rate)


def test_a_repeat_from_before_a_clock_was_set_back_is_late():
    """It names a time ahead of the clock as it is now, and may neither move the lead nor fall into an open window."""
    log = [pulse(5 * i, 5 * i, i) for i in range(19)]
    log += [pulse(95 + 5 * i, 55 + 5 * i, 19 + i, 90 + i) for i in range(12)]
    first, ahead = log[17]._replace(at=T0 + 127 * SECOND), log[18]._replace(at=T0 + 128 * SECOND)

    with_repeats = sorted([*log, first, ahead], key=lambda entry: entry.at)

    assert heard(with_repeats) == heard(log)


def test_what_comes_late_of_the_old_clock_does_not_count_as_the_new_one():
    """Delayed by 19 s, it arrives while the set-back clock's first readings are late themselves."""
    log = [pulse(9.5, 9, 2), pulse(29.5, -3571, 6), pulse(33, 14, 3), pulse(59.5, -3541, 12), pulse(69.5, -3531, 14)]
    repeat = pulse(59.6, 14, 3)

    assert heard([*log[:4], repeat, *log[4:], pulse(100, -3500, 20)]) == heard([*log, pulse(100, -3500, 20)])


def test_a_late_repeat_does_not_hide_that_a_nameless_device_sends_only_old_data():
    log = [pulse(359.5, 357, None), pulse(390.5, 388, None), pulse(460, -3143, None), pulse(700, -2903, None)]
    repeat = pulse(446.5, 357, None)

    assert heard([*log[:2], repeat, *log[2:]]) == heard(log)


def test_a_repeat_of_a_reading_from_before_a_new_stay_is_a_repeat_still():
    log = [
        record(T0, "a", "update", 0, maternity="none"),
        reading(T0 + 147 * SECOND, "a", "w", source="wearable", sequence=9, heart_rate=14),
        record(T0 + 148 * SECOND, "a", "admit", 1, encounter="e1"),
        reading(T0 + HOUR, "b", "w", sequence=9, heart_rate=80),
    ]
    repeat = log[1]

    assert heard([*log[:3], repeat, log[3]], "event") == heard(log, "event")


def test_a_repeat_of_a_spot_check_is_known_after_a_hundred_others():
    rounds = [
        reading(T0 + i * 60 * SECOND, "a", "c", source="spot", sequence=i, resp_rate=16 + i % 3) for i in range(100)
    ]
    repeat = rounds[3]._replace(at=T0 + 101 * 60 * SECOND)
    later = reading(T0 + 102 * 60 * SECOND, "a", "c", source="spot", sequence=200, resp_rate=17)

    assert heard([*rounds, repeat, later]) == heard([*rounds, later])


def test_a_correction_delivered_twice_is_a_repeat():
    log = [
        reading(T0, "a", "c", source="spot", sequence=1, resp_rate=36),
        reading(T0 + 60 * SECOND, "a", "c", taken=T0, source="spot", sequence=2, corrects=1, resp_rate=16),
    ]
    partition = new_partition()
    outputs = run(partition, [*log, log[1]._replace(at=T0 + 70 * SECOND)])

    assert (partition.tally.accepted, partition.tally.duplicate, partition.tally.rejected) == (2, 1, 0)
    assert [output for output in outputs if output.topic == "rejections"] == []


def test_a_record_that_waits_for_the_first_reading_is_not_lost_when_the_worker_stops():
    """In event clock an admission takes effect with the first reading; until then the checkpoint lies before it."""
    admitted = record(T0, "a", "admit", 0, ward="W", bed="7", age_years=70)
    records = numbered([admitted, *(pulse(5 * i, 5 * i, i) for i in range(1, 10))])
    whole, before = new_partition(clock="event"), new_partition(clock="event")
    whole_said, before_said = whole.run(records), before.run(records[:1])

    back = new_partition(clock="event", checkpoint=before.checkpoint)

    assert before.checkpoint.next_offset == 0
    assert before_said + back.run(records[before.checkpoint.next_offset :]) == whole_said
    assert whole.watches["a"].vigil.stay.bed == back.watches["a"].vigil.stay.bed == "7"
