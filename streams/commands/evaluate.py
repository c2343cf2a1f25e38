"""`vigilward evaluate`: how good the alerts are on recorded patients, beside honest baselines, with intervals."""

import json
import os
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.vitals import Source
from streams.commands import CannotRun, progress
from streams.commands.files import PACKAGED, room_for, rules_bytes_of, rules_of


def evaluate(
    recording: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|FILE", help="Recorded patients: vitals and labels, as .parquet or .csv; WFDB; EDF."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Every figure under its stable name, as one object.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also write one page with tables and curves.")
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            metavar="LABEL",
            help="Judge by this label (several: once each); else by sepsis_onset, in_hospital_death or "
            "ahe_within_1h_of_T0, the first that is there. LABEL:24:1 has a horizon and a lead of its own.",
        ),
    ] = None,
    horizon: Annotated[
        float | None, typer.Option(metavar="HOURS", help="A call counts so long before the event; 24 unless said.")
    ] = None,
    lead: Annotated[
        float | None,
        typer.Option(metavar="HOURS", help="A call counts no later than so long before it; 1 unless said."),
    ] = None,
    source: Annotated[
        Source | None, typer.Option(help="How the values came about; told by their cadence unless said.")
    ] = None,
    rules: Annotated[str, typer.Option(metavar="FILE", help="Another rules file than the packaged one.")] = PACKAGED,
    injected: Annotated[
        bool,
        typer.Option(
            "--injected", help="Injection events of known size into recordings at 1 Hz, and count those found."
        ),
    ] = False,
    cross_fitted: Annotated[
        bool,
        typer.Option("--cross-fitted", help="Judge each quarter by weights that were learned from the other three."),
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Of what is drawn by lot: the bootstrap, where injections begin.")
    ] = 20_260_101,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the figures do not depend on it.")] = 2,
    replicates: Annotated[
        int, typer.Option(min=20, help="Bootstrap replicates of patients for the intervals.")
    ] = 1_000,
) -> None:
    """Stream every recorded patient through the same watch as live, and hold the alerts against what became of them.

    Each patient is streamed alone, every alert counts as seen after five minutes, and what is compared is counted by
    one set of definitions (streams/lab/evaluation/definitions.py). Missing figures are null, with the reason.
    docs/recordings.md describes the tables. Exit 0 whatever was found; 2 for a folder that cannot be read or judged.

    Example: vigilward evaluate recordings/ --json

    Example: vigilward evaluate recordings/ --event icu_transfer --event cardiac_arrest --horizon 12

    With --cross-fitted the head of the folder's event is learned anew for each quarter of the patients from the other
    three: what such weights tell of patients they have not seen, counted over all of them and not over a few.

    Example: vigilward evaluate recordings/ --injected
    """
    if injected:
        if rules != PACKAGED or report is not None or cross_fitted or events or source:
            raise CannotRun(
                "--injected takes none of --rules, --report, --event, --source and --cross-fitted", exit_code=2
            )
        _evaluate_injected(recording, seed, min(workers, os.cpu_count() or 1), as_json=as_json)
        return
    room_for(report)
    if cross_fitted and len(events or []) > 1:
        raise CannotRun("--cross-fitted takes one --event: a head is learned for it", exit_code=2)
    if report is not None and len(events or []) > 1:
        raise CannotRun("--report takes one --event: a page is of one", exit_code=2)
    asked = _asked(events or [], horizon, lead)
    if rules != PACKAGED:
        rules_of(rules)
    _require_labels(recording, asked)
    from streams.lab.evaluation.batches import Helpers
    from streams.recordings.tables import tables_of, vitals_file

    workers = min(workers, os.cpu_count() or 1)
    with Helpers(workers) as helpers:
        if not cross_fitted:
            helpers.start_for_file(vitals_file(recording), "streams.lab.evaluation.evaluate")
        tables = tables_of(recording, source=source)  # refused before the lab is imported
        from streams.lab.evaluation.figures_table import lines

        with progress("streaming patients") as moved:
            evaluations = list(
                _run(
                    tables,
                    asked,
                    helpers,
                    cross_fitted=cross_fitted,
                    rules=rules_bytes_of(rules),
                    rules_file=None if rules == PACKAGED else rules,
                    workers=workers,
                    replicates=replicates,
                    seed=seed,
                    progress=moved,
                )
            )
    if report is not None:
        from streams.lab.evaluation.report import page

        report.write_text(page(evaluations[0]), encoding="utf-8")
    every = [one.told for one in evaluations]
    if as_json:
        print(json.dumps(every[0] if len(every) == 1 else {"events": every}, allow_nan=False))
        return
    for number, told in enumerate(every):
        for line in ("", *lines(told)) if number else lines(told):
            print(line)


def _require_labels(recording: Path, asked: list[Any]) -> None:
    """Raises CannotEvaluate where nobody has a label asked for, before the vitals are read."""
    if asked != [None]:
        from streams.lab.evaluation.outcomes import event_of

        for one in asked:
            event_of(recording, one)


def _asked(events: list[str], horizon: float | None, lead: float | None) -> list[Any]:
    """The events as they were named; raises CannotRun where hours make no sense."""
    if not events:
        if horizon is not None or lead is not None:
            raise CannotRun("--horizon and --lead are of an --event", exit_code=2)
        return [None]
    from streams.lab.evaluation.definitions import DETECTED_WITHIN_H, LEAST_LEAD_H, Horizon
    from streams.lab.evaluation.outcomes import Asked

    found: list[Any] = []
    for name in events:
        label, *hours = name.split(":")
        try:
            own = [float(one) for one in hours]
        except ValueError:
            label, own = name, []  # a label with a colon in it
        given = [*own, *(None, None)][:2]
        within = horizon if given[0] is None else given[0]
        least = lead if given[1] is None else given[1]
        if within is None and least is None:
            found.append(Asked(label))
            continue
        within = DETECTED_WITHIN_H if within is None else within
        least = min(LEAST_LEAD_H, within / 2) if least is None else least
        if not 0 <= least < within < inf:
            raise CannotRun(f"bad_horizon: --event {name}: 0 <= lead < horizon, in hours", exit_code=2)
        found.append(Asked(label, Horizon.of(within, least)))
    return found


def _run(recording: Any, asked: list[Any], helpers: Any, *, cross_fitted: bool, **facts: Any) -> Iterator[Any]:
    from streams.lab.evaluation.crossed import cross_fitted as run_crossed
    from streams.lab.evaluation.evaluate import evaluate_events

    if cross_fitted:
        yield run_crossed(recording, asked=asked[0], **facts)
        return
    yield from evaluate_events(recording, asked, helpers=helpers, **facts)


def _evaluate_injected(folder: Path, seed: int, workers: int, *, as_json: bool) -> None:
    from streams.lab.ablation.injected import evaluate_injected, lines

    with progress("planting events") as moved:
        told = evaluate_injected(folder, seed=seed, workers=workers, progress=moved)
    if as_json:
        print(json.dumps(told, allow_nan=False))
        return
    for line in lines(told):
        print(line)
