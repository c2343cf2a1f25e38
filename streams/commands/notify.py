"""`vigilward notify`: alerts out to people's devices and to machines, a process of its own."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer


def notify(
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", help="Kafka, as host:port[,host:port].")
    ] = None,
    routes: Annotated[Path | None, typer.Option("--routes", metavar="FILE", help="Who is told (TOML).")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print who would be told now and at 03:00, and end.")
    ] = False,
    trial: Annotated[
        str | None, typer.Option("--try", metavar="RECIPIENT", help="Send it a message of no patient, and end.")
    ] = None,
    new_push_key: Annotated[
        Path | None, typer.Option("--new-push-key", metavar="FILE", help="Write a key of Web Push, and end.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="For /livez, /readyz, /metrics; 0 for any.")] = None,
) -> None:
    """Tell people of calls and machines of every alert, by signed webhooks, IHE PCD-04, Web Push and FHIR.

    The routes file names recipients by ward, role, priority, kind and shift. Everything is set by VIGILWARD_* and
    VIGILWARD_NOTIFY_*, or by the settings file's table [notify]; these options win.

    Example: vigilward notify --routes routes.toml --dry-run
    """
    from streams.commands import CannotRun
    from streams.notify.reach import dry_run as rows_of
    from streams.notify.routes import read_routes
    from streams.notify.settings import load_notify

    if new_push_key is not None:
        _write_push_key(new_push_key)
        return
    own = load_notify(routes=routes, port=port)
    if own.routes is None:
        raise CannotRun("nobody is named: set VIGILWARD_NOTIFY_ROUTES or --routes to a file of recipients", exit_code=2)
    read = read_routes(own.routes, own.zone)
    if dry_run:
        local = datetime.now(own.zone)
        night = (local + timedelta(days=1)).replace(hour=3, minute=0, second=0, microsecond=0)
        for row in rows_of(read, {"now": local.astimezone(UTC), "03:00": night.astimezone(UTC)}):
            print(json.dumps(row))
        return
    from streams.config.settings import load
    from streams.notify.serve import identity_of, serve
    from streams.worker.logs import set_up

    settings = load(bootstrap_servers=bootstrap_servers)
    if trial is not None:
        from streams.notify.trial import try_out

        said = asyncio.run(try_out(settings, own, read, identity_of(own, read), trial))
        for phase, taken, words in said:
            print(f"{phase}: {'ok' if taken else 'NOT TAKEN'}, {words}")
        raise typer.Exit(0 if all(taken for _, taken, _ in said) else 1)
    set_up("notify", level=settings.log_level.number, group=settings.group)
    raise typer.Exit(asyncio.run(serve(settings, own, read)))


def _write_push_key(path: Path) -> None:
    """Private half to the file, which must not be there yet; public half, which the board needs, to the terminal."""
    import os

    from streams.commands import CannotRun
    from streams.web_push.identity import Identity, new_key

    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(new_key())
    except OSError as fault:
        raise CannotRun(f"{path}: {fault.strerror}: name a file that is not there yet", exit_code=2) from None
    print(f"VIGILWARD_NOTIFY_PUSH_KEY_FILE={path}")
    print(f"VIGILWARD_BOARD_PUSH_PUBLIC_KEY={Identity.read(path).public}")
