"""`vigilward demo`: everything in one go, on an embedded broker."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def _seconds(text: str | None) -> float | None:
    from streams.simulator.pace import seconds

    try:
        return None if text is None else seconds(text)
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None


def demo(
    for_: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="End by itself after so long, such as 60s or 5m.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The last line is one JSON object.")] = False,
    patients: Annotated[int, typer.Option(min=1, max=500, help="Made-up patients, beside the recorded ones.")] = 16,
    speed: Annotated[float, typer.Option(min=1, max=600, help="How many times as fast as real time runs.")] = 120,
    seed: Annotated[int, typer.Option(help="The same seed makes the same patients.")] = 1,
    picture: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Keep the last screen as a picture.")] = None,
) -> None:
    """Show a ward: recorded and made-up patients, a worker, and the alerts as they come, each with its why.

    Needs no Kafka: a broker runs inside this process, the worker beside it. It keeps nothing. Time runs faster than
    real, so that illness of hours is seen in a minute.

    Example: vigilward demo --for 60s
    """
    from streams.demo.screen import console
    from streams.demo.show import Demo, as_line, save_picture, tell_in_lines, tell_nothing, tell_on_terminal

    show = Demo(patients=patients, speed=speed, seed=seed, lasts_s=_seconds(for_))
    if sys.stdout.isatty() and not as_json:
        summary = show.run(tell_on_terminal(console()))
    else:
        tell_in_lines(show, sys.stderr)
        summary = show.run(tell_nothing)
    if picture is not None:
        save_picture(show, picture)
    if as_json:
        print(as_line(summary), flush=True)
    else:
        print(", ".join(f"{count:,} {name}" for name, count in summary.items()))
