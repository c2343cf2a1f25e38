"""One alert in a small world: whatever patient, people and time may do to it, and a bookkeeper who trusts nobody.

A minute is one step of time; the rules are as in the packaged file, with fewer minutes. `follow` applies a move to a
world and gives the next one; the bookkeeper counts for himself how long someone has been wanted and what is still owed.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from detectors.calling import RANKS, ByPriority, EscalationStep, Ladder
from detectors.vigil.alert_actions import answer
from detectors.vigil.episode import Episode
from detectors.vigil.escalation import due, pass_time
from detectors.vigil.lifecycle import (
    ANSWERED,
    OPEN,
    Facts,
    Lifecycle,
    Move,
    begin,
    call,
    end,
    hand_over,
    leave,
    prove,
    quiet,
    worsen,
)
from schemas.action import Action, ActionReason, ActionType, Role, Step
from schemas.alert import AlertStatus
from schemas.alert_reason import Reason
from schemas.patient import Plan
from streams.config.packaged_rules import packaged_rules
from tests.making import T0, to_text

MINUTE = 60_000
LOW, MEDIUM, HIGH = 1, 2, 3
LONG = 3  # minutes after which nothing of the past matters: the last step and a snooze


def _escalation_steps(*minutes: int) -> tuple[EscalationStep, ...]:
    return tuple(EscalationStep(to, after) for to, after in zip(Step, minutes, strict=False))


_packaged = packaged_rules().calling
CALLING = replace(
    _packaged,
    ladders=dict.fromkeys(Plan, Ladder(high=_escalation_steps(1, 2), medium=_escalation_steps(2), low=())),
    holds=dict.fromkeys(_packaged.holds, ByPriority(high=2, medium=2, low=2))
    | {ActionReason.ARTEFACT: ByPriority(high=1, medium=2, low=2)},
    snooze=ByPriority(high=1, medium=2, low=2),
    undo_seconds=60,
    delivered_within_seconds=60,
    wards={"*": replace(_packaged.wards["*"], rapid_response=True)},
)
WITHIN = 60_000


class Book(NamedTuple):
    """What the bookkeeper holds: minutes of being wanted (None: not wanted), what it was before the last answer, the
    highest priority that called and is not acknowledged, and the same before the last answer.
    """

    wait: int | None = None
    wait_before: int | None = None
    owed: int = 0
    owed_before: int = 0


class World(NamedTuple):
    """An alert's priority, whether its condition calls, its lifecycle (times from now on), and the book."""

    priority: int
    calls: bool
    lifecycle: Lifecycle
    book: Book


class Happening(NamedTuple):
    """A move by name, with what it needs: a priority for those of the patient, an action for those of people."""

    move: Move | None
    priority: int = 0
    calls: bool = False
    action: Action | None = None

    @property
    def name(self) -> str:
        """Its own, in a few letters."""
        if self.action is not None:
            return f"{self.action.action_type} {self.action.action_id}"
        return f"{self.move or 'ease'} {self.priority} {self.calls}" if self.move or self.priority else "a minute"


def _action(name: str, action_type: ActionType, role: Role = Role.NURSE, **facts: object) -> Action:
    return Action(
        action_id=name,
        patient_id="p",
        action_type=action_type,
        alert_id="x",
        who="n",
        role=role,
        at=to_text(T0),
        **facts,
    )


DOINGS = (
    _action("a", ActionType.ACKNOWLEDGE, reason=ActionReason.REVIEWING),
    _action("b", ActionType.ACKNOWLEDGE, Role.SHIFT_LEAD, reason=ActionReason.TREATMENT),
    _action("c", ActionType.ACKNOWLEDGE, reason=ActionReason.ARTEFACT),
    _action("s", ActionType.SNOOZE, minutes=1, reason=ActionReason.EQUIPMENT),
)
UNDO = {name: _action("u", ActionType.UNDO, undoes=name) for name in "abcs"}
RECEIPTS = (_action("r", ActionType.DELIVERED, Role.SYSTEM, step=Step.NURSE),)
MOVE_OF = {ActionType.ACKNOWLEDGE: Move.ACKNOWLEDGE, ActionType.SNOOZE: Move.SNOOZE, ActionType.UNDO: Move.UNDO}
TICK = Happening(None)


