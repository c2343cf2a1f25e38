from io import BytesIO

from streams.simulator.lines import read_lines, split_lines

GOOD = b'{ "patient_id": "p", "taken_at": "1970-01-01T01:00:00.007+01:00", "whatever":  [1] }'


def test_lines_keep_their_bytes_and_their_order(tmp_path):
    file = tmp_path / "readings.jsonl"
    file.write_bytes(GOOD + b"\n" + GOOD.replace(b":00.007", b":05.007") + b"\n" + GOOD)

    lines = list(read_lines(file))

    assert [(at, patient) for at, patient, _ in lines] == [(7, "p"), (5007, "p"), (7, "p")]
    assert lines[0][2] == GOOD


def test_what_cannot_be_placed_is_handed_over_for_the_intake_to_refuse():
    bad = [
        b"not json",
        b'"text"',
        b'{"patient_id": 7, "taken_at": "1970-01-01T00:00:00Z"}',
        b'{"patient_id": "p"}',
        b'{"patient_id": "p", "taken_at": "1970-01-01T00:00:00"}',
        b'{"patient_id": "\xff", "taken_at": "1970-01-01T00:00:00Z"}',
    ]

    assert list(split_lines(BytesIO(b"\n".join(bad)))) == [(None, None, line) for line in bad]


def test_empty_lines_are_no_readings_and_any_line_end_will_do():
    assert [value for _, _, value in split_lines(BytesIO(b"\n\r\n" + GOOD + b"\r\n\n"))] == [GOOD]
