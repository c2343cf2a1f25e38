"""An alert's lifecycle: seen, owned for a while, escalated if nobody comes, back if it persists, at rest once seen.

One table says where each move may lead from each status; the functions below it decide which, and say what is said.
Each takes a lifecycle and gives a new one. Times are milliseconds of the log, priorities 1 to 3.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from detectors.calling import EscalationStep
from detectors.vigil.receipts import Called
from schemas.action import ActionReason
from schemas.alert import AlertStatus, State
from schemas.alert_reason import Reason
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
    ESCALATE = "escalate"  # a step of the escalation is due
    LAPSE = "lapse"  # the acknowledgement or the snooze ends
    SETTLE = "settle"  # what was done can no longer be undone


_S = AlertStatus
# From each status: where each move may lead. What is not here is refused, or cannot happen.
TABLE: Final[Mapping[AlertStatus, Mapping[Move, tuple[AlertStatus, ...]]]] = {
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
        Move.ESCALATE: (_S.CALLING,),
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


class Lifecycle(Struct, frozen=True, array_like=True):
    """Where an alert stands. `called`: since when someone is wanted; `steps` were taken since; `unacknowledged`: the
    highest priority at which it called and nobody acknowledged it; `snoozed`: milliseconds of snooze used since then;
    `before`: what an undo brings back.
    """

    status: AlertStatus
    unacknowledged: int = 0
    called: int | None = None
    steps: tuple[Called, ...] = ()
    returned: int = 0
    reviews: int = 0
    snoozed: int = 0
    answer: Answer | None = None
    before: "Lifecycle | None" = None
    repeats: int = 0  # how often the call was repeated to everybody whom it had reached


class Facts(NamedTuple):
    """What a move is judged by: the moment, the alert's priority, whether its condition calls, the rules, whether only
    learned detectors ask for it, and whether anything but a high alert calls again when its answer ends.
    """

    at: int
    priority: int
    calls: bool
    ladder: tuple[EscalationStep, ...] = ()
    latch_from: int = 2
    reviews_at_most: int = 2
    delivered_within: int = MINUTE_MS
    learned: bool = False
    repeat_ms: int = 0
    last_resort_ms: int = 0
    only_high_returns: bool = False
    plan: bool = False  # a plan of care is in force that escalates less than fully
    holds_at_least: int = 0  # milliseconds for which an answer holds, whatever its reason


class Turn(NamedTuple):
    """The lifecycle after a move, and what is said of it, in order."""

    lifecycle: Lifecycle
    said: Spoken = ()


def begin(facts: Facts) -> Lifecycle:
    """A new alert's lifecycle.

    >>> begin(Facts(0, 3, True)).status, begin(Facts(0, 2, False)).status
    (<AlertStatus.CALLING: 'calling'>, <AlertStatus.SHOWN: 'shown'>)
    """
    return asks(Lifecycle(_S.SHOWN), facts, facts.at) if facts.calls else Lifecycle(_S.SHOWN)


# ---- by the patient


def call(lifecycle: Lifecycle, facts: Facts) -> Turn:
    """The condition now asks for someone. Whoever owns the alert knows of it; a snooze still holds."""
    unacknowledged = max(lifecycle.unacknowledged, facts.priority)
    if lifecycle.status is _S.SHOWN:
        return Turn(asks(lifecycle, facts, facts.at))
    if lifecycle.status is _S.SNOOZED and lifecycle.called is None and lifecycle.answer is not None:
        return Turn(
            replace(lifecycle, unacknowledged=unacknowledged, called=lifecycle.answer.since)
        )  # its wait begins when the snooze ends
    return Turn(lifecycle)


def quiet(lifecycle: Lifecycle, facts: Facts) -> Turn:
    """The condition no longer asks for anyone."""
    if lifecycle.status is _S.CALLING:
        return Turn(replace(lifecycle, status=_S.SHOWN, called=None, steps=()))
    return Turn(replace(lifecycle, called=None, steps=()) if lifecycle.status is _S.SNOOZED else lifecycle)


def worsen(lifecycle: Lifecycle, facts: Facts, *, up: bool) -> Turn:
    """The patient is worse (`up`: of a higher priority): breaks through at once. Only a higher priority begins the
    escalation anew; otherwise one who becomes worse again and again would never reach the shift lead.
    """
    if not facts.calls:
        return Turn(shown(lifecycle))
    if up or lifecycle.called is None:
        return Turn(asks(lifecycle, facts, facts.at))
    if lifecycle.status is _S.SNOOZED and lifecycle.answer is not None:
        return Turn(asks(lifecycle, facts, lifecycle.called + facts.at - lifecycle.answer.since, lifecycle.steps))
    return Turn(asks(lifecycle, facts, lifecycle.called, lifecycle.steps))


def prove(lifecycle: Lifecycle, facts: Facts) -> Turn:
    """What was put down to an artefact or to equipment is confirmed red: the answer ends."""
    return back(lifecycle, facts, Reason.RED_CONFIRMED)


def end(lifecycle: Lifecycle, facts: Facts, reason: Reason) -> Turn:
    """The condition is over. What called and was not acknowledged stays listed."""
    if lifecycle.status is _S.ACKNOWLEDGED:
        if lifecycle.before is not None and lifecycle.answer is not None and facts.at < lifecycle.answer.undo_until:
            return Turn(replace(lifecycle, status=_S.CLOSING), ((State.RESOLVED, reason),))
        return leave(lifecycle, reason)
    if lifecycle.unacknowledged < facts.latch_from:
        return leave(lifecycle, reason)
    resolved = Lifecycle(_S.RESOLVED, lifecycle.unacknowledged, returned=lifecycle.returned, steps=lifecycle.steps)
    return Turn(resolved, ((State.RESOLVED, reason),))


def leave(lifecycle: Lifecycle, reason: Reason) -> Turn:
    """At rest, whether seen or not."""
    return Turn(Lifecycle(_S.CLEARED, returned=lifecycle.returned), ((State.CLEARED, reason),))


def hand_over(lifecycle: Lifecycle, facts: Facts, *, ward: bool) -> Turn:
    """The patient lies elsewhere; in another ward (`ward`) nobody owns the alert yet."""
    if ward and lifecycle.status in ANSWERED:
        return back(lifecycle, facts, Reason.MOVED)
    over = lifecycle.status in OVER
    return Turn(lifecycle, ((State.RESOLVED if over else State.UPDATED, Reason.MOVED),))


# ---- by people


def acknowledge(lifecycle: Lifecycle, answer: Answer, facts: Facts) -> Turn:
    """Someone claims it: nobody else is called until the answer ends. What is over comes to rest."""
    reviewed = answer.reason == ActionReason.REVIEWING and facts.priority == HIGH
    owned = replace(
        lifecycle,
        status=_S.CLOSING if lifecycle.status is _S.RESOLVED else _S.ACKNOWLEDGED,
        unacknowledged=0,
        called=None,
        reviews=min(facts.reviews_at_most, lifecycle.reviews + reviewed),
        snoozed=0,
        answer=answer,
        before=replace(lifecycle, before=None),
    )
    return Turn(owned, ((State.ACKNOWLEDGED, Reason.ACKNOWLEDGED),))


def snooze(lifecycle: Lifecycle, answer: Answer) -> Turn:
    """Someone wants quiet for some minutes: nobody owns it, and the escalation only waits."""
    called, used = lifecycle.called, used_snooze(lifecycle, answer.since)
    if lifecycle.status is _S.SNOOZED and lifecycle.answer is not None and called is not None:
        called += answer.since - lifecycle.answer.since
    quieted = replace(
        lifecycle,
        status=_S.SNOOZED,
        called=called,
        snoozed=used + answer.until - answer.since,
        answer=answer,
        before=replace(lifecycle, before=None),
        steps=tuple(replace(step, awaited=None) for step in lifecycle.steps),
    )
    return Turn(quieted, ((State.SNOOZED, Reason.SNOOZED),))


def used_snooze(lifecycle: Lifecycle, at: int) -> int:
    """How much of the snooze that the rules grant is used up by now."""
    left = lifecycle.answer.until - at if lifecycle.status is _S.SNOOZED and lifecycle.answer is not None else 0
    return lifecycle.snoozed - max(0, left)


def undo(lifecycle: Lifecycle, facts: Facts) -> Turn:
    """Takes the last answer back; what happened to the patient meanwhile stays."""
    before = lifecycle.before
    assert before is not None
    if lifecycle.status is _S.CLOSING:
        if before.status is not _S.RESOLVED:
            return end(replace(before, status=_S.SHOWN, answer=None), facts, Reason.UNDONE)
        return Turn(before, ((State.RESOLVED, Reason.UNDONE),))
    if before.status in ANSWERED:
        lifecycle = (call if facts.calls else quiet)(before, facts).lifecycle
    elif facts.calls:
        lifecycle = asks(before, facts, facts.at if before.called is None else before.called, before.steps)
    else:
        lifecycle = shown(before)
    return Turn(lifecycle, ((State.UPDATED, Reason.UNDONE),))


# ---- shared


def asks(lifecycle: Lifecycle, facts: Facts, since: int, steps: tuple[Called, ...] = ()) -> Lifecycle:
    """Wanted since a moment, unowned."""
    unacknowledged = max(lifecycle.unacknowledged, facts.priority)
    again = lifecycle.repeats if steps else 0
    steps = steps or tuple(
        Called(escalation_step.to.value, facts.at)
        for escalation_step in facts.ladder
        if escalation_step.after_minutes == 0
    )
    return replace(
        lifecycle,
        status=_S.CALLING,
        unacknowledged=unacknowledged,
        called=since,
        steps=steps,
        answer=None,
        before=None,
        repeats=again,
    )


def shown(lifecycle: Lifecycle) -> Lifecycle:
    """Unowned, and wanting nobody."""
    return replace(lifecycle, status=_S.SHOWN, called=None, steps=(), answer=None, before=None)


def back(lifecycle: Lifecycle, facts: Facts, reason: Reason) -> Turn:
    """The answer no longer holds. After a snooze the escalation goes on where it waited."""
    returned = replace(lifecycle, returned=lifecycle.returned + 1)
    if not facts.calls:
        return Turn(shown(returned), ((State.RETURNED, reason),))
    since: int = facts.at
    steps: tuple[Called, ...] = ()
    if lifecycle.status is _S.SNOOZED and lifecycle.answer is not None and lifecycle.called is not None:
        since, steps = lifecycle.called + facts.at - lifecycle.answer.since, lifecycle.steps
    return Turn(asks(returned, facts, since, steps), ((State.RETURNED, reason),))
