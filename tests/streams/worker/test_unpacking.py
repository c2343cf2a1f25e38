"""Nothing unpacks to more than a limit, by any codec; what stays within it is what aiokafka makes of it."""

import random

import pytest
from aiokafka import codec
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams.worker import unpacking
from streams.worker.batch_view import RecordBatchView
from streams.worker.damage import Damage
from streams.worker.unpacking import DECODERS, MODULES, TooMuch
from tests.streams.worker.test_batch_view import PLACE, PartitionRecords, offsets, some

LIMIT = 200_000
CODECS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
encoders = {name: getattr(codec, f"{name}_encode") for name in CODECS}
packed_by = pytest.mark.parametrize("name", CODECS)


@pytest.fixture(autouse=True)
def limit(monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_BYTES", LIMIT)


def raw_snappy(payload):
    return codec.snappy_encode(payload, xerial_compatible=False)


@pytest.mark.parametrize("name", [*CODECS, "raw snappy"])
def test_up_to_the_limit_and_not_a_byte_more(name):
    encode = raw_snappy if name == "raw snappy" else encoders[name]
    decode = DECODERS[f"{name.removeprefix('raw ')}_decode"]
    noise = random.Random(1).randbytes(LIMIT)

    assert decode(encode(bytes(LIMIT))) == bytes(LIMIT) and decode(encode(noise)) == noise
    for beyond in (bytes(LIMIT + 1), noise + b"1", bytes(40 * LIMIT)):
        with pytest.raises(TooMuch):
            decode(encode(beyond))


@packed_by
def test_what_is_damaged_is_refused_as_before(name):
    packed = encoders[name](bytes(1_000))
    for bad in (b"nonsense", packed[:-3]):
        with pytest.raises(Exception) as refused:
            DECODERS[f"{name}_decode"](bad)
        assert not isinstance(refused.value, TooMuch)


def test_the_members_of_a_gzip_stream_are_added_up():
    with pytest.raises(TooMuch):
        unpacking.unpack_gzip(codec.gzip_encode(bytes(LIMIT)) + codec.gzip_encode(b"1"))


def test_every_place_where_aiokafka_looks_is_guarded():
    for module in MODULES:
        for name, decode in DECODERS.items():
            assert getattr(module, name, decode) is decode, (module.__name__, name)
    assert sum(hasattr(module, "zstd_decode") for module in MODULES) >= 3, "it looks elsewhere by now"


@packed_by
def test_a_batch_with_too_much_inside_costs_itself_alone(name):
    builder = DefaultRecordBatchBuilder(2, CODECS[name], 0, -1, -1, 0, 1 << 24)
    builder.append(0, 1_000, b"p-1", bytes(40 * LIMIT), [])
    packed = builder.build()
    packed[0:8] = (1).to_bytes(8, "big")
    data = some(1) + bytes(packed) + some(1, base=2)
    assert len(data) < 10 * LIMIT
    found = PartitionRecords(PLACE, MemoryRecords(data), [], 0, None, None, True, 0)

    portions = list(RecordBatchView(found))

    assert offsets(portions) == [0, 2]
    assert [(one.first, one.next_offset, one.damage) for one in portions[0].unreadable] == [(1, 2, Damage.SIZE)]