def facts(world: World) -> Facts:
    """What the next move is judged by; now is always 0."""
    ladder = CALLING.ladder(None, None, world.priority)
    return Facts(0, world.priority, world.calls, ladder, MEDIUM, CALLING.reviews_at_most, WITHIN)


def beginnings() -> Iterator[World]:
    """Every way in which an alert may begin."""
    for priority, calls in ((LOW, False), (MEDIUM, False), (MEDIUM, True), (HIGH, True)):
        world = World(priority, calls, Lifecycle(AlertStatus.SHOWN), Book())
        owed, wait = (priority, 0) if calls else (0, None)
        yield world._replace(lifecycle=begin(facts(world)), book=Book(wait=wait, owed=owed))


def happenings(world: World) -> Iterator[Happening]:
    """Everything that may happen to a world."""
    status, given = world.lifecycle.status, world.lifecycle.answer
    if status is AlertStatus.CLEARED:
        return
    if status in OPEN:
        yield from _of_patient(world)
        if status in ANSWERED and given is not None and given.reason in ("artefact", "equipment"):
            yield Happening(Move.PROVE, world.priority, world.calls)
    yield Happening(Move.HAND_OVER)
    yield Happening(Move.LEAVE)
    for action in DOINGS:
        yield Happening(MOVE_OF[action.action_type], action=action)
    if world.lifecycle.before is not None and given is not None:
        yield Happening(Move.UNDO, action=UNDO[given.action_id])
    for receipt in RECEIPTS:
        if any(step.to == receipt.step and step.delivered is None for step in world.lifecycle.steps):
            yield Happening(None, action=receipt)
    yield TICK


def _of_patient(world: World) -> Iterator[Happening]:
    for priority in range(world.priority + 1, HIGH + 1):
        yield Happening(Move.WORSEN, priority, True)
        if priority == MEDIUM:
            yield Happening(Move.WORSEN, priority, False)  # shown at once, not lasting yet
    if world.calls:
        yield Happening(Move.WORSEN, world.priority, True)  # a new red score, two points more, a concern
    elif world.priority == MEDIUM:
        yield Happening(Move.CALL, world.priority, True)
        if world.lifecycle.status in ANSWERED:
            yield Happening(Move.WORSEN, world.priority, True)
    for priority in range(LOW, world.priority):
        calls = world.calls and priority > LOW
        yield Happening(None if calls else Move.QUIET, priority, calls)  # eased, and still calling: no move at all
    yield Happening(Move.END)


def follow(world: World, happening: Happening) -> World | None:
    """The world after it; None where it is refused. Times stay small: what no longer matters is forgotten."""
    move, action = happening.move, happening.action
    if happening == TICK:
        return _settled(_ticked(world))
    if action is not None:
        episode = Episode(
            "x", "physiological", "deterioration", 0, world.priority, world.calls, None, "", lifecycle=world.lifecycle
        )
        turn = answer(action, episode, facts(world), CALLING, (), ())
        if isinstance(turn[0], str):
            return None
        return _settled(_booked(world, world._replace(lifecycle=turn[0]), move))
    later = world
    if move in (None, Move.WORSEN, Move.CALL, Move.QUIET):
        later = world._replace(priority=happening.priority, calls=happening.calls)
    lifecycle, now = world.lifecycle, facts(later)
    if move is Move.WORSEN:
        turn = worsen(lifecycle, now, up=happening.priority > world.priority)
    else:
        turn = {
            None: lambda: (lifecycle, ()),
            Move.CALL: lambda: call(lifecycle, now),
            Move.QUIET: lambda: quiet(lifecycle, now),
            Move.PROVE: lambda: prove(lifecycle, now),
            Move.END: lambda: end(lifecycle, now, Reason.CONDITION_OVER),
            Move.HAND_OVER: lambda: hand_over(lifecycle, now, ward=True),
            Move.LEAVE: lambda: leave(lifecycle, Reason.DISCHARGED),
        }[move]()
    return _settled(_booked(world, later._replace(lifecycle=turn[0]), move))


def _ticked(world: World) -> World:
    """A minute later, as if the alert had slept through it: time itself comes with `_settled`."""
    book = world.book
    wait, before = book.wait, book.wait_before
    if world.lifecycle.status is AlertStatus.CALLING:
        wait = min(LONG, (wait or 0) + 1)
    if before is not None:
        before = min(LONG, before + 1)
    return world._replace(lifecycle=_moved(world.lifecycle), book=book._replace(wait=wait, wait_before=before))


