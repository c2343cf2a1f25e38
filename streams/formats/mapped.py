"""Vendors' JSON and CSV to readings, by a declared mapping: paths, codes, units and constants, no code.

A path is names with dots; `[]` behind a name goes through a list, `{}` through an object, whose entries are then `key`,
`value` and the object's owner, `of`; a leading `/` starts at the document instead of the record. `items` leads to the
records; `[time]` and `[fields]` say where time, patient and device stand; each [[rule]] leads to one vital; paths of
`aggregates` are means and the like, which are told. A record in which a path of `[skip]` holds what is said there is
left out, and told.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from schemas.vitals import Source, Vital
from streams.formats import units
from streams.formats.findings import Converted, Sign
from streams.formats.identity import Identity
from streams.formats.jsons import documents
from streams.formats.mapping import Mapping, Mappings, Rule
from streams.formats.memory import Memory
from streams.formats.moments import Stamp, TimeError, read_epoch, read_iso
from streams.formats.plain import items, mapping_of, text_of
from streams.formats.statements import RATES, Site, Statement, assemble
from streams.formats.values import letter_of, number_of, yes_or_no

NAME: Final = "mapped"
DEEPEST: Final = 3  # objects in objects of a record in which an unmapped number is looked for
MOST_RECORDS: Final = 1_000_000
_PARTS: Final = {"ms": 1e3, "us": 1e6, "ns": 1e9}


def convert(
    data: bytes, site: Site, memory: Memory, mappings: Mappings, identity: Identity, first: int = 1
) -> Iterator[Converted]:
    """Every document in some bytes by the first mapping that fits it. Raises nothing on any input."""
    mine = mappings.of("json", "csv")
    head = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith((b"{", b"[")) and (tables := [one for one in mine if one.format == "csv"]):
        yield from _rows(data, site, memory, tables[0], identity, first)
        return
    for number, (document, problem) in enumerate(documents(data), first):
        into = Converted(number, NAME)
        mapping = None if problem else fitting(document, mine)
        if problem:
            into.say(Sign.MALFORMED, "message", problem)
        elif mapping is None:
            into.say(Sign.NOT_RECOGNISED, "message", "no mapping fits it")
        else:
            _convert(document, mapping, into, site, memory, identity)
        yield into


def fitting(document: Any, mappings: tuple[Mapping, ...]) -> Mapping | None:
    """The first mapping for JSON whose [match] holds in a document."""
    for one in mappings:
        if one.format == "json" and one.match and all(_holds(document, document, *want) for want in one.match.items()):
            return one
    return next((one for one in mappings if one.format == "json" and not one.match), None)


def _holds(record: Any, document: Any, path: str, wanted: Any) -> bool:
    found = list(_walk(record, document, path))
    if wanted == "*":
        return bool(found)
    if isinstance(wanted, list):
        return any(one in wanted for one in found if isinstance(one, str | int | float | bool))
    return any(one == wanted and isinstance(one, bool) == isinstance(wanted, bool) for one in found)


def _walk(record: Any, document: Any, path: str) -> Iterator[Any]:
    at, path = (document, path[1:]) if path.startswith("/") else (record, path)
    return _steps(at, path.split(".") if path else [])


def _steps(at: Any, names: list[str]) -> Iterator[Any]:
    if not names:
        yield at
        return
    name, rest = names[0], names[1:]
    if name.endswith("{}"):
        for key, value in mapping_of(mapping_of(at).get(name[:-2])).items():
            yield from _steps({"key": key, "value": value, "of": at}, rest)
        return
    through = name.endswith("[]")
    inner = at if name == "[]" else mapping_of(at).get(name.removesuffix("[]"))
    if inner is None:
        return
    for one in items(inner) if through else [inner]:
        yield from _steps(one, rest)


def _one(record: Any, document: Any, path: Any) -> Any:
    return next(_walk(record, document, path), None) if isinstance(path, str) and path else None


def _convert(document: Any, mapping: Mapping, into: Converted, site: Site, memory: Memory, identity: Identity) -> None:
    into.format = f"{NAME} {mapping.name}"
    statements: list[Statement] = []
    items_path = str(mapping.more.get("items", ""))
    for number, record in enumerate(_walk(document, document, items_path)):
        if number >= MOST_RECORDS:
            into.say(Sign.MALFORMED, "items", f"more than {MOST_RECORDS:,} records")
            break
        place = f"{items_path.removesuffix('[]').removesuffix('{}') or 'record'}[{number}]"
        statements += _record(record, document, place, mapping, into, identity)
    if not statements and not into.findings:
        into.say(Sign.NOT_A_RESULT, mapping.name)
    digest = hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()
    assemble(statements, into, site, memory, (mapping.name, digest))


def _record(
    record: Any, document: Any, place: str, mapping: Mapping, into: Converted, identity: Identity
) -> Iterator[Statement]:
    for path, wanted in mapping_of(mapping.more.get("skip")).items():
        if _holds(record, document, path, wanted):
            into.say(Sign.NOT_WATCHED, f"{place}.{path}", ascii(wanted)[:40])
            return
    for path in items(mapping.more.get("aggregates")):
        if _one(record, document, path) is not None:
            into.say(Sign.AGGREGATE, f"{place}.{path}")
    fields = mapping_of(mapping.more.get("fields"))
    user = _text(_one(record, document, fields.get("patient")))
    patient = identity.named(user) if user else None
    device = _text(_one(record, document, fields.get("device"))) or None
    stamp: Stamp | None = None
    timed = False
    for rule in mapping.rules:
        for one in _within(record, document, rule):
            if not timed:
                stamp, timed = _time_of(record, document, place, mapping, into), True
            found = _value(one, record, document, rule, f"{place}.{rule.label}", mapping, into)
            if found is not None:
                yield Statement(
                    rule.vital, found[0], found[1], f"{place}.{rule.label}", stamp, patient, device,
                    source=_source(record, document, mapping), rule=f"{mapping.name}: {rule.label}",
                    named_device=bool(device),
                )  # fmt: skip
    _say_unmapped(record, place, mapping, into)


def _text(value: Any) -> str:
    return (
        text_of(value) if isinstance(value, str) else str(value) if isinstance(value, int) and value is not True else ""
    )


def _within(record: Any, document: Any, rule: Rule) -> Iterator[Any]:
    """The objects that a rule applies to: the record, or those of a list in it, where `where` holds."""
    where = mapping_of(rule.more.get("where"))
    for one in _walk(record, document, rule.more.get("within", "")):
        fits = all(_holds(one, document, path, wanted) for path, wanted in where.items())
        if fits and next(_walk(one, document, str(rule.more.get("path", ""))), None) is not None:
            yield one


def _value(
    one: Any, record: Any, document: Any, rule: Rule, place: str, mapping: Mapping, into: Converted
) -> tuple[Any, str | None] | None:
    raw = _one(one, document, str(rule.more.get("path", "")))
    if isinstance(raw, str) and raw.strip() in rule.values:
        return rule.values[raw.strip()], None if rule.vital in units.UNITLESS else rule.unit
    if rule.vital in units.UNITLESS:
        word = letter_of(raw) if rule.vital is Vital.CONSCIOUSNESS and isinstance(raw, str) else raw
        if rule.vital is Vital.SUPPLEMENTAL_OXYGEN and isinstance(raw, str):
            word = yes_or_no(raw)
        if isinstance(word, str if rule.vital is Vital.CONSCIOUSNESS else bool):
            return word, None
        into.say(Sign.INEXACT_VALUE, place)
        return None
    value = number_of(raw) if isinstance(raw, str) and mapping.more.get("numbers_as_text") else raw
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e12:
        into.say(Sign.INEXACT_VALUE, place)
        return None
    if isinstance(rule.more.get("exponent"), str):
        power = _one(one, document, rule.more["exponent"])
        if not isinstance(power, int) or isinstance(power, bool) or abs(power) > 9:
            into.say(Sign.INEXACT_VALUE, place, "exponent")
            return None
        value = value * 10**power if power >= 0 else value / 10**-power
    if value == 0 and mapping.source is Source.WEARABLE and rule.vital in RATES:
        into.say(Sign.NO_VALUE, place, rule.vital.value)
        return None
    said = _one(one, document, rule.more.get("unit_path"))
    unit = rule.unit
    if isinstance(said, str) and said:
        unit = rule.units.get(said) or units.spelt_of(rule.vital, said)
    if unit is None:
        into.say(Sign.UNKNOWN_UNIT if said else Sign.MISSING_UNIT, place, units.known(str(said)) if said else "")
        return None
    return float(value), unit


def _source(record: Any, document: Any, mapping: Mapping) -> Source:
    typed = mapping_of(mapping.more.get("typed"))
    return Source.SPOT if any(_holds(record, document, *want) for want in typed.items()) else mapping.source


def _time_of(record: Any, document: Any, place: str, mapping: Mapping, into: Converted) -> Stamp | None:
    time = mapping_of(mapping.more.get("time"))
    said, kind = _one(record, document, time.get("path")), time.get("kind", "iso")
    if said is None:
        return None
    try:
        if kind == "iso" and isinstance(said, str):
            day = _one(record, document, time.get("date"))
            return read_iso(f"{day}T{said}" if isinstance(day, str) else said)
        seconds = number_of(said) if isinstance(said, str) else said
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or abs(seconds) > 1e21:
            raise TimeError(Sign.TIME_INVALID, "not seconds")
        later = _one(record, document, time.get("plus_s"))  # seconds after the first of a series
        plus = number_of(later) if isinstance(later, str) else 0.0
        if plus is None:
            raise TimeError(Sign.TIME_INVALID, "not seconds")
        stamp = read_epoch(seconds / _PARTS.get(str(kind).rpartition("_")[2], 1) + plus)
        if not str(kind).startswith("local"):
            return stamp
        zone = _one(record, document, time.get("offset"))
        return read_iso(stamp.local.isoformat() + (zone if isinstance(zone, str) else ""))
    except TimeError as error:
        into.say(error.sign, f"{place}.{time.get('path')}")
        return None


def _say_unmapped(record: Any, place: str, mapping: Mapping, into: Converted) -> None:
    known = {str(rule.more.get("path", "")) for rule in mapping.rules}
    known |= {str(value) for value in mapping_of(mapping.more.get("time")).values()}
    for path, value in _leaves(mapping_of(record), "", DEEPEST):
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        if path not in known and (numeric or (isinstance(value, str) and number_of(value) is not None)):
            into.say(Sign.NOT_WATCHED, f"{place}.{path[:60]}")


def _leaves(said: dict[str, Any], above: str, depth: int) -> Iterator[tuple[str, Any]]:
    """What stands in an object and the objects in it, each with its path."""
    for name, value in said.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.", depth - 1) if depth else iter(())
        else:
            yield f"{above}{name}", value


def _rows(
    data: bytes, site: Site, memory: Memory, mapping: Mapping, identity: Identity, first: int
) -> Iterator[Converted]:
    try:
        text = data.decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text), delimiter=str(mapping.more.get("delimiter", ","))[:1] or ",")
        for number, row in enumerate(rows, first):
            into = Converted(number, NAME)
            record = {name: value for name, value in row.items() if name and isinstance(value, str) and value.strip()}
            _convert(record, mapping, into, site, memory, identity)
            yield into
    except (UnicodeDecodeError, csv.Error) as error:
        into = Converted(first, NAME)
        into.say(Sign.MALFORMED, "message", f"not CSV in UTF-8: {error.__class__.__name__}")
        yield into
