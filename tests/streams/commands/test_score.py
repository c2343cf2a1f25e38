"""`vigilward score`, as it is called."""

import contextlib
import json
import os
import pty
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from streams.commands.score import score

APP = typer.Typer()
APP.command()(score)

ROUND = b"""{"resp_rate": 26, "spo2": 97, "pulse_rate": 80}
{"spo2": 140}

not json
{"resp_rate": 16, "consciousness": "X"}
{"resp_rate": 8.5, "temperature": 35.05}\r
{"resp_rate": 12, "spo2": 96}"""


def run(*arguments, given=b""):
    return CliRunner().invoke(APP, list(arguments), input=given)


def unboxed(text):
    """A complaint without the frame that is drawn around it."""
    return " ".join(text.replace("│", " ").split())


@pytest.fixture
def chart(tmp_path):
    path = tmp_path / "round.jsonl"
    path.write_bytes(ROUND)
    return path


def test_each_line_has_its_answer_in_its_place_and_the_exit_is_clean(chart):
    result = run(str(chart), "--json")
    said = [json.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert [one["score_min"] if "score_min" in one else one["error"]["code"] for one in said] == [
        3,
        "impossible",
        "not_json",
        "bad_value",
        6,
        0,
    ]
    assert [one["line"] for one in said] == [1, 2, 4, 5, 6, 7]
    assert result.stderr == ""


def test_whose_a_line_is_and_of_when_goes_through_answered_or_refused():
    """Strange ids are harmless: a terminal is not moved by them."""
    given = b"""{"patient_id": "p-7", "time": "2026-01-01T00:00:00Z", "spo2": 97}
{"patient_id": 8, "time": 3600, "spo2": 140}
{"patient_id": {"x": 1}, "spo2": 97}"""
    said = [json.loads(line) for line in run("-", "--json", given=given).stdout.splitlines()]

    assert [(one["line"], one.get("patient_id"), one.get("time")) for one in said] == [
        (1, "p-7", "2026-01-01T00:00:00Z"),
        (2, 8, 3600),
        (3, None, None),
    ]
    assert ["error" in one for one in said] == [False, True, False]


def test_where_every_line_was_refused_the_exit_says_so():
    assert run("-", "--json", given=b'{"spo2": 140}\nnot json').exit_code == 1
    assert run("-", "--json", given=b'{"spo2": 140}\n{"spo2": 97}').exit_code == 0


def test_standard_input_is_a_dash(chart):
    assert run("-", "--json", given=ROUND).stdout == run(str(chart), "--json").stdout


def test_where_there_is_no_terminal_json_is_written_unasked(chart):
    assert run(str(chart)).stdout == run(str(chart), "--json").stdout


def test_nothing_in_is_nothing_out():
    result = run("-", given=b"")

    assert (result.exit_code, result.stdout) == (0, "")


def test_a_missing_file_is_a_usage_error_in_plain_words(tmp_path):
    result = run(str(tmp_path / "absent.jsonl"))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such file or directory" in unboxed(result.stderr)


def test_a_folder_is_a_usage_error_in_plain_words(tmp_path):
    result = run(str(tmp_path))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Is a directory" in unboxed(result.stderr)


def test_help_gives_an_example():
    assert "Example" in run("--help").stdout


def everything(terminal):
    """What was written on a terminal; Linux ends it by an input/output error."""
    written = b""
    with os.fdopen(terminal, "rb", buffering=0) as end, contextlib.suppress(OSError):
        while chunk := end.read(4096):
            written += chunk
    return written.decode()


def test_on_a_terminal_a_person_reads_one_line_each(chart):
    ours, theirs = pty.openpty()
    code = "import typer; from streams.commands.score import score; app = typer.Typer(); app.command()(score); app()"
    subprocess.run([sys.executable, "-c", code, str(chart)], stdout=theirs, check=True)
    os.close(theirs)
    said = everything(ours).splitlines()

    assert said == [
        "   1  NEWS2 at least 3   at least low-medium resp rate 3; observation due: supplemental oxygen, systolic BP, "
        "consciousness, temperature",
        "   2  refused            spo2: Nobody's SpO2 lies outside 0 to 100 %: check the sensor, the unit and the "
        "decimal point.",
        "   4  refused            line: Send one JSON object a line, in UTF-8, such as "
        '{"resp_rate": 18, "spo2": 97, "pulse_rate": 72, "temperature": 36.8}',
        "   5  refused            consciousness: Give one of A, C, V, P, U as a capital letter, or null.",
        "   6  NEWS2 at least 6   at least medium     resp rate 3, temperature 3; observation due: SpO2, "
        "supplemental oxygen, systolic BP, pulse, consciousness",
        "   7  NEWS2 at least 0   at least low        no points; observation due: supplemental oxygen, systolic BP, "
        "pulse, consciousness, temperature",
    ]
