"""`vigilward replay`, as it is called."""

import json
import os
import re
import subprocess
import sys
import threading

import pytest
from typer.testing import CliRunner

from schemas.times import to_text
from streams.commands import app
from streams.recordings import tables
from streams.recordings.samples import folder

VIGILWARD = [sys.executable, "-c", "from streams.commands import main; main()", "replay"]


def run(*arguments):
    return subprocess.run([*VIGILWARD, *map(str, arguments)], capture_output=True, check=False)


def test_a_folder_gives_alerts_one_a_line_and_a_sum_on_standard_error():
    done = run(folder("bidmc"), "--json")

    assert done.returncode == 0
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said and all(one["alert_id"] and one["headline"] for one in said)
    assert b"accepted" in done.stderr


def test_a_file_that_is_not_there_is_a_matter_of_usage():
    done = run("no-such-file.jsonl")

    assert done.returncode == 2
    assert b"no-such-file.jsonl" in done.stderr
    assert b"Traceback" not in done.stderr


def test_bad_lines_are_counted_by_reason_and_the_exit_code_says_so(tmp_path):
    path = tmp_path / "readings.jsonl"
    path.write_bytes(b'not json\n{"patient_id":"p"}\n')

    done = run(path)

    assert done.returncode == 1
    assert b"1 missing_field" in done.stderr
    assert b"1 not_json" in done.stderr
    assert b"unreadable: 2 lines" in done.stderr


PATIENTS, READINGS = 6, 60


@pytest.fixture(scope="module")
def by_patient(tmp_path_factory):
    """One patient after the other, each a reading a minute over the same hour."""
    path = tmp_path_factory.mktemp("sorted") / "readings.jsonl"
    lines = []
    for patient in range(PATIENTS):
        for minute in range(READINGS):
            vitals = {"spo2": {"value": 97, "unit": "%"}}
            taken = f"2026-11-22T12:{minute:02}:00Z"
            lines.append(
                {"patient_id": f"p{patient}", "device_id": f"m{patient}", "taken_at": taken, "vitals": vitals,
                 "sequence": minute}
            )  # fmt: skip
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def test_a_file_sorted_by_patient_is_not_dropped_in_silence(by_patient):
    done = run(by_patient, "--partitions", 1)

    assert done.returncode == 1
    assert re.search(rb"[1-9]\d* late", done.stderr)
    assert b"not_in_order: taken_at: " in done.stderr and b"sort the file by taken_at" in done.stderr


def test_with_a_clock_for_each_patient_every_reading_of_it_is_accepted(by_patient):
    done = run(by_patient, "--alone")

    assert done.returncode == 0
    assert b"6 patients, 360 accepted" in done.stderr


def test_check_and_replay_agree_on_order(by_patient, tmp_path):
    straight = tmp_path / "straight.jsonl"
    straight.write_text(
        "\n".join(sorted(by_patient.read_text().splitlines(), key=lambda one: one[one.index("taken") :]))
    )

    assert check(by_patient).exit_code == 1
    assert "behind_others" in check(by_patient).stdout
    assert check(straight).exit_code == run(straight).returncode == 0


@pytest.mark.parametrize("days", [0, 400], ids=["the newest first", "a year apart"])
def test_what_check_finds_late_or_too_far_ahead_of_one_patient_is_none_that_replay_passes_over(tmp_path, days):
    def line(hour, day):
        vitals = {"spo2": {"value": 97, "unit": "%"}}
        taken = to_text(1_795_348_800_000 + (day * 24 + hour) * 3_600_000)
        return json.dumps({"patient_id": "p", "device_id": "m", "taken_at": taken, "sequence": hour, "vitals": vitals})

    lines = [line(hour, days * (hour > 3)) for hour in range(8)]
    path = tmp_path / "readings.jsonl"
    path.write_text("\n".join(lines if days else lines[::-1]))
    done = CliRunner().invoke(app, ["replay", str(path)])

    assert done.exit_code == check(path).exit_code == 1
    wanted = "clock_ahead: taken_at: 4 readings" if days else "not_in_order: taken_at: 7 readings"
    assert wanted in done.stderr and "because of other patients" not in done.stderr


def test_tables_are_read_once(tmp_path, monkeypatch):
    (tmp_path / "vitals.csv").write_text(
        "patient_id,time_s,signal,value,unit\n" + "".join(f"p,{second},HR,80,bpm\n" for second in range(0, 9_000, 60))
    )
    read = []
    monkeypatch.setattr(tables, "_read", lambda file, own=tables._read: read.append(file.name) or own(file))
    moment = ("explain", "--in", tmp_path, "--patient", "p", "--at", "2h", "--json")
    for words in (("replay", tmp_path), moment, (*moment, "--as-evaluated")):
        assert CliRunner().invoke(app, [str(one) for one in words]).exit_code == 0
        assert read == ["vitals.csv"]
        read.clear()


def check(path):
    return CliRunner().invoke(app, ["check", str(path)], env={"VIGILWARD_PARTITIONS": "1"})


def test_a_table_is_replayed_as_one_and_another_file_of_text_says_that_it_is_none(tmp_path):
    table = tmp_path / "vitals.csv"
    table.write_text("patient_id,time_s,signal,value,unit\n7,0,HR,80,bpm\n7,60,HR,81,bpm\n")
    text = tmp_path / "vitals.txt"
    text.write_text(table.read_text())

    assert run(table).returncode == 0 and b"1 patients, 2 accepted" in run(table).stderr
    assert run(text).returncode == 1 and b"unreadable: 3 lines" in run(text).stderr


def test_an_empty_file_is_no_recording(tmp_path):
    (tmp_path / "empty.jsonl").touch()
    done = run(tmp_path / "empty.jsonl")

    assert done.returncode == 2 and b"empty: " in done.stderr


@pytest.mark.parametrize("size", [1, 100])
def test_a_pipe_is_replayed_from_its_first_byte(by_patient, size: int):
    """What a look ahead has read of a pipe is gone; of as little as a buffer holds that is everything."""
    lines = by_patient.read_bytes().splitlines(keepends=True)[:size]
    read, write = os.pipe()

    def pour() -> None:
        with os.fdopen(write, "wb") as pipe:
            pipe.writelines(lines)

    pouring = threading.Thread(target=pour)
    pouring.start()
    done = subprocess.run([*VIGILWARD, f"/dev/fd/{read}", "--alone"], capture_output=True, check=False, pass_fds=[read])
    os.close(read)
    pouring.join()

    assert done.returncode == 0, done.stderr
    assert f"{size} records".encode() in done.stderr


def test_an_empty_pipe_is_no_recording():
    done = subprocess.run([*VIGILWARD, "/dev/stdin"], capture_output=True, check=False, input=b"")

    assert (done.returncode, done.stderr.count(b"empty: '/dev/stdin'")) == (2, 1)
