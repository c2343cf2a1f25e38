"""`vigilward check`, as it is called."""

import json
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from streams.commands import app

GOOD = {
    "patient_id": "p-7f3a",
    "device_id": "mon-12",
    "taken_at": "2026-11-22T12:00:00Z",
    "sequence": 1,
    "vitals": {"spo2": {"value": 97, "unit": "%"}},
}
BAD = {**GOOD, "sequence": 2, "taken_at": "2026-11-22T12:00:01Z", "vitals": {"spo2": {"value": 97}}}


def run(text, *options):
    given = text if isinstance(text, bytes) else text.encode()
    return CliRunner().invoke(app, ["check", "-", *options], input=given)


def lines(*messages):
    return "".join(json.dumps(one) + "\n" for one in messages)


def found(text):
    return [(one["line"], one["code"]) for one in map(json.loads, run(text, "--json").stdout.splitlines())]


def test_clean_messages_exit_clean_with_a_line_that_says_what_was_looked_at():
    result = run(lines(GOOD, {**GOOD, "sequence": 2, "taken_at": "2026-11-22T12:00:01Z"}))

    assert result.exit_code == 0
    assert result.stdout == ("2 messages, 2 readable; 2 vitals: 2 taken, 0 suspect, 0 refused; 0 findings, 0 notes\n")


def test_a_finding_names_line_code_field_and_remedy_and_exits_with_one():
    result = run(lines(GOOD) + "\n" + lines(BAD))
    (finding,) = run(lines(GOOD) + "\n" + lines(BAD), "--json").stdout.splitlines()

    assert result.exit_code == 1
    assert (
        "       3  finding  missing_unit         vitals.spo2.unit: known: %, 1. Name the unit (UCUM)" in result.stdout
    )
    assert json.loads(finding) == {
        "line": 3,
        "level": "finding",
        "code": "missing_unit",
        "field": "vitals.spo2.unit",
        "what": "known: %, 1",
        "remedy": "Name the unit (UCUM); units are never guessed from the magnitude.",
    }


def test_a_note_alone_is_no_finding():
    result = run(lines({**GOOD, "site": "ward 5"}))

    assert result.exit_code == 0
    assert "note     unknown_field        site:" in result.stdout


def test_json_is_one_object_a_line_and_the_summary_stands_aside():
    result = run(lines(BAD, BAD), "--json")
    codes = [json.loads(line)["code"] for line in result.stdout.splitlines()]

    assert codes == ["missing_unit", "missing_unit", "duplicate"]
    assert result.stderr.startswith("2 messages")


def test_a_file_may_hold_one_message_over_many_lines():
    assert run(json.dumps(GOOD, indent=2)).exit_code == 0
    assert found("\n" + json.dumps(BAD, indent=2)) == [(2, "missing_unit")]
    assert found(json.dumps([GOOD, GOOD], indent=2)) == [(1, "not_an_object")]


def test_many_lines_of_which_the_first_is_broken_are_still_many_lines():
    assert found("{\n" + lines(GOOD, BAD) + "}") == [(1, "not_json"), (3, "missing_unit"), (4, "not_json")]


def test_a_last_line_without_an_end_and_lines_from_windows_are_messages_too():
    assert found(lines(GOOD, BAD).strip()) == [(2, "missing_unit")]
    assert found(lines(GOOD, BAD).replace("\n", "\r\n")) == [(2, "missing_unit")]


def test_a_byte_order_mark_is_passed_over_and_noted():
    assert found(b"\xef\xbb\xbf" + lines(GOOD, BAD).encode()) == [(1, "byte_order_mark"), (2, "missing_unit")]
    assert run(b"\xef\xbb\xbf" + json.dumps(GOOD, indent=2).encode()).exit_code == 0


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n"])
def test_nothing_to_look_at_is_a_matter_of_usage_and_not_clean(text):
    result = run(text)

    assert result.exit_code == 2
    assert "there is no message in it" in result.stderr


