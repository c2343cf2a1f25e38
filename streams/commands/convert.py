"""`vigilward convert`: others' messages to native readings, each with its verdict."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.commands import CannotRun
from streams.commands.files import room_for, zone_of
from streams.formats.format import Format

if TYPE_CHECKING:
    from streams.formats.findings import Converted
    from streams.formats.mapping import Mapping


def convert(
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(metavar="FILE|-", help="Messages of one format; - is standard input.")
    ],
    form: Annotated[Format, typer.Option("--format", help="The format; auto looks at how they begin.")] = Format.AUTO,
    mapping: Annotated[
        list[Path] | None, typer.Option("--mapping", metavar="FILE", help="A mapping file (TOML); may be repeated.")
    ] = None,
    site_zone: Annotated[
        str | None, typer.Option("--site-zone", metavar="ZONE", help="The zone of times without an offset.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Whose messages without a patient are.")
    ] = None,
    patients: Annotated[
        Path | None, typer.Option("--patients", metavar="FILE", help="Where admissions go, as patient records.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Verdicts as one JSON object a line.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say which rule took which value.")] = False,
) -> None:
    """Turn others' messages into the native readings that would be published, one a line on standard output.

    On standard error stands a verdict for each message: taken, partly, refused or ignored, with a code, a place and a
    remedy for whatever was not taken. A reading whose time is no instant (a date alone, no zone) is given none: it
    stands as `held` in the verdict, not on standard output. Exit 0 when all was taken or ignored, 1 with findings, 2
    for usage.

    Example: vigilward convert results.hl7 --site-zone Europe/Berlin | vigilward check -
    """
    room_for(patients)
    zone, mappings = zone_of(site_zone), tuple(mapping_at(path) for path in mapping or ())
    data = file.read()
    if not data.strip():
        raise typer.BadParameter("there is no message in it", param_hint="FILE|-")
    from streams.formats.converter import Converter
    from streams.formats.findings import Outcome
    from streams.formats.statements import Site

    converter = Converter(Site(zone, patient), mappings=mappings)
    wrong, records = False, []
    for one in converter.convert(data, form):
        for reading in one.readings:
            print(json.dumps(reading, ensure_ascii=False))
        records += one.patients
        wrong = wrong or one.outcome in (Outcome.PARTLY, Outcome.REFUSED)
        _tell(one, as_json, explain)
    if patients is not None:
        patients.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), "utf-8")
    raise typer.Exit(1 if wrong else 0)


def mapping_at(path: Path) -> "Mapping":
    """The mapping in that file. Raises CannotRun or MappingError."""
    from streams.formats.mapping import read_mapping

    try:
        return read_mapping(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRun(f"{path.name}: cannot be read: {error.__class__.__name__}", exit_code=2) from error


def _tell(one: "Converted", as_json: bool, explain: bool) -> None:
    if as_json:
        verdict: dict[str, Any] = one.verdict() | ({"held": one.held} if one.held else {})
        if explain:
            verdict["took"] = [{"place": place, "vital": vital, "rule": rule} for place, vital, rule in one.took]
        print(json.dumps(verdict, ensure_ascii=False), file=sys.stderr)
        return
    print(f"message {one.number}: {one.outcome}{f' ({one.control_id})' if one.control_id else ''}", file=sys.stderr)
    for place, vital, rule in one.took if explain else ():
        print(f"    {place}: {vital} by {rule}", file=sys.stderr)
    for finding in one.findings:
        what = f"{finding.what}. " if finding.what else ""
        print(f"    {finding.level} {finding.code} {finding.place}: {what}{finding.remedy}", file=sys.stderr)
    for held in one.held:
        said = ", ".join(f"{name} {it['value']} {it.get('unit', '')}".rstrip() for name, it in held["vitals"].items())
        print(f"    held {held['taken_at'] or 'no time'} {held['patient_id'] or 'no patient'}: {said}", file=sys.stderr)
