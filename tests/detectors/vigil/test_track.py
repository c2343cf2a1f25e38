import msgspec

from detectors.vigil.track import Track
from detectors.vigil.window import Decided
from tests.making import MINUTE, T0, rules_with

MONITOR, WEARABLE, SPOT = 0, 1, 2


def value(number: float, minute: float, *, suspect: bool = False, source: int = MONITOR) -> Decided:
    return Decided(float(number), T0 + int(minute * MINUTE), source, suspect, 15, False, 0, int(minute))


def watched(
    values, name: str = "heart_rate", *, calm: bool = True, begin: int = 0, track: Track | None = None
) -> Track:
    """One value a minute, each seen and learnt."""
    track = track or Track(name, rules_with())
    for place, number in enumerate(values):
        track.see(name, value(number, begin + place))
        track.learn(calm=calm)
    return track


def steady(count: int = 180, around: float = 80.0) -> list[float]:
    return [around + place * 7 % 5 - 2 for place in range(count)]


def kept(track: Track) -> object:
    """The state as it comes back from bytes."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(track.state()))


def found(track: Track) -> list[tuple[str, str]]:
    return [(opinion.detector, opinion.reason) for opinion in track.opinions]


def test_a_steady_patient_gives_rise_to_no_opinion():
    assert found(watched(steady(600))) == []


def test_a_jump_is_above_usual_at_once():
    track = watched(steady())
    track.see("heart_rate", value(125, 180))

    assert ("baseline", "above_usual") in found(track)


def test_what_is_above_usual_is_not_learnt():
    track = watched([*steady(), *[125.0] * 240])

    assert track.usual < 84


def test_suspect_values_form_no_opinion_and_are_not_learnt():
    track = watched(steady())
    before = track.baseline.state()
    for minute in range(60):
        track.see("heart_rate", value(260, 180 + minute, suspect=True))
        track.learn(calm=True)

    assert track.known.value == 260
    assert found(track) == [] and track.baseline.state() == before


def test_while_an_alert_stands_open_nothing_is_learnt():
    track = watched(steady())
    before = track.baseline.state()
    watched(steady(60, around=84), calm=False, begin=180, track=track)

    assert track.baseline.state() == before


def test_a_lasting_change_ends_when_the_patient_is_back_even_while_the_alert_stands():
    track = watched(steady())
    watched(steady(60, around=98), begin=180, track=track)
    assert ("level_shift", "lasting_rise") in found(track)
    watched(steady(60), calm=False, begin=240, track=track)

    assert found(track) == []


def test_a_slow_creep_is_seen_as_a_drifted_usual_and_ends_near_the_anchor():
    track = watched(steady(24 * 60))
    for minute in range(24 * 60):
        track.see("heart_rate", value(80 + 35 * minute / (24 * 60), 24 * 60 + minute))
        track.learn(calm=True)
    assert ("baseline", "usual_has_drifted") in found(track)
    watched(steady(60), calm=False, begin=48 * 60, track=track)

    assert found(track) == []


def test_a_ramp_towards_a_red_limit_is_said_before_it_is_met():
    track = watched(steady())
    said_at = None
    for minute in range(120):
        number = 80 + minute / 2
        track.see("heart_rate", value(number, 180 + minute))
        track.learn(calm=True)
        if said_at is None and ("trend", "heading_for_limit") in found(track):
            said_at = number

    assert said_at is not None and said_at < 131


def test_an_older_value_does_not_come_into_force():
    track = Track("heart_rate", rules_with())

    assert track.see("heart_rate", value(80, 10))
    assert not track.see("heart_rate", value(140, 5))
    assert track.known.value == 80


def test_spot_checks_do_not_teach_beside_a_stream():
    track = watched(steady())
    before = track.baseline.state()
    track.see("heart_rate", value(95, 181, source=SPOT))
    track.learn(calm=True)

    assert track.known.value == 95
    assert track.baseline.state() == before


def test_a_stream_begins_anew_what_spot_checks_had_taught():
    track = Track("heart_rate", rules_with())
    for place in range(10):
        track.see("heart_rate", value(95, place * 240, source=SPOT))
        track.learn(calm=True)
    assert track.usual is not None
    track.see("heart_rate", value(80, 2400))

    assert track.usual is None and track.dense


def test_a_vital_without_a_floor_has_no_detectors():
    track = Track("consciousness", rules_with())
    track.see("consciousness", value(2, 0, source=SPOT))
    track.learn(calm=True)

    assert track.baseline is None and found(track) == []


def test_a_restored_copy_goes_on_identically():
    one = watched([*steady(), *steady(60, around=98)])
    other = Track.restore("heart_rate", kept(one), rules_with())
    for track in (one, other):
        watched(steady(60, around=103), begin=240, track=track)

    assert kept(other) == kept(one) and found(other) == found(one)


def test_other_rules_judge_what_was_learnt_under_the_first():
    one = watched(steady())
    strict = Track.restore("heart_rate", kept(one), rules_with(("baseline.enter", 1.0), ("baseline.leave", 0.5)))
    for track in (one, strict):
        track.see("heart_rate", value(87, 180))

    assert found(one) == [] and ("baseline", "above_usual") in found(strict)


def test_days_without_data_do_not_end_what_is_known():
    track = watched(steady())
    track.see("heart_rate", value(82, 3 * 24 * 60))

    assert track.usual is not None


def test_rules_that_leave_its_detectors_alone_leave_the_track_as_it_is_and_it_goes_on_as_if_made_anew():
    """Ten thousand patients made anew at once stopped their partition for two seconds."""
    track = watched([*steady(), 125.0, 126.0])
    other = rules_with(("forget_discharged_hours", 2))
    anew = Track.restore("heart_rate", kept(track), other)

    same = track.under(other)

    assert same is track and same.rules == other and kept(same) == kept(anew)
    for one in (same, anew):
        watched([*[127.0] * 60, *steady(60)], begin=182, track=one)
    assert kept(same) == kept(anew) and found(same) == found(anew)


def test_rules_that_change_its_detectors_make_them_anew():
    track = watched([*steady(), 125.0])
    moved = rules_with(("floors.heart_rate", 9.0))

    other = track.under(moved)

    assert other is not track and other.baseline.floor == 9.0 and other.usual == track.usual
