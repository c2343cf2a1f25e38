"""The order in which one recipient's notices leave, when one is tried again, and which become one message."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from schemas.alert import Kind, Priority
from streams.notify.notice import Notice, Phase

FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 60.0
GIVEN_UP_AFTER_S: Final = 24 * 3600.0
OPEN_AFTER: Final = 5
"""Failures in a row after which the recipient counts as away: told once, and tried more slowly."""
JOIN_S: Final = 20.0
JOIN_AGAIN_S: Final = 60.0
NAMED: Final = 30


def retry_after(notice_id: str, tries: int) -> float:
    """Seconds until the next try: doubling, with a jitter of a half that the id fixes.

    >>> 0.25 <= retry_after("a", 1) <= 0.5, retry_after("a", 30) <= LONGEST_RETRY_S
    (True, True)
    """
    spread = int.from_bytes(hashlib.sha256(f"{notice_id}:{tries}".encode()).digest()[:4]) / 2**32
    return min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(tries - 1, 12)) * (0.5 + spread / 2)


@dataclass(slots=True)
class Outbox:
    """One recipient's queue. Times are seconds of one clock that the caller keeps."""

    queue: deque[Notice] = field(default_factory=deque)
    gathering: list[Notice] = field(default_factory=list)
    tries: int = 0
    failures: int = 0
    first_try_at: float = 0.0
    not_before: float = 0.0
    join_at: float = 0.0
    joined_at: float = float("-inf")

    @property
    def away(self) -> bool:
        """Whether the recipient has not answered several times in a row."""
        return self.failures >= OPEN_AFTER

    def add(self, notice: Notice, now: float) -> None:
        """Queues a notice, once. A technical call below high waits, so that those of one gateway become one message."""
        if any(one.id == notice.id for one in (*self.queue, *self.gathering)):
            return
        if notice.kind is Kind.TECHNICAL and notice.priority is not Priority.HIGH and notice.step is not None:
            if not self.gathering:
                self.join_at = max(now + JOIN_S, self.joined_at + JOIN_AGAIN_S)
            self.gathering.append(notice)
        else:
            self.queue.append(notice)

    def drop(self, notice_id: str) -> None:
        """Takes out a notice that is not to be sent any more."""
        self.queue = deque(one for one in self.queue if one.id != notice_id)
        self.gathering = [one for one in self.gathering if one.id != notice_id]

    def join(self, now: float) -> tuple[Notice, list[Notice]] | None:
        """The one message that stands for all that were gathered, and those; None while there is nothing to join."""
        if not self.gathering or now < self.join_at:
            return None
        gathered, self.gathering, self.joined_at = self.gathering, [], now
        if len(gathered) == 1:
            self.queue.append(gathered[0])
            return None
        message = joined(gathered)
        self.queue.append(message)
        return message, gathered

    def ready(self, now: float, held: Callable[[Notice], bool] = lambda _: False) -> Notice | None:
        """The notice to send now, the oldest that is not held; None while it waits. Nothing waits behind a held one."""
        if not self.queue or now < self.not_before:
            return None
        place = next((number for number, one in enumerate(self.queue) if not held(one)), None)
        if place is None:
            return None
        if place:
            first = self.queue[place]
            del self.queue[place]
            self.queue.appendleft(first)
            self.tries = 0
        if not self.tries:
            self.first_try_at = now
        return self.queue[0]

    def sent(self) -> None:
        """The oldest has arrived, or is given up."""
        self.queue.popleft()
        self.tries = self.failures = 0
        self.not_before = 0.0

    def failed(self, now: float, wait_s: float | None = None) -> bool:
        """The oldest has not arrived; tried again later, `wait_s` if the receiver said so. False: it is given up."""
        self.tries += 1
        self.failures += 1
        self.not_before = now + max(wait_s or 0.0, retry_after(self.queue[0].id, self.tries))
        return now - self.first_try_at < GIVEN_UP_AFTER_S

    def next_at(self) -> float | None:
        """When there may be something to do; None where nothing waits."""
        moments = ([self.not_before] if self.queue else []) + ([self.join_at] if self.gathering else [])
        return min(moments, default=None)


def joined(gathered: Iterable[Notice]) -> Notice:
    """One message for several technical calls to the same recipient; each patient's alert stays."""
    notices = list(gathered)
    first = notices[0]
    beds = sorted({one.bed or "no bed known" for one in notices})
    shown = ", ".join(beds[:NAMED]) + (f" and {len(beds) - NAMED} more" if len(beds) > NAMED else "")
    wards = sorted({one.ward for one in notices if one.ward})
    where = f" of ward {', '.join(wards)}" if wards else ""
    words = f"Monitoring of {len(beds)} beds{where}: {shown}. Look at the gateway first."
    highest = max(notices, key=lambda one: list(Priority).index(one.priority)).priority
    return msgspec.structs.replace(
        first,
        id=f"joined:{len(notices)}:{first.id}",
        phase=Phase.START,
        priority=highest,
        bed=None,
        text=f"{words} Information, not a certified alarm.",
    )
