"""`vigilward replay`: recorded readings, a recorded log, or the log itself in; alerts out."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from streams.commands import CannotRun, progress
from streams.recordings.kinds import holds_tables

if TYPE_CHECKING:
    from streams.log import Output
    from streams.recorded.replay import Replay
    from streams.recordings.tables import Tables

Tell = Callable[["Output"], None]


def replay(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE|DIR]", help="Readings, one JSON a line; recorded tables (docs/recordings.md); a log."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The very bytes that go on the alerts topic; the default without a terminal.")
    ] = False,
    flush: Annotated[bool, typer.Option(help="Decide what is still open at the end of the recording.")] = False,
    alone: Annotated[
        bool, typer.Option("--alone", help="Give each patient a clock of its own: for a file sorted by patient.")
    ] = False,
    partitions: Annotated[int | None, typer.Option(min=1, help="As VIGILWARD_PARTITIONS.")] = None,
    from_kafka: Annotated[bool, typer.Option("--from-kafka", help="Read the log itself, in its own clock.")] = False,
    patient: Annotated[str | None, typer.Option(help="Only this patient, of a log.", metavar="P")] = None,
    since: Annotated[
        str | None, typer.Option(help="Of a log from this moment on: RFC 3339, or 90m ago.", metavar="T")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Of a log up to this moment.", metavar="T")] = None,
) -> None:
    """Send recorded readings through the same watch as live, and print the alerts, one a line.

    A recording ends where it ends: what was not decided by then is not said, unless --flush. Readings are replayed in
    event clock and in any mode, a log in its own. The same readings in the same order give the same bytes as live
    workers on as many partitions. In recorded tables each patient's first value is taken at 2026-01-01T00:00:00Z.

    Exit 1: some lines cannot be read, or are late because the file is not in the order of time, or lie more than a year
    after the first of their patient; or --since begins with the savepoint before it and there is none, so the start is
    incomplete.

    Example: vigilward replay recordings.jsonl --json
    Example: vigilward replay --from-kafka --patient p-7f3a --since 2h
    """
    if path is None or from_kafka or _is_log(path):
        _replay_log(path, from_kafka, patient, since, until, _bytes if as_json or not sys.stdout.isatty() else _words)
        return
    if patient or since or until:
        raise CannotRun("--patient, --since and --until are for a log (--from-kafka, or from `record`)", exit_code=2)
    if not path.exists():
        raise CannotRun(f"there is no file or folder {str(path)!r}", exit_code=2)
    recorded = _required(path)
    from streams.config.settings import load
    from streams.recorded.replay import Replay, read_lines

    count = partitions or load().partitions
    tell = _bytes if as_json or not sys.stdout.isatty() else _words
    one = Replay(partitions=count, alone=alone)
    with progress("replaying", sys.stdout.isatty()) as moved:
        for number, line in enumerate(read_lines(recorded), 1):
            for output in one.take(line):
                tell(output)
            if moved is not None and not number % SHOWN_EVERY:
                moved(number, 0)
    if flush:
        for output in one.flush():
            tell(output)
    counts = one.counts()
    if not counts["records"]:
        raise CannotRun(f"empty: {str(path)!r}: there is no reading in it", exit_code=2)
    _summarise(counts)
    if wrong := list(_wrong(one, counts["unreadable"])):
        for words in wrong:
            print(f"vigilward replay: {words}", file=sys.stderr)
        raise typer.Exit(1)


def _required(path: Path) -> "Path | Tables":
    """What to replay: tables are read here, once. Refuses what holds nothing, before the watch is imported; of a pipe
    that is known at its end, as what was read of it is gone. Raises NotARecording too.
    """
    recorded: Path | Tables = path
    if holds_tables(path):
        from streams.recordings.tables import tables_of

        recorded = tables_of(path)
        there = len(recorded.vitals) > 0
    elif path.is_file():
        with path.open("rb") as file:
            there = any(line.strip() for line in file)
    else:
        there = True
    if not there:
        raise CannotRun(f"empty: {str(path)!r}: there is no reading in it", exit_code=2)
    return recorded


def _wrong(replay: "Replay", unreadable: int) -> Iterator[str]:
    """What keeps the alerts from being those of all readings."""
    if replay.misplaced:
        yield (
            f"not_in_order: taken_at: {replay.misplaced:,} readings are in order for their patient and were late or "
            "too far ahead because of other patients: sort the file by taken_at, or give each patient a clock: --alone"
        )
    if replay.disordered:
        yield (
            f"not_in_order: taken_at: {replay.disordered:,} readings were late after later ones of their own patient, "
            "as they would be live: where they did not arrive so, sort the file by taken_at"
        )
    if replay.overlong:
        yield (
            f"clock_ahead: taken_at: {replay.overlong:,} readings lie more than 366 days after the first of their "
            "patient: cut the recording into shorter stretches"
        )
    if unreadable:
        yield f"unreadable: {unreadable:,} lines are no readings: `vigilward check` says what is wrong"


def _is_log(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(LOG_BEGINS)) == LOG_BEGINS


def _replay_log(
    path: Path | None, from_kafka: bool, patient: str | None, since: str | None, until: str | None, tell: Tell
) -> None:
    if (path is None) is not from_kafka:
        raise CannotRun("name either a file or --from-kafka", exit_code=2)
    from streams.recorded.moments import stretch

    asked = stretch(patient, since, until, int(time.time() * 1_000))
    from streams.config.packaged_rules import first_rules, packaged_rules
    from streams.config.settings import load
    from streams.recorded.file import RecordedLog
    from streams.recorded.play import play
    from streams.recorded.source import Source

    settings = load()
    incomplete: list[int] = []
    if path is not None:
        # a log that names no rules is one of the first build; a file made by hand is judged as a new log would be
        recorded = RecordedLog(path, first_rules(), settings.keys, unsaid=packaged_rules())
        for output in recorded.play(asked):
            tell(output)
        _summarise(recorded.counts)
        incomplete = [] if recorded.head.whole else [0]
    else:
        with Source(settings) as source:
            for output in play(source, first_rules(), asked, incomplete.append):
                tell(output)
    if incomplete:
        print("vigilward replay: the start is incomplete: no savepoint before it is left", file=sys.stderr)
        raise typer.Exit(1)


def _summarise(counts: Counter[str]) -> None:
    summary = ", ".join(f"{counts[name]} {name}" for name in SUMMED)
    refused = ", ".join(f"{n} {code[8:]}" for code, n in sorted(counts.items()) if code.startswith("refused_"))
    print(f"{counts['records']} records: {summary}" + (f"; refused: {refused}" if refused else ""), file=sys.stderr)


SHOWN_EVERY = 500  # lines between two looks of the bar
LOG_BEGINS = b'{"recorded_log":'
SUMMED = ("patients", "accepted", "suspect", "duplicate", "late", "rejected", "unreadable")


def _bytes(output: "Output") -> None:
    if output.topic == "alerts" and output.value is not None:
        sys.stdout.buffer.write(output.value + b"\n")


def _words(output: "Output") -> None:
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
