"""A mapping file: a site's or a vendor's own codes, declared in TOML, with no code in it.

For HL7 v2 and FHIR a rule matches by `code`, `name` and `system` (those that it gives, letter for letter). For JSON
and CSV see `mapped`. Fields of a rule: `vital` of the closed list; `unit`, a constant for senders that send none;
`units`, the sender's spellings; `values`, what its words for consciousness and oxygen mean.
"""

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from schemas.vitals import LETTERS, SCALES, Source, Vital

FORMATS: Final = ("hl7v2", "fhir", "json", "csv")


class MappingError(ValueError):
    """A mapping file that cannot be used: the place in it, and the way out."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """One vital of a mapping: how it is recognised, its unit, and what the sender's words mean."""

    number: int
    vital: Vital
    label: str
    keys: dict[str, str]
    unit: str | None = None
    units: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file as read. `more` is what `mapped` reads of it."""

    name: str
    format: str
    source: Source
    match: dict[str, Any]
    rules: tuple[Rule, ...]
    more: dict[str, Any]

    def rule_for(self, code: str, name: str, system: str) -> Rule | None:
        """The rule for an HL7 code, if there is one."""
        said = {"code": code, "name": name, "system": system}
        for rule in self.rules:
            if rule.keys and all(said.get(key) == wanted for key, wanted in rule.keys.items()):
                return rule
        return None

    def unit_for(self, row: int, *spellings: str) -> str | None:
        """The unit for one of the sender's spellings."""
        rule = self.rules[row]
        return next((rule.units[one] for one in spellings if one in rule.units), None)

    def value_for(self, row: int, word: str) -> Any:
        """What a word of the sender means; None if the file does not say."""
        return self.rules[row].values.get(word.strip())


def read_mapping(text: str, where: str = "mapping") -> Mapping:
    """A mapping file. Raises MappingError.

    >>> one = read_mapping('name = "acme"\\nformat = "hl7v2"\\n[[rule]]\\ncode = "77"\\nvital = "spo2"\\nunit = "%"')
    >>> one.rule_for("77", "", "").vital
    <Vital.SPO2: 'spo2'>
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"{where}: {error}") from error
    format_ = said.get("format")
    if format_ not in FORMATS:
        raise MappingError(f"{where}: `format` is one of {', '.join(FORMATS)}, not {format_!r}")
    name = said.get("name")
    if not isinstance(name, str) or not name:
        raise MappingError(f"{where}: give the mapping a `name`")
    try:
        source = Source(said.get("source", Source.MONITOR.value))
    except ValueError as error:
        raise MappingError(f"{where}: `source` is one of {', '.join(Source)}") from error
    rows = said.get("rule", [])
    if not isinstance(rows, list) or not (rows or said.get("aggregates")):
        raise MappingError(f"{where}: a mapping needs at least one [[rule]], or `aggregates`")
    rules = tuple(_rule(number, row, where) for number, row in enumerate(rows))
    more = {key: value for key, value in said.items() if key not in ("name", "format", "source", "match", "rule")}
    match = said.get("match", {})
    if not isinstance(match, dict):
        raise MappingError(f"{where}: [match] is a table of paths and what stands there")
    return Mapping(name, format_, source, match, rules, more)


_RULE_FIELDS: Final = frozenset({"vital", "unit", "units", "values"})
_KEYS: Final = frozenset({"code", "name", "system"})


def _rule(number: int, row: Any, where: str) -> Rule:
    place = f"{where}: rule {number + 1}"
    if not isinstance(row, dict):
        raise MappingError(f"{place}: [[rule]] is a table")
    try:
        vital = Vital(row.get("vital", ""))
    except ValueError as error:
        raise MappingError(f"{place}: {row.get('vital')!r} is not a vital; known: {', '.join(Vital)}") from error
    unit, spellings, values = row.get("unit"), row.get("units", {}), row.get("values", {})
    known = SCALES[vital].units
    for one in ([unit] if unit is not None else []) + list(spellings.values()):
        if one not in known:
            raise MappingError(f"{place}: {one!r} is no unit of {vital}; known: {', '.join(known) or 'none'}")
    for word, meaning in values.items():
        if vital is Vital.CONSCIOUSNESS and meaning not in LETTERS:
            raise MappingError(f"{place}: {word!r} means one of {', '.join(LETTERS)}, not {meaning!r}")
        if vital is Vital.SUPPLEMENTAL_OXYGEN and not isinstance(meaning, bool):
            raise MappingError(f"{place}: {word!r} means true or false, not {meaning!r}")
    keys = {key: str(row[key]) for key in ("code", "name", "system") if key in row}
    more = {key: value for key, value in row.items() if key not in _RULE_FIELDS | _KEYS}
    label = " ".join(keys.values()) or str(more.get("path", vital.value))
    return Rule(number, vital, label, keys, unit, dict(spellings), dict(values), more)


@dataclass(frozen=True, slots=True)
class Mappings:
    """The mappings in force, a site's before the shipped ones; `kept` is where a format keeps what it looked up."""

    all: tuple[Mapping, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)

    def of(self, *formats: str) -> tuple[Mapping, ...]:
        """Those for some formats."""
        return tuple(one for one in self.all if one.format in formats)


@lru_cache(maxsize=1)
def shipped() -> tuple[Mapping, ...]:
    """The mappings that come with the product, in the order of their names."""
    folder = files("streams.formats") / "mappings"
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml"))
    return tuple(read_mapping((folder / name).read_text("utf-8"), name) for name in names)
