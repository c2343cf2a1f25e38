"""The command `vigilward`: one file a command, each read only when it is called.

Exit codes: 0 done, 1 findings, 2 usage, 3 this machine or the broker cannot do it. Anything else is a defect of ours
(70, with a traceback) or a signal.
"""

import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS: Final = {
    "demo": "Everything in one go: a ward, a broker, a worker, their alerts.",
    "worker": "Watch the patients of the readings topic, one of a group.",
    "canary": "See from outside whether each partition is watched.",
    "notify": "Tell people of calls, and machines of alerts.",
    "board": "The ward's page: whom to see first, and why.",
    "replay": "Recorded readings, or the log itself, through the same watch.",
    "record": "The log out of Kafka into a file that replay takes.",
    "state": "What is stored of patients: show, move, reset, erase.",
    "simulate": "Publish made-up patients, marked as demo.",
    "evaluate": "How good the alerts are, on recorded patients.",
    "scoreboard": "Made-up patients: called in time, late, missed, too often.",
    "learn": "Weights from recorded patients whose course is known.",
    "score": "Spot checks in, NEWS2 out, one line each.",
    "device-sim": "A made-up ward in others' formats, to try a gateway with.",
    "gateway": "A door for HL7 v2, FHIR, MQTT or HTTP, acknowledged by Kafka.",
    "rejections": "What gateways refused: list, show, retry.",
    "convert": "HL7 v2, FHIR and wearables to readings, each with a verdict.",
    "check": "Look through an integrator's messages before going live.",
    "schema": "Print the contracts of the messages and the table of vitals.",
    "settings": "What is set, and where from; secrets are hidden.",
    "doctor": "Is this installation sound? A remedy for each trouble.",
    "rules": "The clinical rules: list, validate, diff, dry-run.",
    "explain": "Why an alert was raised, or why not, on a recording.",
    "bench": "What this machine carries.",
    "size": "Workers, partitions, memory and disk for a hospital.",
}
"""Every command in the order of `--help`, with its line there; a test holds it to the files of this folder."""

DEFECT: Final = 70  # EX_SOFTWARE: never to be mistaken for findings
OURS: Final = frozenset({"schemas", "detectors", "streams"})
PLAIN: Final[dict[str, Any]] = {"add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": None}


class CannotRun(Exception):
    """What keeps a command from running, in words that name the way out.

    `exit_code` is 3 (this machine, the broker) unless it is a matter of usage (2). Any exception of ours that has an
    `exit_code` is told to the user in the same way: its text on standard error, and no traceback.
    """

    def __init__(self, words: str, exit_code: int = 3) -> None:
        super().__init__(words)
        self.exit_code = exit_code


@contextmanager
def progress(words: str, hidden: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error while something lasts, moving several times a second; None where nobody would see it, or
    where it is `hidden` because lines for people come out meanwhile.

    What is given is called with how many are done and how many there are.
    """
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)

        def moved(done: int, all_: int) -> None:
            bar.update(task, completed=done, total=all_ or None)
            if done == all_:  # the next stage, such as the figures, says by the clock alone that it goes on
                bar.update(task, description=f"{words}: done, working out the rest")

        yield moved


def load(name: str) -> TyperCommand:
    """The command itself, from the function NAME in the file NAME.py. What its imports raise is raised."""
    file = name.replace("-", "_")
    function = getattr(import_module(f"{__name__}.{file}"), file)
    alone = typer.Typer(**PLAIN)
    alone.command(name, help=_help(function), context_settings={"help_option_names": ["-h", "--help"]})(function)
    return typer.main.get_command(alone)  # type: ignore[return-value]


def _help(function: Any) -> str:
    """The docstring, its examples left as they are written instead of being filled to the width of the page."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    return "\n\n".join(f"\b\n{words}" if words.startswith("Example") else words for words in paragraphs)


class Listed(TyperCommand):
    """A command as `--help` lists it; the file is read when the command is called."""

    def __init__(self, name: str, line: str) -> None:
        super().__init__(name, help=line, rich_markup_mode=None)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the real command."""
        return load(self.name or "").make_context(info_name, args, parent=parent, **extra)


class Commands(TyperGroup):
    """All commands whose file is there."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)
        for name, line in COMMANDS.items():
            if find_spec(f"{__name__}.{name.replace('-', '_')}") is not None:
                self.add_command(Listed(name, line))

    def invoke(self, ctx: Any) -> Any:
        """Runs a command; tells what keeps it from running in one line instead of a traceback."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # the reader has seen enough: `vigilward replay ... | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            code = getattr(error, "exit_code", None)
            if type(error).__module__.partition(".")[0] not in OURS or not isinstance(code, int):
                raise
            typer.echo(f"vigilward {ctx.invoked_subcommand or ''}: {error}", err=True)
            raise typer.Exit(code) from error
        return result


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Watches every bed's vital signs as they stream, learns what is usual for each patient, and tells the ward "
    "early, and seldom. Not a certified alarm.",
    epilog="Example: vigilward demo --for 60s",
    context_settings={"help_option_names": ["-h", "--help"]},
    **PLAIN,
)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        from detectors.compiled import CORE, PLAIN_BECAUSE

        because = f": {PLAIN_BECAUSE}" if PLAIN_BECAUSE else ""
        typer.echo(f"vigilward {version('vigilward')} ({CORE} core{because})")
        raise typer.Exit


@app.callback()
def _vigilward(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; ends the process."""
    try:
        app(prog_name="vigilward")
    except Exception:
        traceback.print_exc()
        sys.exit(DEFECT)
