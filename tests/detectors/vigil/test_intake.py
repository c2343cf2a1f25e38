import msgspec
import pytest

from detectors.vigil.intake import MOST_DEVICES, REMEMBERED_SPOTS, Intake, Taken
from detectors.vigil.window import SPOT, WINDOW_MS
from schemas.decode import Decoded, decode
from schemas.vitals import SPOT_LATENESS
from tests.making import HOUR, MINUTE, SECOND, T0, reading


def new_intake(*, event_clock: bool = False) -> Intake:
    return Intake(event_clock, 0)


def give(intake: Intake, second: float, device: str = "m", *, taken: float | None = None, **what: object) -> Taken:
    """One reading that the log receives at a second; it was taken then, unless said otherwise."""
    at = T0 + int(second * SECOND)
    entry = reading(at, "p", device, taken=at if taken is None else T0 + int(taken * SECOND), **what)
    decoded = decode(entry.bytes())
    assert not isinstance(decoded, Decoded), decoded
    return intake.take(decoded, at)


def placed(intake: Intake) -> list[int]:
    """Where the readings of all open windows were placed, in seconds."""
    return sorted((when - T0) // SECOND for window in intake.windows.values() for when in window.rows[0::4])


# ---- the five verdicts


def test_a_good_value_is_accepted():
    assert give(new_intake(), 0, heart_rate=80, spo2=97) == Taken(2)


def test_a_value_that_few_bodies_have_is_suspect_and_taken_all_the_same():
    intake = new_intake()

    assert give(intake, 0, heart_rate=260, spo2=97) == Taken(1, suspect=1)
    assert next(iter(intake.windows.values())).decide()["heart_rate"].suspect


def test_what_the_device_itself_doubts_is_suspect():
    doubtful = {"value": 97, "unit": "%", "quality": "questionable"}

    assert give(new_intake(), 0, spo2=doubtful) == Taken(0, suspect=1)


def test_a_value_that_no_body_has_is_rejected_and_its_neighbours_are_kept():
    taken = give(new_intake(), 0, heart_rate=80, spo2=140)

    assert (taken.accepted, [(lost.code.value, lost.field) for lost in taken.refused]) == (
        1,
        [("impossible", "vitals.spo2.value")],
    )


def test_what_the_device_calls_unusable_is_rejected_and_remembered():
    intake = new_intake()
    taken = give(intake, 0, spo2={"value": None, "unit": "%", "quality": "invalid"})

    assert [lost.code.value for lost in taken.refused] == ["not_usable"]
    assert next(iter(intake.windows.values())).unusable == {"spo2": 1}


def test_the_same_reading_again_is_a_duplicate():
    intake = new_intake()
    give(intake, 0, sequence=7, heart_rate=80, spo2=97)

    assert give(intake, 1, taken=0, sequence=7, heart_rate=80, spo2=97) == Taken(0, duplicate=2)


def test_the_same_sequence_of_another_moment_is_no_duplicate():
    """A device counts anew after it was switched on."""
    intake = new_intake()
    give(intake, 0, sequence=7, heart_rate=80)

    assert give(intake, 1, sequence=7, heart_rate=80) == Taken(1)


def test_what_comes_after_its_window_was_decided_is_late():
    intake = new_intake()
    give(intake, 0, sequence=1, heart_rate=80)

    assert give(intake, 16.9, taken=3, sequence=2, heart_rate=80) == Taken(1)
    intake.closing(T0 + WINDOW_MS + 2 * SECOND)
    assert give(intake, 17, taken=4, sequence=3, heart_rate=80, spo2=97) == Taken(0, late=2)


# ---- clocks


@pytest.mark.parametrize("ahead", [3 * 3600, -3 * 3600])
def test_a_device_whose_clock_is_wrong_by_hours_is_neither_late_nor_early(ahead):
    intake = new_intake()
    taken = [give(intake, s, taken=s + ahead, sequence=s, heart_rate=80) for s in range(0, 30, 5)]

    assert set(taken) == {Taken(1)}
    assert placed(intake) == list(range(0, 30, 5))


def test_a_delay_on_the_way_does_not_move_a_reading_from_the_moment_it_was_taken():
    intake = new_intake()
    give(intake, 0, sequence=0, heart_rate=80)
    give(intake, 6.5, taken=5, sequence=1, heart_rate=80)

    assert placed(intake) == [0, 5]


def test_a_repeat_does_not_move_what_is_known_of_the_clock():
    """Long after, when nothing remembers it: it is late, and the next reading still lies where it belongs."""
    intake = new_intake()
    for s in range(0, 60, 5):
        give(intake, s, taken=s - 3600, sequence=s, heart_rate=80)
    intake.closing(T0 + 60 * SECOND)
    before = intake.devices["m"].lead
    again = give(intake, 62, taken=10 - 3600, sequence=10, heart_rate=80)

    assert again == Taken(0, late=1)
    assert intake.devices["m"].lead == before == -3600 * SECOND


def test_a_clock_that_was_set_back_is_learnt_anew_after_half_a_minute():
    intake = new_intake()
    for s in range(0, 60, 5):
        give(intake, s, sequence=s, heart_rate=80)
    after = [give(intake, s, taken=s - 3600, sequence=s, heart_rate=80) for s in range(60, 120, 5)]

    assert after == [Taken(0, late=1)] * 6 + [Taken(1)] * 6
    assert intake.devices["m"].lead == -3600 * SECOND


def test_a_backlog_that_catches_up_is_no_clock_set_back():
    """Ten minutes of readings come within a minute: the device's clock runs faster than the log's."""
    intake = new_intake()
    give(intake, 0, sequence=0, heart_rate=80)
    for place in range(1, 61):
        give(intake, 600 + place, taken=place * 10, sequence=place, heart_rate=80)

    assert intake.devices["m"].lead == 0


def test_repeats_show_no_clock_set_back():
    """Nothing that does not count on can: a whole minute delivered again an hour later proves nothing."""
    intake = new_intake()
    for s in range(0, 60, 5):
        give(intake, s, sequence=s, heart_rate=80)
    intake.closing(T0 + HOUR)
    again = [give(intake, 3600 + s, taken=s, sequence=s, heart_rate=80) for s in range(0, 60, 5)]

    assert set(again) == {Taken(0, late=1)}
    assert intake.devices["m"].lead == 0


def test_in_event_clock_a_reading_lies_where_it_was_taken():
    intake = new_intake(event_clock=True)
    give(intake, 10, taken=7, sequence=1, heart_rate=80)

    assert placed(intake) == [7] and give(intake, 60, taken=20, sequence=2, heart_rate=80) == Taken(0, late=1)


# ---- people


def test_observations_may_be_charted_hours_late():
    intake = new_intake()

    assert give(intake, 0, "chart", taken=-5 * 3600, source="spot", sequence=1, resp_rate=18) == Taken(1)
    assert placed(intake) == [-5 * 3600]
    assert intake.next_close == T0 + 1  # decided at once: nobody waits for more


def test_observations_of_another_day_are_late():
    intake = new_intake()
    long_ago = -SPOT_LATENESS // SECOND

    assert give(intake, 0, "chart", taken=long_ago, source="spot", sequence=1, resp_rate=18) == Taken(0, late=1)


def test_a_charted_round_is_known_when_it_comes_again_hours_later():
    intake = new_intake()
    give(intake, 0, "chart", source="spot", sequence=1, resp_rate=18)
    intake.closing(T0 + MINUTE)

    assert give(intake, 3600, "chart", taken=0, source="spot", sequence=1, resp_rate=18) == Taken(0, duplicate=1)


def test_a_chart_that_names_the_future_is_placed_now():
    intake = new_intake()
    give(intake, 0, "chart", taken=600, source="spot", sequence=1, resp_rate=18)

    assert placed(intake) == [0]


def test_each_round_is_an_window_of_its_own():
    intake = new_intake()
    give(intake, 0, "chart", taken=-20, source="spot", sequence=1, resp_rate=18)
    give(intake, 0, "chart", taken=-10, source="spot", sequence=2, resp_rate=30)

    assert [window.source for window in intake.windows.values()] == [SPOT, SPOT]
    assert [len(group) for group in intake.closing(T0 + 1)] == [1, 1]


def test_a_round_can_be_withdrawn_before_it_is_decided():
    intake = new_intake()
    give(intake, 0, "chart", source="spot", sequence=1, resp_rate=80)
    number = intake.devices["chart"].number

    assert intake.withdraw(number, 1) and not intake.withdraw(number, 2)
    assert [group[0].decide() for group in intake.closing(T0 + 1)] == [{}]


# ---- whose device


def test_a_device_that_is_not_attached_is_suspect_and_taken():
    intake = new_intake()
    intake.attached = frozenset({"m"})

    assert give(intake, 0, "stranger", heart_rate=80, spo2=97) == Taken(0, suspect=2)
    assert next(iter(intake.windows.values())).unattached


def test_a_person_takes_observations_with_any_device():
    intake = new_intake()
    intake.attached = frozenset({"m"})

    assert give(intake, 0, "cuff", source="spot", systolic_bp=120) == Taken(1)


# ---- bounds and state


def test_neither_devices_nor_rounds_are_remembered_without_end():
    intake = new_intake()
    for place in range(200):
        give(intake, place, f"m{place}", heart_rate=80)
        give(intake, place, "chart", source="spot", sequence=place, resp_rate=16)
        intake.closing(T0 + place * SECOND)

    assert len(intake.devices) == MOST_DEVICES and len(intake.spots) == REMEMBERED_SPOTS
    assert "m199" in intake.devices and "m0" not in intake.devices


def test_two_devices_never_bear_the_same_number():
    intake = new_intake()
    for place in range(200):
        give(intake, place, f"m{place}", heart_rate=80)
    numbers = [device.number for device in intake.devices.values()]

    assert len(set(numbers)) == len(numbers)


def test_a_restored_copy_goes_on_identically():
    one, other = new_intake(), new_intake()
    for s in range(0, 75, 5):
        give(one, s, taken=s - (3600 if s > 40 else 0), sequence=s, heart_rate=80)
    give(one, 76, "chart", source="spot", sequence=1, resp_rate=16)
    packed = msgspec.msgpack.encode
    other.restore(msgspec.msgpack.decode(packed(one.state())))
    told = [
        [give(intake, s, taken=s - 3600, sequence=s, heart_rate=80) for s in range(77, 150, 5)]
        for intake in (one, other)
    ]

    assert told[0] == told[1] and packed(one.state()) == packed(other.state())
    assert one.next_close == other.next_close
