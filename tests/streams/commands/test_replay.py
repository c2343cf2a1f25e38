"""`vigilward replay`, as it is called."""

import json
import subprocess
import sys

from streams.ward.samples import folder

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


def test_bad_lines_are_counted_by_reason_and_the_exit_code_stays_0(tmp_path):
    path = tmp_path / "readings.jsonl"
    path.write_bytes(b'not json\n{"patient_id":"p"}\n')

    done = run(path)

    assert done.returncode == 0
    assert b"1 missing_field" in done.stderr
    assert b"1 not_json" in done.stderr
