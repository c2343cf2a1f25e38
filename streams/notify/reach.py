"""Whom the ladders of the rules call, and whom the routes reach: every step that is left without anybody."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from detectors.rules import Rules
from schemas.action import Step
from schemas.alert import Kind, Priority
from schemas.patient import Plan
from streams.notify.routes import Routes, RoutesFault

RISING = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)
TOLD = 8


class StepCall(NamedTuple):
    """A step that a ladder names for alerts of this priority and kind."""

    step: Step
    priority: Priority
    kind: Kind


class Gap(NamedTuple):
    """A call that reaches nobody in a ward (`` stands for any other) from this time of day on."""

    ward: str
    call: StepCall
    hour: str


def calls_of(rules: Rules, ward: str = "") -> frozenset[StepCall]:
    """Every step of every ladder by which somebody in this ward may be called: all plans, priorities and kinds."""
    calling, found = rules.calling, set()
    for plan in calling.ladders:
        for number, priority in enumerate(RISING, start=1):
            for extreme in (False, True) if priority is Priority.HIGH else (False,):
                ladder = calling.ladder(Plan(plan), ward or None, number, extreme=extreme)
                steps = {one.to for one in ladder}
                if ladder and calling.last_resort_minutes:
                    steps.add(Step.LAST_RESORT)
                found |= {StepCall(step, priority, kind) for step in steps for kind in Kind}
    return frozenset(found)


def gaps(routes: Routes, rules: Iterable[Rules]) -> Iterator[Gap]:
    """Every call under any of these rules that would reach nobody, in every ward that routes or rules name."""
    everything = list(rules)
    named = {ward for one in everything for ward in one.calling.wards if ward != "*"}
    for ward in sorted(routes.wards | named | {""}):
        calls = frozenset[StepCall]().union(*(calls_of(one, ward) for one in everything))
        for call in sorted(calls, key=_order):
            hour = routes.nobody_from(call.step, ward, call.priority, call.kind)
            if hour is not None:
                yield Gap(ward, call, hour)


def _order(call: StepCall) -> tuple[int, int, int]:
    return list(Step).index(call.step), -RISING.index(call.priority), list(Kind).index(call.kind)


def told(gap: Gap) -> str:
    """A gap in words.

    >>> told(Gap("A", StepCall(Step.NURSE, Priority.LOW, Kind.TECHNICAL), "19:30"))
    'ward A: nobody for nurse at 19:30 (low technical)'
    """
    where = f"ward {gap.ward or 'any other'}"
    return f"{where}: nobody for {gap.call.step} at {gap.hour} ({gap.call.priority} {gap.call.kind})"


def refuse_where_nobody_is_reached(routes: Routes, rules: Iterable[Rules]) -> None:
    """Each step of a ladder needs a recipient at every hour in every ward. Raises RoutesFault naming the gaps."""
    found = list(gaps(routes, rules))
    if found:
        more = f"; and {len(found) - TOLD} more" if len(found) > TOLD else ""
        words = "; ".join(map(told, found[:TOLD])) + more
        remedy = "name a recipient with that role, or widen wards, priorities, kinds or shifts"
        raise RoutesFault(f"a call would reach nobody: {words}; {remedy}")


def dry_run(routes: Routes, moments: dict[str, datetime]) -> list[dict[str, Any]]:
    """Who would be told at each moment, by ward, step, priority and kind: one row each. `recipients` is empty where
    nobody would be, `quiet` names those whose quiet hours hold it.
    """
    rows: list[dict[str, Any]] = []
    for name, at in moments.items():
        for ward in [*sorted(routes.wards), ""]:
            for step in Step:
                for priority in reversed(RISING):
                    row = {
                        "when": name,
                        "ward": ward or "any other ward",
                        "step": step.value,
                        "priority": priority.value,
                    }
                    of = {kind: routes.people(step, ward, priority, kind, at) for kind in Kind}
                    same = len({tuple(people) for people in of.values()}) == 1
                    for kind, people in list(of.items())[: 1 if same else None]:
                        held = [one.name for one in people if routes.held(one, priority, at)]
                        names = [one.name for one in people]
                        rows.append({**row, "kind": "any" if same else kind.value, "recipients": names, "quiet": held})
    return rows
