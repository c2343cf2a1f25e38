"""Patient records and actions up to the first open transaction, without what was rolled back."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.worker import transactions
from streams.worker.batch_view import RecordBatchView
from streams.worker.transactions import Transactions
from tests.streams.worker.test_batch_view import CHECKSUM, CONTROL, as_found, batch, calc_crc32c, offsets

TRANSACTIONAL = 0x10
PRODUCER = slice(43, 51)
ABORT, COMMIT = b"\x00\x00\x00\x00", b"\x00\x00\x00\x01"


def of(producer, base, count=1, flags=TRANSACTIONAL, key=b"p"):
    """A record batch as a transactional producer writes it."""
    data = bytearray(batch([(n, 1_000, key, b"{}", []) for n in range(count)], base, flags))
    data[PRODUCER] = producer.to_bytes(8, "big")
    data[CHECKSUM] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
    return bytes(data)


def ends(producer, base, how):
    return of(producer, base, flags=TRANSACTIONAL | CONTROL, key=how)


def plain(base, count=1):
    return batch([(n, 1_000, b"p", b"{}", []) for n in range(count)], base)


def damaged(data):
    """With a checksum that does not fit."""
    return data[:17] + bytes(4) + data[21:]


class Lasting:
    """It came three times already."""

    def is_lasting(self, *_):
        return True


def told(one, *data):
    """The offsets taken, and those passed over."""
    portions = list(RecordBatchView(as_found(b"".join(data)), Lasting(), one))
    return offsets(portions), [(one.first, one.next_offset) for portion in portions for one in portion.unreadable]


def read(one, *data, begin=0):
    return offsets(RecordBatchView(as_found(b"".join(data), begin), None, one))


def test_what_is_committed_is_taken_and_what_was_rolled_back_is_not():
    log = of(7, 0, 2), ends(7, 2, COMMIT), of(7, 3, 2), ends(7, 5, ABORT), plain(6)

    assert read(Transactions(), *log) == [0, 1, 6]


def test_everything_behind_an_open_transaction_waits_for_it_in_order():
    one = Transactions()

    assert read(one, plain(0), of(7, 1), plain(2), of(8, 3), ends(8, 4, COMMIT)) == [0]
    assert read(one, plain(5), begin=5) == []
    assert read(one, ends(7, 6, COMMIT), begin=6) == [1, 2, 3, 5]


def test_an_aborted_one_lets_those_behind_it_go_on():
    one = Transactions()
    assert read(one, of(7, 0), plain(1)) == []

    assert read(one, ends(7, 2, ABORT), begin=2) == [1]


def test_a_marker_that_compaction_took_away_ends_its_transaction():
    emptied = of(7, 1, 0, TRANSACTIONAL | CONTROL)

    assert read(Transactions(), of(7, 0), emptied, plain(2)) == [0, 2]


def test_a_fetch_from_elsewhere_forgets_what_waited_for_it_comes_again():
    one = Transactions()
    assert read(one, of(7, 0), plain(1)) == []

    assert read(one, of(7, 0), plain(1), ends(7, 2, COMMIT), begin=0) == [0, 1]


def test_how_long_the_first_open_one_has_been_waited_for_is_told():
    one = Transactions()
    data = SimpleNamespace(next_offset=1, producer_id=7, is_transactional=True)
    one.take(data, [(0, 0, b"p", b"{}", ())], (), now=10.0)

    assert one.waits_s(17.0) == 7.0 and Transactions().waits_s(17.0) == 0.0


def test_a_damaged_record_batch_keeps_its_place_in_the_order():
    damaged = bytearray(plain(1))
    damaged[-1] ^= 0xFF
    damaged[CHECKSUM] = calc_crc32c(bytes(damaged[21:])).to_bytes(4, "big")
    one = Transactions()
    assert read(one, of(7, 0), bytes(damaged)) == []

    portions = list(RecordBatchView(as_found(ends(7, 2, ABORT), 2), None, one))
    assert [bool(portion.unreadable or portion.records) for portion in portions] == [True]


@given(
    st.lists(
        st.tuples(st.sampled_from((None, 1, 2, 3)), st.sampled_from(("write", "write", "commit", "abort"))), max_size=30
    ),
    st.lists(st.integers(0, 30), max_size=4),
)
def test_it_takes_what_a_reader_of_committed_records_takes(doings, cuts):
    """The model: up to the first open transaction, each record unless its transaction was rolled back."""
    data, fate, opened, base = [], [], {}, 0
    for producer, doing in doings:
        if producer is None or doing == "write":
            data.append(plain(base) if producer is None else of(producer, base))
            if producer is not None:
                opened.setdefault(producer, []).append(len(fate))
            fate.append((base, "committed" if producer is None else "open"))
        elif producer in opened:
            data.append(ends(producer, base, COMMIT if doing == "commit" else ABORT))
            for place in opened.pop(producer):
                fate[place] = (fate[place][0], doing)
        else:
            continue
        base += 1
    first_open = next((offset for offset, how in fate if how == "open"), base)
    want = [offset for offset, how in fate if offset < first_open and how in ("committed", "commit")]

    one, got, at = Transactions(), [], 0
    for cut in [*sorted(cut for cut in cuts if cut <= len(data)), len(data)]:
        got += read(one, *data[at:cut], begin=at)
        at = cut
    assert got == want


def test_a_marker_with_a_wrong_checksum_costs_itself_alone():
    for how, taken in ((COMMIT, [0, 2]), (ABORT, [2])):
        assert told(Transactions(), of(7, 0), damaged(ends(7, 1, how)), plain(2)) == (taken, [(1, 2)])


def test_a_damaged_marker_that_names_somebody_else_ends_the_first_that_is_open():
    log = of(7, 0), of(8, 1), damaged(ends(9, 2, COMMIT)), plain(3)

    one = Transactions()
    assert told(one, *log) == ([0], []), "the other is open still"
    assert told(one, *log, ends(8, 4, COMMIT)) == ([0, 1, 3], [(2, 3)])


def test_a_marker_of_a_right_checksum_that_says_nothing_is_told_and_ends_its_transaction():
    assert told(Transactions(), of(7, 0), ends(7, 1, b"\x00"), plain(2)) == ([0, 2], [(1, 2)])


def test_a_marker_of_no_known_kind_ends_the_transaction_of_its_producer_and_of_nobody_else():
    unknown = b"\x00\x00\x00\x09"
    assert told(Transactions(), of(7, 0), ends(7, 1, unknown), plain(2)) == ([0, 2], [(1, 2)])
    assert told(Transactions(), of(7, 0), ends(8, 1, unknown), plain(2)) == ([], []), "what later brokers may write"


def test_a_damaged_batch_of_a_transaction_is_not_waited_for():
    assert told(Transactions(), damaged(of(7, 0)), plain(1)) == ([1], [(0, 1)])


@given(
    st.lists(
        st.tuples(st.sampled_from((None, 1, 2, 3)), st.sampled_from(("write", "write", "commit", "abort"))), max_size=30
    ),
    st.integers(1, 6),
    st.integers(0, 6),
)
def test_with_little_room_the_same_is_taken_and_what_was_left_is_fetched_again(doings, at_once, room):
    data, opened, want = [], set(), Transactions()
    for producer, doing in doings:
        base = len(data)
        if producer is None or doing == "write":
            data.append(plain(base) if producer is None else of(producer, base))
            opened |= {producer} - {None}
        elif producer in opened:
            data.append(ends(producer, base, COMMIT if doing == "commit" else ABORT))
            opened.discard(producer)
    most = room * 2 * transactions.BYTES_A_RECORD
    taken, at, fetches, one = [], 0, 0, Transactions()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transactions, "MOST_BYTES", most)
        while at < len(data):
            view = RecordBatchView(as_found(b"".join(data[at : at + at_once]), at), None, one)
            taken += offsets(view)
            at, fetches = view.next_fetch_offset, fetches + 1
            assert one.bytes <= most + 3 * transactions.BYTES_A_RECORD, "beside the first"
            assert fetches <= 4 * len(data) ** 2 + 10

    assert taken == read(want, *data)


def test_behind_one_that_hangs_no_more_waits_than_there_is_room_for():
    one, many = Transactions(), 20_000
    hanging = of(7, 0)
    rest = [batch([(0, 1_000, b"p", b"x" * 2_000, [])], offset) for offset in range(1, many)]
    assert read(one, hanging, *rest) == []
    assert one.bytes < transactions.MOST_BYTES + 4_000

    view = RecordBatchView(as_found(ends(7, many, COMMIT), many), None, one)
    first = offsets(view)
    again = view.next_fetch_offset
    assert first == list(range(again)) and 0 < again < many and not one.bytes
    assert read(one, *rest[again - 1 :], ends(7, many, COMMIT), begin=again) == list(range(again, many))
