"""`vigilward device-sim`, without a gateway: its messages as convert sees them."""

import json

import pytest
from typer.testing import CliRunner

from streams.commands import app


def converted(door, fault="none"):
    made = CliRunner().invoke(app, ["device-sim", door, "--patients", "2", "--for", "70s", "--fault", fault])
    assert made.exit_code == 0, made.output
    result = CliRunner().invoke(app, ["convert", "-", "--json"], input=made.stdout)
    verdicts = [json.loads(line) for line in result.stderr.splitlines()]
    return [json.loads(line) for line in result.stdout.splitlines()], verdicts


@pytest.mark.parametrize("door", ["hl7v2", "fhir", "http"])
def test_a_sound_ward_is_taken_whole_in_every_format(door):
    readings, verdicts = converted(door)

    assert {one["verdict"] for one in verdicts} == {"taken"}
    assert {one["patient_id"].removeprefix("Patient/") for one in readings} == {"sim-0001", "sim-0002"}


@pytest.mark.parametrize("door", ["hl7v2", "fhir", "http"])
def test_a_wrong_unit_is_refused_in_every_format(door):
    readings, verdicts = converted(door, "wrong_unit")

    assert [one for one in readings if any("unit" in said for said in one["vitals"].values())] == []
    assert {finding["code"] for one in verdicts for finding in one["findings"]} >= {"unknown_unit"}


def test_swapped_pressures_are_marked():
    _, verdicts = converted("hl7v2", "swapped_pressures")

    assert "pressures_swapped" in {finding["code"] for one in verdicts for finding in one["findings"]}


def test_a_repeat_is_the_same_reading_and_a_burst_loses_none():
    sound, _ = converted("http")
    twice, _ = converted("http", "repeated")
    burst, _ = converted("http", "burst")

    assert len(twice) == 2 * len(sound)
    assert len(burst) == len(sound)
