"""The fast way and the contract are one opinion."""

import json

import pytest
from pydantic import ValidationError

from schemas.decode import MAX_BYTES, Decoded, FastReading, Refused, decode, decode_slowly
from schemas.reading import Reading
from schemas.reasons import REMEDIES, Level, Refusal, Unreadable
from schemas.times import to_ms
from tests.schemas.messages import Maker


def told(reading: FastReading | Reading) -> object:
    """What a reading says, to the type and the sign of its zeros; times as the whole milliseconds that we count in."""
    vitals = {name: (repr(sent.value), sent.unit, sent.quality) for name, sent in reading.vitals.items()}
    envelope = (reading.patient_id, reading.device_id, to_ms(reading.taken_at), reading.source, reading.mode)
    return envelope, (reading.sequence, reading.corrects, reading.version), vitals


def unknown_in(reading: Reading) -> tuple[str, ...]:
    deeper = (f"vitals.{name}.{field}" for name, sent in reading.vitals.items() for field in sent.unknown_fields)
    return (*reading.unknown_fields, *deeper)


def read(value: bytes) -> Decoded | Unreadable:
    try:
        found = decode(value)
    except Unreadable as refusal:
        return refusal
    return found if isinstance(found, Decoded) else Decoded(found)


def judge_both(value: bytes) -> str:
    """Holds `decode` to the contract for one message; says how it ended."""
    try:
        contract = Reading.model_validate_json(value)
    except ValidationError:
        contract = None
    found = read(value)
    if contract is not None:
        assert isinstance(found, Decoded), f"the contract takes what we refuse as {found}"
        assert not found.refused
        assert told(found.reading) == told(contract)
        assert told(decode_slowly(value).reading) == told(contract)
        assert found.unknown == unknown_in(contract)
        return "taken"
    if isinstance(found, Unreadable):
        assert REMEDIES[found.code][0] is Level.RECORD
        return found.code
    assert found.refused, "we take what the contract refuses"
    assert all(REMEDIES[refused.code][0] is Level.VITAL for refused in found.refused)
    return "taken in part"


@pytest.mark.parametrize("seed", range(12))
def test_the_fast_way_and_the_contract_agree_on_every_message(seed):
    """24,000 messages, good, bent and broken: taken by both with one result, or refused by both."""
    endings = [judge_both(value) for value in Maker(seed).messages(2_000)]

    assert endings.count("taken") > 500
    assert len(set(endings)) >= 8, "the maker has become too tame to find anything"


def test_the_neighbours_of_a_bad_vital_are_just_what_the_contract_would_have_taken_without_it():
    tried = 0
    for value in Maker(99).messages(4_000):
        found = read(value)
        if isinstance(found, Unreadable) or not found.refused or not found.reading.vitals:
            continue
        body = json.loads(value)
        names = {refused.vital for refused in found.refused}
        rest = {name: sent for name, sent in body["vitals"].items() if name not in names}
        assert told(found.reading) == told(Reading.model_validate_json(json.dumps({**body, "vitals": rest})))
        tried += 1
    assert tried > 100


def reading(**changes: object) -> bytes:
    """A good reading with changes; values are raw JSON where they are bytes. `None` leaves a field out."""
    fields = {
        "patient_id": "p-7f3a",
        "device_id": "mon-12",
        "taken_at": "2026-11-22T12:00:00Z",
        "vitals": {"spo2": {"value": 97, "unit": "%"}},
        **changes,
    }
    pairs = (
        json.dumps(name).encode() + b":" + (sent if isinstance(sent, bytes) else json.dumps(sent).encode())
        for name, sent in fields.items()
        if sent is not None
    )
    return b"{" + b",".join(pairs) + b"}"


def code_of(value: bytes | None) -> tuple[Refusal, str | None]:
    with pytest.raises(Unreadable) as refusal:
        decode(value)
    return refusal.value.code, refusal.value.field


def test_a_good_reading_comes_bare_and_one_with_an_unknown_field_says_which():
    assert isinstance(decode(reading()), FastReading)
    assert decode(reading(site="ward 5")).unknown == ("site",)
    assert decode(reading(vitals={"spo2": {"value": 97, "unit": "%", "site": 1}})).unknown == ("vitals.spo2.site",)


def test_not_a_number_costs_one_vital_and_not_its_neighbours():
    """`json.dumps` of Python writes NaN for a missing value, and means no harm."""
    sent = b'{"spo2":{"value":NaN,"unit":"%"},"heart_rate":{"value":82,"unit":"/min"}}'

    found = decode(reading(vitals=sent))

    assert found.refused == (Refused("spo2", Refusal.BAD_VALUE, "vitals.spo2.value"),)
    assert list(found.reading.vitals) == ["heart_rate"]


