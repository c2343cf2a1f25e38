"""A rules file that cannot be armed: every fault is told, with a code, the field and a remedy."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.rule_fault import Code
from detectors.rules import RulesError, read_rules
from streams.config.packaged_rules import packaged_rules_bytes
from streams.lab.rules.rules_faults import faults_of


def ways(part, way=()):
    """Every place of the packaged rules."""
    pairs = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, inner in pairs:
        yield (*way, name)
        yield from ways(inner, (*way, name))


PACKAGED = json.loads(packaged_rules_bytes())
WAYS = list(ways(PACKAGED))


def with_(*changes):
    rules = json.loads(packaged_rules_bytes())
    for way, value in changes:
        *before, last = way
        part = rules
        for step in before:
            part = part[step]
        if value is ...:
            del part[last]
        else:
            part[last] = value
    return json.dumps(rules).encode()


def told(*changes):
    return {(fault.code, fault.field) for fault in faults_of(with_(*changes)) if not fault.is_note}


def test_the_packaged_rules_have_no_fault_and_one_note():
    assert [(fault.code, fault.field) for fault in faults_of(packaged_rules_bytes())] == [
        (Code.NO_APPROVER, "approver")
    ]


def test_all_faults_are_told_and_not_only_the_first():
    found = told(
        (("stream", "red"), 0),
        (("surprise",), 1),
        (("cuff_red_minutes",), ...),
        (("floors", "shoe_size"), 1),
        (("calling", "ladders", "full", "high", 0, "to"), "the king"),
    )

    assert found == {
        (Code.BAD_VALUE, "stream.red"),
        (Code.UNKNOWN_FIELD, "surprise"),
        (Code.MISSING_FIELD, "cuff_red_minutes"),
        (Code.BAD_VALUE, "floors.shoe_size"),
        (Code.BAD_VALUE, "calling.ladders.full.high.0.to"),
    }


def test_what_can_be_read_and_may_not_be_armed_is_told_whole_too():
    found = told(
        (("armed",), ["technical", "horoscope"]),
        (("trend", "leave"), 9),
        (("baseline", "drift"), 2.4),
        (("calling", "ladders", "comfort", "high"), []),
        (("calling", "holds", "known", "high"), 480),
    )

    assert found == {
        (Code.UNKNOWN_DETECTOR, "armed"),
        (Code.PROTOCOL, "armed"),
        (Code.ENDS_ABOVE_BEGIN, "trend.leave"),
        (Code.ENDS_ABOVE_BEGIN, "baseline.leave"),
        (Code.UNANSWERED, "calling.ladders.comfort.high"),
        (Code.HOLDS_TOO_LONG, "calling.holds.known.high"),
    }


@pytest.mark.parametrize(
    ("way", "value", "remedy"),
    [
        (("stream", "red"), 0, "write a whole number >= 1"),
        (("floors", "spo2"), -1, "write a number > 0.0"),
        (("basline",), {}, "was `baseline` meant?"),
        (
            ("calling", "ladders", "full", "high", 0, "to"),
            "king",
            "write one of nurse, shift_lead, doctor, rapid_response, last_resort",
        ),
        (("armed",), "news2", "write a list"),
    ],
)
def test_each_remedy_says_what_to_write(way, value, remedy):
    assert remedy in [fault.remedy for fault in faults_of(with_((way, value)))]


def test_a_name_that_stands_there_twice_is_told():
    """Of two, the last counts: a safety officer may have read the first."""
    now = json.loads(packaged_rules_bytes())["version"]
    own = f'"version": "{now}",'.encode()
    text = packaged_rules_bytes().replace(own, b'"version": "0", ' + own, 1)

    assert (Code.REPEATED_NAME, "version") in {(fault.code, fault.field) for fault in faults_of(text)}


def test_a_pair_that_lacks_a_number_or_has_one_too_many_is_told():
    way = ("risk", "heads", 0, "ranks", 0)

    assert told((("risk", "heads", 0, "ranks", 0, 0), ...)) == {(Code.BAD_VALUE, "risk.heads.0.ranks.0")}
    assert told((way, [-5.0, 0.0, 1.0])) == {(Code.BAD_VALUE, "risk.heads.0.ranks.0")}
    assert told(((*way, 1), 2)) == {(Code.BAD_VALUE, "risk.heads.0.ranks.0.1")}


@pytest.mark.parametrize(
    "data", [b"", b"\xff{", b"[" * 100_000, b"NaN", b'{"cuff_red_minutes": 1e999}', b"[]", b"3", b"null"]
)
def test_what_is_no_set_of_rules_at_all_is_one_fault_in_words(data):
    (fault,) = faults_of(data)

    assert fault.code in (Code.NOT_JSON, Code.BAD_VALUE)
    assert fault.remedy


ODD = st.none() | st.booleans() | st.integers(-5, 2000) | st.floats(allow_nan=False) | st.text(string.ascii_letters)


@given(st.sampled_from(WAYS), ODD | st.just(...) | st.lists(ODD, max_size=2) | st.dictionaries(st.text(), ODD))
def test_without_a_fault_rules_can_be_armed_and_with_one_never(way, value):
    try:
        data = with_((way, value))
    except (TypeError, ValueError):
        return
    faults = [fault for fault in faults_of(data) if not fault.is_note]

    try:
        read_rules(data)
        armed = True
    except RulesError:
        armed = False

    assert armed == (not faults)
    assert Code.REFUSED not in {fault.code for fault in faults}, "refused, and nobody says which field"
