from itertools import permutations

import msgspec

from detectors.vigil.window import WINDOW_MS, Window, decide
from tests.making import SECOND, T0

MONITOR, WEARABLE, SPOT = 0, 1, 2
ALERT, CONFUSED, VOICE = 0.0, 1.0, 2.0


def new_window(source: int = MONITOR) -> Window:
    return Window(T0 + WINDOW_MS, T0 + WINDOW_MS + 2 * SECOND, source)


def row(window: Window, second: float, sequence: int, device: int = 0, **values: float) -> None:
    when = T0 + int(second * SECOND)
    window.add(tuple(values), list(values.values()), [when, device, sequence, when])


def filled(name: str, *values: float, source: int = MONITOR) -> Window:
    """One sample a second."""
    window = new_window(source)
    for second, value in enumerate(values):
        row(window, second, second, **{name: value})
    return window


def test_one_wild_sample_does_not_move_the_value():
    assert filled("heart_rate", 80, 81, 300, 79, 80).decide()["heart_rate"].value == 80


def test_of_an_even_number_the_two_in_the_middle_are_shared():
    assert filled("heart_rate", 70, 90, 80, 81).decide()["heart_rate"].value == 80.5


def test_the_order_of_arrival_leaves_no_trace():
    samples = [(3, 7, 0, 80.0), (3, 8, 0, 95.0), (3, 2, 1, 95.0), (9, 9, 0, 70.0)]
    decided = set()
    for order in permutations(samples):
        window = new_window()
        for second, sequence, device, value in order:
            row(window, second, sequence, device, heart_rate=value, consciousness=value % 5)
        decided.add(tuple(window.decide().items()))

    assert len(decided) == 1


def test_a_value_is_suspect_from_half_of_its_samples_on():
    few, half = filled("heart_rate", 80, 81, 260), filled("heart_rate", 80, 260)
    few.suspect["heart_rate"] = half.suspect["heart_rate"] = 1

    assert not few.decide()["heart_rate"].suspect
    assert half.decide()["heart_rate"].suspect


def test_a_vital_that_came_once_among_many_readings_has_its_own_time_and_count():
    window = filled("heart_rate", *[80.0] * 10)
    row(window, 4, 99, device=3, systolic_bp=120)
    pressure = window.decide()["systolic_bp"]

    assert (pressure.value, pressure.at, pressure.device, pressure.samples) == (120, T0 + 4 * SECOND, 3, 1)


def test_of_what_people_say_the_newest_counts_not_the_middle():
    assert filled("consciousness", VOICE, VOICE, ALERT).decide()["consciousness"].value == ALERT
    assert filled("supplemental_oxygen", 0, 0, 1).decide()["supplemental_oxygen"].value == 1


def test_of_two_said_at_one_moment_the_worse_counts():
    window = new_window(SPOT)
    row(window, 0, 1, consciousness=CONFUSED, gcs=9, supplemental_oxygen=1)
    row(window, 0, 2, consciousness=ALERT, gcs=15, supplemental_oxygen=0)
    decided = window.decide()

    assert [decided[name].value for name in ("consciousness", "gcs", "supplemental_oxygen")] == [CONFUSED, 9, 1]


def test_all_samples_the_same_are_told_as_flat():
    assert filled("heart_rate", 60, 60, 60).decide()["heart_rate"].flat
    assert not filled("heart_rate", 60, 60, 61).decide()["heart_rate"].flat


def test_what_is_withdrawn_counts_no_more_but_its_repeat_is_still_known():
    window = filled("resp_rate", 16, 60, source=SPOT)

    assert window.withdraw(0, 1)
    assert window.decide()["resp_rate"].value == 16
    assert window.holds(0, 1, T0 + SECOND)
    assert not window.withdraw(0, 77)


def test_what_is_dropped_decides_nothing_and_its_repeat_is_still_known():
    window = filled("resp_rate", 16, 17)
    window.drop()

    assert window.decide() == {} and window.holds(0, 1, T0 + SECOND)


def test_another_reading_of_the_same_sequence_is_no_repeat():
    """Devices begin to count anew when switched on: device, sequence and moment together are a reading's name."""
    window = filled("heart_rate", 80)

    assert window.holds(0, 0, T0)
    assert not window.holds(1, 0, T0) and not window.holds(0, 1, T0) and not window.holds(0, 0, T0 + 1)


