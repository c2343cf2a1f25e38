"""Whether nearly everything that is sent is refused: then the patients are as good as unwatched, and nobody says so.

A worker of the wrong mode, or a device that speaks another format, looks healthy otherwise. A flood of rubbish beside a
watched ward is not meant: as long as readings are taken, only refusals of readable ones count against it.
"""

from collections import Counter, deque
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from schemas.reasons import Refusal

SPAN_S: Final = 30.0
LEAST: Final = 20
"""So many refusals within the span, or nothing is said."""
TIMES: Final = 9
"""Refused so many times as often as taken is nearly everything."""
WHOLE: Final = frozenset({Refusal.WRONG_MODE, Refusal.WRONG_PARTITION, Refusal.CLOCK_AHEAD})
"""Refusals of a whole reading that could be read."""


class Counts(Protocol):
    """What is counted of a partition (`streams.log.Tally`)."""

    readable: int
    unreadable: int
    refusals: Counter[str]


class Step(NamedTuple):
    """What came between two looks."""

    at: float
    taken: int
    unreadable: int
    refused: Counter[str]


class Refusing:
    """Looks at the counts from time to time.

    >>> from types import SimpleNamespace
    >>> refusing, counts = Refusing(), SimpleNamespace(readable=0, unreadable=0, refusals=Counter())
    >>> refusing.look(0.0, [counts])
    >>> counts.readable, counts.refusals["wrong_mode"] = 60, 60
    >>> refusing.look(1.0, [counts]); refusing.why
    'wrong_mode'
    """

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._seen: dict[int, tuple[Counts, int, int, Counter[str]]] = {}
        self.why: str | None = None
        """The code of most refusals, while nearly everything is refused."""

    def look(self, now: float, partitions: Iterable[Counts]) -> None:
        """Takes the counts of every partition at `now`, in seconds of a monotonic clock."""
        taken, unreadable, refused = 0, 0, Counter[str]()
        before, self._seen = self._seen, {}
        for counts in partitions:
            codes = Counter(counts.refusals)
            self._seen[id(counts)] = counts, counts.readable, counts.unreadable, codes
            if id(counts) not in before:  # taken over just now: what was counted before is nobody's present
                continue
            _, readable, unread, were = before[id(counts)]
            more = codes - were
            refused += more
            unreadable += counts.unreadable - unread
            taken += counts.readable - readable - sum(more[code] for code in WHOLE)
        self._steps.append(Step(now, taken, unreadable, refused))
        while self._steps[0].at <= now - SPAN_S:
            self._steps.popleft()
        self.why = self._judge()

    def _judge(self) -> str | None:
        refused = sum((step.refused for step in self._steps), Counter[str]())
        taken = sum(step.taken for step in self._steps)
        unreadable = sum(step.unreadable for step in self._steps)
        whole = sum(refused[code] for code in WHOLE)
        enough = whole + unreadable >= LEAST and (whole >= TIMES * taken if whole else taken == 0)
        return refused.most_common(1)[0][0] if enough and refused else None
