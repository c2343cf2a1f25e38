"""Who is seen for the first time in a crowd, and what nobody can read, waits beside the log; the known do not."""

import json

from schemas.control_record import ControlRecordKind
from streams.log.control_records import forward
from streams.log.newcomers import FULL_UNTIL_BYTES, MOST_BYTES, Newcomers
from streams.log.packets import BYTES_A_RECORD
from tests.making import HOUR, KEYS, SECOND, T0, TOPIC, alerts, new_partition, numbered, reading, record

RED = {"heart_rate": 135, "spo2": 83, "resp_rate": 31}
SPOT = {"source": "spot", "device": "rounds"}


def crowded(room=0, entries=()):
    log = new_partition()
    out = log.run(numbered(entries))
    log.newcomers = Newcomers(log, room)
    return log, out


def hand(log, *entries, headers=()):
    records = [(log.expected + place, *one[1:4], headers or one[4]) for place, one in enumerate(numbered(entries))]
    return log.run(records)


def to_the_end(log):
    out = []
    while log.newcomers.works:
        out += log.newcomers.go_on(5)
    return out


def test_the_known_go_first_and_the_checkpoint_stays_before_who_waits():
    log, _ = crowded(0, [record(T0, "known", "admit", 0), reading(T0, "known", sequence=1, **SPOT, heart_rate=75)])
    hand(log, *[reading(T0 + SECOND, f"new-{number}", heart_rate=75) for number in range(1_000)])
    before = log.checkpoint

    ill = reading(T0 + 2 * SECOND, "known", sequence=2, **SPOT, **RED)
    out = hand(log, ill, reading(T0 + 9 * SECOND, "x", spo2=97))

    assert {one["patient_id"] for one in alerts(out)} == {"known"}
    assert log.watches.keys() == {"known"} and log.newcomers.waiting == 1_001
    assert log.checkpoint == before and before.next_offset == 2 and log.expected == 1_004
    to_the_end(log)
    assert log.checkpoint.next_offset == 1_004 and len(log.newcomers.watches) == 1_001
    assert log.newcomers.join() and len(log.watches) == 1_002 and log.tally.adds_up()


def test_a_header_without_a_value_stops_nothing_that_waits():
    log, _ = crowded(0)
    nothing = (("trace", None),)
    hand(log, *[reading(T0, f"new-{number}", heart_rate=75) for number in range(700)], headers=nothing)
    log.newcomers.poison_room = 0
    log.run([(700 + number, T0, None, b"{}", nothing) for number in range(700)])
    key, value, headers = forward(ControlRecordKind.FORGET, TOPIC, 0, T0 + SECOND, "new-3", b"", KEYS, TOPIC, 0)
    log.run([(log.expected, T0 + 2 * SECOND, key, value, headers + nothing)])
    hand(log, *[reading(T0 + 2 * SECOND, f"more-{number}", heart_rate=75) for number in range(1_000)], headers=nothing)
    to_the_end(log)

    assert len(log.newcomers.watches) == 1_699 and log.tally.forgotten == 1
    assert log.tally.unreadable == 700 and log.tally.adds_up()


def test_there_is_room_for_some():
    log, _ = crowded(3)
    hand(log, *[reading(T0, f"new-{number}", heart_rate=75) for number in range(5)])
    assert log.watches.keys() == {"new-0", "new-1", "new-2"} and log.newcomers.waiting == 2

    log.newcomers.refill(1, 0)
    hand(log, reading(T0, "new-4", heart_rate=75), reading(T0, "new-5", heart_rate=75))
    assert "new-5" in log.watches and log.newcomers.waiting == 3, "who waits goes on waiting, in her order"


def test_who_is_admitted_waits_no_longer():
    log, _ = crowded(0)
    entries = [reading(T0 + at * SECOND, who, sequence=at, **SPOT, **RED) for at in range(8) for who in ("a", "b")]
    hand(log, *entries)
    assert not log.watches

    out = hand(log, record(T0 + 9 * SECOND, "b", "admit", 0))

    assert log.watches.keys() == {"b"} and {one["patient_id"] for one in alerts(out)} == {"b"}
    assert log.newcomers.waiting == 8 and log.tally.adds_up()
    assert {one["patient_id"] for one in alerts(to_the_end(log))} == {"a"}


