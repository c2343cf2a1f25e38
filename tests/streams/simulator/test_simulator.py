import json
from collections import defaultdict
from itertools import pairwise
from random import Random

import pytest

from schemas.decode import FastReading, decode
from schemas.patient import PatientRecord
from schemas.vitals import SCALES, Vital
from streams.simulator.scenarios import SCENARIOS
from streams.simulator.simulator import Simulator

ALL = tuple(SCENARIOS.values())
HOUR_MS = 3_600_000
START_MS = 1_767_225_600_000


def ward(**more):
    """Every scenario at once, twenty times as fast."""
    settings = {"scenarios": ALL, "quiet_s": (60, 600), "quicker": 20, "start_ms": START_MS} | more
    return Simulator(len(ALL), **settings)


@pytest.fixture(scope="module")
def hour():
    return list(ward().readings(START_MS, START_MS + HOUR_MS))


def test_the_same_seed_makes_the_same_ward(hour):
    assert list(ward(seed=1).readings(START_MS, START_MS + HOUR_MS)) == hour


def test_another_seed_makes_another_ward(hour):
    other = list(ward(seed=2).readings(START_MS, START_MS + HOUR_MS))

    assert {value for _, _, value in hour}.isdisjoint({value for _, _, value in other[:200]})


def test_any_cut_in_any_order_gives_the_same_readings(hour):
    chance = Random(3)
    edges = [-7000, *sorted(chance.sample(range(HOUR_MS), 150)), HOUR_MS]
    stretches = list(pairwise(edges))
    asked = stretches[:]
    chance.shuffle(asked)
    made, same_ward = {}, ward()
    for stretch in asked:
        made[stretch] = list(same_ward.readings(START_MS + stretch[0], START_MS + stretch[1]))

    assert [reading for stretch in stretches for reading in made[stretch]] == hour


def test_readings_come_by_time_and_then_by_patient(hour):
    assert hour == sorted(hour)
    assert hour[0][0] >= START_MS
    assert hour[-1][0] < START_MS + HOUR_MS


def test_every_reading_is_read_at_once_by_the_hot_path_and_says_demo(hour):
    for at, patient, value in hour:
        reading = decode(value)
        assert isinstance(reading, FastReading)
        assert (reading.patient_id, reading.mode) == (patient, "demo")
        assert round(reading.taken_at.timestamp() * 1000) == at


def test_values_are_in_their_units_at_the_sensors_resolution_and_possible(hour):
    for _, _, value in hour[::7]:
        for name, measure in json.loads(value)["vitals"].items():
            scale = SCALES[Vital(name)]
            assert measure.get("unit") == scale.unit
            if isinstance(measure["value"], (int, float)) and not isinstance(measure["value"], bool):
                assert scale.holds(measure["value"])
                steps = measure["value"] / scale.resolution
                assert abs(steps - round(steps)) < 1e-6


def test_each_device_counts_from_zero_without_a_gap(hour):
    sequences = defaultdict(list)
    for _, _, value in hour:
        reading = json.loads(value)
        sequences[reading["device_id"]].append(reading["sequence"])

    assert len(sequences) == 4 * len(ALL)
    for device, counted in sequences.items():
        assert counted == list(range(len(counted))), device


def test_devices_measure_as_often_as_they_do_on_a_ward():
    day = 24 * HOUR_MS
    well = Simulator(1, scenarios=(SCENARIOS["stable"],), start_ms=START_MS, rate_hz=0.01)
    times = defaultdict(list)
    for at, _, value in well.readings(START_MS, START_MS + day):
        times[json.loads(value)["device_id"].split("-")[0]].append(at)
    gaps = {device: {b - a for a, b in pairwise(moments)} for device, moments in times.items()}

    assert gaps["monitor"] == {100_000}
    assert gaps["cuff"] <= {900_000, 1_200_000, 1_800_000}
    assert gaps["thermometer"] == {300_000}
    assert gaps["rounds"] == {4 * HOUR_MS}
    assert all(moments[0] - START_MS <= 121_000 for moments in times.values())


@pytest.mark.parametrize("rate_hz", [0.1, 0.5, 2.0, 5.0])
def test_a_monitor_sends_as_often_as_it_is_told(rate_hz):
    one = Simulator(1, scenarios=(SCENARIOS["stable"],), start_ms=START_MS, rate_hz=rate_hz)
    sent = [at for at, _, value in one.readings(START_MS, START_MS + 600_000) if b'"monitor-' in value]

    assert len(sent) == 600 * rate_hz
    assert {b - a for a, b in pairwise(sent)} == {round(1000 / rate_hz)}


def test_a_nurse_comes_more_often_when_somebody_is_ill():
    def rounds(name):
        bed = Simulator(1, scenarios=(SCENARIOS[name],), quiet_s=(0, 0), start_ms=START_MS)
        return sum(b'"rounds-' in value for _, _, value in bed.readings(START_MS, START_MS + 12 * HOUR_MS))

    assert rounds("stable") == 3
    assert rounds("sepsis") >= 10


def test_admissions_are_patient_records_in_bed_after_bed():
    records = ward(ward="B", first_bed=9, first_patient=31).admissions()

    assert [record["bed"] for record in records] == ["B09", *(f"B{bed}" for bed in range(10, 9 + len(ALL)))]
    assert [record["patient_id"] for record in records] == [f"sim-{number:04d}" for number in range(31, 31 + len(ALL))]
    for record in records:
        told = PatientRecord.model_validate_json(json.dumps(record))
        assert told.unknown_fields == ()
        assert (told.event, told.mode, told.maternity) == ("admit", "demo", "none")
        assert 16 <= told.age_years <= 90


def test_every_device_that_sends_is_on_the_admission_record(hour):
    attached = {record["patient_id"]: set(record["devices"]) for record in ward().admissions()}
    sending = defaultdict(set)
    for _, patient, value in hour:
        sending[patient].add(json.loads(value)["device_id"])

    assert sending == attached


@pytest.mark.parametrize(("said", "words"), [({"patients": 0}, "one patient"), ({"rate_hz": 0}, "between 0 and 1000")])
def test_a_ward_that_cannot_be_is_refused(said, words):
    with pytest.raises(ValueError, match=words):
        Simulator(**said)
