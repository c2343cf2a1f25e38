"""Whether a batch of records goes on where the last one ended.

Faust drops fetched batches at rebalances without going back, positions are moved by more hands than ours, and an offset
may not exist at all (the commit marker of a producer's transaction, a deleted record). So each batch says since which
offset it is all there is, by the broker's own answers (`streams.worker.batch_view`). What lies between there and its
first record does not exist; what lies before it was not read, and is fetched, however often it takes. Without the first
rule a partition stands still at the first marker; without the second, 638 of 10,960 readings were lost at rebalances in
a trial. No memory of where we went back to: a fetch that was answered late proved nothing, and passed for a hole.
"""

from enum import StrEnum


class Continuity(StrEnum):
    """What to do with a batch."""

    FOLLOWS = "follows"
    NOT_OURS = "not_ours"
    GO_BACK = "go_back"
    HOLE = "hole"


def judge(since: int, first: int, expected: int | None) -> Continuity:
    """`since`: from which offset on the batch is all there is; `first`: its first offset; `expected`: the one that
    comes next, None where nobody waits for it.

    >>> judge(since=10, first=12, expected=10)
    <Continuity.HOLE: 'hole'>
    >>> judge(since=11, first=12, expected=10)
    <Continuity.GO_BACK: 'go_back'>
    """
    if expected is None:
        return Continuity.NOT_OURS
    if since > expected:
        return Continuity.GO_BACK
    # What lies before the expected offset is a repeat, which the taker leaves aside.
    return Continuity.HOLE if first > expected else Continuity.FOLLOWS
