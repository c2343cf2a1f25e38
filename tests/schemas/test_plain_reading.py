"""What nothing has to be judged of is just what `decode` takes, and `judge` leaves as it is."""

import random

import pytest

from schemas.decode import MAX_BYTES, FastReading, decode_fast
from schemas.plain_reading import PLAUSIBLE, PlainReading, decode_plain, values_of
from schemas.reading import Quality
from tests.schemas.messages import Maker
from tests.schemas.test_decode import reading


def is_plain(found: FastReading) -> bool:
    """Whether nothing in it has to be judged."""
    for name, sent in found.vitals.items():
        low, high = PLAUSIBLE.get(name, {}).get(sent.unit or "", (1, 0))
        if sent.quality is not Quality.VALID or not isinstance(sent.value, float) or not low <= sent.value <= high:
            return False
    return found.corrects is None


def agree(value: bytes) -> bool:
    """Holds `decode_plain` to `decode_fast`; says whether the message is plain."""
    plain, found = decode_plain(value), decode_fast(value)
    if found is None:  # ids that cannot be printed, times out of bounds: whoever takes a plain one knows both already
        return False
    if plain is None:  # of a vital that is sent twice the first may be what is not plain
        assert not is_plain(found) or any(value.count(f'"{name}":'.encode()) > 1 for name in found.vitals)
        return False
    assert is_plain(found)
    read = values_of(tuple(found.vitals))
    assert read is not None
    assert read(plain.vitals) == tuple(sent.value for sent in found.vitals.values())
    for name in ("patient_id", "device_id", "taken_at", "source", "sequence", "mode"):
        assert getattr(plain, name) == getattr(found, name)
    return True


@pytest.mark.parametrize("seed", range(4))
def test_a_plain_reading_says_what_the_fast_way_says(seed):
    plain = [agree(value) for value in Maker(seed).messages(2_000)]

    assert 0 < sum(plain) < len(plain)


def test_at_the_edges_of_every_vital():
    chance = random.Random(5)
    plain = []
    for name, units in PLAUSIBLE.items():
        for unit, edges in units.items():
            for edge in edges:
                value = edge + chance.choice((-1, -0.001, 0, 0.001, 1))
                plain.append(agree(reading(vitals={name: {"value": value, "unit": unit}})))

    assert 0 < sum(plain) < len(plain)


@pytest.mark.parametrize(
    "vitals",
    [
        b'{"spo2":null}', b'{"spo2":{"value":97}}', b'{"spo2":{"value":97,"unit":null}}',
        b'{"spo2":{"value":"97","unit":"%"}}', b'{"spo2":{"value":true,"unit":"%"}}', b"[]",
        b'{"spo2":{"value":97,"unit":"%"},"mood":{"value":1,"unit":"%"}}', b'{"spo2":{"value":97,"unit":"%","x":1}}',
        b'{"spo2":{"value":97,"unit":"%","quality":"questionable"}}', b'{"consciousness":{"value":"A"}}',
        b'{"spo2":{"value":97,"unit":"1"}}',
    ],
)  # fmt: skip
def test_whatever_has_to_be_judged_is_not_plain(vitals):
    assert decode_plain(reading(vitals=vitals)) is None


def test_of_a_vital_that_is_sent_twice_the_last_counts():
    sent = b'{"spo2":{"value":97,"unit":"%"},"spo2":{"value":91,"unit":"%"}}'

    assert agree(reading(vitals=sent))


def test_neither_nothing_nor_too_much_is_plain():
    assert decode_plain(None) is decode_plain(b"") is decode_plain(reading() + b" " * MAX_BYTES) is None
    assert isinstance(decode_plain(reading(corrects=b"null")), PlainReading)


def test_a_vital_that_was_not_sent_has_no_value():
    plain, read = decode_plain(reading()), values_of(("heart_rate",))
    assert plain is not None
    assert read is not None

    with pytest.raises(AttributeError):
        read(plain.vitals)


def test_no_plain_reading_has_what_people_say():
    assert values_of(("spo2", "consciousness")) is values_of(()) is None
