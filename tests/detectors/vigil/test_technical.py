import pytest
from msgspec.structs import replace

from detectors.vigil.persistence import HIGH, LOW, MEDIUM
from detectors.vigil.technical import Condition, Signals, conditions, watch
from detectors.vigil.track import Track
from detectors.vigil.window import WINDOW_MS, Decided, Window
from tests.making import T0, old_rules

RULES = old_rules()
LIMITS = RULES.technical
MONITOR, SPOT = 0, 2


class Bed:
    """What a patient's sensors do, window by window."""

    def __init__(self, *names: str) -> None:
        self.tracks, self.signals = {name: Track(name, RULES) for name in names}, Signals()

    def window(self, *, flat: bool = False, unusable=(), under=(), unattached=False, source=MONITOR, **values) -> None:
        window = Window(T0, T0, source)
        window.unusable, window.under = dict.fromkeys([*unusable, *under], 5), dict.fromkeys(under, 5)
        window.unattached = unattached
        fresh = {name: Decided(float(v), T0, source, False, 15, flat, 0, 0) for name, v in values.items()}
        watch(self.tracks, fresh, [window], self.signals, RULES)
        for name, decided in fresh.items():
            self.tracks[name].see(name, decided)

    def found(self, **facts: object) -> list[Condition]:
        usual = {"because": [], "priority": LOW, "discharged": False, "paused": False, "late_devices": False}
        return conditions(self.tracks, self.signals, **{**usual, "never_seen": False, "at": T0, **facts}, rules=RULES)

    def told(self, **facts: object) -> list[tuple[str, int]]:
        return [(condition.subject, condition.priority) for condition in self.found(**facts)]


def test_a_sensor_that_works_is_nothing_to_tell():
    bed = Bed("spo2", "heart_rate")
    for place in range(100):
        bed.window(spo2=97, heart_rate=80 + place % 3)

    assert bed.told() == []


def test_a_sensor_is_off_after_some_windows_of_nothing_usable():
    bed = Bed("spo2")
    for _ in range(LIMITS.sensor_off - 1):
        bed.window(unusable=["spo2"])
    assert bed.told() == []
    bed.window(unusable=["spo2"])

    assert bed.told() == [("spo2 sensor off", LOW)]


def test_a_flickering_sensor_is_one_alert_and_not_twenty():
    bed, told = Bed("spo2"), set()
    for _ in range(LIMITS.sensor_off):
        bed.window(unusable=["spo2"])
    for place in range(60):
        bed.window(**({"spo2": 97} if place % 6 == 0 else {"unusable": ["spo2"]}))
        told.add(tuple(bed.told()))

    assert told == {(("spo2 sensor off", LOW),)}


def test_what_is_held_ends_when_the_sensor_has_worked_for_a_while():
    bed = Bed("spo2")
    for _ in range(LIMITS.sensor_off):
        bed.window(unusable=["spo2"])
    for _ in range(LIMITS.hold):
        bed.window(spo2=97)

    assert bed.told() == []


def test_a_reading_of_nothing_asks_for_the_patient_before_the_sensor():
    bed = Bed("resp_rate")
    for _ in range(LIMITS.check_patient):
        bed.window(resp_rate=0)
    (condition,) = bed.found()

    assert (condition.subject, condition.priority) == ("resp_rate reads zero", HIGH)
    assert condition.remedy.startswith("Check the patient first")


def test_below_what_the_device_can_measure_is_a_reading_of_nothing():
    bed = Bed("heart_rate")
    for _ in range(LIMITS.check_patient):
        bed.window(under=["heart_rate"])

    assert bed.told() == [("heart_rate reads zero", HIGH)]


def test_a_pause_silences_the_sensor_but_never_a_reading_of_nothing():
    bed = Bed("spo2", "heart_rate", "resp_rate")
    for _ in range(LIMITS.sensor_off):
        bed.window(unusable=["spo2"], heart_rate=0)
    bed.tracks["resp_rate"].stale = True

    assert bed.told(paused=True) == [("heart_rate reads zero", HIGH)]


def test_one_probe_is_one_cause_and_one_alert():
    bed = Bed("spo2", "pulse_rate", "resp_rate")
    bed.window(spo2=97, pulse_rate=80, resp_rate=16)
    for _ in range(LIMITS.sensor_off):
        bed.window(unusable=["spo2", "pulse_rate"], resp_rate=16)
    (condition,) = bed.found()

    assert (condition.subject, condition.vitals) == ("spo2 sensor off", ("spo2", "pulse_rate"))
    assert condition.headline == "SpO2, pulse: sensor off or not usable"


def test_a_cause_that_is_told_of_keeps_its_subject_whichever_vitals_come_and_go():
    bed = Bed("heart_rate", "spo2", "resp_rate")
    bed.window(heart_rate=80, spo2=97, resp_rate=16)
    for track in bed.tracks.values():
        track.stale = True
    assert [c.subject for c in bed.found(told=["spo2 stale"])] == ["spo2 stale"]
    bed.tracks["spo2"].stale = False
    (condition,) = bed.found(told=["spo2 stale"])

    assert (condition.subject, condition.vitals) == ("spo2 stale", ("heart_rate", "resp_rate"))


