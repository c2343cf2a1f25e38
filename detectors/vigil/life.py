"""An alert's life: seen, owned for a while, escalated if nobody comes, back if it persists, at rest once seen.

One table says where each move may lead from each standing; the functions below it decide which, and say what is said.
Each takes a life and gives a new one. Times are milliseconds of the log, priorities 1 to 3.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from detectors.calling import Rung
from detectors.vigil.reason import Reason
from schemas.action import Because, Step
from schemas.alert import Standing, State
from schemas.times import MINUTE_MS

HIGH: Final = 3
Spoken = tuple[tuple[State, Reason], ...]


class Move(StrEnum):
    """What may happen to an alert: by the patient, by people, by time."""

    CALL = "call"  # its condition lasts: it begins to ask for someone
    QUIET = "quiet"  # its condition eases: it asks for nobody any more
    WORSEN = "worsen"
    PROVE = "prove"  # what was called an artefact is confirmed
    END = "end"
    HAND_OVER = "hand over"  # the patient goes to another ward
    LEAVE = "leave"  # the stay is over, or the concern behind it was taken back
    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    UNDO = "undo"
    CLIMB = "climb"  # a step of the escalation is due
    LAPSE = "lapse"  # the acknowledgement or the snooze ends
    SETTLE = "settle"  # what was done can no longer be undone


_S = Standing
# From each standing: where each move may lead. What is not here is refused, or cannot happen.
TABLE: Final[Mapping[Standing, Mapping[Move, tuple[Standing, ...]]]] = {
    _S.SHOWN: {
        Move.CALL: (_S.CALLING,),
        Move.QUIET: (_S.SHOWN,),
        Move.WORSEN: (_S.CALLING, _S.SHOWN),
        Move.END: (_S.CLEARED, _S.RESOLVED),
        Move.HAND_OVER: (_S.SHOWN,),
        Move.LEAVE: (_S.CLEARED,),
        Move.ACKNOWLEDGE: (_S.ACKNOWLEDGED,),
        Move.SNOOZE: (_S.SNOOZED,),
    },
    _S.CALLING: {
        Move.QUIET: (_S.SHOWN,),
        Move.WORSEN: (_S.CALLING,),
        Move.END: (_S.RESOLVED, _S.CLEARED),
        Move.HAND_OVER: (_S.CALLING,),
        Move.LEAVE: (_S.CLEARED,),
        Move.ACKNOWLEDGE: (_S.ACKNOWLEDGED,),
        Move.SNOOZE: (_S.SNOOZED,),
        Move.CLIMB: (_S.CALLING,),
    },
    _S.ACKNOWLEDGED: {
        Move.CALL: (_S.ACKNOWLEDGED,),
        Move.QUIET: (_S.ACKNOWLEDGED,),
        Move.WORSEN: (_S.CALLING, _S.SHOWN),
        Move.PROVE: (_S.CALLING, _S.SHOWN),
        Move.END: (_S.CLEARED, _S.CLOSING),
        Move.HAND_OVER: (_S.CALLING, _S.SHOWN),
        Move.LEAVE: (_S.CLEARED,),
        Move.ACKNOWLEDGE: (_S.ACKNOWLEDGED,),
        Move.UNDO: (_S.CALLING, _S.SHOWN, _S.ACKNOWLEDGED, _S.SNOOZED),
        Move.LAPSE: (_S.CALLING, _S.SHOWN),
        Move.SETTLE: (_S.ACKNOWLEDGED,),
    },
    _S.SNOOZED: {
        Move.CALL: (_S.SNOOZED,),
        Move.QUIET: (_S.SNOOZED,),
        Move.WORSEN: (_S.CALLING, _S.SHOWN),
        Move.PROVE: (_S.CALLING, _S.SHOWN),
        Move.END: (_S.RESOLVED, _S.CLEARED),
        Move.HAND_OVER: (_S.CALLING, _S.SHOWN),
        Move.LEAVE: (_S.CLEARED,),
        Move.ACKNOWLEDGE: (_S.ACKNOWLEDGED,),
        Move.SNOOZE: (_S.SNOOZED,),
        Move.UNDO: (_S.CALLING, _S.SHOWN, _S.SNOOZED),
        Move.LAPSE: (_S.CALLING, _S.SHOWN),
        Move.SETTLE: (_S.SNOOZED,),
    },
    _S.RESOLVED: {
        Move.HAND_OVER: (_S.RESOLVED,),
        Move.LEAVE: (_S.CLEARED,),
        Move.ACKNOWLEDGE: (_S.CLOSING,),
    },
    _S.CLOSING: {
        Move.HAND_OVER: (_S.CLOSING,),
        Move.LEAVE: (_S.CLEARED,),
        Move.UNDO: (_S.RESOLVED, _S.CLEARED),
        Move.SETTLE: (_S.CLEARED,),
    },
    _S.CLEARED: {},
}
OPEN: Final = frozenset({_S.SHOWN, _S.CALLING, _S.ACKNOWLEDGED, _S.SNOOZED})
ANSWERED: Final = frozenset({_S.ACKNOWLEDGED, _S.SNOOZED})
OVER: Final = frozenset({_S.RESOLVED, _S.CLOSING, _S.CLEARED})


class Answer(Struct, frozen=True, array_like=True):
    """What a person did, why, and until when it holds. `reds` are the red items that she saw; `excused` those of them
    that were confirmed, as long as they stay so.
    """

    action_id: str
    who: str
    role: str
    reason: str | None
    text: str | None
    since: int
    until: int
    undo_until: int
    reds: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    plan: bool = False  # given by a plan of care that is in force: only a person's concern breaks it


class Called(Struct, frozen=True, array_like=True):
    """A step taken: whom it called and when, when that was said to have reached someone, or that it did not."""

    to: str
    at: int
    delivered: int | None = None
    told: bool = False


class Life(Struct, frozen=True, array_like=True):
    """Where an alert stands. `called`: since when someone is wanted; `steps` were taken since; `unseen`: the highest
    priority at which it called and nobody acknowledged it; `snoozed`: milliseconds of snooze used since then; `before`:
    what an undo brings back.
    """

    standing: Standing
    unseen: int = 0
    called: int | None = None
    steps: tuple[Called, ...] = ()
    returned: int = 0
    reviews: int = 0
    snoozed: int = 0
    answer: Answer | None = None
    before: "Life | None" = None
    repeats: int = 0  # how often the call was repeated to everybody whom it had reached


class Facts(NamedTuple):
    """What a move is judged by: the moment, the alert's priority, whether its condition calls, the rules, whether only
    learned detectors ask for it, and whether anything but a high alert calls again when its answer ends.
    """

    at: int
    priority: int
    calls: bool
    ladder: tuple[Rung, ...] = ()
    latch_from: int = 2
    reviews_at_most: int = 2
    delivered_within: int = MINUTE_MS
    learned: bool = False
    repeat_ms: int = 0
    last_resort_ms: int = 0
    only_high_returns: bool = False
    plan: bool = False  # a plan of care is in force that escalates less than fully


class Turn(NamedTuple):
    """The life after a move, and what is said of it, in order."""

    life: Life
    said: Spoken = ()


def begin(facts: Facts) -> Life:
    """A new alert's life.

    >>> begin(Facts(0, 3, True)).standing, begin(Facts(0, 2, False)).standing
    (<Standing.CALLING: 'calling'>, <Standing.SHOWN: 'shown'>)
    """
    return asks(Life(_S.SHOWN), facts, facts.at) if facts.calls else Life(_S.SHOWN)


# ---- by the patient


def call(life: Life, facts: Facts) -> Turn:
    """The condition now asks for someone. Whoever owns the alert knows of it; a snooze still holds."""
    unseen = max(life.unseen, facts.priority)
    if life.standing is _S.SHOWN:
        return Turn(asks(life, facts, facts.at))
    if life.standing is _S.SNOOZED and life.called is None and life.answer is not None:
        return Turn(replace(life, unseen=unseen, called=life.answer.since))  # its wait begins when the snooze ends
    return Turn(life)


def quiet(life: Life, facts: Facts) -> Turn:
    """The condition no longer asks for anyone."""
    if life.standing is _S.CALLING:
        return Turn(replace(life, standing=_S.SHOWN, called=None, steps=()))
    return Turn(replace(life, called=None, steps=()) if life.standing is _S.SNOOZED else life)


def worsen(life: Life, facts: Facts, *, up: bool) -> Turn:
    """The patient is worse (`up`: of a higher priority): breaks through at once. Only a higher priority begins the
    escalation anew; otherwise one who becomes worse again and again would never reach the shift lead.
    """
    if not facts.calls:
        return Turn(shown(life))
    if up or life.called is None:
        return Turn(asks(life, facts, facts.at))
    if life.standing is _S.SNOOZED and life.answer is not None:
        return Turn(asks(life, facts, life.called + facts.at - life.answer.since, life.steps))
    return Turn(asks(life, facts, life.called, life.steps))


def prove(life: Life, facts: Facts) -> Turn:
    """What was put down to an artefact or to equipment is confirmed red: the answer ends."""
    return back(life, facts, Reason.RED_CONFIRMED)


def end(life: Life, facts: Facts, reason: Reason) -> Turn:
    """The condition is over. What called and was not acknowledged stays listed."""
    if life.standing is _S.ACKNOWLEDGED:
        if life.before is not None and life.answer is not None and facts.at < life.answer.undo_until:
            return Turn(replace(life, standing=_S.CLOSING), ((State.RESOLVED, reason),))
        return leave(life, reason)
    if life.unseen < facts.latch_from:
        return leave(life, reason)
    resolved = Life(_S.RESOLVED, life.unseen, returned=life.returned, steps=life.steps)
    return Turn(resolved, ((State.RESOLVED, reason),))


def leave(life: Life, reason: Reason) -> Turn:
    """At rest, whether seen or not."""
    return Turn(Life(_S.CLEARED, returned=life.returned), ((State.CLEARED, reason),))


def hand_over(life: Life, facts: Facts, *, ward: bool) -> Turn:
    """The patient lies elsewhere; in another ward (`ward`) nobody owns the alert yet."""
    if ward and life.standing in ANSWERED:
        return back(life, facts, Reason.MOVED)
    over = life.standing in OVER
    return Turn(life, ((State.RESOLVED if over else State.UPDATED, Reason.MOVED),))


# ---- by people


def acknowledge(life: Life, answer: Answer, facts: Facts) -> Turn:
    """Someone claims it: nobody else is called until the answer ends. What is over comes to rest."""
    reviewed = answer.reason == Because.REVIEWING and facts.priority == HIGH
    owned = replace(
        life,
        standing=_S.CLOSING if life.standing is _S.RESOLVED else _S.ACKNOWLEDGED,
        unseen=0,
        called=None,
        reviews=min(facts.reviews_at_most, life.reviews + reviewed),
        snoozed=0,
        answer=answer,
        before=replace(life, before=None),
    )
    return Turn(owned, ((State.ACKNOWLEDGED, Reason.ACKNOWLEDGED),))


def snooze(life: Life, answer: Answer) -> Turn:
    """Someone wants quiet for some minutes: nobody owns it, and the escalation only waits."""
    called, used = life.called, used_snooze(life, answer.since)
    if life.standing is _S.SNOOZED and life.answer is not None and called is not None:
        called += answer.since - life.answer.since
    quieted = replace(
        life,
        standing=_S.SNOOZED,
        called=called,
        snoozed=used + answer.until - answer.since,
        answer=answer,
        before=replace(life, before=None),
    )
    return Turn(quieted, ((State.SNOOZED, Reason.SNOOZED),))


def used_snooze(life: Life, at: int) -> int:
    """How much of the snooze that the rules grant is used up by now."""
    left = life.answer.until - at if life.standing is _S.SNOOZED and life.answer is not None else 0
    return life.snoozed - max(0, left)


def undo(life: Life, facts: Facts) -> Turn:
    """Takes the last answer back; what happened to the patient meanwhile stays."""
    before = life.before
    assert before is not None
    if life.standing is _S.CLOSING:
        if before.standing is not _S.RESOLVED:
            return end(replace(before, standing=_S.SHOWN, answer=None), facts, Reason.UNDONE)
        return Turn(before, ((State.RESOLVED, Reason.UNDONE),))
    if before.standing in ANSWERED:
        life = (call if facts.calls else quiet)(before, facts).life
    elif facts.calls:
        life = asks(before, facts, facts.at if before.called is None else before.called, before.steps)
    else:
        life = shown(before)
    return Turn(life, ((State.UPDATED, Reason.UNDONE),))


def deliver(life: Life, to: Step, at: int) -> Life | None:
    """A step is said to have reached someone; None if there is no such step."""
    if all(step.to != to for step in life.steps):
        return None
    steps = (replace(s, delivered=at) if s.to == to and s.delivered is None else s for s in life.steps)
    return replace(life, steps=tuple(steps))


# ---- shared


def asks(life: Life, facts: Facts, since: int, steps: tuple[Called, ...] = ()) -> Life:
    """Wanted since a moment, unowned."""
    unseen = max(life.unseen, facts.priority)
    again = life.repeats if steps else 0
    steps = steps or tuple(Called(rung.to.value, facts.at) for rung in facts.ladder if rung.after_minutes == 0)
    return replace(
        life, standing=_S.CALLING, unseen=unseen, called=since, steps=steps, answer=None, before=None, repeats=again
    )


def shown(life: Life) -> Life:
    """Unowned, and wanting nobody."""
    return replace(life, standing=_S.SHOWN, called=None, steps=(), answer=None, before=None)


def back(life: Life, facts: Facts, reason: Reason) -> Turn:
    """The answer no longer holds. After a snooze the escalation goes on where it waited."""
    returned = replace(life, returned=life.returned + 1)
    if not facts.calls:
        return Turn(shown(returned), ((State.RETURNED, reason),))
    since: int = facts.at
    steps: tuple[Called, ...] = ()
    if life.standing is _S.SNOOZED and life.answer is not None and life.called is not None:
        since, steps = life.called + facts.at - life.answer.since, life.steps
    return Turn(asks(returned, facts, since, steps), ((State.RETURNED, reason),))
