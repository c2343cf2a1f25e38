"""Every setting in words: what it means, what is in force and where from; the reference is made from the same."""

import os
from collections.abc import Iterator
from enum import Enum
from types import UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from streams.config.secret_files import ENDING
from streams.config.settings import load
from streams.config.settings_file import TomlFile
from streams.config.settings_names import TABLES, settings_of, still_read, variable
from streams.config.settings_problems import SettingsError, problems_of

HIDDEN: Final = "(secret)"
TITLES: Final = {"": "Every process", "board": "`vigilward board`", "gateway": "`vigilward gateway`"}


class SettingTold(NamedTuple):
    """One setting: its variable, the value in force as text (a secret's is never shown), and where that came from."""

    variable: str
    value: str
    source: str
    means: str


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _source(table: str, key: str, file: dict[str, Any]) -> str:
    names = {name.upper(): name for name in os.environ}
    given = names.get(variable(table, key))
    if given is not None and os.environ[given]:
        return given
    part = file if not table else file.get(table, {})
    named = names.get(variable(table, key + ENDING))
    if named is not None and os.environ[named]:
        return named
    if key in part or key + ENDING in part:
        return f"file: [{table}] {key}" if table else f"file: {key}"
    renamed = {new: old for new, old, _ in still_read(os.environ, file)} if not table else {}
    return renamed.get(key, "default")


def in_force(table: str) -> Iterator[SettingTold]:
    """The settings of this process. Raises SettingsError where they cannot be used."""
    kind = settings_of(table)
    if kind is None:
        return
    file = TomlFile(kind).read()
    try:
        found: BaseSettings = kind() if table else load()
    except ValidationError as refused:
        raise SettingsError(problems_of(refused, variable(table, "") + "_")) from None
    for key, field in kind.model_fields.items():
        value = _shown(getattr(found, key))
        yield SettingTold(variable(table, key), value, _source(table, key, file), field.description or "")


def _type(field: FieldInfo) -> str:
    kinds = [field.annotation]
    if get_origin(field.annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    kind = kinds[0]
    if get_origin(kind) is not None and get_origin(kind) is not list:
        kind = get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{one.value}`" for one in kind)
    names = {"str": "text", "int": "whole number", "float": "number", "bool": "`true` or `false`", "Path": "file"}
    if get_origin(kind) is list or kind is list:
        return "list"
    if kind is SecretStr:
        return "secret"
    bounds = {name: getattr(one, name) for one in field.metadata for name in ("ge", "le") if hasattr(one, name)}
    span = f", {bounds['ge']:,} to {bounds['le']:,}" if len(bounds) == 2 else ""
    return names.get(getattr(kind, "__name__", ""), "text") + span


def reference() -> str:
    """docs/settings.md: every setting of every process, from the code."""
    lines = [
        "# Settings",
        "",
        "Made from the code by `vigilward settings --reference`; a test holds this page to it. Every setting is an",
        "environment variable, or the same name in small letters without its prefix as a key of a TOML file",
        "(`VIGILWARD_CONFIG`, else `./vigilward.toml`): worker settings at its top, the others in `[board]` or",
        "`[gateway]`. The environment wins. A name that means nothing is refused with the nearest that does.",
        "`vigilward settings` shows what is in force on this machine, and where from.",
        "",
        "`VIGILWARD_COMPILED=0`, in the environment only, runs the hot core as plain Python: the same answers, slower.",
    ]
    for table in TABLES:
        kind = settings_of(table)
        if kind is None:
            continue
        lines += ["", f"## {TITLES.get(table, table)}", ""]
        for key, field in kind.model_fields.items():
            default = _shown(field.get_default(call_default_factory=True))
            means = " ".join((field.description or "").split())
            begins = f"`{default}`" if default else "none"
            if field.annotation is SecretStr:
                means += f" Or in a file: `{variable(table, key + ENDING)}`."
            lines.append(f"- **`{variable(table, key)}`** ({_type(field)}; default {begins}): {means}")
    return "\n".join(lines) + "\n"
