"""`vigilward evaluate`: how good the alerts are on recorded patients, beside honest baselines, with intervals."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from streams.commands import CannotRun, progress
from streams.commands.files import PACKAGED, room_for, rules_bytes_of, rules_of


def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Recorded patients: vitals.parquet, labels.parquet.")],
    as_json: Annotated[bool, typer.Option("--json", help="Every figure under its stable name, as one object.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write one page with tables and curves.")
    ] = None,
    rules: Annotated[str, typer.Option(metavar="FILE", help="Another rules file than the packaged one.")] = PACKAGED,
    planted: Annotated[
        bool,
        typer.Option("--planted", help="Plant events of known size into recordings at 1 Hz, and count those found."),
    ] = False,
    cross_fitted: Annotated[
        bool,
        typer.Option("--cross-fitted", help="Judge each quarter by weights that were learned from the other three."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of what is drawn by lot: the bootstrap, where plants begin.")] = 20_260_101,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the figures do not depend on it.")] = 2,
    replicates: Annotated[
        int, typer.Option(min=20, help="Bootstrap replicates of patients for the intervals.")
    ] = 1_000,
) -> None:
    """Stream every recorded patient through the same watch as live, and hold the alerts against what became of them.

    Each patient is streamed alone, every alert counts as seen after five minutes, and what is compared is counted by
    one set of definitions (streams/lab/definitions.py). Missing figures are null, with the reason. Exit 0 whatever was
    found; 2 for a folder that cannot be read.

    Example: vigilward evaluate recordings/ --json
    With --cross-fitted the head of the folder's event is learned anew for each quarter of the patients from the other
    three: what such weights tell of patients they have not seen, counted over all of them and not over a few.

    Example: vigilward evaluate recordings/ --planted
    """
    from streams.lab.crossed import cross_fitted as run_crossed
    from streams.lab.evaluate import evaluate as run_shipped
    from streams.lab.words import lines

    if planted:
        if rules != PACKAGED or report is not None or cross_fitted:
            raise CannotRun("--planted takes none of --rules, --report and --cross-fitted", exit_code=2)
        _evaluate_planted(folder, seed, min(workers, os.cpu_count() or 1), as_json=as_json)
        return
    rules_of(rules)
    room_for(report)
    evaluation = (run_crossed if cross_fitted else run_shipped)(
        folder,
        rules=rules_bytes_of(rules),
        workers=min(workers, os.cpu_count() or 1),
        replicates=replicates,
        seed=seed,
        progress=progress(),
    )
    told = evaluation.told
    if report is not None:
        from streams.lab.report import page

        report.write_text(page(evaluation), encoding="utf-8")
    if as_json:
        print(json.dumps(told, allow_nan=False))
        return
    for line in lines(told):
        print(line)


def _evaluate_planted(folder: Path, seed: int, workers: int, *, as_json: bool) -> None:
    from streams.lab.planted import evaluate_planted, lines

    told = evaluate_planted(folder, seed=seed, workers=workers, progress=progress())
    if as_json:
        print(json.dumps(told, allow_nan=False))
        return
    for line in lines(told):
        print(line)