ADMITTED = {
    "event": "admit",
    "patient_id": "p-7f3a",
    "at": "2026-11-22T12:00:00Z",
    "ward": "5 West",
    "bed": "12",
    "date_of_birth": "1951-07-30",
}


def test_patient_records_are_held_against_their_own_contract():
    clean = run(lines(ADMITTED), "--of", "patients")
    bad = run(lines({**ADMITTED, "event": "born", "sex": "f", "dateOfBirth": 1}), "--of", "patients", "--json")

    assert (clean.exit_code, clean.stdout) == (0, "1 message, 1 readable; 0 findings, 0 notes\n")
    assert bad.exit_code == 1
    assert [(one["code"], one["field"]) for one in map(json.loads, bad.stdout.splitlines())] == [
        ("bad_record", "event"),
        ("bad_record", "sex"),
    ]


def test_an_action_is_held_against_its_own_contract():
    assert "bad_record           who: Field required" in run(lines({"action_type": "undo"}), "--of", "actions").stdout


def test_a_missing_file_is_a_matter_of_usage(tmp_path):
    assert CliRunner().invoke(app, ["check", str(tmp_path / "absent")]).exit_code == 2
    assert CliRunner().invoke(app, ["check", str(tmp_path)]).exit_code == 2


def test_a_file_is_read_like_standard_input(tmp_path):
    path = tmp_path / "messages.jsonl"
    path.write_text(lines(GOOD, BAD))

    assert CliRunner().invoke(app, ["check", str(path), "--json"]).stdout == run(lines(GOOD, BAD), "--json").stdout


def test_what_is_said_a_thousand_times_is_said_three_times_and_counted():
    result = run(lines(*[{**BAD, "sequence": n, "taken_at": f"2026-11-22T12:00:{n:02}Z"} for n in range(1, 51)]))

    assert result.stdout.count("missing_unit") == 4
    assert "47 more: missing_unit vitals.spo2.unit" in result.stdout
    assert result.stdout.endswith("50 findings, 0 notes\n")


def test_a_line_beyond_all_measure_is_one_finding():
    long = b'{"patient_id": "' + b"x" * 1_000_000 + b'"}\n'

    assert found(lines(GOOD).encode() + long + lines(BAD).encode()) == [(2, "too_large"), (3, "missing_unit")]
    assert found(long + lines(BAD).encode()) == [(1, "too_large"), (2, "missing_unit")]


def test_others_formats_are_converted_first_and_faults_named_by_their_place(tmp_path):
    from tests.streams.formats.making import SPO2, message, obx

    page, junit = tmp_path / "out.html", tmp_path / "out.xml"
    bad = message(obx(1, "8867-4^HR^LN", 82, ""), control="M-2")
    result = run(message(SPO2) + bad, "--report", str(page), "--junit", str(junit))

    assert result.exit_code == 1
    assert "missing_unit         OBX[1].6:" in result.stdout
    assert "2 messages, 1 readable; 1 vital: 1 taken" in result.stdout
    assert "OBX[1].6" in page.read_text()
    assert ElementTree.parse(junit).getroot().attrib == {"name": "vigilward check", "tests": "2", "failures": "1"}


def test_a_mapping_and_a_patient_count_as_they_do_where_messages_are_converted(tmp_path):
    mapping = tmp_path / "ours.toml"
    rule = '[[rule]]\npath = "hr"\nvital = "heart_rate"\nunit = "/min"\n'
    head = 'name = "ours"\nformat = "csv"\nnumbers_as_text = true\n[time]\npath = "at"\n'
    mapping.write_text(head + rule)
    rows = "at,hr\n2026-11-29T21:59:59Z,82\n"

    assert "not_json" in run(rows).stdout
    assert "no_patient" in run(rows, "--mapping", str(mapping)).stdout
    named = run(rows, "--mapping", str(mapping), "--patient", "p-1").stdout
    assert "no_patient" not in named and "1 message, 1 readable" in named