def test_what_nobody_can_read_waits_but_nothing_of_somebody_known():
    known = {"patient_id": "known", "device_id": "m", "taken_at": "2026-11-22T12:00:01Z", "mode": "test"}
    log, _ = crowded(0, [reading(T0, "known", heart_rate=75)])
    strange = json.dumps(known | {"vitals": {"heart_rate": {"value": 80, "unit": "/min"}}, "mood": 3}).encode()
    bad = [b"[1]", b'{"a": 1}', b'{"patient_id": 7}', json.dumps(known | {"patient_id": "new", "taken_at": 1}).encode()]

    out = log.run([(1 + place, T0 + SECOND, None, value, ()) for place, value in enumerate([*bad, strange])])

    assert [one.topic for one in out] == ["rejections"], "what is no object is refused at sight"
    assert log.newcomers.waiting == 3 and log.tally.accepted == 2, "it would be out of its order"
    assert [one.topic for one in to_the_end(log)] == ["rejections"] * 3
    assert log.tally.unreadable == 4 and log.tally.adds_up()


def test_too_many_wait_until_others_are_forgotten_and_those_forgotten_do_not_wait_behind_them():
    log, _ = crowded(0)
    hand(log, *[reading(T0, f"made-up-{number}", heart_rate=75) for number in range(20)])
    log.newcomers.most_watched = 10
    while log.newcomers.works:
        log.newcomers.go_on(1)
    assert len(log.watches) == 10 and log.newcomers.held and not log.newcomers.join()
    assert log.newcomers.waiting == 10 and not log.newcomers.watches

    for number in range(4):
        place = ControlRecordKind.FORGET, TOPIC, 0, T0 + SECOND, f"made-up-{number}", b"", KEYS, TOPIC, 0
        key, value, headers = forward(*place)
        log.run([(log.expected, T0 + 2 * SECOND, key, value, headers)])
    assert log.tally.forgotten == 4 and len(log.watches) == 6, "at once"

    hand(log, record(T0 + 3 * SECOND, "made-up-19", "admit", 0))
    assert "made-up-19" in log.watches, "who is admitted never waits"
    to_the_end(log)
    assert 10 <= len(log.newcomers.watches) + len(log.watches) < 15
    log.newcomers.most_watched = None
    to_the_end(log)
    assert len(log.newcomers.watches) + len(log.watches) == 16 and log.tally.adds_up()


def test_who_is_watched_does_not_stand_still_while_others_have_to_wait():
    """Nobody admitted her, and her alert is open: her windows, her stale values and her ladder go on."""
    ill = [reading(T0 + at * SECOND, "ill", sequence=at, **SPOT, **RED) for at in range(8)]
    others = [reading(T0 + 8 * SECOND, f"new-{number}", **SPOT, heart_rate=75) for number in range(20)]
    more = [reading(T0 + at * SECOND, "ill", sequence=at, **SPOT, **RED) for at in range(60, 64)]
    tick = record(T0 + HOUR, "", "tick", 0)
    whole, (log, _) = new_partition(), crowded(0)
    expected = hand(whole, *ill, *others, *more, tick)

    out = hand(log, *ill)
    out += to_the_end(log)
    log.newcomers.most_watched = 1
    out += hand(log, *others, *more)
    out += log.newcomers.go_on(1)
    assert log.watches.keys() == {"ill"} and log.newcomers.held and not log.newcomers.works
    assert log.checkpoint.next_offset == 8 and log.newcomers.waiting == 20
    out += hand(log, tick)

    hers = [one for one in alerts(out) if one["patient_id"] == "ill"]
    assert hers == [one for one in alerts(expected) if one["patient_id"] == "ill"]
    assert any(one["state"] == "escalated" for one in hers), "nobody has answered"
    log.newcomers.most_watched = None
    to_the_end(log)
    assert log.newcomers.join() and log.state("ill") == whole.state("ill")


def test_a_forget_record_waits_behind_what_it_is_about():
    log, _ = crowded(0)
    hand(log, reading(T0, "made-up", heart_rate=75), reading(T0, "other", heart_rate=75))
    place = ControlRecordKind.FORGET, TOPIC, 0, T0 + SECOND, "made-up", b"", KEYS, TOPIC, 0
    key, value, headers = forward(*place)
    log.run([(2, T0 + 2 * SECOND, key, value, headers)])
    assert log.newcomers.waiting == 3

    to_the_end(log)
    assert log.newcomers.watches.keys() == {"other"} and log.tally.forgotten == 1 and log.tally.adds_up()


