"""A recorded log as a file: every record comes back byte for byte, and says for people what it is."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control_record import ControlRecordKeys, ControlRecordKind
from streams.config.packaged_rules import first_rules, packaged_rules
from streams.log.control_records import forward, tick
from streams.recorded.file import RecordedLog
from streams.recorded.lines import (
    Begin,
    Head,
    NotARecordedLog,
    kind_of,
    line_of,
    read_head,
    read_lines,
    record_of,
    written,
)
from streams.recorded.play import Stretch

TOPIC, KEYS = "vitals.readings", ControlRecordKeys.parse("s3cret-of-the-tests")
HEAD = Head(topic=TOPIC, clock="arrival", mode="demo", partitions=1, topic_id="t", cluster_id="c")
headers = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8) | st.none()), max_size=3).map(tuple)


@given(
    st.integers(0, 2**40), st.integers(0, 2**42), st.binary(max_size=9) | st.none(), st.binary() | st.none(), headers
)
def test_any_record_comes_back_byte_for_byte(offset, at, key, value, given_headers):
    record = (offset, at, key, value, given_headers)
    (line,) = read_lines(iter([written(line_of(0, record, TOPIC, KEYS))]))

    assert record_of(line) == record


def test_a_reading_stands_as_text_with_its_moment_and_its_kind():
    line = json.loads(written(line_of(3, (7, 1_795_348_800_123, b"p-1", b'{"patient_id":"p-1"}', ()), TOPIC, KEYS)))

    assert line == {
        "line": "record", "partition": 3, "offset": 7, "at": "2026-11-22T12:00:00.123Z", "kind": "reading",
        "key": "p-1", "value": '{"patient_id":"p-1"}',
    }  # fmt: skip


def forwarded(keys, offset=0, body=b'{"patient_id":"p-1","event":"admit","at":"2026-11-22T12:00:00Z","mode":"demo"}'):
    key, value, marks = forward(ControlRecordKind.PATIENT, "vitals.patients", 0, offset, "p-1", body, keys, TOPIC, 0)
    return offset, 1_795_348_800_000 + offset, key, value, marks


def test_a_forwarded_record_says_what_it_is_and_whether_its_signature_held():
    good = line_of(0, forwarded(KEYS), TOPIC, KEYS)
    forged = line_of(0, forwarded(ControlRecordKeys.parse("guessed-at-by-somebody")), TOPIC, KEYS)
    unknown = line_of(0, forwarded(KEYS), TOPIC, ControlRecordKeys.parse(""))

    assert (good.kind, good.verified, forged.verified, unknown.verified) == ("patient", True, False, None)
    assert kind_of(tick()[2]) == "tick"


def recorded(tmp_path, *lines):
    file = tmp_path / "night.log"
    file.write_bytes(b"".join(map(written, (HEAD, Begin(partition=0), *lines))))
    return file


def test_a_file_needs_no_key_to_tell_the_forged_from_the_true(tmp_path):
    lines = [
        line_of(0, forwarded(KEYS), TOPIC, KEYS),
        line_of(0, forwarded(ControlRecordKeys.parse("guessed-at-by-somebody"), 1), TOPIC, KEYS),
    ]
    log = RecordedLog(recorded(tmp_path, *lines), packaged_rules(), ControlRecordKeys.parse(""))
    list(log.play(Stretch()))

    assert log.counts["refused_bad_signature"] == 1 and log.counts["forwarded"] == 1
    assert log.counts["patients"] == 1


def test_what_was_recorded_without_the_key_needs_it(tmp_path):
    file = recorded(tmp_path, line_of(0, forwarded(KEYS), TOPIC, ControlRecordKeys.parse("")))

    with pytest.raises(NotARecordedLog, match="VIGILWARD_CONTROL_RECORD_KEY"):
        list(RecordedLog(file, packaged_rules(), ControlRecordKeys.parse("")).play(Stretch()))
    log = RecordedLog(file, packaged_rules(), KEYS)
    list(log.play(Stretch()))
    assert log.counts["patients"] == 1


def test_a_newer_file_and_a_broken_line_are_named():
    with pytest.raises(NotARecordedLog, match="newer version"):
        read_head(
            written(
                Head(
                    **{name: getattr(HEAD, name) for name in HEAD.__struct_fields__ if name != "recorded_log"},
                    recorded_log=9,
                )
            )
        )
    with pytest.raises(NotARecordedLog, match="line 2"):
        list(read_lines(iter([b'{"line":"record"}'])))


def test_a_file_that_says_nothing_of_rules_is_judged_as_a_new_log_and_one_that_names_none_as_the_first_build(tmp_path):
    unsaid = written(Begin(partition=0))
    none = written(Begin(partition=0, rules=None))

    assert b"rules" not in unsaid and b'"rules":null' in none
    for begin, expected in ((unsaid, packaged_rules()), (none, first_rules())):
        file = tmp_path / "log"
        file.write_bytes(written(HEAD) + begin)
        log = RecordedLog(file, first_rules(), ControlRecordKeys.parse(""), unsaid=packaged_rules())
        line = msgspec.json.decode(begin, type=Begin)
        assert log._new_log(line, []).rules.sha256 == expected.sha256
