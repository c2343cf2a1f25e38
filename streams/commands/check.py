"""`vigilward check`: an integrator's messages, looked through before going live."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, BinaryIO, cast

import typer

from schemas.action import Action
from schemas.base import Message
from schemas.decode import MAX_BYTES
from schemas.patient import PatientRecord
from streams.inspector import Counts, Inspector
from streams.remarks import Level, Remark, Sign

BOM = b"\xef\xbb\xbf"
SHOWN_OF_A_KIND = 3
# A line longer than any record is cut: it is too large either way.
LONGEST = 4 * MAX_BYTES


class Kind(StrEnum):
    """Which topic the messages are for."""

    READINGS = "readings"
    PATIENTS = "patients"
    ACTIONS = "actions"


CONTRACTS: dict[Kind, type[Message] | None] = {
    Kind.READINGS: None,
    Kind.PATIENTS: PatientRecord,
    Kind.ACTIONS: Action,
}


def check(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(
            metavar="FILE|-", help="One message a line, or a single one over many lines; - is standard input."
        ),
    ],
    of: Annotated[Kind, typer.Option("--of", help="What the messages are.")] = Kind.READINGS,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each finding and note.")] = False,
) -> None:
    """Look through messages as the intake will, with a code, a field and a remedy for what is wrong with them.

    A finding is something that would be refused, ignored or misread; a note is worth reading. Exit 0 when there is no
    finding, 1 when there is one, 2 when there is nothing to look at.

    Example: vigilward check messages.jsonl --json
    """
    inspector, findings, notes = Inspector(time.time_ns() // 1_000_000, CONTRACTS[of]), 0, 0
    kinds: Counter[tuple[str, str | None]] = Counter()
    for remark in _remarks(file, inspector):
        if remark.level is Level.FINDING:
            findings += 1
        else:
            notes += 1
        kinds[remark.code, remark.field] += 1
        if as_json:
            print(json.dumps(remark.as_dict()))
        elif kinds[remark.code, remark.field] <= SHOWN_OF_A_KIND:
            print(_told(remark))
    if not inspector.counts.messages:
        raise typer.BadParameter("there is no message in it; send one JSON object a line", param_hint="FILE|-")
    if not as_json:
        for (code, field), number in kinds.items():
            if number > SHOWN_OF_A_KIND:
                print(f"{'':>8}  {number - SHOWN_OF_A_KIND:,} more: {code} {field or ''}".rstrip())
    print(_summary(inspector.counts, findings, notes), file=sys.stderr if as_json else sys.stdout)
    raise typer.Exit(1 if findings else 0)


def _remarks(file: BinaryIO, inspector: Inspector) -> Iterator[Remark]:
    for number, message in _messages(file):
        if message.startswith(BOM) and number == 1:
            yield Remark(1, Sign.BYTE_ORDER_MARK, None, "the file begins with one")
            message = message.removeprefix(BOM)
        yield from inspector.look(number, message)


def _messages(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Line number and message; the whole as one message where its first line alone is none."""
    number, line = _next_line(file, 0)
    if line and not _is_json(line.removeprefix(BOM)):
        rest = file.read(LONGEST)
        whole = line + rest
        if len(rest) < LONGEST and _is_json(whole.removeprefix(BOM)):
            yield number, whole.strip()
            return
        file = cast(BinaryIO, _Again(rest, file))
    while line:
        yield number, line.strip(b"\r\n")
        number, line = _next_line(file, number)


def _next_line(file: BinaryIO, number: int) -> tuple[int, bytes]:
    """The next line with something in it, of at most `LONGEST` bytes; nothing at the end."""
    while True:
        number += 1
        line = file.readline(LONGEST)
        while line and not line.endswith(b"\n") and len(line) >= LONGEST and (more := file.readline(LONGEST)):
            if more.endswith(b"\n"):
                break
        if not line or line.strip():
            return number, line


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class _Again:
    """A file of which the next bytes were read already."""

    def __init__(self, read: bytes, file: BinaryIO) -> None:
        self._read, self._file = read, file

    def readline(self, limit: int) -> bytes:
        line, newline, self._read = self._read.partition(b"\n")
        line += newline
        return line if newline else line + self._file.readline(limit)


def _told(remark: Remark) -> str:
    place = f"{remark.field}: " if remark.field else ""
    what = remark.what and f"{remark.what}{'' if remark.what.endswith('?') else '.'} "
    return f"{remark.line:>8}  {remark.level:<8} {remark.code:<20} {place}{what}{remark.remedy}"


def _summary(counts: Counts, findings: int, notes: int) -> str:
    taken = counts.vitals - counts.suspect - counts.refused
    vitals = (
        f"{_many(counts.vitals, 'vital')}: {taken:,} taken, {counts.suspect:,} suspect, {counts.refused:,} refused; "
    )
    return (
        f"{_many(counts.messages, 'message')}, {counts.readings:,} readable; {vitals if counts.vitals else ''}"
        f"{_many(findings, 'finding')}, {_many(notes, 'note')}"
    )


def _many(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' * (number != 1)}"