def _moved(lifecycle: Lifecycle) -> Lifecycle:
    def back(moment: int | None) -> int | None:
        return None if moment is None else max(moment - MINUTE, -LONG * MINUTE)

    given, before = lifecycle.answer, lifecycle.before
    if given is not None:
        since, until, undo = back(given.since), back(given.until), back(given.undo_until)
        given = replace(given, since=since, until=until, undo_until=undo)
    steps = tuple(replace(step, at=back(step.at)) for step in lifecycle.steps)
    return replace(
        lifecycle,
        called=back(lifecycle.called),
        steps=steps,
        answer=given,
        before=None if before is None else _moved(before),
    )


def _settled(world: World) -> World:
    """Lets time do whatever is due now, and forgets what no longer matters."""
    for _ in range(9):
        now = facts(world)
        if due(world.lifecycle, now) > 0:
            break
        was = world
        world = world._replace(lifecycle=pass_time(world.lifecycle, now).lifecycle)
        if was.lifecycle.status is not world.lifecycle.status or was.lifecycle.before is not world.lifecycle.before:
            world = _booked(was, world, _by_time(was, world))
    return world._replace(lifecycle=_forgotten(world.lifecycle))


def _by_time(was: World, world: World) -> Move:
    lapsed = was.lifecycle.status in ANSWERED and world.lifecycle.status not in ANSWERED
    return Move.LAPSE if lapsed else Move.SETTLE


def _forgotten(lifecycle: Lifecycle) -> Lifecycle:
    """What only tells of the past is made the same."""
    steps = tuple(
        replace(step, at=0, delivered=None if step.delivered is None else 0)
        if step.told or step.delivered is not None
        else step
        for step in lifecycle.steps
    )
    before = None if lifecycle.before is None else _forgotten(lifecycle.before)
    given = lifecycle.answer
    if given is not None and before is None:  # nobody can take it back: who it was is all the same
        given = replace(
            given, action_id="", role="", undo_until=0, since=0 if lifecycle.called is None else given.since
        )
    return replace(lifecycle, returned=0, steps=steps, answer=given, before=before)


def _booked(was: World, world: World, move: Move | None) -> World:
    """The bookkeeper's own account of a move."""
    book, status, before = was.book, world.lifecycle.status, was.lifecycle.status
    wait, owed = book.wait, book.owed
    if move in (Move.ACKNOWLEDGE, Move.SNOOZE):
        book = book._replace(wait_before=wait if before is AlertStatus.CALLING else None, owed_before=owed)
        owed = 0 if move is Move.ACKNOWLEDGE else owed
        wait = None if move is Move.ACKNOWLEDGE else wait
    elif move is Move.UNDO:
        owed = max(book.owed_before, world.priority if status is AlertStatus.CALLING else 0)
        wait = book.wait_before
    elif move is Move.SETTLE:
        book = book._replace(wait_before=None, owed_before=0)
    if status is AlertStatus.CALLING and before is not AlertStatus.CALLING:
        kept = before is AlertStatus.SNOOZED or move is Move.UNDO
        kept = kept and not (move is Move.WORSEN and world.priority > was.priority)
        wait = (wait or 0) if kept else 0
    elif status is AlertStatus.CALLING and move is Move.WORSEN and world.priority > was.priority:
        wait = 0
    if status is AlertStatus.CALLING:
        owed = max(owed, world.priority)
    elif status is AlertStatus.SHOWN or (status is AlertStatus.SNOOZED and not world.calls):
        wait = None
    elif status is AlertStatus.SNOOZED and world.calls:  # it began to call while someone wanted quiet
        wait, owed = wait or 0, max(owed, world.priority)
    if world.lifecycle.before is None:
        book = book._replace(wait_before=None, owed_before=0)
    return world._replace(book=book._replace(wait=wait, owed=owed))


def missed(world: World) -> list[str]:
    """The steps of the escalation that should have been taken by now, and were not."""
    if world.lifecycle.status is not AlertStatus.CALLING or world.book.wait is None:
        return []
    reached = max((RANKS[step.to] for step in world.lifecycle.steps), default=0)
    escalation_steps = CALLING.ladder(None, None, world.priority)
    return [r.to for r in escalation_steps if r.after_minutes <= world.book.wait and RANKS[r.to] > reached]