@pytest.mark.parametrize("version", [b"true", b"1.0", b"1e0", b"2", b"null", b'"1"'])
def test_only_the_whole_number_one_is_version_one(version):
    assert code_of(reading(version=version)) == (Refusal.UNSUPPORTED_VERSION, "version")


def test_a_reading_of_another_version_is_told_so_before_anything_else_is_held_against_it():
    assert code_of(b'{"version": 2, "subject": "p"}') == (Refusal.UNSUPPORTED_VERSION, "version")


def test_a_moment_counts_in_utc_when_its_year_is_asked_for():
    assert code_of(reading(taken_at="1970-01-01T00:00:00+01:00"))[0] is Refusal.BAD_TIME
    assert to_ms(decode(reading(taken_at="1969-12-31T23:00:00-01:00")).taken_at) == 0
    assert code_of(reading(taken_at="2199-12-31T23:30:00-01:00"))[0] is Refusal.BAD_TIME


def test_a_reading_without_vitals_is_taken_only_if_it_withdraws_one():
    assert code_of(reading(vitals={})) == (Refusal.NO_VITALS, "vitals")
    assert decode(reading(vitals={}, corrects=3)).reading.corrects == 3


def test_the_last_of_two_fields_of_one_name_counts():
    assert decode(b'{"patient_id":"p-other",' + reading()[1:]).patient_id == "p-7f3a"
    assert decode(b'{"patient_id":5,' + reading()[1:]).reading.patient_id == "p-7f3a"
    twice = reading(vitals=b'{"spo2":{"value":97,"unit":5},"spo2":{"value":96,"unit":"%"}}')
    assert told(decode(twice).reading) == told(Reading.model_validate_json(twice))


def test_the_limit_of_size_is_inclusive():
    padded = reading() + b" " * (MAX_BYTES - len(reading()))

    assert decode(padded)
    assert code_of(padded + b" ") == (Refusal.TOO_LARGE, None)


@pytest.mark.parametrize("value", [None, b"", b"\x00", b"\xff\xfe", b"[" * 60_000, b'{"a":' * 12_000, b"1" * 60_000])
def test_nothing_but_unreadable_is_ever_raised(value):
    assert REMEDIES[code_of(value)[0]][0] is Level.RECORD


def test_a_reading_has_a_limit_of_vitals_so_that_its_rejections_have_one_too():
    many = {f"v{number}": {"value": 1, "unit": "1"} for number in range(64)}

    assert len(decode(reading(vitals=many)).reading.vitals) == 64
    assert code_of(reading(vitals={**many, "spo2": {"value": 97, "unit": "%"}})) == (Refusal.BAD_FIELD, "vitals")
    assert code_of(reading(vitals=dict.fromkeys(map(str, range(4_000)), 1))) == (Refusal.BAD_FIELD, "vitals")


def test_the_field_of_a_refused_vital_is_never_as_long_as_a_record():
    found = decode(reading(vitals={"x" * 60_000: 1}))

    assert len(found.refused[0].field) < 300


@pytest.mark.parametrize(
    "control", ["\0", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u200f", "\u202e", "\u2066"], ids=ascii
)
@pytest.mark.parametrize("field", ["patient_id", "device_id"])
@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("more", [{}, {"unknown": 1}], ids=["known", "unknown field"])
@pytest.mark.parametrize("place", ["p-{}1", "p-1{}", "{}p-1"], ids=["within", "last", "first"])
def test_a_control_character_in_an_id_is_refused_with_a_code_and_the_field(control, field, escaped, more, place):
    """On a screen it looks like another patient; in a log it begins a line."""
    said = {**json.loads(READING), field: place.format(control), **more}
    value = json.dumps(said, ensure_ascii=escaped).encode()

    with pytest.raises(Unreadable) as refused:
        decode(value)
    assert (refused.value.code, refused.value.field) == (Refusal.BAD_FIELD, field)


def test_a_name_in_any_script_is_an_id():
    value = json.dumps({**json.loads(READING), "patient_id": "Зоя-Müller-患者"}, ensure_ascii=False).encode()

    assert decode(value).patient_id == "Зоя-Müller-患者"


READING = """{"patient_id": "p-1", "device_id": "m-1", "taken_at": "2026-11-22T12:00:00Z",
              "vitals": {"spo2": {"value": 97, "unit": "%"}}}"""
