"""`vigilward settings`: what is in force on this machine and where from, or the reference of all settings."""

import json
from typing import Annotated

import typer

from streams.commands import CannotRun


def settings(
    table: Annotated[str, typer.Argument(metavar="[worker|board|gateway]", help="Whose settings.")] = "worker",
    as_json: Annotated[bool, typer.Option("--json", help="One object a line.")] = False,
    reference: Annotated[
        bool, typer.Option("--reference", help="The reference page of every setting instead (docs/settings.md).")
    ] = False,
) -> None:
    """Show every setting in force: its value, and whether it is the default, of the environment or of the file.

    Secrets are never shown. Exit 2 where a setting cannot be used, with its remedy.

    Example: vigilward settings board
    """
    from streams.config.settings_names import TABLES
    from streams.config.settings_told import in_force
    from streams.config.settings_told import reference as page

    if reference:
        print(page(), end="")
        return
    asked = "" if table == "worker" else table
    if asked not in TABLES:
        known = ", ".join(name or "worker" for name in TABLES)
        raise CannotRun(f"there are no settings of {table!r}; known: {known}", exit_code=2)
    for told in in_force(asked):
        if as_json:
            print(json.dumps(told._asdict()))
        else:
            print(f"{told.variable:<36} {told.value:<28} {told.source}")
