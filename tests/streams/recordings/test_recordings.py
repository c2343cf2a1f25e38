import json
import logging

import pytest

from schemas.decode import FastReading, decode
from schemas.vitals import Source
from streams.recordings.recordings import START_MS, Recording, per_patient, read_folder
from streams.recordings.samples import NAMES, folder
from streams.recordings.tables import NotARecording

MONITOR = [("p1", float(second), "SPO2", 97.0, "%") for second in range(3)]


def told(readings):
    return [json.loads(value) for _, _, value in readings]


def test_one_instant_of_one_patient_is_one_reading(recording):
    path = recording([("p1", 0, "HR", 82, "bpm"), ("p1", 0, "SPO2", 97, "%"), ("p1", 1, "HR", 83, "bpm")])

    readings = list(read_folder(path))

    assert [(at, patient) for at, patient, _ in readings] == [(START_MS, "p1"), (START_MS + 1000, "p1")]
    assert readings[0][2] == (
        b'{"patient_id":"p1","device_id":"monitor-p1","source":"monitor","taken_at":"2026-01-01T00:00:00.000Z",'
        b'"sequence":0,"vitals":{"heart_rate":{"value":82,"unit":"/min"},"spo2":{"value":97,"unit":"%"}}}'
    )
    assert told(readings)[1]["sequence"] == 1


@pytest.mark.parametrize(
    ("signal", "unit", "value", "vital", "measure"),
    [
        ("HR", "bpm", 82.0, "heart_rate", {"value": 82, "unit": "/min"}),
        ("PULSE", "bpm", 81.0, "pulse_rate", {"value": 81, "unit": "/min"}),
        ("RR", "1/min", 12.127693, "resp_rate", {"value": 12.127693, "unit": "/min"}),
        ("SPO2", "%", 0.0, "spo2", {"value": 0, "unit": "%"}),
        ("SBP", "mmHg", 120.0, "systolic_bp", {"value": 120, "unit": "mm[Hg]"}),
        ("NISBP", "mmHg", 11647.0, "systolic_bp", {"value": 11647, "unit": "mm[Hg]"}),
        ("DBP", "mmHg", 70.0, "diastolic_bp", {"value": 70, "unit": "mm[Hg]"}),
        ("NIDBP", "mmHg", 71.0, "diastolic_bp", {"value": 71, "unit": "mm[Hg]"}),
        ("MAP", "mmHg", -8.0, "mean_bp", {"value": -8, "unit": "mm[Hg]"}),
        ("NIMAP", "mmHg", 86.67, "mean_bp", {"value": 86.67, "unit": "mm[Hg]"}),
        ("TEMP", "degC", 36.9, "temperature", {"value": 36.9, "unit": "Cel"}),
        ("TEMP", "degC", -17.8, "temperature", {"value": -17.8, "unit": "Cel"}),
        ("TEMP", "degF", 98.6, "temperature", {"value": 98.6, "unit": "[degF]"}),
        ("GCS", "score", 15.0, "gcs", {"value": 15, "unit": "{score}"}),
        ("FIO2", "fraction", 0.28, "inspired_oxygen", {"value": 28, "unit": "%"}),
        ("FIO2", "fraction", 0.395, "inspired_oxygen", {"value": 39.5, "unit": "%"}),
        ("FIO2", "fraction", -50.0, "inspired_oxygen", {"value": -5000, "unit": "%"}),
        ("FIO2", "%", 40.0, "inspired_oxygen", {"value": 40, "unit": "%"}),
        ("O2_SUPP", "bool", 1.0, "supplemental_oxygen", {"value": True}),
        ("O2_SUPP", "bool", 0.0, "supplemental_oxygen", {"value": False}),
        ("O2_SUPP", "bool", -1.0, "supplemental_oxygen", {"value": -1}),
        ("SBP", "furlong", 120.0, "systolic_bp", {"value": 120, "unit": "furlong"}),
        ("HR", "bpm", float("nan"), "heart_rate", {"value": None, "unit": "/min", "quality": "not available"}),
        ("HR", "bpm", float("inf"), "heart_rate", {"value": None, "unit": "/min", "quality": "overflow"}),
    ],
)
def test_each_signal_becomes_its_vital_with_its_raw_value(recording, signal, unit, value, vital, measure):
    path = recording([("p1", 0, signal, value, unit), ("p2", 0, "SPO2", 97, "%")])

    assert told(read_folder(path, patients={"p1"}))[0]["vitals"] == {vital: measure}


