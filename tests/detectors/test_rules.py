import json

import pytest

from detectors.rules import PROTOCOL, RulesError, read_rules
from streams.config.packaged_rules import packaged_rules, packaged_rules_bytes
from tests.making import rules_bytes, rules_with

ARMED = packaged_rules().armed


def changed(path: str, value: object) -> bytes:
    """The packaged rules with one entry changed or added."""
    rules = json.loads(packaged_rules_bytes())
    *way, last = path.split(".")
    part = rules
    for step in way:
        part = part[step]
    part[last] = value
    return json.dumps(rules).encode()


@pytest.mark.parametrize("watched", sorted(PROTOCOL))
def test_what_is_watched_by_the_book_cannot_be_disarmed(watched):
    with pytest.raises(RulesError, match=f"may not disarm {watched}"):
        rules_with(("armed", tuple(ARMED - {watched})))


def test_learned_detectors_can_be_disarmed():
    assert rules_with(("armed", tuple(PROTOCOL))).armed == PROTOCOL


def test_an_unknown_detector_is_named_beside_the_known_ones():
    with pytest.raises(RulesError, match=r"horoscope; known: baseline, "):
        rules_with(("armed", (*ARMED, "horoscope")))


def test_rules_are_named_by_the_bytes_they_came_in():
    """One blank more is another set of rules: an alert names exactly what it was judged by."""
    data = packaged_rules_bytes()

    assert read_rules(data).sha256 != read_rules(data + b" ").sha256
    assert len(read_rules(data).sha256) == 64


@pytest.mark.parametrize(
    "change",
    [
        ("stream.red", 0),
        ("stream.high", 1_001),
        ("baseline.half_life_h", 0),
        ("cuff_red_minutes", -5),
        ("floors.spo2", 0),
        ("floors.shoe_size", 1),
        ("extreme.spo2", {"lowest": 80}),
        ("name", ""),
        ("surprise", 1),
        ("technical", {}),
    ],
)
def test_rules_that_make_no_sense_are_refused_whole(change):
    path, value = change
    with pytest.raises(RulesError, match="rules cannot be read"):
        read_rules(changed(path, value))


def test_what_is_no_json_is_refused_in_words():
    with pytest.raises(RulesError, match="rules cannot be read"):
        read_rules(b"\xff{")


def test_a_rule_left_out_is_not_guessed():
    rules = json.loads(rules_bytes())
    del rules["cuff_red_minutes"]

    with pytest.raises(RulesError, match="cuff_red_minutes"):
        read_rules(json.dumps(rules).encode())


def test_a_file_cannot_name_its_own_hash():
    claimed = rules_bytes(("sha256", "0" * 64))

    assert read_rules(claimed).sha256 != "0" * 64


def test_the_packaged_rules_hold_the_books_persistence():
    """A streamed red calls after four valid windows, a person's at once, a cuff's after five minutes, a wearable's resp
    rate after the longest time."""
    rules = packaged_rules()

    assert (rules.stream.red, rules.spot.red, rules.cuff_red_minutes) == (4, 1, 5)
    assert rules.wearable_resp_rate_red > rules.stream.red
