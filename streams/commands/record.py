"""`vigilward record`: the log out of Kafka into a file that `vigilward replay` takes."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from streams.commands import CannotRun
from streams.settings import load


def record(
    path: Annotated[Path, typer.Argument(metavar="FILE|-", help="Where to write; `-` is standard output.")],
    since: Annotated[str | None, typer.Option(help="From this moment (RFC 3339, or 90m ago) on.", metavar="T")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this moment.", metavar="T")] = None,
    force: Annotated[bool, typer.Option(help="Write over a file that is there.")] = False,
) -> None:
    """Write the log as it stands in Kafka to a file, each record with its moment of arrival and its kind.

    With --since the file begins with the states of the savepoint before that moment. The file holds patients' data.
    Exit 1: the log's beginning was deleted and there is no savepoint before the moment asked for.

    Example: vigilward record --since 90m night.log
    """
    from streams.recorded.moments import stretch
    from streams.recorded.recorder import record as pieces
    from streams.recorded.source import Source

    asked = stretch(None, since, until, int(time.time() * 1_000))
    if str(path) != "-" and path.exists() and not force:
        raise CannotRun(f"{str(path)!r} is there already; --force writes over it", exit_code=2)
    settings = load()
    records = 0
    whole = True
    with Source(settings) as source:
        out = sys.stdout.buffer if str(path) == "-" else path.open("wb")
        try:
            for piece in pieces(source, asked):
                out.write(piece.data)
                records += piece.records
                whole = whole and piece.whole
        finally:
            if out is not sys.stdout.buffer:
                out.close()
    print(f"{records} records of {settings.topic('readings')}", file=sys.stderr)
    if not whole:
        print("vigilward record: the start is incomplete: no savepoint before it is left", file=sys.stderr)
        raise typer.Exit(1)
