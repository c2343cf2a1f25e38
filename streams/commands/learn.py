"""`vigilward learn`: weights of a learned head from recorded patients whose course is known."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.commands import CannotRun, progress
from streams.commands.files import room_for, rules_bytes_of, rules_of

if TYPE_CHECKING:
    from streams.recordings.tables import Tables


def learn(
    folders: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders with vitals.parquet and labels.parquet.")
    ],
    head: Annotated[str, typer.Option(help="What is learned: sepsis, death or hypotension.")],
    out: Annotated[Path, typer.Option(help="Where the learned weights are written.")],
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; what comes out does not depend on it.")] = 2,
    seed: Annotated[int | None, typer.Option(min=0, help="Another order of the patients than the usual one.")] = None,
    into: Annotated[
        str | None, typer.Option(help="Rules that these weights challenge: a file, or `packaged`. Needs the next five.")
    ] = None,
    on: Annotated[Path | None, typer.Option(metavar="DIR", help="Later or other patients: they decide.")] = None,
    rules_out: Annotated[Path | None, typer.Option(help="Where rules with the new weights are written.")] = None,
    version: Annotated[str | None, typer.Option(help="What the new rules are called.")] = None,
    author: Annotated[str | None, typer.Option(help="Who wants the new weights in force.")] = None,
    approver: Annotated[str | None, typer.Option(help="The safety officer who agrees; not the author.")] = None,
    margin: Annotated[float, typer.Option(help="How much the AUROC must gain, as a lower bound of 95 %.")] = 0.0,
) -> None:
    """Stream recorded patients through the very same Vigil and learn a head from what came of them.

    Outcomes are read apart, and only once a patient was watched. A quarter of the patients, chosen by a hash of the id,
    is never learned from; the figures in the file are theirs. The same folders give the same bytes.

    With --into the weights challenge those in force: if they are better by more than --margin on the patients of --on,
    and two people stand behind it, rules with the new weights are written. They take effect in every partition when
    they are published to the rules topic. Exit 1 if the weights in force stay in force.

    Example: vigilward learn recorded/2025 --head sepsis --out sepsis.json
    """
    if into is not None and not (on and rules_out and version and author and approver):
        raise CannotRun("--into needs --on, --rules-out, --version, --author and --approver", exit_code=2)
    room_for(out, rules_out)
    if into is not None:
        rules_bytes_of(into)
    from streams.lab.learning.recipes import HEADS, Outcome

    if head not in HEADS:
        raise CannotRun(f"nobody knows a head `{head}`; known: {', '.join(HEADS)}", exit_code=2)
    from streams.lab.evaluation.folder import check

    if into is not None:
        rules_of(into)
    labelled = HEADS[head].outcome is not Outcome.LOW_PRESSURE
    tables = {folder: check(folder, labelled=labelled) for folder in (folders if on is None else [*folders, on])}
    from streams.lab.evaluation.data_quality import lines as quality_lines  # what is refused is refused before this
    from streams.lab.evaluation.data_quality import require_quality
    from streams.lab.learning.examples import watch_folder
    from streams.lab.learning.learn import learn as learn_from
    from streams.lab.learning.weights import write_weights
    from streams.recordings.recordings import Recording

    for folder, one in tables.items():
        quality = require_quality(Recording(one), "learned")
        for line in quality_lines(quality):
            print(f"{folder}: {line}", file=sys.stderr)
    with progress("streaming patients") as moved:
        seen = [(tables[folder], watch_folder(tables[folder], workers=workers, progress=moved)) for folder in folders]
        weights = learn_from(HEADS[head], seen, seed)
    out.write_bytes(write_weights(weights))
    print(f"{out}: {head} from {weights.model.patients} patients; on {_words(weights.figures)}")
    if into is not None:
        assert on is not None
        _challenge(
            weights, into, tables[on], rules_out, {"version": version, "author": author, "approver": approver}, margin
        )


def _challenge(
    weights: Any, into: str, on: "Tables", rules_out: Path | None, facts: dict[str, Any], margin: float
) -> None:
    from streams.lab.learning.examples import answers, watch_folder
    from streams.lab.learning.promotion import promoted
    from streams.lab.learning.recipes import HEADS

    assert rules_out is not None
    with progress("streaming the patients who decide") as moved:
        later = [one for one in watch_folder(on, progress=moved) if not weights.learned_from(one.patient)]
    told = answers(later, HEADS[weights.model.head], on)
    written, duel = promoted(rules_bytes_of(into), weights, later, told, margin=margin, **facts)
    rules_out.write_bytes(written)
    print(
        f"{rules_out}: AUROC {duel.challenger:.3f} against {duel.champion:.3f} in force, a gain of at least "
        f"{duel.low:+.3f} on {duel.patients} patients; publish it to the rules topic to put it in force"
    )


def _words(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())
