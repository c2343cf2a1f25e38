"""Up to which offset everything that was caused has arrived."""

from hypothesis import given
from hypothesis import strategies as st

from streams.worker.outgoing import AckTracker, OutgoingRecord, under


def test_a_batch_that_caused_nothing_is_safe_at_once():
    safe = []

    AckTracker(safe.append).open(7, records=0)

    assert safe == [7]


def test_a_later_batch_waits_for_an_earlier_record():
    safe = []
    acks = AckTracker(safe.append)
    early = acks.open(10, records=1)
    acks.open(20, records=0)
    assert safe == []

    early.arrived()

    assert safe == [20]


def test_a_partition_of_another_worker_is_never_committed():
    safe = []
    acks = AckTracker(safe.append)
    one = acks.open(10, records=1)

    acks.close()
    one.arrived()

    assert safe == []


@given(st.lists(st.integers(0, 3), max_size=12), st.randoms(use_true_random=False))
def test_nothing_is_safe_before_everything_below_it_arrived(batches, order):
    safe, sent = [], []
    acks = AckTracker(safe.append)
    for number, records in enumerate(batches, start=1):
        ack = acks.open(number, records)
        sent += [(number, ack)] * records
    order.shuffle(sent)
    outstanding = [number for number, _ in sent]
    for number, ack in sent:
        ack.arrived()
        outstanding.remove(number)
        assert not outstanding or not safe or safe[-1] < min(outstanding)

    assert safe == sorted(safe)
    assert not batches or safe[-1] == len(batches)
    assert acks.outstanding == 0


def test_a_record_is_never_smaller_than_it_says():
    small, large = (
        OutgoingRecord("t", 0, None, None),
        OutgoingRecord("t", 0, b"key", b"v" * 1_000, (("header", b"fact"),)),
    )

    assert small.size >= 70 and large.size >= 1_013 + 70
    assert under(AckTracker(print).open(1, records=1), [large])[0].ack is not None
