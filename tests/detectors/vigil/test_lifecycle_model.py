"""An alert's lifecycle, searched exhaustively: every move from every reachable state, breadth first, against a
bookkeeper.

What must hold is said of every single step; the first one that breaks it is shown with the way that led there.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest

from detectors.vigil.lifecycle import ANSWERED, OPEN, OVER, TABLE, Move
from schemas.action import ActionType
from schemas.alert import AlertStatus
from tests.detectors.vigil.lifecycle_world import (
    DOINGS,
    MEDIUM,
    TICK,
    Happening,
    World,
    beginnings,
    follow,
    happenings,
    missed,
)


class Step(NamedTuple):
    """One step of the search, worlds by number; `after` is None where the move was refused."""

    before: int
    happening: Happening
    after: int | None


class Search(NamedTuple):
    """Every reachable world, the step that first led to each, and every step."""

    worlds: list[World]
    came_by: list[Step | None]
    steps: list[Step]

    def way(self, number: int) -> str:
        """How a world is reached, for people."""
        told: list[str] = []
        step = self.came_by[number]
        while step is not None:
            told.append(f"{step.happening.name} -> {self.worlds[step.after].lifecycle.status}")
            step = self.came_by[step.before]
        return "; ".join(reversed(told)) or "at once"


@cache
def searched() -> Search:
    worlds = list(beginnings())
    numbers = {world: number for number, world in enumerate(worlds)}
    came_by: list[Step | None] = [None] * len(worlds)
    steps: list[Step] = []
    for number, world in enumerate(worlds):  # which grows as it goes: breadth first
        for happening in happenings(world):
            after = follow(world, happening)
            if after is None:
                steps.append(Step(number, happening, None))
                continue
            step = Step(number, happening, numbers.setdefault(after, len(worlds)))
            if step.after == len(worlds):
                worlds.append(after)
                came_by.append(step)
            steps.append(step)
    return Search(worlds, came_by, steps)


def holds(says: str, fact: Callable[[World, Happening, World], bool]) -> None:
    """Holds a fact to every step that was taken."""
    search = searched()
    for number, happening, after in search.steps:
        if after is not None:
            before, later = search.worlds[number], search.worlds[after]
            assert fact(before, happening, later), f"{says}: {search.way(number)}; then {happening.name}: {later}"


def test_the_search_is_exhaustive_and_large_enough_to_mean_something():
    search = searched()

    assert len(search.steps) >= 100_000
    assert len({(step.before, step.happening.name) for step in search.steps}) == len(search.steps)
    assert {step.before for step in search.steps} == {
        number for number, world in enumerate(search.worlds) if world.lifecycle.status is not AlertStatus.CLEARED
    }


def test_no_step_of_an_escalation_is_ever_missed():
    holds("a step is missed", lambda before, happening, after: not missed(after))


def test_what_called_is_owed_until_someone_acknowledges_it():
    def owed(before, happening, after):
        if after.lifecycle.status is not AlertStatus.CLEARED:
            return after.lifecycle.unacknowledged == after.book.owed
        leaves = happening.move is Move.LEAVE
        return leaves or before.book.owed < MEDIUM or before.lifecycle.status in ANSWERED | {AlertStatus.CLOSING}

    holds("an alert that nobody saw is forgotten", owed)


def test_what_ends_unacknowledged_is_listed_and_what_was_acknowledged_is_not():
    def listed(before, happening, after):
        if happening.move is not Move.END:
            return True
        if before.lifecycle.status is AlertStatus.ACKNOWLEDGED:
            return after.lifecycle.status in (AlertStatus.CLEARED, AlertStatus.CLOSING)
        return after.lifecycle.status is (AlertStatus.RESOLVED if before.book.owed >= MEDIUM else AlertStatus.CLEARED)

    holds("the list is wrong", listed)


def test_an_acknowledgement_is_lost_to_nothing_but_time_the_patient_and_people():
    """And always expires: a minute takes it away just when it ends."""
    losing = {Move.WORSEN, Move.PROVE, Move.END, Move.HAND_OVER, Move.LEAVE, Move.UNDO}

    def kept(before, happening, after):
        if before.lifecycle.status is not AlertStatus.ACKNOWLEDGED or happening.move in losing:
            return True
        if happening is TICK:
            over = before.lifecycle.answer.until <= 60_000
            return (after.lifecycle.status is not AlertStatus.ACKNOWLEDGED) == over
        return after.lifecycle.status is AlertStatus.ACKNOWLEDGED

    holds("an acknowledgement is lost", kept)


def test_an_accepted_acknowledgement_takes_effect_in_every_state():
    def owns(before, happening, after):
        if happening.action is None or happening.action.action_type is not ActionType.ACKNOWLEDGE:
            return True
        seen = after.lifecycle.status in (AlertStatus.ACKNOWLEDGED, AlertStatus.CLOSING)
        return seen and after.lifecycle.answer.who == happening.action.who and after.lifecycle.unacknowledged == 0

    holds("an acknowledgement does nothing", owns)


def test_someone_may_acknowledge_every_alert_that_is_not_at_rest():
    """The shift lead always may; only what was closed seconds ago needs nothing more."""
    search = searched()
    for step in search.steps:
        if step.happening.action is DOINGS[1] and step.after is None:
            assert search.worlds[step.before].lifecycle.status is AlertStatus.CLOSING, search.way(step.before)


def test_worse_breaks_through_everything_at_once():
    def heard(before, happening, after):
        if happening.move is not Move.WORSEN:
            return True
        calls = AlertStatus.CALLING if happening.calls else AlertStatus.SHOWN
        return after.lifecycle.status is calls and after.lifecycle.answer is None

    holds("worse is not heard", heard)


def test_quiet_that_someone_wanted_is_bounded():
    """Snoozes add up until someone owns the alert; more than the rules grant is refused."""
    most = {1: 120_000, 2: 120_000, 3: 60_000}

    def bounded(before, happening, after):
        if happening.action is None or happening.action.action_type is not ActionType.SNOOZE:
            return True
        return after.lifecycle.snoozed <= most[before.priority]

    holds("a snooze has no end", bounded)


def test_what_is_over_never_opens_again():
    holds(
        "an alert opens again",
        lambda before, happening, after: before.lifecycle.status not in OVER or after.lifecycle.status in OVER,
    )


def test_every_path_leads_back_to_rest_and_rest_is_final():
    search = searched()
    backwards: dict[int, list[int]] = defaultdict(list)
    for step in search.steps:
        if step.after is not None:
            backwards[step.after].append(step.before)
    rest = [number for number, world in enumerate(search.worlds) if world.lifecycle.status is AlertStatus.CLEARED]
    reached, waiting = set(rest), deque(rest)
    while waiting:
        for number in backwards[waiting.popleft()]:
            if number not in reached:
                reached.add(number)
                waiting.append(number)

    assert len(reached) == len(search.worlds)


def test_the_shortest_way_to_rest_is_the_condition_ending_someone_seeing_it_and_a_minute():
    for world in searched().worlds[::7]:
        if world.lifecycle.status in OPEN:
            world = follow(world, Happening(Move.END))
        if world.lifecycle.status is AlertStatus.RESOLVED:
            world = follow(world, Happening(Move.ACKNOWLEDGE, action=DOINGS[1]))
        if world.lifecycle.status is AlertStatus.CLOSING:
            world = follow(world, TICK)
        assert world.lifecycle.status is AlertStatus.CLEARED


def test_every_move_leads_where_the_table_says_and_all_of_the_table_is_reached():
    """What is due at once after a move is part of the same step: it may lead one move of time further."""
    search = searched()
    seen: dict[tuple[AlertStatus, Move], set[AlertStatus]] = defaultdict(set)
    for number, happening, after in search.steps:
        if happening.move is not None and after is not None:
            seen[search.worlds[number].lifecycle.status, happening.move].add(search.worlds[after].lifecycle.status)
    told = {(status, move): set(targets) for status, moves in TABLE.items() for move, targets in moves.items()}
    by_time = {Move.ESCALATE, Move.LAPSE, Move.SETTLE}

    told[AlertStatus.CALLING, Move.END].remove(AlertStatus.CLEARED)  # where the rules list high alerts alone: not here
    assert {pair for pair in told if pair[1] not in by_time} == set(seen)
    wrong = {}
    for (status, move), targets in seen.items():
        further = {last for target in told[status, move] for late in by_time for last in told.get((target, late), ())}
        if not told[status, move] <= targets <= told[status, move] | further:
            wrong[status, move] = targets
    assert wrong == {}


@pytest.mark.parametrize("status", AlertStatus)
def test_only_what_is_at_rest_knows_no_move(status):
    assert bool(TABLE[status]) == (status is not AlertStatus.CLEARED)
