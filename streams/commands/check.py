"""`vigilward check`: an integrator's messages, looked through before going live."""

import json
import sys
import time
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.commands.convert import mapping_at
from streams.commands.files import room_for, zone_of
from streams.formats.format import Format
from streams.inspection.remarks import Level, Remark
from streams.recordings.kinds import holds_tables

if TYPE_CHECKING:
    from schemas.base import Message
    from streams.inspection.inspector import Counts

SHOWN_OF_A_KIND = 3


class Kind(StrEnum):
    """Which topic the messages are for."""

    READINGS = "readings"
    PATIENTS = "patients"
    ACTIONS = "actions"


def _contract(of: Kind) -> "type[Message] | None":
    """The contract of other messages than readings."""
    from schemas.action import Action
    from schemas.patient import PatientRecord

    return {Kind.READINGS: None, Kind.PATIENTS: PatientRecord, Kind.ACTIONS: Action}[of]


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
        raise typer.Exit(_check_tables(file, as_json, report, junit))
    zone, mappings = zone_of(site_zone), tuple(mapping_at(path) for path in mapping or ())
    from streams import check_report  # what is refused is refused before this
    from streams.config.settings import load
    from streams.file_check import remarks
    from streams.formats.statements import Site
    from streams.inspection.inspector import Inspector
    from streams.recorded.replay import Replay

    contract = _contract(of)
    replay = Replay(partitions=load().partitions) if contract is None else None
    inspector, findings, notes = Inspector(time.time_ns() // 1_000_000, contract, replay), 0, 0
    kinds: Counter[tuple[str, str | None]] = Counter()
    kept: list[Any] = []
    for remark in remarks(file, inspector, _foreign(of, form), Site(zone, patient), mappings):
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
    check_report.written(kept, summary, file.name, inspector.counts.messages, report, junit)
    print(summary, file=sys.stderr if as_json else sys.stdout)
    raise typer.Exit(1 if findings else 0)


def _check_tables(path: Path, as_json: bool, report: Path | None, junit: Path | None) -> int:
    """Says what there is to say of recorded tables; gives the exit code."""
    from streams.recordings.tables import tables_of

    tables = tables_of(path)
    from streams import check_report
    from streams.lab.evaluation.table_remarks import remarks_of

    found = list(remarks_of(tables))
    for one in found:
        print(json.dumps(one.as_dict()) if as_json else f"{one.level:<8} {one.code:<18} {one.field}: {_what(one)}")
    findings = sum(one.level is Level.FINDING for one in found)
    summary = (
        f"{_many(len(tables.patients), 'patient')}, {_many(len(tables.vitals), 'row')}; {_many(findings, 'finding')}, "
        f"{_many(len(found) - findings, 'note')}"
    )
    check_report.written(found, summary, tables.name, len(set(tables.vitals["signal"].unique())), report, junit)
    print(summary, file=sys.stderr if as_json else sys.stdout)
    return 1 if findings else 0


def _what(one: Any) -> str:
    return f"{one.what}. {one.remedy}" if one.what else one.remedy


def _foreign(of: Kind, form: Format) -> Format | None:
    """The format to convert from; None where only our own messages are meant."""
    return None if of is not Kind.READINGS or form is Format.NATIVE else form


def _told(remark: Remark) -> str:
    place = f"{remark.field}: " if remark.field else ""
    what = remark.what and f"{remark.what}{'' if remark.what.endswith('?') else '.'} "
    return f"{remark.line:>8}  {remark.level:<8} {remark.code:<20} {place}{what}{remark.remedy}"


def _summary(counts: "Counts", findings: int, notes: int) -> str:
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