def test_the_most_urgent_of_one_cause_says_how_urgent_it_is():
    bed = Bed("spo2", "resp_rate")
    bed.window(spo2=90, resp_rate=16)
    bed.tracks["spo2"].stale = bed.tracks["resp_rate"].stale = True

    assert bed.told(because=["spo2"], priority=HIGH) == [("spo2 stale", HIGH)]


def test_two_devices_are_two_causes():
    bed = Bed("spo2", "resp_rate")
    bed.window(spo2=97, resp_rate=16)
    bed.tracks["resp_rate"].known = replace(bed.tracks["resp_rate"].known, device=1)
    bed.tracks["spo2"].stale = bed.tracks["resp_rate"].stale = True

    assert bed.told() == [("spo2 stale", LOW), ("resp_rate stale", LOW)]


def test_a_stale_vital_is_told():
    bed = Bed("resp_rate")
    bed.window(resp_rate=16)
    bed.tracks["resp_rate"].stale = True

    assert bed.told() == [("resp_rate stale", LOW)]


def test_an_observation_that_is_due_is_no_lost_sensor_unless_an_alert_rests_on_it():
    bed = Bed("temperature")
    bed.window(temperature=38.4, source=SPOT)
    bed.tracks["temperature"].stale = True

    assert bed.told() == []
    assert bed.told(because=["temperature"], priority=MEDIUM) == [("temperature stale", MEDIUM)]


def test_a_lost_vital_that_an_alert_rests_on_is_as_urgent_as_the_alert():
    for priority in (LOW, MEDIUM, HIGH):
        bed = Bed("resp_rate", "spo2")
        bed.tracks["resp_rate"].stale = bed.tracks["spo2"].stale = True

        told = dict(bed.told(because=["spo2"], priority=priority))
        assert told == {"resp_rate stale": LOW, "spo2 stale": priority}


def test_nothing_is_wrong_with_a_vital_whose_device_was_taken_off():
    bed = Bed("spo2")
    for _ in range(LIMITS.sensor_off):
        bed.window(unusable=["spo2"])
    bed.tracks["spo2"].detach(0)
    bed.tracks["spo2"].stale = True

    assert bed.told() == []


def test_a_heart_rate_that_does_not_move_at_all_is_told():
    bed = Bed("heart_rate", "temperature")
    for _ in range(LIMITS.flat_line):
        bed.window(heart_rate=72, temperature=36.8, flat=True)

    assert bed.told() == [("heart_rate flat", LOW)]  # a temperature may rest for hours


def test_a_heart_rate_that_moves_between_windows_is_not_flat():
    bed = Bed("heart_rate")
    for place in range(3 * LIMITS.flat_line):
        bed.window(heart_rate=72 + place % 2, flat=True)

    assert bed.told() == []


@pytest.mark.parametrize(("pulse", "told"), [(95, []), (60, [("pulse disagrees", LOW)])])
def test_pulse_and_ecg_disagree_only_when_they_do_for_long(pulse, told):
    bed = Bed("pulse_rate", "heart_rate")
    for _ in range(LIMITS.disagreeing - 1):
        bed.window(pulse_rate=pulse, heart_rate=100)
    assert bed.told() == []
    bed.window(pulse_rate=pulse, heart_rate=100)

    assert bed.told() == told


def test_a_device_that_is_not_attached_is_told_until_it_stops():
    bed = Bed("heart_rate")
    bed.window(heart_rate=80, unattached=True)
    assert bed.told() == [("device not attached", MEDIUM)]
    bed.window(heart_rate=80, source=SPOT)
    assert bed.told() == [("device not attached", MEDIUM)]  # a person's round says nothing about it
    bed.window(heart_rate=80)

    assert bed.told() == []


def test_a_discharged_patient_who_still_sends_is_told_and_staleness_no_more():
    bed = Bed("heart_rate")
    bed.tracks["heart_rate"].stale = True

    assert bed.told(discharged=True) == [("discharged", MEDIUM)]


def test_losses_are_told_for_their_time():
    bed = Bed()
    bed.signals.lost_until = bed.signals.rebuilt_until = T0 + WINDOW_MS

    assert bed.told() == [("data lost", MEDIUM), ("history lost", LOW)]
    assert bed.told(at=T0 + WINDOW_MS) == []


def test_every_condition_says_what_to_do():
    bed = Bed("spo2", "heart_rate", "pulse_rate")
    for _ in range(LIMITS.flat_line):
        bed.window(unusable=["spo2"], heart_rate=100, pulse_rate=50, flat=True, unattached=True)
    bed.signals.lost_until = bed.signals.rebuilt_until = T0 + 1
    found = bed.found(discharged=True, late_devices=True, never_seen=True, scale_ends=True)

    assert len(found) == len({condition.subject for condition in found}) == 10
    assert all(condition.headline and condition.remedy.endswith(".") for condition in found)
