"""`vigilward replay`: recorded readings in, alerts out, without Kafka."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from streams.commands import CannotRun
from streams.log import Output
from streams.replay import Replay, read_lines
from streams.settings import load


def replay(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="Readings, one JSON a line; or a folder of recordings.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="The very bytes that go on the alerts topic; the default without a terminal.")
    ] = False,
    flush: Annotated[bool, typer.Option(help="Decide what is still open at the end of the recording.")] = False,
    partitions: Annotated[int | None, typer.Option(min=1, help="As VIGILWARD_PARTITIONS.")] = None,
) -> None:
    """Send recorded readings through the same watch as live, and print the alerts, one a line.

    A recording ends where it ends: what was not decided by then is not said, unless --flush. Always in event clock;
    any mode.
    The same readings in the same order give the same bytes as live workers on as many partitions.

    Example: vigilward replay recordings.jsonl --json
    """
    if not path.exists():
        raise CannotRun(f"there is no file or folder {str(path)!r}", exit_code=2)
    count = partitions or load().partitions
    tell = _bytes if as_json or not sys.stdout.isatty() else _words
    one = Replay(partitions=count)
    for line in read_lines(path):
        for output in one.take(line):
            tell(output)
    if flush:
        for output in one.flush():
            tell(output)
    counts = one.counts()
    summary = ", ".join(f"{counts[name]} {name}" for name in SUMMED)
    refused = ", ".join(f"{n} {code[8:]}" for code, n in sorted(counts.items()) if code.startswith("refused_"))
    print(f"{counts['records']} records: {summary}" + (f"; refused: {refused}" if refused else ""), file=sys.stderr)


SUMMED = ("patients", "accepted", "suspect", "duplicate", "late", "rejected", "unreadable")


def _bytes(output: Output) -> None:
    if output.topic == "alerts" and output.value is not None:
        sys.stdout.buffer.write(output.value + b"\n")


def _words(output: Output) -> None:
    if output.topic == "alerts" and output.value is not None:
        print(in_words(msgspec.json.decode(output.value)))


def in_words(alert: dict) -> str:
    """An alert in one line.

    >>> in_words({"at": "2026-11-22T12:00:00.000Z", "state": "raised", "priority": "high", "interrupts": True,
    ...     "bed": "A04", "patient_id": "p", "headline": "Resp rate 26/min"})
    '2026-11-22 12:00:00  raised    high   ***  A04       Resp rate 26/min'
    """
    mark = {"high": "***", "medium": "** ", "low": "*  "}[alert["priority"]] if alert["interrupts"] else "   "
    when = alert["at"][:19].replace("T", " ")
    where = alert["bed"] or alert["patient_id"]
    return f"{when}  {alert['state']:<9} {alert['priority']:<6} {mark}  {where:<8}  {alert['headline']}"
