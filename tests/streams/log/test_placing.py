import pytest
from aiokafka.partitioner import murmur2 as kafkas
from hypothesis import example, given
from hypothesis import strategies as st

from streams.log.placing import murmur2, partition_of


@given(st.binary(max_size=64))
@example(b"")
@example(b"\xff\xff\xff")
def test_keys_are_hashed_as_kafkas_own_producers_do(key):
    assert murmur2(key) & 0x7FFFFFFF == kafkas(key) & 0x7FFFFFFF


# From Kafka's own UtilsTest.testMurmur2, signed there.
@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_the_one_that_kafka_documents_by_example(key, hashed):
    assert murmur2(key) == hashed & 0xFFFFFFFF


@given(st.text(min_size=1, max_size=40), st.integers(1, 64))
def test_every_patient_has_one_partition(patient, partitions):
    assert partition_of(patient, partitions) == (kafkas(patient.encode()) & 0x7FFFFFFF) % partitions
    assert 0 <= partition_of(patient, partitions) < partitions


def test_patients_spread_over_the_partitions():
    counts = [0] * 8
    for number in range(4_000):
        counts[partition_of(f"p-{number}", 8)] += 1

    assert min(counts) > 400
