"""`vigilward schema`: the contracts of the messages, the table of vitals, the codes of refusals."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from schemas.documents import MESSAGES, document, refusals_table, vitals_table

Document = StrEnum("Document", [(name.upper(), name) for name in (*MESSAGES, "vitals", "refusals")])  # type: ignore[misc]


def schema(
    name: Annotated[
        Document, typer.Argument(help="A message, for its JSON Schema (2020-12); vitals or refusals, for their table.")
    ] = Document("reading"),
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON without line breaks; of a table one object a line.")
    ] = False,
) -> None:
    """Print the contract of a message, the vitals with their units, ranges and codes, or the codes of refusals.

    Readings, patient records and actions are sent to Vigilward; alerts, statuses and rejections are sent by it;
    control records are what workers write into the log. A rejection's document describes its headers.

    Example: vigilward schema vitals
    """
    tables = {"vitals": (vitals_table, _told_vital), "refusals": (refusals_table, _told_refusal)}
    if name.value not in tables:
        found = document(name.value)
        print(json.dumps(found) if as_json else json.dumps(found, indent=2, ensure_ascii=False))
        return
    rows, told = tables[name.value]
    for row in rows():
        print(json.dumps(row) if as_json else "\n".join(told(row)))


def _told_refusal(row: dict[str, Any]) -> Iterator[str]:
    yield f"{row['code']:<20} {row['takes']:<8} {row['remedy']}"


def _told_vital(row: dict[str, Any]) -> Iterator[str]:
    indent = " " * 21
    values = ", ".join(json.dumps(value) if isinstance(value, bool) else value for value in row["values"] or ())
    others = f"; also {', '.join(row['units'][1:])}" if row["units"][1:] else ""
    yield f"{row['vital']:<20} {f'one of {values}, without a unit' if values else row['unit'] + others}"
    if row["suspect_outside"]:
        suspect, impossible = (_span(row[name]) for name in ("suspect_outside", "impossible_outside"))
        yield f"{indent}suspect outside {suspect}, refused outside {impossible}"
    valid = ", ".join(f"{_duration(seconds)} ({source})" for source, seconds in row["valid_for_s"].items())
    yield f"{indent}valid for {valid}"
    codes = [f"LOINC {', '.join(row['loinc'])}"] * bool(row["loinc"])
    codes += [f"MDC {', '.join(map(str, row['mdc']))}"] * bool(row["mdc"])
    if codes:
        yield indent + "; ".join(codes)


def _span(limits: list[float]) -> str:
    return f"{limits[0]:g} to {limits[1]:g}"


def _duration(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join(words for words in (f"{hours} h" * bool(hours), f"{minutes} min" * bool(minutes)) if words)
