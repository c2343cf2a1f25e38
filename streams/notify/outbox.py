"""The order in which one recipient's notices leave, when one is tried again, and which become one message.

Order is kept for each alert, not for the recipient: a message that its receiver alone refuses waits by itself with what
follows of its alert, and everything else goes on.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from schemas.alert import Kind, Priority
from streams.notify.notice import Notice, Phase, alerts_of, covered

FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 60.0
LONGEST_PAUSE_S: Final = 15.0
"""A recipient that does not answer is asked again so often: the calls that wait are late by this at most."""
GIVEN_UP_AFTER_S: Final = 24 * 3600.0
OPEN_AFTER: Final = 5
"""Failures in a row after which the recipient counts as away: told once, and tried more slowly."""
PARKED_AFTER: Final = 3
"""Refusals of one message, by a receiver that answers, after which it counts as parked: told once."""
JOIN_S: Final = 20.0
JOIN_AGAIN_S: Final = 60.0
NAMED: Final = 30


def retry_after(notice_id: str, tries: int, longest_s: float = LONGEST_RETRY_S) -> float:
    """Seconds until the next try: doubling, with a jitter of a half that the id fixes.

    >>> 0.25 <= retry_after("a", 1) <= 0.5, retry_after("a", 30) <= LONGEST_RETRY_S
    (True, True)
    """
    spread = int.from_bytes(hashlib.sha256(f"{notice_id}:{tries}".encode()).digest()[:4]) / 2**32
    return min(longest_s, FIRST_RETRY_S * 2 ** min(tries - 1, 12)) * (0.5 + spread / 2)


@dataclass(slots=True)
class Waiting:
    """A notice on its way, and what its tries came to. `refused`: tries that the receiver answered with a no.
    `flying`: it is being sent, and what follows of its alert waits. `began_at`: when its newest try was due.
    """

    notice: Notice
    tries: int = 0
    refused: int = 0
    since: float = 0.0
    overdue: bool = False
    first_try_at: float = 0.0
    began_at: float = 0.0
    not_before: float = 0.0
    flying: bool = False

    @property
    def alerts(self) -> frozenset[str]:
        """The alerts that it tells of."""
        return frozenset(alerts_of(self.notice))


@dataclass(slots=True)
class Outbox:
    """One recipient's queue. Times are seconds of one clock that the caller keeps.

    `joins`: technical calls below high, and their ends, become one message; a machine gets each. `shut`: the recipient
    takes nothing until somebody mends the route or the receiver.
    """

    joins: bool = True
    queue: dict[str, Waiting] = field(default_factory=dict)
    gathering: list[Notice] = field(default_factory=list)
    failures: int = 0
    failed_at: float = float("-inf")
    shut: bool = False
    not_before: float = 0.0
    join_at: float = 0.0
    joined_at: float = float("-inf")

    @property
    def away(self) -> bool:
        """Whether the recipient has taken nothing several times in a row."""
        return self.failures >= OPEN_AFTER

    @property
    def parked(self) -> int:
        """How many messages the receiver alone refuses, again and again."""
        return sum(one.refused >= PARKED_AFTER for one in self.queue.values())

    @property
    def waiting(self) -> list[Notice]:
        """All that is not sent yet, in the order in which it came."""
        return [*(one.notice for one in self.queue.values()), *self.gathering]

    def add(self, notice: Notice, now: float) -> None:
        """Queues a notice, once. A technical call below high waits, so that those of one gateway become one message."""
        if notice.id in self.queue or any(one.id == notice.id for one in self.gathering):
            return
        if self.joins and notice.kind is Kind.TECHNICAL and notice.priority is not Priority.HIGH and not notice.covers:
            if not self.gathering:
                self.join_at = max(now + JOIN_S, self.joined_at + JOIN_AGAIN_S)
            self.gathering.append(notice)
        else:
            waiting = Waiting(notice, since=now)
            for earlier in [one for one in self.gathering if one.alert_id in waiting.alerts]:
                self.gathering.remove(earlier)
                self.queue[earlier.id] = Waiting(earlier, since=now)
            self.queue[notice.id] = waiting

    def drop(self, notice_id: str) -> None:
        """Takes out a notice that is not to be sent any more."""
        self.queue.pop(notice_id, None)
        self.gathering = [one for one in self.gathering if one.id != notice_id]

    def join(self, now: float) -> list[tuple[Notice, list[Notice]]]:
        """The messages that stand for all that were gathered, each with those; none while there is nothing to join.

        Calls first, then ends, then what calls again: an alert of which several wait is told in their order.
        """
        if not self.gathering or now < self.join_at:
            return []
        gathered, self.gathering, self.joined_at = self.gathering, [], now
        made: list[tuple[Notice, list[Notice]]] = []
        for group in _turns(gathered):
            if len({one.alert_id for one in group}) < 2:
                self.queue |= {one.id: Waiting(one, since=now) for one in group}
                continue
            message = joined(group)
            self.queue[message.id] = Waiting(message, since=now)
            made.append((message, group))
        return made

    def ready(self, now: float, held: Callable[[Notice], bool] = lambda _: False) -> Notice | None:
        """The notice to send now: the oldest that neither waits, nor is held, nor follows such a one of its alert. What
        is held leaves nevertheless before one of its alert that is not: a call that became high waits for nothing.
        """
        if now < self.not_before:
            return None
        behind: set[str] = set()
        resting: set[str] | None = None
        for one in self.queue.values():
            stays = one.flying or one.not_before > now or not behind.isdisjoint(one.alerts)
            if not stays and held(one.notice):
                resting = self._resting(held) if resting is None else resting
                stays = one.notice.id in resting
            if not stays:
                if not one.tries:
                    one.first_try_at = now
                one.began_at = now
                return one.notice
            behind |= one.alerts
        return None

    def _resting(self, held: Callable[[Notice], bool]) -> set[str]:
        """The ids of what is held, unless something of its alert is not."""
        stay = {one.notice.id for one in self.queue.values() if held(one.notice)}
        if not stay:
            return stay
        pressing = {alert for one in self.queue.values() if one.notice.id not in stay for alert in one.alerts}
        return {name for name in stay if pressing.isdisjoint(self.queue[name].alerts)}

    def fly(self, notice_id: str, *, flies: bool = True) -> None:
        """It is being sent from now on, or no longer."""
        if notice_id in self.queue:
            self.queue[notice_id].flying = flies

    def sent(self, notice_id: str) -> None:
        """It has arrived: whoever took it is not away."""
        self.queue.pop(notice_id, None)
        self.failures, self.not_before, self.shut = 0, 0.0, False

    def failed(
        self, notice_id: str, now: float, *, answered: bool = False, wait_s: float | None = None, shut: bool = False
    ) -> bool:
        """It has not arrived, and is tried again later. False: it is given up, and is to be dropped.

        `answered`: the receiver is there and refused this one; unless it asked for a pause (`wait_s`) or takes nothing
        at all (`shut`), it is asked to take the others meanwhile. What was already under way when the last failure was
        counted is not counted again: a blip that several messages met is one.
        """
        one = self.queue[notice_id]
        one.tries += 1
        one.refused += answered and not shut
        counts = one.began_at >= self.failed_at
        if counts:
            self.failures, self.failed_at = self.failures + 1, now
        self.shut = shut
        answered = answered and not shut
        one.not_before = now + max(wait_s or 0.0, retry_after(notice_id, one.tries))
        if wait_s is not None or (counts and (not answered or self.away)):
            pause_s = max(wait_s or 0.0, retry_after(notice_id, max(1, self.failures), LONGEST_PAUSE_S))
            self.not_before = max(self.not_before, now + pause_s)
        if not answered and self.not_before > now:
            one.not_before = self.not_before
        return now - one.first_try_at < GIVEN_UP_AFTER_S

    def is_parked(self, notice_id: str) -> bool:
        """Whether this very failure made it a parked one: told once."""
        one = self.queue.get(notice_id)
        return one is not None and one.refused == PARKED_AFTER

    def overdue(self, now: float, within_s: float, held: Callable[[Notice], bool] = lambda _: False) -> list[Notice]:
        """Messages that have not been taken within so long, each once; at once where the recipient is shut. The time
        of what is held begins when it no longer is.
        """
        resting = self._resting(held)
        late: list[Notice] = []
        for one in self.queue.values():
            if one.notice.id in resting:
                one.since = now
            elif not one.overdue and (self.shut or now - one.since >= within_s):
                one.overdue = True
                late.append(one.notice)
        return late

    def next_at(self) -> float | None:
        """When there may be something to do; None where nothing waits."""
        moments = [max(self.not_before, one.not_before) for one in self.queue.values()]
        return min([*moments, *([self.join_at] if self.gathering else [])], default=None)


def _turns(gathered: list[Notice]) -> list[list[Notice]]:
    """Calls, ends, calls again ...: each notice in the first turn of its kind that is not before its alert's last."""
    turns: list[list[Notice]] = []
    reached: dict[str, int] = {}
    for one in gathered:
        turn = reached.get(one.alert_id, 0)
        turn += (turn % 2 == 1) is not (one.phase is Phase.END)
        reached[one.alert_id] = turn
        turns += [[] for _ in range(turn + 1 - len(turns))]
        turns[turn].append(one)
    return turns


def joined(gathered: Iterable[Notice]) -> Notice:
    """One message for several technical calls to the same recipient, or for their ends; each patient's alert stays."""
    notices = list(gathered)
    first = notices[0]
    beds = sorted({one.bed or "no bed known" for one in notices})
    shown = ", ".join(beds[:NAMED]) + (f" and {len(beds) - NAMED} more" if len(beds) > NAMED else "")
    wards = sorted({one.ward for one in notices if one.ward})
    where = f" of ward {', '.join(wards)}" if wards else ""
    over = first.phase is Phase.END
    remedy = "No longer calling." if over else "Look at the gateway first."
    highest = max(notices, key=lambda one: list(Priority).index(one.priority)).priority
    return msgspec.structs.replace(
        first,
        id=f"joined:{len(notices)}:{first.id}",
        phase=first.phase if over else Phase.START,
        priority=highest,
        bed=None,
        text=f"Monitoring of {len(beds)} beds{where}: {shown}. {remedy} Information, not a certified alarm.",
        covers=tuple(map(covered, notices)),
    )
