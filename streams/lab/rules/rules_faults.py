"""Looks through a rules file and tells everything that is wrong with it, not only the first fault."""

import json
import types
from collections.abc import Iterator
from difflib import get_close_matches
from enum import Enum
from math import isfinite
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from detectors.rule_fault import Code, Fault
from detectors.rules import Rules, RulesError, read_rules, unarmable

WORDS: Final = {"int": "a whole number", "float": "a number", "str": "text", "array": "a list", "bool": "true or false"}


def faults_of(data: bytes) -> list[Fault]:
    """Every fault of a rules file; without any (notes aside) it can be armed, and only then.

    >>> [str(fault.code) for fault in faults_of(b"no json")]
    ['not_json']
    """
    found: list[Fault] = []
    try:
        body = json.loads(
            data,
            object_pairs_hook=lambda pairs: _once_each(pairs, found),
            parse_constant=_finite,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        return [Fault(Code.NOT_JSON, None, f"this is no JSON: {error}", "mend the text; an editor shows the place")]
    found += _walk(body, Rules, ())
    if any(fault.code is not Code.REPEATED_NAME for fault in found):
        return found
    try:
        rules = msgspec.json.decode(data, type=Rules)
        found += unarmable(rules)
        if rules.approver is None:
            found.append(
                Fault(Code.NO_APPROVER, "approver", "nobody has approved these rules", "name who approved them")
            )
        if all(fault.is_note for fault in found):
            read_rules(data)
    except (RulesError, msgspec.MsgspecError) as refusal:
        found.append(Fault(Code.REFUSED, None, str(refusal), "mend what is named"))
    return found


def _finite(text: str) -> float:
    """Python reads NaN, Infinity and 1e999; JSON has no such numbers."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is no number in JSON")
    return number


def _once_each(pairs: list[tuple[str, Any]], found: list[Fault]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in sorted({name for name in names if names.count(name) > 1}):
        says = f"`{name}` stands there {names.count(name)} times; only the last would count"
        found.append(Fault(Code.REPEATED_NAME, name, says, "write it once"))
    return dict(pairs)


def _walk(value: Any, kind: Any, way: tuple[str, ...]) -> Iterator[Fault]:
    """The faults of one part of the file against what it has to be."""
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    origin, inner = get_origin(bare), get_args(bare)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct) and isinstance(value, dict):
        yield from _walk_struct(value, bare, way)
    elif origin is dict and isinstance(value, dict):
        for name, part in value.items():
            yield from _leaf(name, inner[0], (*way, name), "name")
            yield from _walk(part, inner[1], (*way, name))
    elif origin is tuple and inner[-1] is not ... and isinstance(value, list) and len(value) == len(inner):
        for place, part in enumerate(value):
            yield from _walk(part, inner[place], (*way, str(place)))
    elif origin in (tuple, list, frozenset) and inner[-1] in (..., inner[0]) and isinstance(value, list):
        for place, part in enumerate(value):
            yield from _walk(part, inner[0], (*way, str(place)))
    elif origin in (Union, types.UnionType) and value is not None and len(inner) == 2 and types.NoneType in inner:
        yield from _walk(value, next(one for one in inner if one is not types.NoneType), way)
    else:
        yield from _leaf(value, kind, way, "value")


def _walk_struct(value: dict[str, Any], kind: type[msgspec.Struct], way: tuple[str, ...]) -> Iterator[Fault]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value:
        if name not in fields:
            close = get_close_matches(name, fields, 1)
            remedy = f"was `{close[0]}` meant?" if close else f"take it out; known are {', '.join(fields)}"
            yield Fault(Code.UNKNOWN_FIELD, _path((*way, name)), f"`{name}` is not known here", remedy)
    for name, field in fields.items():
        if name in value:
            yield from _walk(value[name], field.type, (*way, name))
        elif field.required:
            yield Fault(Code.MISSING_FIELD, _path((*way, name)), "it is missing, and is never guessed", f"add `{name}`")


def _leaf(value: Any, kind: Any, way: tuple[str, ...], what: str) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        expected = str(error).partition(" - at ")[0]
        remedy = _asked_for(expected, kind)
        yield Fault(Code.BAD_VALUE, _path(way), f"the {what} {_shown(value)} cannot be used: {expected}", remedy)


def _asked_for(expected: str, kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"write one of {', '.join(str(member.value) for member in kind)}"
    if not expected.startswith("Expected "):
        return f"write what fits: {expected}"
    asked = expected.removeprefix("Expected ").partition(", got")[0].replace("`", "")
    first, _, rest = asked.partition(" ")
    return f"write {WORDS.get(first, first)} {rest}".rstrip()


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _path(way: tuple[str, ...]) -> str | None:
    return ".".join(way) or None
