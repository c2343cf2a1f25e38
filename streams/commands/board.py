"""`vigilward board`: the ward's page, a process of its own."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def board(
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", help="Kafka, as host:port[,host:port].")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="Where to listen; without accounts loopback only.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="0 for any free port.")] = None,
    accounts: Annotated[Path | None, typer.Option("--accounts", metavar="FILE", help="Who may sign in (TOML).")] = None,
    directory: Annotated[
        Path | None, typer.Option("--directory", metavar="FILE", help="Names by patient (JSON), shown, never sent on.")
    ] = None,
    new_account: Annotated[
        str | None, typer.Option("--new-account", metavar="LOGIN", help="Print an account for the file, and end.")
    ] = None,
    role: Annotated[
        str, typer.Option("--role", help="nurse, shift lead, doctor, rapid response, safety officer, viewer.")
    ] = "nurse",
    name: Annotated[str | None, typer.Option("--name", help="The name shown for a new account.")] = None,
    station: Annotated[
        bool, typer.Option("--station", help="The new account is a screen of the ward: it looks, and never signs out.")
    ] = False,
    new_pin: Annotated[bool, typer.Option("--new-pin", help="Print a PIN's line for an account, and end.")] = False,
) -> None:
    """Serve the ward board: whom to see first, why, and whether monitoring is happening at all.

    Everything is set by VIGILWARD_* and VIGILWARD_BOARD_*, or by the settings file's table [board]; these options win.

    Example: vigilward board --bootstrap-servers kafka:9092 --accounts accounts.toml --host 0.0.0.0
    """
    if new_account is not None:
        _print_account(new_account, name or new_account, "viewer" if station else role, station)
        return
    if new_pin:
        _print_pin()
        return
    from streams.board.serve import serve
    from streams.board.settings import load_board
    from streams.board.unreached import routes_told
    from streams.config.settings import load
    from streams.worker.logs import set_up

    settings = load(bootstrap_servers=bootstrap_servers)
    own = load_board(host=host, port=port, accounts=accounts, directory=directory)
    set_up("board", level=settings.log_level.number, mode=settings.mode.value)
    serve(settings, own, routes_told())


def _print_account(login: str, name: str, role: str, station: bool) -> None:
    from streams.board.accounts import as_lines, role_of

    try:
        print(as_lines(login, name, role_of(role), _asked("Password"), station=station), end="")
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None


def _print_pin() -> None:
    from streams.board.accounts import hashed_pin

    try:
        print(f'pin = "{hashed_pin(_asked("PIN"))}"')
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None


def _asked(what: str) -> str:
    if sys.stdin.isatty():
        return typer.prompt(what, hide_input=True, confirmation_prompt=True, err=True)
    return sys.stdin.readline().rstrip("\n")
