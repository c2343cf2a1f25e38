"""The fast way and the contract are one opinion."""

import json
import random
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from schemas.decode import MAX_BYTES, Decoded, FastReading, Refused, decode, decode_slowly
from schemas.reading import Reading
from schemas.reasons import REMEDIES, Level, Refusal, Unreadable
from schemas.times import to_ms

# Fragments of JSON, the good ones first and often. Each list holds what has set two readers apart somewhere.
NUMBERS = [
    *("97", "36.6", "0", "-0", "-0.0", "82", "1e2", "2.5E-1", "5e-324", "1e-400", "1e308", "1e309", "1e999", "-1e999"),
    *("9007199254740991", "9007199254740992", "9007199254740993", "18446744073709551616", "1" * 310, "1" * 5000),
    *("0." + "0" * 400 + "1", "0.1000000000000000055511151231257827", "01", "+1", "1.", ".5", "0x10", "1e", "-"),
    *("NaN", "Infinity", "-Infinity", "nan", "1_000", "1,5"),
]
TEXTS = [
    *('"p-7f3a"', '"A"', '""', '" "', '"97"', '"\\u0041"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00\\ud800"'),
    *('"\\u0000"', '"\x00"', '"\x1f"', '"\x7f"', '"\t"', '"\\x41"', '"\\u12"', '"😀"', "'p'", '"p', '"\ufeff"'),
    *(f'"{"é" * 200}"', f'"{"é" * 201}"', f'"{"😀" * 200}"', f'"{"😀" * 201}"', f'"{"%" * 40}"', f'"{"😀" * 41}"'),
]
OTHERS = ["null", "true", "false", "[]", "{}", "[97]", '{"value":97}', "[" * 150 + "]" * 150, "[" * 300 + "]" * 300]
TIMES = [
    *('"2026-11-22T12:00:00Z"', '"2026-11-22T12:00:00.123Z"', '"2026-11-22T12:00:00.123456+01:00"'),
    *('"2026-11-22t12:00:00z"', '"2026-11-22 12:00:00Z"', '"2026-11-22_12:00:00Z"', '"2026-11-22T12:00:00"'),
    *('"2026-11-22T12:00:00.1239999Z"', '"2026-11-22T12:00:00.9999995Z"', '"2026-11-22T12:00:00,5Z"'),
    *('"2026-06-30T23:59:60Z"', '"2026-06-30T24:00:00Z"', '"2026-W47-7T12:00:00Z"', '"2026-326T12:00:00Z"'),
    *('"2026-11-22T12:00Z"', '"2026-11-22"', '"20261122T120000Z"', '"2026-02-30T00:00:00Z"', '"2028-02-29T00:00:00Z"'),
    *('"2026-11-22T12:00:00+0100"', '"2026-11-22T12:00:00+01"', '"2026-11-22T12:00:00-00:00"'),
    *('"2026-11-22T12:00:00+24:00"', '"2026-11-22T12:00:00-23:59"', '"2026-11-22T12:00:00+15:60"'),
    *('"1970-01-01T00:00:00Z"', '"1970-01-01T00:00:00+00:01"', '"1969-12-31T23:59:59-00:01"'),
    *('"2199-12-31T23:59:59.999999Z"', '"2199-12-31T23:59:59.9999999Z"', '"2199-12-31T23:59:59-01:00"'),
    *('"2200-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59.9999999Z"', '"9999-12-31T23:59:59-23:59"'),
    *('"0001-01-01T00:00:00+23:59"', '"0000-01-01T00:00:00Z"', '"10000-01-01T00:00:00Z"', '"1763812800"'),
    *('"2026-11-22T12:00:00\\u005a"', '"2026-11-22T12:00:00\u22121:00"', '" 2026-11-22T12:00:00Z"', "1763812800"),
]
UNITS = ['"%"', '"/min"', '"Cel"', '"[degF]"', '"mm[Hg]"', '"°C"', '"1"']
QUALITIES = ['"valid"', '"questionable"', '"not available"', '"VALID"', '"unknown"', '"overflow"']
SOURCES = ['"monitor"', '"wearable"', '"spot"', '"Spot"']
MODES = ['"real"', '"test"', '"demo"', '"live"']
NAMES = ['"heart_rate"', '"spo2"', '"temperature"', '"consciousness"', '"glucose"', '""', '"\\u0073po2"', '"\\ud800"']
FIELDS = {
    "patient_id": ['"p-7f3a"'],
    "device_id": ['"mon-12"'],
    "taken_at": TIMES,
    "source": SOURCES,
    "sequence": ["48151", "0", "9007199254740991", "9007199254740992", "-1", "1.0", "1e3"],
    "corrects": ["48150", "null"],
    "mode": MODES,
    "version": ["1", "1", "1.0", "true", "2", '"1"', "null"],
}
NEEDED = ("patient_id", "device_id", "taken_at")
MEASURE_FIELDS = {"value": NUMBERS[:9], "unit": UNITS, "quality": QUALITIES}
TOKENS = [
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\x00",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"NaN",
    b"1e9",
]
WRAPPINGS = [
    (b"", b"\n"),
    (b" \t\r\n", b" "),
    (b"\xef\xbb\xbf", b""),
    (b"", b"\x00"),
    (b"", b"{}"),
    (b"[", b"]"),
    (b"\x0c", b""),
]


