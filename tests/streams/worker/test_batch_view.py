import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException, TopicAuthorizationFailedError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.worker.batch_view import PORTION, Fetched, Passed, RecordBatchView, next_fetched

PLACE = TP("vitals.readings", 3)
CONTROL, BROKERS_CLOCK = 0x20, 0x08
ATTRIBUTES, CHECKSUM = slice(21, 23), slice(17, 21)


def batch(records, base=0, flags=0):
    """One record batch as a broker keeps it; each record is (offset in it, time, key, value, headers)."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 24)
    for offset, at, key, value, headers in records:
        builder.append(offset, at, key, value, headers)
    data = builder.build()
    data[0:8] = base.to_bytes(8, "big")
    data[ATTRIBUTES] = (int.from_bytes(data[ATTRIBUTES], "big") | flags).to_bytes(2, "big")
    data[CHECKSUM] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
    return bytes(data)


def some(count, base=0, flags=0):
    return batch([(n, 1_000 + n, b"p-1", b"{%d}" % (base + n), []) for n in range(count)], base, flags)


def as_found(data, begin=0):
    """What aiokafka makes of fetched bytes before it unpacks them."""
    return PartitionRecords(PLACE, MemoryRecords(data), [], begin, None, None, True, 0)


def offsets(portions):
    return [record[0] for portion in portions for record in portion.records]


HEADERS = st.lists(st.tuples(st.text(max_size=3), st.none() | st.binary(max_size=3)), max_size=2)
RECORD = st.tuples(
    st.integers(0, 1 << 40), st.none() | st.binary(max_size=4), st.none() | st.binary(max_size=9), HEADERS
)


@settings(max_examples=60)
@given(batches=st.lists(st.lists(RECORD, min_size=1, max_size=4), min_size=1, max_size=4), begin=st.integers(0, 5))
def test_a_record_is_what_aiokafka_makes_of_it(batches, begin):
    data, base = b"", 0
    for records in batches:
        data += batch([(n, *record) for n, record in enumerate(records)], base)
        base += len(records) + 1  # one offset between them does not exist
    theirs, ours = as_found(data, begin), RecordBatchView(as_found(data, begin))

    told = [(one.offset, one.timestamp, one.key, one.value, one.headers) for one in theirs]
    got = [(*record[:4], tuple(record[4])) for portion in ours for record in portion.records]
    assert got == told
    assert ours.next_fetch_offset == theirs.next_fetch_offset


def test_a_portion_is_whole_record_batches_and_says_up_to_where_it_reaches():
    portions = RecordBatchView(as_found(b"".join(some(80, base) for base in range(0, 400, 80))))
    sizes, reached = [], []
    for portion in portions:
        sizes.append(len(portion.records))
        reached.append(portions.next_fetch_offset)

    assert sizes == [240, 160] and min(sizes[:-1]) >= PORTION
    assert reached == [240, 400]


def test_markers_of_transactions_are_passed_over_and_not_fetched_again():
    checkpoint = batch([(0, 5, b"\x00\x00\x00\x01", b"\x00\x00\x00\x00\x00\x00", [])], base=2, flags=CONTROL)
    portions = RecordBatchView(as_found(some(2) + checkpoint))

    assert offsets(portions) == [0, 1] and portions.next_fetch_offset == 3


def test_a_portion_says_since_which_offset_it_is_all_there_is():
    marker = batch([(0, 5, b"\x00\x00\x00\x01", b"\x00\x00\x00\x00\x00\x00", [])], base=2, flags=CONTROL)
    first, last = RecordBatchView(as_found(marker + some(PORTION, base=3) + some(2, base=PORTION + 9), begin=1))

    assert (first.since, first.records[0][0]) == (1, 3)
    assert (last.since, last.records[0][0]) == (PORTION + 3, PORTION + 9)


def test_fetches_in_which_nothing_came_count_for_the_next_alone():
    """A marker at the end of a log: the next record is not read from behind it for nothing."""
    marker = batch([(0, 5, b"\x00\x00\x00\x01", b"\x00\x00\x00\x00\x00\x00", [])], base=2, flags=CONTROL)
    passed = Passed()

    def since(data, begin):
        return [one.since for one in RecordBatchView(as_found(data, begin), passed=passed)]

    assert since(some(2) + marker, 0) == [0]
    assert since(some(2, base=3), 3) == [2]
    assert since(marker, 2) == []
    assert since(some(2, base=9), 9) == [9], "it was read from elsewhere"
    assert since(some(2, base=3), 3) == [3], "what came in between is not known any more"


def test_what_lies_before_the_offset_asked_for_is_left_out():
    assert offsets(RecordBatchView(as_found(some(5, base=10), begin=13))) == [13, 14]


def test_it_says_who_stamped_the_records():
    theirs, brokers = RecordBatchView(as_found(some(1))), RecordBatchView(as_found(some(1, flags=BROKERS_CLOCK)))

    assert [one.stamped_by for one in theirs] == [0] and [one.stamped_by for one in brokers] == [1]


def test_a_damaged_record_batch_is_told_and_no_record_of_it_taken():
    damaged = bytearray(some(2))
    damaged[-2] ^= 0xFF

    with pytest.raises(CorruptRecordException):
        list(RecordBatchView(as_found(bytes(damaged))))


class Place(SimpleNamespace):
    """A partition as aiokafka's subscription knows it."""

    def consumed_to(self, position):
        self.position = position


