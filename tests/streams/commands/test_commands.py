"""The command line as a whole: quick to answer, uniform in its exits, and never silent about what is broken."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from streams import commands
from streams.commands import COMMANDS, CannotRun, app, load

FOLDER = Path(commands.__file__).parent
WRITTEN = sorted(
    path.stem.replace("_", "-")
    for path in FOLDER.glob("*.py")
    if any(isinstance(part, ast.FunctionDef) and part.name == path.stem for part in ast.parse(path.read_text()).body)
)


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def shell(line, **options):
    here = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=here, timeout=60, check=False, **options
    )


def test_every_command_that_is_written_is_listed_and_no_other():
    listed = run("--help").stdout

    for name, line in COMMANDS.items():
        assert (f"  {name} " in listed) == (name in WRITTEN)
        assert line.endswith(".")
        assert name not in WRITTEN or line in listed, "the line is too long for a page of 80"
    assert set(WRITTEN) <= set(COMMANDS), "a command's file is there, and its line in COMMANDS is not"


@pytest.mark.parametrize("name", WRITTEN)
def test_every_command_explains_itself_with_an_example(name):
    told = run(name, "--help")

    assert told.exit_code == 0
    assert f"vigilward {name}" in told.stdout.partition("Example")[2]


def test_help_reads_no_command():
    """Faust and river take seconds to import on a busy machine; a list of commands needs neither."""
    heavy = ["faust", "mode", "aiokafka", "confluent_kafka", "river", "numpy", "pyarrow", "pydantic", "msgspec"]
    script = (
        "import sys\nfrom streams.commands import app\n"
        "try:\n app(['--help'])\nexcept SystemExit: pass\n"
        f"sys.exit(' '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "Commands:" in ended.stdout


def test_the_version_is_the_distributions():
    told = run("--version")

    assert told.exit_code == 0
    assert told.stdout.startswith("vigilward ")


@pytest.mark.parametrize("arguments", [(), ("no-such",), ("--no-such",), ("score",), ("score", "--no-such", "-")])
def test_a_call_that_cannot_be_understood_is_a_matter_of_usage(arguments):
    assert run(*arguments).exit_code == 2


def test_a_slip_of_the_finger_is_answered_with_the_command_that_was_meant():
    assert "'score'" in run("scroe").stderr


@pytest.fixture
def strange(monkeypatch):
    """Puts a function in place of the command `score`."""

    def put(function):
        alone = typer.Typer(**commands.PLAIN)
        alone.command("score")(function)
        monkeypatch.setattr(commands, "load", lambda name: typer.main.get_command(alone))

    return put


@pytest.mark.parametrize("code", [2, 3])
def test_what_keeps_a_command_from_running_is_told_in_one_line(strange, code):
    def score():
        raise CannotRun("no broker at 127.0.0.1:1: start one, or set VIGILWARD_BOOTSTRAP_SERVERS", code)

    strange(score)
    ended = run("score")

    assert ended.exit_code == code
    assert ended.stdout == ""
    assert ended.stderr.startswith("vigilward score: no broker at")
    assert "Traceback" not in ended.stderr


def test_a_defect_of_ours_is_not_hidden_and_not_mistaken_for_findings(strange):
    def score():
        raise ZeroDivisionError("an accident")

    strange(score)

    assert isinstance(run("score").exception, ZeroDivisionError)


def test_a_defect_ends_the_process_with_a_traceback_and_its_own_code():
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from streams import commands; sys.argv = ['vigilward', 'score'];"
            "commands.load = lambda name: 1 / 0; commands.main()",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == commands.DEFECT
    assert "ZeroDivisionError" in ended.stderr


def test_an_import_that_fails_is_raised_and_not_taken_for_a_missing_command(monkeypatch, tmp_path):
    (tmp_path / "bench.py").write_text("import no_such_module_anywhere\n")
    monkeypatch.setattr(commands, "__path__", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "streams.commands.bench", raising=False)

    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        load("bench")


def test_a_reader_who_has_seen_enough_is_no_error():
    many = "yes '{\"spo2\": 97}' | head -n 20000 | vigilward score - | head -n 1; echo ${PIPESTATUS[2]}"
    ended = shell(many)

    assert ended.stdout.splitlines()[-1] == "0", ended.stderr
    assert ended.stderr == ""
