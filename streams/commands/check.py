"""`vigilward check`: an integrator's messages, looked through before going live."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import typer

from schemas.action import Action
from schemas.base import Message
from schemas.decode import MAX_BYTES
from schemas.patient import PatientRecord
from streams import check_report, foreign_check
from streams.commands.convert import mapping_at
from streams.commands.files import room_for, zone_of
from streams.config.settings import load
from streams.formats.converter import Format, recognise
from streams.formats.mapping import Mapping, shipped
from streams.formats.statements import Site
from streams.inspection.inspector import Counts, Inspector
from streams.inspection.remarks import Level, Remark, Sign
from streams.recorded.replay import Replay, holds_tables

HEAD = 65_536
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
        Path,
        typer.Argument(
            metavar="FILE|DIR|-",
            help="One message a line, or a single one over many lines; recorded tables; - is standard input.",
        ),
    ],
    of: Annotated[Kind, typer.Option("--of", help="What the messages are.")] = Kind.READINGS,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each finding and note.")] = False,
    form: Annotated[
        Format, typer.Option("--format", help="Others' formats are converted first; auto looks how they begin.")
    ] = Format.AUTO,
    site_zone: Annotated[
        str | None, typer.Option("--site-zone", metavar="ZONE", help="The zone of others' times without an offset.")
    ] = None,
    mapping: Annotated[
        list[Path] | None, typer.Option("--mapping", metavar="FILE", help="A mapping file (TOML); may be repeated.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Whose others' messages without a patient are.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="A page (HTML) of what it is.")
    ] = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="The same for a build.")] = None,
) -> None:
    """Look through messages as the intake will, with a code, a field and a remedy for what is wrong with them.

    HL7 v2, FHIR and wearables' formats are converted first (`vigilward convert`), and looked at by message.

    A finding is something that would be refused, ignored or misread; a note is worth reading. Exit 0 when there is no
    finding, 1 when there is one, 2 when there is nothing to look at. Readings in a file are also replayed, as
    `vigilward replay` does: what would be late there because of other patients is a finding. Of recorded tables (a
    folder, .parquet, .csv) each signal and label is looked through.

    Example: vigilward check messages.jsonl --json
    """
    if str(file) != "-" and not file.exists():
        raise typer.BadParameter(f"{str(file)!r}: No such file or directory", param_hint="FILE|DIR|-")
    room_for(report, junit)
    if str(file) != "-" and form is Format.AUTO and holds_tables(file):
        raise typer.Exit(_check_tables(file, as_json))
    replay = Replay(partitions=load().partitions) if CONTRACTS[of] is None else None
    inspector, findings, notes = Inspector(time.time_ns() // 1_000_000, CONTRACTS[of], replay), 0, 0
    kinds: Counter[tuple[str, str | None]] = Counter()
    kept: list[Any] = []
    mappings = tuple(mapping_at(path) for path in mapping or ())
    for remark in _remarks(file, inspector, _foreign(of, form), Site(zone_of(site_zone), patient), mappings):
        if report is not None or junit is not None:
            kept.append(remark)
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
    summary = _summary(inspector.counts, findings, notes)
    if report is not None:
        report.write_text(check_report.page(kept, summary, file.name), "utf-8")
    if junit is not None:
        junit.write_text(check_report.junit(kept, inspector.counts.messages), "utf-8")
    print(summary, file=sys.stderr if as_json else sys.stdout)
    raise typer.Exit(1 if findings else 0)


def _check_tables(path: Path, as_json: bool) -> int:
    """Says what there is to say of recorded tables; gives the exit code."""
    from streams.lab.evaluation.table_remarks import remarks_of
    from streams.recordings.tables import tables_of

    tables = tables_of(path)
    found = list(remarks_of(tables))
    for one in found:
        print(json.dumps(one.as_dict()) if as_json else f"{one.level:<8} {one.code:<18} {one.field}: {_what(one)}")
    findings = sum(one.level is Level.FINDING for one in found)
    summary = (
        f"{_many(len(tables.patients), 'patient')}, {_many(len(tables.vitals), 'row')}; {_many(findings, 'finding')}, "
        f"{_many(len(found) - findings, 'note')}"
    )
    print(summary, file=sys.stderr if as_json else sys.stdout)
    return 1 if findings else 0


def _what(one: Any) -> str:
    return f"{one.what}. {one.remedy}" if one.what else one.remedy


def _foreign(of: Kind, form: Format) -> Format | None:
    """The format to convert from; None where only our own messages are meant."""
    return None if of is not Kind.READINGS or form is Format.NATIVE else form


def _remarks(
    path: Path, inspector: Inspector, form: Format | None, site: Site, mappings: tuple[Mapping, ...]
) -> Iterator[Any]:
    with nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as whole:
        head = whole.read(HEAD) if form is not None else b""
        file = cast(BinaryIO, _Again(head, whole))
        found = recognise(head, (*mappings, *shipped())) if form is Format.AUTO else form
        if found not in (None, Format.NATIVE):
            yield from foreign_check.look(head + whole.read(), found, site, mappings, inspector)
            return
        yield from _remarks_of(file, inspector)


def _remarks_of(file: BinaryIO, inspector: Inspector) -> Iterator[Remark]:
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
        if len(line) > limit:
            line, self._read = line[:limit], line[limit:] + self._read
            return line
        return line if newline else line + self._file.readline(limit - len(line))

    def read(self, limit: int) -> bytes:
        """What was read already, then the file."""
        held, self._read = self._read[:limit], self._read[limit:]
        return held + self._file.read(limit - len(held))


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
