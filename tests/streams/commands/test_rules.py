"""`vigilward rules`, as it is called."""

import json

import pytest
from typer.testing import CliRunner

from detectors.rules import read_rules
from streams.commands import app
from streams.config.packaged_rules import packaged_rules
from streams.recordings.samples import folder
from tests.making import rules_bytes


def run(*arguments):
    return CliRunner().invoke(app, ["rules", *map(str, arguments)])


@pytest.fixture
def candidate(tmp_path):
    path = tmp_path / "candidate.json"
    path.write_bytes(rules_bytes(("stream.red", 8), ("approver", "Dr. X")))
    return path


def test_the_packaged_rules_are_listed_by_name_hash_and_what_they_arm():
    listed = json.loads(run("list", "--json").stdout)

    assert listed["sha256"] == packaged_rules().sha256
    assert listed["armed"] == sorted(packaged_rules().armed)
    assert listed["approver"] is None


def test_rules_that_run_in_shadow_are_listed_beside_ours(candidate, monkeypatch):
    monkeypatch.setenv("VIGILWARD_SHADOW_RULES", str(candidate))

    ours, shadow = (json.loads(line) for line in run("list", "--json").stdout.splitlines())

    assert (ours["file"], shadow["approver"]) == ("packaged", "Dr. X")


def test_a_folder_of_rules_is_listed_file_by_file_the_broken_ones_too(candidate):
    (candidate.parent / "worse.json").write_bytes(b"{}")

    good, broken = run("list", candidate.parent, "--json").stdout.splitlines()

    assert json.loads(good)["approver"] == "Dr. X"
    assert "cannot be read" in json.loads(broken)["refused"]


def test_a_sound_file_is_valid_and_a_broken_one_names_every_fault_and_exits_1(candidate, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_bytes(rules_bytes(("stream.red", 0), ("surprise", 1)))

    sound, found = run("validate", candidate), run("validate", broken, "--json")

    assert (sound.exit_code, found.exit_code) == (0, 1)
    faults = [json.loads(line) for line in found.stdout.splitlines()]
    assert {(fault["code"], fault["field"]) for fault in faults} == {
        ("bad_value", "stream.red"),
        ("unknown_field", "surprise"),
    }
    assert all(fault["remedy"] for fault in faults)


def test_a_candidate_is_compared_with_the_rules_in_force_in_words(candidate):
    told = run("diff", candidate)

    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        "approver: none -> Dr. X",
        "streamed: how long a red score lasts before it calls: 4 windows of 15 s -> 8 windows of 15 s",
    ]


def test_a_candidate_is_tried_on_a_bundled_sample(candidate):
    told = run("dry-run", candidate, "--in", "sepsis2019", "--json")

    assert told.exit_code == 0
    found = json.loads(told.stdout)
    assert found["alerts"]["armed"] == found["alerts"]["candidate"] > 0  # hourly rounds: no streams that could wait
    assert found["candidate_rules"]["sha256"] != found["armed_rules"]["sha256"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("diff",),
        ("dry-run", "packaged"),
        ("dry-run", "packaged", "--in", "no such recording"),
        ("validate", "no-such-file.json"),
        ("dry-run", "--in", "bidmc"),
        ("calibrate", "packaged"),
        ("calibrate", "no such folder", "--budget", "0.45"),
        ("calibrate", ".", "--budget", "-1"),
        ("calibrate", ".", "--budget", "nan"),
        ("dry-run", "packaged", "--in", __file__),
    ],
)
def test_what_is_missing_is_a_matter_of_usage(arguments):
    told = run(*arguments)

    assert told.exit_code == 2
    assert told.stderr.startswith("vigilward rules: ")


def test_a_candidate_runs_in_shadow_over_a_bundled_sample(candidate):
    told = run("shadow", candidate, "--in", "bidmc", "--json")

    found = json.loads(told.stdout)
    assert found["alerts"]["armed"] == found["alerts"]["shadow"] > 0
    assert found["shadow_rules"]["sha256"] != found["armed_rules"]["sha256"]


def test_a_budget_that_so_few_patients_cannot_prove_arms_nothing_unless_disarmed(tmp_path):
    """Six patients of ten days: even without any alert the upper bound lies above one in a hundred days."""
    refused, out = run("calibrate", folder("sepsis2019"), "--budget", "0.01", "--json"), tmp_path / "candidate.json"

    assert refused.exit_code == 1
    told = json.loads(refused.stdout)
    assert (told["armed"], told["refused"], told["written"]) == (False, "too_few_days", None)
    assert not out.exists()

    again = run("calibrate", folder("sepsis2019"), "--budget", "0.01", "--out", out, "--disarm")
    assert again.exit_code == 1
    assert packaged_rules().armed - read_rules(out.read_bytes()).armed == {"risk"}


def test_rules_that_cannot_be_armed_are_not_tried(tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"{}")
    told = run("dry-run", broken, "--in", "bidmc")

    assert told.exit_code == 1
    assert "validate" in told.stderr
