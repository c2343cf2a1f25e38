"""A table is read as it was meant, or refused with a code, the column and what helps, before any work."""

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from schemas.vitals import Source
from streams.commands import app
from streams.recordings.recordings import Recording
from streams.recordings.tables import NotARecording, Tables, from_frames, tables_of

NAMES = ("patient_id", "time_s", "signal", "value", "unit")
ROWS = [("7", 0.0, "HR", 80.0, "bpm"), ("7", 60.0, "SPO2", 97.0, "%"), ("8", 0.0, "HR", 70.0, "bpm")]
LABELS = [("7", "icu", 1.0, 3_600.0), ("8", "icu", 0.0, None)]


def vitals(**columns):
    plain = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))
    return pa.table({**plain, **columns})


def labels(**columns):
    plain = dict(zip(("patient_id", "label", "value", "time_s"), map(list, zip(*LABELS, strict=True)), strict=True))
    return pa.table({**plain, **columns})


def ms(*seconds):
    return pa.array([round(1000 * one) for one in seconds], pa.timestamp("ms"))


REFUSED = {
    "a date as time": (vitals(time_s=ms(0, 60, 0)), None, "time_is_a_date", "vitals: time_s"),
    "text of dates": (vitals(time_s=["2026-01-01 10:00", "2026-01-01 10:01", ""]), None, "time_is_a_date", "time_s"),
    "no time": (vitals(time_s=[0.0, None, 0.0]), None, "missing_time", "vitals: time_s"),
    "NaN as time": (vitals(time_s=[0.0, float("nan"), 0.0]), None, "missing_time", "vitals: time_s"),
    "milliseconds since 1970": (vitals(time_s=[1.767e12] * 3), None, "time_in_milliseconds", "vitals: time_s"),
    "text as value": (vitals(value=["80", "low", "70"]), None, "bad_value", "vitals: value"),
    "a comma in a number": (vitals(value=["80", "36,8", "70"]), None, "bad_value", "vitals: value"),
    "no unit": (vitals(unit=["bpm", None, "bpm"]), None, "missing_unit", "vitals: unit"),
    "no patient": (vitals(patient_id=["7", None, "8"]), None, "missing_patient", "vitals: patient_id"),
    "an empty patient": (vitals(patient_id=["7", "", "8"]), None, "missing_patient", "vitals: patient_id"),
    "a yes as label": (vitals(), labels(value=["yes", "no"]), "bad_label_value", "labels: value"),
    "a date in the labels": (vitals(), labels(time_s=ms(0, 60)), "time_is_a_date", "labels: time_s"),
    "no name of a label": (vitals(), labels(label=["icu", None]), "missing_label", "labels: label"),
    "another column": (vitals().drop_columns(["unit"]), None, "no_column", "vitals: unit"),
    "other signals": (vitals(signal=["hr", "spo2", "hr"]), None, "no_watched_values", "vitals: signal"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_read_wrongly_is_refused_with_code_column_and_remedy(case):
    table, told, code, field = REFUSED[case]

    with pytest.raises(NotARecording) as refused:
        from_frames(table, told)
    assert refused.value.code == code
    assert field in refused.value.field
    assert refused.value.remedy


@pytest.mark.parametrize("case", [one for one in REFUSED if one not in ("other signals",)])
def test_the_command_refuses_it_in_one_line_before_the_work(case, tmp_path):
    table, told, code, _ = REFUSED[case]
    pq.write_table(table, tmp_path / "vitals.parquet")
    if told is not None:
        pq.write_table(told, tmp_path / "labels.parquet")
    for arguments in (["evaluate", tmp_path], ["replay", tmp_path], ["check", tmp_path],
                      ["rules", "calibrate", tmp_path, "--budget", "1"],
                      ["learn", tmp_path, "--head", "hypotension", "--out", tmp_path / "out.json"]):  # fmt: skip
        ran = CliRunner().invoke(app, [str(one) for one in arguments])
        assert (ran.exit_code, code in ran.stderr, "Traceback" in ran.output) == (2, True, False), arguments


def test_the_first_row_at_fault_is_named():
    with pytest.raises(NotARecording, match=r"row 2; 1 such rows"):
        from_frames(vitals(unit=["bpm", None, "bpm"]))


def test_columns_of_another_separator_are_shown_as_they_were_read(tmp_path):
    (tmp_path / "vitals.csv").write_text("patient_id;time_s;signal;value;unit\n7;0;HR;80;bpm\n")
    with pytest.raises(NotARecording, match=r"no_column.*it has patient_id;time_s;signal;value;unit"):
        tables_of(tmp_path)


def test_rows_that_nobody_watches_may_lack_what_they_like():
    table = vitals(signal=["HR", "LACTATE", "HR"], unit=["bpm", None, "bpm"], time_s=[0.0, None, 0.0])

    assert Recording(from_frames(table)).survey.unwatched == {"LACTATE": 1}


def test_text_of_numbers_booleans_whole_numbers_and_durations_are_what_they_say():
    told = from_frames(
        vitals(value=[" 80", "97.0", "+7e1"], patient_id=[7, 7, 8], time_s=pa.array([0, 60, 0], pa.duration("s"))),
        labels(value=[True, False], patient_id=[7.0, 8.0], time_s=[3_600.0, float("nan")]),
    )

    assert told.vitals["value"].to_pylist() == [80, 97, 70]
    assert told.vitals["time_s"].to_pylist() == [0, 60, 0]
    assert told.patients == ["7", "8"] == told.labels["patient_id"].to_pylist()
    assert told.labels["value"].to_pylist() == [1, 0]
    assert told.labels["time_s"].to_pylist() == [3_600, None]


def readings(recorded):
    return list(Recording(recorded).readings())


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_of_every_library_give_the_readings_of_the_file(library, tmp_path):
    pq.write_table(vitals(), tmp_path / "vitals.parquet")
    table = vitals()
    if library == "pandas":
        table = table.to_pandas()
    elif library == "polars":
        import polars

        table = polars.from_arrow(table)

    assert readings(from_frames(table)) == readings(tmp_path)


def test_csv_is_read_like_parquet_and_ids_keep_their_zeros(tmp_path):
    table = vitals(patient_id=["007", "007", "8"])
    csv.write_csv(table, tmp_path / "vitals.csv")

    assert readings(tmp_path) == readings(tmp_path / "vitals.csv") == readings(from_frames(table))
    assert tables_of(tmp_path).patients == ["007", "8"]


def test_a_frame_is_no_list_and_a_source_may_be_said():
    with pytest.raises(NotARecording, match="not_a_table"):
        from_frames([1, 2])
    assert Recording(from_frames(vitals(), source="spot")).survey.source is Source.SPOT


def test_tables_that_were_read_are_not_read_again(tmp_path):
    tables = from_frames(vitals())

    assert isinstance(tables, Tables) and tables_of(tables) is tables
