"""On which partition a patient's records belong: murmur2 of the patient, as Kafka's own producers place keys."""

from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit murmur2 hash that Kafka's default partitioner uses (org.apache.kafka.common.utils.Utils.murmur2),
    unsigned.

    >>> murmur2(b"21") & 0x7FFFFFFF
    1173551340
    """
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * _M & _MASK
        k = (k ^ (k >> 24)) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)


def partition_of(patient_id: str, partitions: int) -> int:
    """The patient's partition.

    >>> 0 <= partition_of("p-7f3a", 8) < 8
    True
    """
    return (murmur2(patient_id.encode()) & 0x7FFFFFFF) % partitions