def test_stamps_that_step_back_lower_the_leads_of_those_who_wait_at_their_place():
    entries = [reading(T0 + at * SECOND, "a", sequence=at, taken=T0 + at * SECOND, heart_rate=75) for at in range(9)]
    whole, (log, _) = new_partition(), crowded(0)
    for one in (whole, log):
        hand(one, *entries)
        one.lower_leads(5 * SECOND, (9, T0, b"b", b"", ()))
        hand(one, *[one._replace(at=one.at + 9 * SECOND) for one in entries])
    assert log.newcomers.waiting == 19

    to_the_end(log)
    log.newcomers.join()
    assert log.state("a") == whole.state("a")


def test_what_waits_is_packed_and_bounded():
    log, _ = crowded(0)
    value = numbered([reading(T0, "someone", heart_rate=75)])[0][3] + b" " * 2_000
    many = 20_000
    log.run([(place, T0, b"k", value.replace(b"someone", b"p%d" % place), ()) for place in range(many)])
    assert log.newcomers.bytes < many * 500 and not log.newcomers.full
    log.newcomers.bytes = MOST_BYTES
    assert log.newcomers.full
    log.newcomers.bytes = FULL_UNTIL_BYTES
    assert log.newcomers.full, "the log goes on when there is room for many"
    log.newcomers.bytes = FULL_UNTIL_BYTES - 1
    assert not log.newcomers.full
    log.newcomers.bytes = MOST_BYTES - 1
    assert not log.newcomers.full


def test_a_packet_that_is_taken_while_it_is_filled_does_not_hold_the_checkpoint():
    log, _ = crowded(0)
    hand(log, *[reading(T0, f"new-{number}", heart_rate=75) for number in range(100)])
    for turn in range(1, 15):
        hand(log, *[reading(T0 + turn, f"new-{turn}-{number}", heart_rate=75) for number in range(100)])
        log.newcomers.go_on(100)
        assert log.newcomers.waiting == 100

    assert log.expected == 1_500 and log.checkpoint.next_offset >= 500


def in_memory(newcomers):
    """Bytes of what lies there, packed or not."""
    packets = newcomers._packets.values()
    opened = sum(len(one.record[3] or b"") for packet in packets if packet._open is not None for one in packet._open)
    return opened + sum(len(packet._packed) for packet in packets) + BYTES_A_RECORD * newcomers.waiting


def test_what_is_looked_through_for_one_patient_stays_packed_and_counted():
    """Four thousand records that pack well wait; a nurse admits one whose records lie among all of them."""
    log, _ = crowded(0)
    padding = {"note": "x" * 2_000}
    entries = [
        reading(T0 + at, "seen" if at % 400 == 0 else f"new-{at % 50}", **SPOT, sequence=at, heart_rate=75)
        for at in range(4_000)
    ]
    log.run(
        [
            (offset, one[1], one[2], json.dumps(json.loads(one[3]) | padding).encode(), one[4])
            for offset, one in enumerate(numbered(entries))
        ]
    )
    before = log.newcomers.bytes
    assert log.newcomers.waiting == 4_000 and before == in_memory(log.newcomers) < 6_000_000

    hand(log, record(T0 + 9 * SECOND, "seen", "admit", 0))

    assert "seen" in log.watches and log.newcomers.waiting == 3_990
    assert log.newcomers.bytes == in_memory(log.newcomers) <= before
    log.newcomers.go_on(5)
    assert log.newcomers.bytes == in_memory(log.newcomers), "the first packet lies open while it is taken"
    to_the_end(log)
    assert log.newcomers.bytes == 0 and log.tally.adds_up()


def test_a_packet_of_large_records_is_closed_early():
    log, _ = crowded(0)
    large = json.dumps({"note": "x" * 40_000})
    entries = [reading(T0 + at, f"new-{at}", **SPOT, sequence=at, heart_rate=75) for at in range(400)]
    log.run(
        [
            (offset, one[1], one[2], json.dumps(json.loads(one[3]) | json.loads(large)).encode(), one[4])
            for offset, one in enumerate(numbered(entries))
        ]
    )

    assert log.newcomers.waiting == 400 and log.newcomers.bytes == in_memory(log.newcomers) < 4_000_000
