"""A record batch that nobody can unpack: refused whole, by its offsets; the log goes on behind it."""

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from streams.log.partition import Partition
from streams.log.record import Output


def pass_over(log: Partition, first: int, next_offset: int) -> list[Output]:
    """Refuses the records from `first` up to before `next_offset` together, and moves the log behind them."""
    records = next_offset - first
    log.expected = next_offset
    if not log.clock.waiting:  # else the checkpoint stays before what waits, and this is told once more after a restart
        log.next_offset = next_offset
    log.tally.records += records
    log.tally.unreadable += records
    log.tally.refusals[Refusal.UNREADABLE_BATCH.value] += 1
    log.tally.said["rejections"] += 1
    place = log.topic, log.partition, first
    facts = Rejection.of(Refusal.UNREADABLE_BATCH, None, *place, last_offset=next_offset - 1)
    return [Output("rejections", None, None, facts.headers(), log.time)]
