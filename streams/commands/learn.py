"""`vigilward learn`: weights of a learned head from recorded patients whose course is known."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from streams.commands import CannotRun


def learn(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders with vitals.parquet and labels.parquet.")
    ],
    head: Annotated[str, typer.Option(help="What is learned: sepsis, death or hypotension.")],
    out: Annotated[Path, typer.Option(help="Where the learned weights are written.")],
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; what comes out does not depend on it.")] = 2,
    seed: Annotated[int | None, typer.Option(help="Another order of the patients than the usual one.")] = None,
    into: Annotated[
        Path | None, typer.Option("--into", help="A rules file that these weights challenge: `rules --out` beside it.")
    ] = None,
    promoted: Annotated[Path | None, typer.Option(help="Where the rules with the new weights are written.")] = None,
    on: Annotated[Path | None, typer.Option(help="A folder of other or later patients that decides.")] = None,
    margin: Annotated[float, typer.Option(help="How much better (AUROC, lower bound) the challenger must be.")] = 0.0,
    author: Annotated[str | None, typer.Option(help="Who wants the new weights in force.")] = None,
    approver: Annotated[str | None, typer.Option(help="The safety officer who agrees; not the author.")] = None,
) -> None:
    """Stream recorded patients through the very same Vigil and learn a head from what came of them.

    Outcomes are read apart and only after a patient was watched; a quarter of the patients, chosen by a hash of the id,
    is never learned from, and the figures in the file are theirs. The same folders give the same bytes.

    With --into the weights challenge those in a rules file: only if they are better by --margin on the patients of
    --on, and with an author and an approver, rules with the new weights are written to --promoted. They take effect
    when they are published to the rules topic: workers forward them to every partition.

    Example: vigilward learn recorded/2025 --head sepsis --out sepsis.json
    """
    from streams.lab.examples import watch_folder
    from streams.lab.learn import learn as learn_from
    from streams.lab.recipes import HEADS
    from streams.lab.weights import write_weights

    if head not in HEADS:
        raise CannotRun(f"nobody knows a head `{head}`; known: {', '.join(HEADS)}", exit_code=2)
    if into is not None and (promoted is None or on is None or not author or not approver):
        raise CannotRun("--into needs --promoted, --on, --author and --approver", exit_code=2)
    recipe = HEADS[head]
    with _progress() as bar:
        task = bar.add_task("watching")
        seen = []
        for folder in folders:
            seen.append(
                (folder, watch_folder(folder, workers=workers, progress=lambda n, all_: _show(bar, task, n, all_)))
            )
        bar.update(task, description="learning", total=None)
        weights = learn_from(recipe, seen, seed)
    out.write_bytes(write_weights(weights))
    print(f"{out}: {head} from {weights.model.patients} patients; on others: {_words(weights.figures)}")
    if into is not None:
        assert promoted is not None and on is not None and author and approver
        from streams.lab.promotion import promote

        print(promote(weights, into, promoted, on, margin, author, approver, workers))


def _progress() -> Progress:
    from rich.console import Console

    return Progress(console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty())


def _show(bar: Progress, task: object, done: int, count: int) -> None:
    bar.update(task, completed=done, total=count)  # type: ignore[arg-type]


def _words(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())