class Fetching:
    """aiokafka's fetcher, without a broker: what comes is put into `_records`."""

    fetched_records, _create_fetch_waiter = Fetcher.fetched_records, Fetcher._create_fetch_waiter
    _closed = False

    def __init__(self):
        self._records, self._fetch_waiters, self._wait_consume_future = {}, set(), None
        self._loop = asyncio.get_running_loop()
        self.place = Place(position=0, paused=False)
        self._assignment = SimpleNamespace(active=True, state_value=lambda tp: self.place)
        self._subscriptions = SimpleNamespace(reassignment_in_progress=False)

    def _notify(self, _):
        pass

    def comes(self, data):
        found = as_found(data, self.place.position)
        self._records[PLACE] = FetchResult(PLACE, assignment=self._assignment, partition_records=found, backoff=0)
        for waiter in self._fetch_waiters:
            waiter.set_result(None)

    def refuses(self, error):
        for waiter in self._fetch_waiters:
            waiter.set_exception(error)


def fetch(fetching, timeout=0.0, max_records=5_000):
    return next_fetched(fetching, {PLACE}, timeout, max_records)


def told(story):
    return asyncio.run(story())


def test_what_is_there_is_taken_and_the_position_moves():
    async def story():
        fetching = Fetching()
        fetching.comes(some(3))
        return await fetch(fetching), fetching.place.position, fetching._records

    found, position, left = told(story)
    assert isinstance(found[PLACE], Fetched) and offsets(found.values()) == [0, 1, 2]
    assert position == 3 and not left


def test_of_much_a_part_is_taken_and_the_rest_next():
    async def story():
        fetching = Fetching()
        fetching.comes(b"".join(some(PORTION, base) for base in range(0, 3 * PORTION, PORTION)))
        first = await fetch(fetching, max_records=2 * PORTION)
        return first, fetching.place.position, await fetch(fetching)

    first, position, rest = told(story)
    assert len(first[PLACE].records) == position == 2 * PORTION
    assert offsets(rest.values()) == list(range(2 * PORTION, 3 * PORTION))


def test_what_was_fetched_for_another_position_is_not_taken():
    async def story():
        fetching = Fetching()
        fetching.comes(some(3))
        fetching.place.position = 40  # somebody has just gone elsewhere
        return await fetch(fetching)

    assert told(story) == {}


def test_it_waits_for_what_comes_and_no_longer_than_it_may():
    async def story():
        fetching = Fetching()
        assert await fetch(fetching, timeout=0.01) == {}
        asyncio.get_running_loop().call_later(0.01, fetching.comes, some(2))
        return await fetch(fetching, timeout=30)

    assert offsets(told(story).values()) == [0, 1]


def test_a_refusal_is_told():
    async def story():
        fetching = Fetching()
        asyncio.get_running_loop().call_later(0.01, fetching.refuses, TopicAuthorizationFailedError("readings"))
        await fetch(fetching, timeout=30)

    with pytest.raises(TopicAuthorizationFailedError):
        told(story)
