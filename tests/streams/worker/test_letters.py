"""Up to which offset everything that was caused has arrived."""

from hypothesis import given
from hypothesis import strategies as st

from streams.worker.letters import Letter, Receipts, under


def test_a_batch_that_caused_nothing_is_safe_at_once():
    safe = []

    Receipts(safe.append).open(7, letters=0)

    assert safe == [7]


def test_a_later_batch_waits_for_an_earlier_letter():
    safe = []
    receipts = Receipts(safe.append)
    early = receipts.open(10, letters=1)
    receipts.open(20, letters=0)
    assert safe == []

    early.arrived()

    assert safe == [20]


def test_a_partition_of_another_worker_is_never_committed():
    safe = []
    receipts = Receipts(safe.append)
    one = receipts.open(10, letters=1)

    receipts.close()
    one.arrived()

    assert safe == []


@given(st.lists(st.integers(0, 3), max_size=12), st.randoms(use_true_random=False))
def test_nothing_is_safe_before_everything_below_it_arrived(batches, order):
    safe, sent = [], []
    receipts = Receipts(safe.append)
    for number, letters in enumerate(batches, start=1):
        receipt = receipts.open(number, letters)
        sent += [(number, receipt)] * letters
    order.shuffle(sent)
    outstanding = [number for number, _ in sent]
    for number, receipt in sent:
        receipt.arrived()
        outstanding.remove(number)
        assert not outstanding or not safe or safe[-1] < min(outstanding)

    assert safe == sorted(safe)
    assert not batches or safe[-1] == len(batches)
    assert receipts.outstanding == 0


def test_a_letter_is_never_smaller_than_it_says():
    small, large = Letter("t", 0, None, None), Letter("t", 0, b"key", b"v" * 1_000, (("header", b"fact"),))

    assert small.size >= 70 and large.size >= 1_013 + 70
    assert under(Receipts(print).open(1, letters=1), [large])[0].receipt is not None
