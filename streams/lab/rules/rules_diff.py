"""What another rules file would change, in words that a safety officer signs: numbers, armed detectors, ladders."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from detectors.rules import Rules
from streams.lab.rules.rules_words import unit_of, words_of

PARTY: Final = ("name", "version", "author", "approver")
WORKED_OUT: Final = "sha256"


class Change(NamedTuple):
    """One difference: what it is, where, and how it was and would be (None: not there)."""

    what: str
    field: str
    old: Any
    new: Any
    says: str

    def as_dict(self) -> dict[str, Any]:
        """As it is written out."""
        return self._asdict()


def changes(old: Rules, new: Rules) -> list[Change]:
    """Everything that differs, in the order of the file: who answers for it, what is armed, numbers, ladders.

    >>> from streams.config.packaged_rules import packaged_rules
    >>> changes(packaged_rules(), packaged_rules())
    []
    """
    return [*_party(old, new), *_armed(old, new), *_numbers(old, new), *_ladders(old, new)]


def _party(old: Rules, new: Rules) -> Iterator[Change]:
    for name in PARTY:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Change("party", name, before, after, f"{name}: {_value(before)} -> {_value(after)}")


def _armed(old: Rules, new: Rules) -> Iterator[Change]:
    for name in sorted(new.armed - old.armed):
        yield Change("armed", "armed", None, name, f"{name.replace('_', ' ')}: is armed, was not")
    for name in sorted(old.armed - new.armed):
        yield Change("disarmed", "armed", name, None, f"{name.replace('_', ' ')}: is no longer armed")


def _numbers(old: Rules, new: Rules) -> Iterator[Change]:
    before, after = dict(_flat(old)), dict(_flat(new))
    for field in [*before, *(field for field in after if field not in before)]:
        was, will_be = before.get(field), after.get(field)
        if was != will_be:
            unit = unit_of(field)
            said = f"{words_of(field)}: {_value(was, unit)} -> {_value(will_be, unit)}"
            yield Change("number", field, was, will_be, said)


def _ladders(old: Rules, new: Rules) -> Iterator[Change]:
    before, after = dict(_escalation_steps(old)), dict(_escalation_steps(new))
    for place in [*before, *(place for place in after if place not in before)]:
        was, will_be = before.get(place), after.get(place)
        if was != will_be:
            plan, priority = place
            words = f"who is called at {priority} priority under the plan `{plan}`"
            field = f"calling.ladders.{plan}.{priority}"
            yield Change("ladder", field, was, will_be, f"{words}: {was or 'nobody'} -> {will_be or 'nobody'}")


def _escalation_steps(rules: Rules) -> Iterator[tuple[tuple[str, str], str]]:
    for plan, ladder in sorted(rules.calling.ladders.items()):
        for priority in ("high", "medium", "low"):
            escalation_steps = getattr(ladder, priority)
            said = ", then ".join(
                f"{escalation_step.to.replace('_', ' ')} after {escalation_step.after_minutes:g} min"
                for escalation_step in escalation_steps
            )
            yield (plan.value, priority), said


def _flat(rules: Rules) -> Iterator[tuple[str, Any]]:
    """Every number and word of the rules by the way to it; ladders, arming and signatures are told apart."""
    body = msgspec.to_builtins(rules)
    for name in (*PARTY, "armed", WORKED_OUT):
        del body[name]
    del body["calling"]["ladders"]
    _by_head(body["risk"])
    yield from _leaves(body, ())


def _by_head(risk: dict[str, Any]) -> None:
    """Crossings by their head; of a head's thousand weights a name that changes with any of them."""
    risk["crossings"] = {one.pop("head"): one for one in risk["crossings"]}
    risk["heads"] = {
        one["head"]: f"version {one['version']} ({sha256(msgspec.json.encode(one)).hexdigest()[:12]})"
        for one in risk["heads"]
    }


def _leaves(part: Any, way: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        for name, inner in part.items():
            yield from _leaves(inner, (*way, name))
    elif part is not None:
        yield ".".join(way), tuple(part) if isinstance(part, list) else part


def _value(value: Any, unit: str = "") -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:g}" if isinstance(value, int | float) else str(value)
    return f"{text} {unit}".rstrip() if isinstance(value, int | float) else text
