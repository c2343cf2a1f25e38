"""Whether a batch goes on where the last one ended."""

from hypothesis import given
from hypothesis import strategies as st

from streams.worker.offset_tracker import Continuity, OffsetTracker


def test_the_next_batch_follows():
    assert OffsetTracker().judge("p", first=10, expected=10) is Continuity.FOLLOWS


def test_a_repeat_follows_as_well():
    """What lies before the expected offset is left aside by the taker."""
    assert OffsetTracker().judge("p", first=3, expected=10) is Continuity.FOLLOWS


def test_a_partition_that_is_not_ours_is_left_alone():
    assert OffsetTracker().judge("p", first=0, expected=None) is Continuity.NOT_OURS


def test_a_gap_is_fetched_again_once_and_is_a_hole_only_if_it_is_still_there():
    log = OffsetTracker()

    assert log.judge("p", first=12, expected=10) is Continuity.GO_BACK
    log.went_back("p", 10)
    assert log.judge("p", first=12, expected=10) is Continuity.HOLE
    assert log.judge("p", first=15, expected=13) is Continuity.GO_BACK


def test_a_batch_dropped_after_going_back_proves_nothing():
    """The batch fetched from the gap was dropped unseen: the next one lies beyond it for that reason alone."""
    log = OffsetTracker()
    log.judge("p", first=12, expected=10)
    log.went_back("p", 10)

    log.dropped("p")

    assert log.judge("p", first=14, expected=10) is Continuity.GO_BACK


def test_a_new_generation_forgets_where_we_went_back():
    log = OffsetTracker()
    log.judge("p", first=12, expected=10)
    log.went_back("p", 10)

    log.forget()

    assert log.judge("p", first=12, expected=10) is Continuity.GO_BACK


def test_partitions_do_not_know_of_each_other():
    log = OffsetTracker()
    log.judge("p", first=12, expected=10)
    log.went_back("p", 10)

    assert log.judge("q", first=12, expected=10) is Continuity.GO_BACK


@given(
    exists=st.lists(st.booleans(), min_size=1, max_size=60),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=20),
    drops=st.lists(st.booleans(), max_size=40),
)
def test_whatever_is_dropped_every_record_is_taken_once_and_in_order(exists, sizes, drops):
    """A broker with holes, a fetcher that loses batches at will, and the rule between them."""
    offsets = [offset for offset, there in enumerate([*exists, True]) if there]
    log, taken, expected, position, turn = OffsetTracker(), [], 0, 0, 0
    while expected <= offsets[-1]:
        batch = [offset for offset in offsets if offset >= position][: sizes[turn % len(sizes)]]
        turn += 1
        if not batch:  # all was fetched and the end was dropped: the rebalance that did it begins again at the commit
            position = expected
            log.forget()
            continue
        position = batch[-1] + 1
        if drops and drops.pop():
            log.dropped("p")
        elif log.judge("p", batch[0], expected) is Continuity.GO_BACK:
            position = expected
            log.went_back("p", expected)
        else:
            taken += [offset for offset in batch if offset >= expected]
            expected = batch[-1] + 1

    assert taken == offsets