def test_the_monitor_speaks_before_the_wearable():
    monitor = filled("heart_rate", 80, 80)
    wearable = filled("heart_rate", 120, 120, 120, source=WEARABLE)
    row(wearable, 5, 50, resp_rate=18)
    for windows in ([monitor, wearable], [wearable, monitor]):
        decided = decide(windows)

        assert (decided["heart_rate"].value, decided["heart_rate"].source) == (80, MONITOR)
        assert decided["resp_rate"].source == WEARABLE


def test_an_window_without_samples_decides_nothing():
    assert new_window().decide() == {} and decide([new_window(), new_window(WEARABLE)]) == {}


def test_a_restored_copy_goes_on_identically():
    one = filled("heart_rate", 80, 82)
    row(one, 3, 3, spo2=97)
    one.suspect["spo2"], one.unusable["resp_rate"] = 1, 2
    packed = msgspec.msgpack.encode
    other = Window.restore(msgspec.msgpack.decode(packed(one.state())))
    for window in (one, other):
        row(window, 4, 4, heart_rate=90, resp_rate=15)

    assert packed(other.state()) == packed(one.state())  # as bytes: NaN is not equal to itself
    assert other.decide() == one.decide()


def test_samples_that_scatter_as_no_body_does_are_suspect_and_not_steady():
    wild, calm = filled("spo2", 97, 74, 83, 62, 90, 79), filled("spo2", 97, 96, 94, 92, 91, 90)

    assert (wild.decide()["spo2"].steady, wild.decide()["spo2"].suspect) == (False, True)
    assert (calm.decide()["spo2"].steady, calm.decide()["spo2"].suspect) == (True, False)


def test_where_no_pulse_is_found_there_is_no_saturation_either():
    window = new_window()
    for second, pulse in enumerate((41, 160, 77, 120, 55, 140)):
        row(window, second, second, pulse_rate=pulse, spo2=78)

    assert not window.decide()["spo2"].steady
    assert window.decide()["spo2"].value == 78


def test_a_rate_that_drops_to_another_level_is_steady_at_once():
    """A heart may fall from 75 to 30 between two beats: that is no scatter, and must not wait like one."""
    for before in range(1, 8):
        samples = [75.0 + second % 2 if second < before else 30.0 + second % 3 for second in range(15)]
        fallen = filled("heart_rate", *samples).decide()["heart_rate"]

        assert (fallen.steady, fallen.suspect) == (True, False) and fallen.value <= 32


def test_a_rate_that_leaps_up_waits_for_an_window_without_a_leap():
    """Counted twice, a rate doubles at once and comes back: while the higher level prevails, neither is believed."""
    for samples in ([80.0] * 6 + [160.0] * 9, [160.0] * 9 + [80.0] * 6):
        assert not filled("heart_rate", *samples).decide()["heart_rate"].steady
    assert filled("heart_rate", *[160.0] * 6 + [80.0] * 9).decide()["heart_rate"].steady


def test_a_rate_that_comes_back_or_goes_on_leaping_is_scatter_still():
    back, leaping = [75.0] * 5 + [30.0] * 5 + [75.0] * 5, [75.0, 30.0] * 7
    stairs = [130.0] * 5 + [80.0] * 5 + [30.0] * 5

    for samples in (back, leaping, stairs):
        assert not filled("pulse_rate", *samples).decide()["pulse_rate"].steady


def test_saturation_and_breathing_are_averaged_by_monitors_and_never_drop():
    assert not filled("spo2", *[97.0] * 7, *[70.0] * 8).decide()["spo2"].steady
    assert not filled("resp_rate", *[45.0] * 7, *[15.0] * 8).decide()["resp_rate"].steady


def test_a_drop_is_known_in_whatever_order_its_samples_arrive():
    window = new_window()
    for second in (9, 2, 11, 0, 5, 1, 10, 4, 3, 8, 6, 7):
        row(window, second, second, heart_rate=75.0 if second < 5 else 30.0)

    assert window.decide()["heart_rate"].steady
