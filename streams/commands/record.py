"""`vigilward record`: the log out of Kafka into a file that `vigilward replay` takes."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from streams.commands import CannotRun, progress
from streams.commands.files import room_for

STDOUT: Final = Path("-")


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
    if path != STDOUT and path.exists() and not force:
        raise CannotRun(f"{str(path)!r} is there already; --force writes over it", exit_code=2)
    if path != STDOUT:
        room_for(path)
    from streams.recorded.moments import stretch

    asked = stretch(None, since, until, int(time.time() * 1_000))
    from streams.config.settings import load
    from streams.recorded.recorder import record as pieces
    from streams.recorded.source import Source

    settings = load()
    records = 0
    whole = True
    with Source(settings) as source, _written(path) as out, progress("recording", path == STDOUT) as moved:
        for piece in pieces(source, asked):
            out.write(piece.data)
            records += piece.records
            whole = whole and piece.whole
            if moved is not None:
                moved(records, 0)
    print(f"{records} records of {settings.topic('readings')}", file=sys.stderr)
    if not whole:
        print("vigilward record: the start is incomplete: no savepoint before it is left", file=sys.stderr)
        raise typer.Exit(1)


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """The file, there under its name once it is whole; what keeps it from being written leaves nothing behind."""
    if path == STDOUT:
        yield sys.stdout.buffer
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
