"""A log, and what was said of it, from before fields were renamed: replayed, and shown on a board, as one of today."""

from pathlib import Path

from streams.board.consumer import Heard
from streams.board.projection import Projection
from streams.config.packaged_rules import packaged_rules
from streams.config.topics import Topic
from streams.recorded.again import Recording
from streams.recorded.replay import replay
from tests.making import KEYS, MINUTE, T0, from_json, reading

KEPT = Path(__file__).parent / "kept"


def test_an_action_in_a_log_of_before_still_counts():
    outputs = list(Recording.named(str(KEPT / "log.jsonl"), 1, KEYS).play(packaged_rules()))
    owned = [from_json(output.value) for output in outputs if output.topic == "alerts"][-1]

    codes = [dict(output.headers)["code"] for output in outputs if output.topic == "rejections"]
    assert codes == [b"already_owned"]  # the snooze after it
    assert owned["lifecycle"]["status"] == "acknowledged"
    assert owned["action"]["action_type"] == "acknowledge"


def test_an_action_in_a_file_of_before_still_counts():
    concern = (
        b'{"action_id":"a-1","patient_id":"p","deed":"concern","who":"n","role":"nurse","reason":"pain",'
        b'"at":"2026-11-22T12:00:00Z","mode":"test"}'
    )
    lines = [reading(T0, "p", spo2=97).bytes(), concern, reading(T0 + MINUTE, "p", spo2=97).bytes()]

    said = [from_json(output.value) for output in replay(lines) if output.topic == "alerts"]

    assert "concern" in [alert["action"]["action_type"] for alert in said if alert["action"]]


def test_a_board_shows_alerts_and_statuses_of_before_under_todays_names():
    board = Projection(history_hours=24, mode="test")
    for topic, name in ((Topic.STATUS, "statuses.jsonl"), (Topic.ALERTS, "alerts.jsonl")):
        for number, value in enumerate((KEPT / name).read_bytes().splitlines()):
            headers = (("partition", b"0"), ("offset", str(number).encode()))
            board.take([Heard(topic, 0, number, b"p-1", value, headers, T0)])

    told = board.changes()

    assert board.unreadable == 0
    assert from_json(bytes(told["beds"][0]))["alerts"][0]["lifecycle"]["status"] == "acknowledged"
    assert from_json(bytes(told["alerts"][0]))["lifecycle"]["owner"] == {"who": "n-9", "role": "nurse"}
