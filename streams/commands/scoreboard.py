"""`vigilward scoreboard`: made-up patients through the watch: called in time, late, missed, and for nothing."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from streams.commands import CannotRun, progress
from streams.commands.files import PACKAGED, room_for, rules_bytes_of, rules_of


def scoreboard(
    kinds: Annotated[list[str] | None, typer.Argument(metavar="KIND...", help="Some kinds; all without.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Patients a kind and cadence; half are answered.")] = 20,
    cadence: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Such as '1 Hz'; all without.")] = None,
    rules: Annotated[str, typer.Option(metavar="FILE", help="Another rules file than the packaged one.")] = PACKAGED,
    as_json: Annotated[bool, typer.Option("--json", help="Every figure under its name, as one object.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="FILE.txt", help="Also write the table there.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the figures do not depend on it.")] = 1,
) -> None:
    """Stream made-up patients through the very watch and count: called in time, late, missed, too many, technical.

    Beside it stand NEWS2 on a chart kept by the rounds that chart 4 asks for, and limits on raw values. Exit 0 where
    every point of acceptance is met, 1 where one is not, 2 for an unknown kind.

    Example: vigilward scoreboard spo2_85 well --seeds 2
    """
    from streams.lab.scoreboard.board import jobs, run, told
    from streams.lab.scoreboard.kinds import KINDS
    from streams.lab.scoreboard.patient import Cadence
    from streams.lab.scoreboard.words import lines

    names = kinds or list(KINDS)
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise CannotRun(f"no kind is called {', '.join(unknown)}; there are {', '.join(KINDS)}", exit_code=2)
    known = {str(one) for one in Cadence}
    strange = [name for name in cadence or () if name not in known]
    if strange:
        raise CannotRun(f"no cadence is called {', '.join(strange)}; there are {', '.join(known)}", exit_code=2)
    rules_of(rules)
    room_for(report)
    wanted = [Cadence(name) for name in cadence] if cadence else list(Cadence)
    work = jobs(names, seeds, wanted)
    with progress("streaming made-up patients") as moved:
        found = told(run(work, rules_bytes_of(rules), workers=min(workers, os.cpu_count() or 1), progress=moved))
    table = "\n".join(lines(found)) + "\n"
    if report is not None:
        report.write_text(table, encoding="utf-8")
    print(json.dumps(found, allow_nan=False) if as_json else table, end="")
    if not all(point["met"] for point in found["acceptance"]):
        raise typer.Exit(1)