class Maker:
    """Makes messages from a seed: mostly good ones, one or a few things wrong in the others."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.badness = 0.0

    def messages(self, number: int) -> Iterator[bytes]:
        for _ in range(number):
            self.badness = self.dice.choice((0.0, 0.0, 0.03, 0.15))
            message = self.reading().encode("utf-8", "surrogatepass")
            if self.dice.random() < 0.2:
                message = self.mutated(message)
            if self.dice.random() < 0.05:
                before, after = self.dice.choice(WRAPPINGS)
                message = before + message + after
            yield message

    def bad(self) -> bool:
        return self.dice.random() < self.badness

    def fragment(self, usual: list[str]) -> str:
        if self.bad():
            return self.dice.choice(self.dice.choice((NUMBERS, TEXTS, OTHERS, TIMES, UNITS, usual)))
        return self.dice.choice(usual) if self.bad() or len(usual) == 1 else usual[self.dice.randrange(2)]

    def reading(self) -> str:
        names = [name for name in FIELDS if not (self.bad() if name in NEEDED else self.dice.random() < 0.5)]
        pairs = [(f'"{name}"', self.fragment(FIELDS[name])) for name in names]
        if not self.bad():
            pairs.append(('"vitals"', self.vitals() if not self.bad() else self.fragment(OTHERS)))
        return self.object(pairs)

    def vitals(self) -> str:
        if self.bad() and self.bad():
            number = self.dice.choice((63, 64, 65, 200))
            return self.object([(f'"{place}"', '{"value":1}') for place in range(number)])
        names = [
            self.dice.choice(NAMES) if self.bad() else NAMES[self.dice.randrange(4)]
            for _ in range(self.dice.randrange(0 if self.bad() else 1, 5))
        ]
        return self.object([(name, self.measure() if not self.bad() else self.fragment(OTHERS)) for name in names])

    def measure(self) -> str:
        return self.object(
            [(f'"{name}"', self.fragment(usual)) for name, usual in MEASURE_FIELDS.items() if not self.bad()]
        )

    def object(self, pairs: list[tuple[str, str]]) -> str:
        if self.bad():
            pairs.append((self.dice.choice(TEXTS[:8]), self.fragment(OTHERS)))  # a field that nobody knows
        if self.bad() and pairs:
            name, _ = self.dice.choice(pairs)
            pairs.append((name, self.fragment(OTHERS)))  # one field twice
        if self.bad():
            self.dice.shuffle(pairs)
        return "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}"

    def mutated(self, message: bytes) -> bytes:
        for _ in range(self.dice.choice((1, 1, 2, 5))):
            at, to = sorted((self.dice.randrange(len(message) + 1), self.dice.randrange(len(message) + 1)))
            match self.dice.randrange(6):
                case 0:
                    message = message[:at] + message[at + 1 :]
                case 1:
                    message = message[:at] + self.dice.choice(TOKENS) + message[at:]
                case 2:
                    message = message[:at] + bytes([self.dice.randrange(256)]) + message[at + 1 :]
                case 3:
                    message = message[:to] + message[at:to] + message[to:]
                case 4:
                    message = message[:at] + message[to:]
                case 5:
                    message = message[:at]
        return message


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

    assert len(decode(reading(vitals=many)).vitals) == 64
    assert code_of(reading(vitals={**many, "spo2": {"value": 97, "unit": "%"}})) == (Refusal.BAD_FIELD, "vitals")
    assert code_of(reading(vitals=dict.fromkeys(map(str, range(4_000)), 1))) == (Refusal.BAD_FIELD, "vitals")


def test_the_field_of_a_refused_vital_is_never_as_long_as_a_record():
    found = decode(reading(vitals={"x" * 60_000: 1}))

    assert len(found.refused[0].field) < 300
