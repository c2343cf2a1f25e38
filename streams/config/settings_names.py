"""Every name that may be set, and what is said of one that may not: none that is mistyped is lost in silence.

One table for all processes: the worker's own names, and a table of the file (a prefix in the environment) for each
other. Whoever adds a process with settings adds a row to `TABLES`.
"""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from pydantic_settings import BaseSettings

from streams.config.secret_files import file_keys
from streams.config.settings_problems import SettingsError

PREFIX: Final = "VIGILWARD_"

TABLES: Final[Mapping[str, tuple[str, str]]] = {
    "": (f"{__package__}.settings", "Settings"),
    "board": ("streams.board.settings", "BoardSettings"),
    "gateway": ("streams.gateways.settings", "GatewaySettings"),
    "notify": ("streams.notify.settings", "NotifySettings"),
}
"""Module and class by table; the first are the keys outside any table."""

OTHERS: Final = frozenset({"COMPILED", "CONFIG", "FAULT_POINT", "PICTURE"})
"""Read elsewhere: whether the compiled core runs (`detectors.compiled`); the file's own name; places at which a test
kills the process; where a test keeps its picture."""

GONE: Final[Mapping[str, str]] = {
    "TICK_AFTER_S": "every partition has a tick each second; take it out",
    "MAX_WAITING_BYTES": "it is called PRODUCER_BUFFER_BYTES now",
    "STOP_WITHIN_S": "it is called SHUTDOWN_TIMEOUT_S now",
    "LONGEST_OUTAGE_H": "it is called MAX_OUTAGE_H now",
}
"""Settings of before, and what to do."""

STILL_READ: Final[Mapping[str, str]] = {"log_key": "control_record_key"}
"""Names of before that this version reads and the next refuses: without its key a worker takes no patient record."""


def settings_of(table: str) -> type[BaseSettings] | None:
    """The class that reads the table; None where it is not installed."""
    module, name = TABLES[table]
    try:
        if find_spec(module) is None:
            return None
    except ModuleNotFoundError:
        return None
    found: type[BaseSettings] = getattr(import_module(module), name)
    return found


def fields_of(table: str) -> frozenset[str]:
    """The keys that it may hold.

    >>> "port" in fields_of("board"), "mode" in fields_of("board"), "sasl_password_file" in fields_of("")
    (True, False, True)
    """
    found = settings_of(table)
    return frozenset() if found is None else frozenset(found.model_fields) | file_keys(found)


def variable(table: str, key: str) -> str:
    """The environment's name for it.

    >>> variable("", "mode"), variable("board", "port")
    ('VIGILWARD_MODE', 'VIGILWARD_BOARD_PORT')
    """
    return PREFIX + "_".join(filter(None, (table, key))).upper()


def variables() -> frozenset[str]:
    """Every name in the environment that means something."""
    named = {variable(table, key) for table in TABLES for key in fields_of(table)}
    return frozenset(named | {PREFIX + name for name in OTHERS} | {variable("", name) for name in STILL_READ})


def unknown(environment: Mapping[str, str], file: Mapping[str, Any]) -> Iterator[str]:
    """One line for each name that means nothing, with the nearest that does; values are never shown."""
    known = variables()
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            yield f"{name}: {_says(name.upper(), known, PREFIX)}"
    tables = {table for table in TABLES if table}
    for key, value in file.items():
        if not isinstance(value, dict):
            if key not in fields_of("") and key not in STILL_READ:
                yield f"{key}: {_says(key, fields_of(''), '')}"
        elif key not in tables:
            yield f"[{key}]: there is no such table{_near_table(key, tables)}"
        else:
            for inner in value:
                if inner not in fields_of(key):
                    yield f"[{key}] {inner}: {_says(inner, fields_of(key), '')}"


def still_read(environment: Mapping[str, str], file: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Today's name, the name of before that was given instead, and its value; the environment wins.

    >>> list(still_read({"VIGILWARD_LOG_KEY": "k"}, {"log_key": "of the file"}))
    [('control_record_key', 'VIGILWARD_LOG_KEY', 'k')]
    """
    for old, new in STILL_READ.items():
        given = environment.get(variable("", new)) or file.get(new)
        if not given and environment.get(variable("", old)):
            yield new, variable("", old), environment[variable("", old)]
        elif not given and file.get(old):
            yield new, old, file[old]


def _says(name: str, known: frozenset[str], prefix: str) -> str:
    if gone := GONE.get(name.removeprefix(prefix).upper()):
        return f"is no setting any more: {gone}"
    return f"there is no such setting{_near(name, known)}"


def _near(name: str, known: frozenset[str] | set[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else "; take it out, or look for it in `vigilward worker --help`"


def _near_table(name: str, tables: set[str]) -> str:
    if get_close_matches(name.lower(), ["vigilward", "worker"], cutoff=0.7):
        return "; what stands in it belongs at the top of the file, in no table"
    near = get_close_matches(name.lower(), sorted(tables), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(sorted(tables))}"


def refuse_unknown(file: Mapping[str, Any]) -> None:
    """Looks at the environment of this process, and at its settings file. Raises SettingsError, one line a name."""
    if lines := list(unknown(os.environ, file)):
        raise SettingsError(lines)
