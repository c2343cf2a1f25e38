"""`vigilward explain`, as it is called."""

import json
import os

import pytest
from typer.testing import CliRunner

from streams.commands import app
from streams.recordings.samples import folder
from tests.making import rules_bytes


def run(*arguments):
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


MOMENT = ("--patient", "bidmc32", "--at", "2026-01-01T00:00:40Z", "--in", "bidmc")


def test_a_moment_is_explained_in_words():
    told = run(*MOMENT)

    assert told.exit_code == 0, told.stderr
    assert "red score SpO2, 85, begins at <= 91, lasted 3 of 4: not_yet_persistent" in told.stdout
    assert "the same values for 1 more window: calls" in told.stdout


def test_an_alert_is_explained_by_the_id_that_replay_gives():
    replayed = CliRunner().invoke(app, ["replay", str(folder("bidmc")), "--json"])
    alert = json.loads(replayed.stdout.splitlines()[0])

    told = run(alert["alert_id"], "--in", "bidmc", "--json")
    sooner = run(alert["alert_id"], "--in", "bidmc", "--json", "--patient", alert["patient_id"])

    assert told.exit_code == 0
    assert json.loads(told.stdout)["alert"] == alert
    assert sooner.stdout == told.stdout


def test_a_pipe_is_refused_as_the_recording_is_read_more_than_once():
    """Read a second time it would be empty: nothing would be decided about anybody."""
    read, write = os.pipe()
    os.close(write)

    told = run("--patient", "p1", "--at", "2026-01-01T00:00:40Z", "--in", f"/dev/fd/{read}")
    os.close(read)

    assert told.exit_code == 2
    assert "can be read only once" in f"{told.exception}{told.stderr}"


def test_other_rules_may_decide_otherwise(tmp_path):
    path = tmp_path / "rules.json"
    path.write_bytes(rules_bytes(("stream.red", 3)))

    told = json.loads(run(*MOMENT, "--rules", path, "--json").stdout)

    assert told["decision"]["said"][0]["interrupts"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("0" * 24,),
        ("0" * 24, "--patient", "p", "--at", "2026-01-01T00:00:40Z", "--in", "bidmc"),
        ("--patient", "p", "--in", "bidmc"),
        ("--patient", "p", "--at", "yesterday", "--in", "bidmc"),
        ("0" * 24, "--in", "no such recording"),
        ("0" * 24, "--in", "bidmc", "--from-kafka"),
    ],
)
def test_what_is_missing_is_a_matter_of_usage(arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments", [("0" * 24,), ("--patient", "nobody", "--at", "2026-01-01T00:00:40Z")], ids=["alert", "patient"]
)
def test_what_the_recording_does_not_hold_is_said_in_one_line(arguments):
    told = run(*arguments, "--in", "bidmc")

    assert told.exit_code == 1
    assert told.stderr.startswith("vigilward explain: ")
    assert told.stdout == ""
