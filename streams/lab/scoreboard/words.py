"""The scoreboard as a table."""

from collections.abc import Iterator
from typing import Any, Final

_COLUMNS: Final = (
    ("kind", "kind", 24),
    ("cadence", "cadence", 12),
    ("must", "must_call", 5),
    ("in time", "in_time", 8),
    ("late", "late", 5),
    ("missed", "missed", 7),
    ("calls/d", "calls_a_day", 8),
    ("answered", "calls_a_day_answered", 9),
    ("remind", "reminders_a_day", 7),
    ("techn.", "technical_a_day", 7),
    ("steps/d", "steps_a_day", 8),
    ("chart/d", "chart_a_day", 8),
    ("raw/d", "raw_a_day", 7),
)


def lines(told: dict[str, Any]) -> Iterator[str]:
    """Line by line: one a kind and cadence, the whole, and each point of acceptance."""
    yield "".join(_cell(title, width) for title, _, width in _COLUMNS).rstrip()
    for row in told["rows"]:
        yield "".join(_cell(row[name], width) for _, name, width in _COLUMNS).rstrip()
    whole = told["whole"]
    yield ""
    yield (
        f"{whole['must_call']} must-call moments: {whole['in_time']} in time, {whole['late']} late "
        f"({whole['over_twice']} over twice their time), {whole['missed']} missed"
    )
    for point in told["acceptance"]:
        met = "met" if point["met"] else "NOT MET"
        yield f"{met:8}{point['name']}: {point['value']:g} (at most {point['at_most']:g})"


def _cell(value: object, width: int) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.ljust(width) if width >= 12 else text.rjust(width)
