"""What happened on the way from Kafka to the Vigils: counted, and seen of each partition."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(slots=True)
class ConsumerStats:
    """What happened on the way, counted since the start."""

    polls: int = 0
    batches: int = 0
    dropped: int = 0
    went_back: int = 0
    holes: int = 0
    lost: int = 0
    unstamped: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    fetch_errors: int = 0
    fetch_failing: bool = False


class Seen(NamedTuple):
    """The log's end, when a fetch was last answered (ms since 1970), and whether all up to there was handed over.

    The moment is by this machine's clock, which may be set anew: only that it changes says that fetches are answered.
    The end may lie beyond the last record by a transaction's marker: hence the last field.
    """

    end: int
    at_ms: int
    all_handed_over: bool
