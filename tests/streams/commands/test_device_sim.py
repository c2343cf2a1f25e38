"""`vigilward device-sim`, without a gateway: its messages as convert sees them."""

import json
from datetime import datetime

import pytest
from typer.testing import CliRunner

from streams.commands import app
from streams.simulator import foreign_senders


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


@pytest.mark.parametrize(
    ("fault", "code"),
    [("stuck_clock", "clock_stuck"), ("repeated", "duplicate"), ("missing", "sequence_gap"),
     ("patient_swap", "shared_device"), ("swapped_pressures", "pressures_crossed"), ("wrong_unit", "unknown_unit")],
)  # fmt: skip
def test_check_names_what_is_wrong_with_the_senders(fault, code):
    made = CliRunner().invoke(app, ["device-sim", "http", "--patients", "2", "--for", "70s", "--fault", fault])
    checked = CliRunner().invoke(app, ["check", "-", "--json"], input=made.stdout)
    assert code in {json.loads(line)["code"] for line in checked.stdout.splitlines()}


def test_a_drifting_clock_gains():
    (sound, _), (drifting, _) = converted("http"), converted("http", "drifting_clock")

    lasted = [datetime.fromisoformat(ward[-1]["taken_at"]) - datetime.fromisoformat(ward[0]["taken_at"])
              for ward in (sound, drifting)]  # fmt: skip
    assert lasted[1] / lasted[0] == pytest.approx(1.05, abs=0.002)


def test_a_wrong_partitioner_is_a_matter_of_usage_where_a_gateway_places():
    result = CliRunner().invoke(app, ["device-sim", "http", "--fault", "wrong_partitioner"])

    assert result.exit_code == 2
    assert "device-sim kafka" in result.stderr


def test_a_kafka_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(foreign_senders, "REACHED_WITHIN_S", 0.2)
    result = CliRunner().invoke(app, ["device-sim", "kafka", "--to", "127.0.0.1:9", "--for", "1s"])

    assert result.exit_code == 3
    assert "no Kafka at 127.0.0.1:9" in result.stderr


def test_swapped_pressures_are_marked():
    _, verdicts = converted("hl7v2", "swapped_pressures")

    assert "pressures_swapped" in {finding["code"] for one in verdicts for finding in one["findings"]}


def test_a_repeat_is_the_same_reading_and_a_burst_loses_none():
    sound, _ = converted("http")
    twice, _ = converted("http", "repeated")
    burst, _ = converted("http", "burst")

    assert len(twice) == 2 * len(sound)
    assert len(burst) == len(sound)