@pytest.mark.parametrize(
    "signal", ["SAO2", "SPO2_AVG", "HR_MAX", "RESTING_HR", "SKIN_TEMP", "TEMP_SKIN", "hr", "LACTATE"]
)
def test_what_only_sounds_like_a_vital_is_counted_and_told(recording, caplog, signal):
    path = recording([*MONITOR, ("p1", 0, signal, 33.1, "degC"), ("p2", 0, signal, 33.2, "degC")])

    with caplog.at_level(logging.WARNING):
        whole = Recording(path)

    assert whole.survey.unwatched == {signal: 2}
    assert whole.survey.watched == {"SPO2": 3}
    assert whole.survey.patients == 2
    assert f"{signal} 2" in caplog.text
    assert {name for reading in told(whole.readings()) for name in reading["vitals"]} == {"spo2"}


def test_patients_are_merged_by_time_and_then_by_their_ids(recording):
    rows = [("b", 0, "HR", 1, "bpm"), ("b", 2, "HR", 2, "bpm"), ("a", 0, "HR", 3, "bpm"), ("a", 1, "HR", 4, "bpm")]
    path = recording(rows)

    order = [(at - START_MS, patient) for at, patient, _ in read_folder(path)]

    assert order == [(0, "a"), (0, "b"), (1000, "a"), (2000, "b")]


def test_rows_out_of_order_are_put_in_order(recording):
    ordered = [("a", 0, "HR", 1, "bpm"), ("a", 1, "HR", 2, "bpm"), ("b", 0, "SPO2", 3, "%"), ("b", 5, "HR", 4, "bpm")]

    straight = list(read_folder(recording(ordered, name="straight")))

    assert list(read_folder(recording(ordered[::-1], name="shuffled"))) == straight
    assert list(read_folder(recording(ordered, name="encoded", encoded=True))) == straight


def test_times_before_the_record_and_parts_of_seconds_are_kept(recording):
    path = recording([("p", -11160, "HR", 80, "bpm"), ("p", 0.25, "HR", 81, "bpm")])

    assert [at for at, _, _ in read_folder(path, start_ms=0)] == [-11_160_000, 250]
    assert told(read_folder(path))[1]["taken_at"] == "2026-01-01T03:06:00.250Z"


def test_each_patient_has_a_clock_that_begins_with_the_first_value(recording):
    """Whatever the zero of the table means: admission, the onset, or a date that was shifted for each patient."""
    path = recording([("a", -7200.5, "HR", 80, "bpm"), ("a", 0, "HR", 81, "bpm"), ("b", 4e8, "HR", 82, "bpm")])
    whole = Recording(path)

    assert [at - START_MS for at, _, _ in whole.readings()] == [0, 0, 7_200_500]
    assert whole.starts_s() == {"a": -7200.5, "b": 4e8}


def test_an_arterial_line_and_a_cuff_at_one_instant_are_two_devices(recording):
    rows = [
        ("p", 0, "NISBP", 118, "mmHg"),
        ("p", 0, "NIDBP", 60, "mmHg"),
        ("p", 0, "SBP", 124, "mmHg"),
        ("p", 0, "HR", 80, "bpm"),
        ("p", 3600, "NISBP", 119, "mmHg"),
    ]

    line, cuff, alone = told(read_folder(recording(rows)))

    assert line["device_id"] == "chart-p"
    assert {name: measure["value"] for name, measure in line["vitals"].items()} == {
        "systolic_bp": 124,
        "heart_rate": 80,
        "diastolic_bp": 60,
    }
    assert cuff["device_id"] == "cuff-p"
    assert (cuff["vitals"], cuff["sequence"]) == ({"systolic_bp": {"value": 118, "unit": "mm[Hg]"}}, 0)
    assert (alone["device_id"], alone["vitals"]["systolic_bp"]["value"], alone["sequence"]) == ("chart-p", 119, 1)


def test_two_values_of_one_instant_are_two_readings_and_a_row_that_repeats_another_counts_once(recording):
    rows = [("p", 0, "TEMP", 36.9, "degC"), ("p", 0, "TEMP", 36.9, "degC"), ("p", 0, "TEMP", 99.0, "degC")]

    readings = told(read_folder(recording(rows)))

    assert [reading["vitals"]["temperature"]["value"] for reading in readings] == [36.9, 99]
    assert [reading["sequence"] for reading in readings] == [0, 1]
    assert Recording(recording(rows, name="again")).columns.repeated == 1
    assert {reading["device_id"] for reading in readings} == {"chart-p"}


