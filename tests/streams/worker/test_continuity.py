"""Whether a batch goes on where the last one ended."""

from hypothesis import given
from hypothesis import strategies as st

from streams.worker.continuity import Continuity, judge


def test_the_next_batch_follows():
    assert judge(since=10, first=10, expected=10) is Continuity.FOLLOWS


def test_a_repeat_follows_as_well():
    """What lies before the expected offset is left aside by the taker."""
    assert judge(since=3, first=3, expected=10) is Continuity.FOLLOWS
    assert judge(since=3, first=10, expected=10) is Continuity.FOLLOWS


def test_a_partition_that_is_not_ours_is_left_alone():
    assert judge(since=0, first=0, expected=None) is Continuity.NOT_OURS


def test_what_was_not_read_is_fetched_however_often_it_takes():
    for _ in range(3):
        assert judge(since=12, first=12, expected=10) is Continuity.GO_BACK


def test_what_was_read_and_did_not_come_does_not_exist():
    assert judge(since=10, first=12, expected=10) is Continuity.HOLE
    assert judge(since=7, first=12, expected=10) is Continuity.HOLE


@given(
    exists=st.lists(st.booleans(), min_size=1, max_size=60),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=20),
    drops=st.lists(st.booleans(), max_size=40),
    seeks=st.lists(st.none() | st.integers(0, 60), max_size=40),
)
def test_whatever_is_dropped_and_wherever_others_seek_every_record_is_taken_once_and_in_order(
    exists, sizes, drops, seeks
):
    """A broker with holes, a fetcher that loses batches at will, others who move its position, and the rule between."""
    offsets = [offset for offset, there in enumerate([*exists, True]) if there]
    taken, expected, position, turn = [], 0, 0, 0
    while expected <= offsets[-1]:
        if seeks and (elsewhere := seeks.pop()) is not None:
            position = elsewhere
        since, batch = position, [offset for offset in offsets if offset >= position][: sizes[turn % len(sizes)]]
        turn += 1
        if not batch:  # all was fetched, and the end was dropped
            position = expected
            continue
        position = batch[-1] + 1
        if drops and drops.pop():
            continue
        if judge(since, batch[0], expected) is Continuity.GO_BACK:
            position = expected
        else:
            taken += [offset for offset in batch if offset >= expected]
            expected = max(expected, batch[-1] + 1)

    assert taken == offsets
