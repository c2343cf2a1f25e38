"""`vigilward schema`, as it is called."""

import json

import pytest
from typer.testing import CliRunner

from schemas.documents import MESSAGES, document
from schemas.reasons import Refusal
from schemas.vitals import SCALES, Vital
from streams.commands import app


def run(*arguments):
    return CliRunner().invoke(app, ["schema", *arguments])


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_printed_as_its_document(name):
    assert json.loads(run(name).stdout) == document(name)
    assert json.loads(run(name, "--json").stdout) == document(name)
    assert len(run(name, "--json").stdout.splitlines()) == 1


def test_without_a_name_it_is_the_reading():
    assert run().stdout == run("reading").stdout


def test_the_vitals_are_one_object_a_line_with_their_units_and_ranges():
    rows = [json.loads(line) for line in run("vitals", "--json").stdout.splitlines()]

    assert [row["vital"] for row in rows] == list(Vital)
    assert rows[0]["suspect_outside"] == list(SCALES[Vital.HEART_RATE].suspect)
    assert rows[0]["valid_for_s"] == {"monitor": 120, "wearable": 300, "spot": 27_000}


def test_the_vitals_are_told_to_a_person_too():
    told = run("vitals").stdout

    for vital, scale in SCALES.items():
        assert f"\n{vital} " in f"\n{told}"
        assert all(unit in told for unit in scale.units)
        assert all(code in told for code in scale.loinc)
    assert "valid for 2 min (monitor), 5 min (wearable), 7 h 30 min (spot)" in told


def test_every_code_of_a_refusal_is_printed_with_its_remedy():
    assert [line.split()[0] for line in run("refusals").stdout.splitlines()] == list(Refusal)
    assert all(json.loads(line)["remedy"] for line in run("refusals", "--json").stdout.splitlines())


def test_another_name_is_a_matter_of_usage():
    assert run("observation").exit_code == 2
