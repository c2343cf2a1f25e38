"""Any recording again: a folder by its name, a file of readings, a log in its own clock."""

import json

import pytest

from streams.config.packaged_rules import packaged_rules
from streams.lab.explain.explain import explain_alert
from streams.log.fixed import FixedRules
from streams.recorded.again import Recording
from streams.recorded.lines import Begin, Head, line_of, written
from streams.recorded.replay import replay
from streams.recordings.kinds import NoRecording
from tests.making import KEYS, SECOND, T0, TOPIC, Entry, numbered, reading, rules_bytes, rules_with

RULES = packaged_rules()
HEAD = Head(topic=TOPIC, clock="arrival", mode="test", partitions=1, topic_id="t", cluster_id="c")
READINGS = [
    reading(T0 + second * SECOND, "p", sequence=second, spo2=97 if second < 60 else 85) for second in range(0, 300, 5)
]
TICKS = [Entry(T0 + second * SECOND, "tick", None, b"") for second in range(300, 330, 2)]


@pytest.fixture
def log(tmp_path):
    def write(*entries):
        records = numbered(sorted(entries, key=lambda entry: entry.at))
        lines = [HEAD, Begin(partition=0), *(line_of(0, record, TOPIC, KEYS) for record in records)]
        path = tmp_path / "night.log"
        path.write_bytes(b"".join(written(line) for line in lines))
        return Recording.named(str(path), 8, KEYS)

    return write


def alerts(outputs):
    return [json.loads(output.value) for output in outputs if output.topic == "alerts"]


def test_a_file_of_readings_is_replayed_in_event_clock(tmp_path):
    path = tmp_path / "readings.jsonl"
    path.write_bytes(b"\n".join(entry.bytes() for entry in READINGS))
    recording = Recording.named(str(path), 8, KEYS)

    assert not recording.is_log
    assert list(recording.play(RULES)) == list(replay([entry.bytes() for entry in READINGS]))


def test_of_one_patient_it_ends_soon_after_the_moment_asked_for(tmp_path):
    path = tmp_path / "readings.jsonl"
    path.write_bytes(b"\n".join(entry.bytes() for entry in READINGS))

    told = list(Recording.named(str(path), 8, KEYS).play(RULES, patient="p", until_ms=T0 + 100 * SECOND))

    assert told and max(output.due for output in told) <= T0 + 105 * SECOND


def test_a_logs_alert_is_explained_in_its_own_clock(log):
    recording = log(*READINGS, *TICKS)
    raised, *_ = alerts(recording.play(RULES))

    found = explain_alert(recording, RULES, raised["alert_id"])

    assert recording.is_log
    assert found["alert"] == raised
    assert found["decision"]["reason"] == "red_score"


def test_rules_in_the_log_count_for_what_was_armed_and_not_for_a_candidate(log):
    """A red score that need not last is armed by the log after a second; the candidate waits."""
    at_once = Entry(T0 + SECOND, "rules", None, rules_bytes(("stream.red", 1)), ("vitals.rules", 0))
    recording, candidate = log(at_once, *READINGS, *TICKS), rules_with(("stream.red", 6))

    first = alerts(recording.play(RULES))[0]
    held = alerts(recording.play(candidate, FixedRules))[0]

    assert (first["interrupts"], held["interrupts"]) == (True, False)
    assert held["rules"]["sha256"] == candidate.sha256


def test_what_is_neither_there_nor_bundled_is_named():
    with pytest.raises(NoRecording, match="no such file"):
        Recording.named("no such file", 8, KEYS)