@pytest.mark.parametrize(
    ("signals", "every_s", "source"),
    [
        (("HR", "RR"), 1, Source.WEARABLE),
        (("HR",), 30, Source.WEARABLE),
        (("HR", "RR", "SPO2"), 1, Source.MONITOR),
        (("MAP",), 60, Source.MONITOR),
        (("HR", "SBP"), 599, Source.MONITOR),
        (("HR", "SBP"), 600, Source.SPOT),
        (("HR", "RR"), 3600, Source.SPOT),
    ],
)
def test_cadence_and_kinds_of_signal_decide_the_source(recording, signals, every_s, source):
    rows = [("p", count * every_s, signal, 80, "bpm") for count in range(5) for signal in signals]
    path = recording(rows)

    assert Recording(path).survey.source is source
    assert {reading["source"] for reading in told(read_folder(path))} == {str(source)}


def test_gaps_and_signals_that_are_not_watched_do_not_decide_the_source(recording):
    rows = [("p", second, "SPO2", 97, "%") for second in (0, 1, 2, 90_000, 90_001, 90_002)]
    labs = [("p", count * 7200, "LACTATE", 1.0, "mmol/L") for count in range(50)]

    assert Recording(recording(rows + labs)).survey.source is Source.MONITOR


def test_the_caller_may_know_better_what_the_source_is(recording):
    path = recording([("p", second, "HR", 80, "bpm") for second in range(3)])

    assert Recording(path).survey.source is Source.WEARABLE
    assert told(read_folder(path, source="monitor"))[0]["device_id"] == "monitor-p"
    with pytest.raises(ValueError, match="toothbrush"):
        read_folder(path, source="toothbrush")


def test_only_the_chosen_patients_are_read(recording):
    path = recording([("a", 0, "HR", 1, "bpm"), ("b", 0, "HR", 2, "bpm"), ("c", 0, "HR", 3, "bpm")])

    assert [patient for _, patient, _ in read_folder(path, patients=["c", "a", "nobody"])] == ["a", "c"]
    assert Recording(path, patients=[]).survey.patients == 0
    assert list(read_folder(path, patients=[])) == []


def test_a_recording_without_values_is_a_quiet_recording(recording):
    path = recording([])

    assert list(read_folder(path)) == []
    assert list(per_patient(path)) == []


def test_a_patient_with_an_odd_name_still_makes_good_json(recording):
    path = recording([('p"1\\ü', 0, "SPO2", 97, "%")])

    assert told(read_folder(path))[0]["patient_id"] == 'p"1\\ü'


def test_the_mode_is_said_when_it_is_given(recording):
    path = recording(MONITOR)

    assert "mode" not in told(read_folder(path))[0]
    assert told(read_folder(path, mode="demo"))[0]["mode"] == "demo"


@pytest.mark.parametrize("name", NAMES)
def test_patient_by_patient_is_the_same_as_merged(name):
    merged = list(read_folder(folder(name)))

    single = [(at, patient, value) for patient, readings in per_patient(folder(name)) for at, value in readings]

    assert [at for at, _, _ in merged] == sorted(at for at, _, _ in merged)
    assert sorted(single) == sorted(merged)
    assert len({patient for _, patient, _ in merged}) == len(list(per_patient(folder(name))))


@pytest.mark.parametrize("name", NAMES)
def test_every_bundled_reading_is_read_at_once_by_the_hot_path(name):
    for at, patient, value in read_folder(folder(name)):
        reading = decode(value)

        assert isinstance(reading, FastReading)
        assert (reading.patient_id, round(reading.taken_at.timestamp() * 1000)) == (patient, at)


def test_a_folder_that_is_no_recording_is_refused_with_what_is_missing(tmp_path, recording):
    with pytest.raises(NotARecording, match=r"vitals\.parquet"):
        Recording(tmp_path)
    path = recording(MONITOR)
    import pyarrow.parquet as pq

    pq.write_table(pq.read_table(path / "vitals.parquet").drop_columns(["unit", "value"]), path / "vitals.parquet")
    with pytest.raises(NotARecording, match="value, unit"):
        Recording(path)
