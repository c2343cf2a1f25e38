"""`vigilward convert`, as it is called."""

import json

from typer.testing import CliRunner

from streams.commands import app
from tests.streams.formats.making import HEART_RATE, SPO2, message, observation, obx
from tests.streams.formats.test_admissions import admission


def run(data, *options):
    return CliRunner().invoke(app, ["convert", "-", *options], input=data)


def test_what_it_writes_is_clean_to_check():
    result = run(message(HEART_RATE, SPO2))
    checked = CliRunner().invoke(app, ["check", "-"], input=result.stdout)

    assert result.exit_code == 0
    assert (checked.exit_code, "2 taken" in checked.stdout) == (0, True)


def test_a_verdict_a_message_stands_on_standard_error():
    result = run(message(SPO2) + message(obx(1, "9279-1^RR^LN", "", "/min^^UCUM"), control="M-2"), "--json")
    first, second = map(json.loads, result.stderr.splitlines())

    assert result.exit_code == 1
    assert (first["message"], first["verdict"], first["id"]) == (1, "taken", "M-1")
    assert (second["message"], second["verdict"]) == (2, "refused")
    assert second["findings"] == [
        {
            "code": "no_value",
            "level": "finding",
            "place": "OBX[1].5",
            "remedy": "Send a value, or a status that says why there is none; empty is never zero.",
        }
    ]
    assert len(result.stdout.splitlines()) == 1


def test_it_explains_which_rule_took_which_value():
    result = run(json.dumps(observation()).encode(), "--explain")

    assert "Observation: heart_rate by http://loinc.org 8867-4" in result.stderr


def test_a_reading_without_a_time_of_day_is_shown_as_held():
    result = run(json.dumps(observation(effectiveDateTime="2026-11-29")).encode(), "--json")

    assert result.stdout == ""
    assert json.loads(result.stderr)["held"][0]["taken_at"] == "2026-11-29"


def test_no_held_reading_is_left_out_of_a_verdict():
    day = {"effectiveDateTime": "2026-11-29"}
    entries = [{"resource": observation(value=60 + at, id=f"o-{at}", **day)} for at in range(40)]
    bundle = json.dumps({"resourceType": "Bundle", "entry": entries}).encode()

    assert len(json.loads(run(bundle, "--json").stderr)["held"]) == 40
    assert "    held 2026-11-29 Patient/p-1: heart_rate 60.0 /min" in run(bundle).stderr


def test_nothing_to_convert_and_wrong_options_are_matters_of_usage(tmp_path):
    assert run(b"  ").exit_code == 2
    assert run(b"x", "--site-zone", "Europe/Nowhere").exit_code == 2
    assert run(b"x", "--format", "pigeon").exit_code == 2
    assert run(b"x", "--mapping", str(tmp_path / "none.toml")).exit_code == 2


def test_unknown_bytes_are_refused_not_a_crash():
    result = run(b"once upon a time")

    assert result.exit_code == 1
    assert "not_recognised" in result.stderr


def test_admissions_stand_apart_from_readings(tmp_path):
    records = tmp_path / "patients.jsonl"
    result = run(admission("A01") + message(SPO2), "--site-zone", "Europe/Berlin", "--patients", str(records))
    checked = CliRunner().invoke(app, ["check", "-"], input=result.stdout)
    of_patients = CliRunner().invoke(app, ["check", str(records), "--of", "patients"])

    assert (len(result.stdout.splitlines()), checked.exit_code) == (1, 0)
    assert (json.loads(records.read_text())["event"], of_patients.exit_code) == ("admit", 0)
