"""`vigilward canary`: sees from outside whether each partition is watched."""

import asyncio
from typing import Annotated

import typer

from streams.canary.canary import EVERY_S


def canary(
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", help="Kafka, as host:port[,host:port].")
    ] = None,
    http_port: Annotated[
        int | None, typer.Option("--http-port", help="For /metrics, /livez and /readyz; 0 for any free one.")
    ] = None,
    every: Annotated[
        float, typer.Option("--every", min=1.0, max=60.0, help="Seconds from one sick observation to the next.")
    ] = EVERY_S,
) -> None:
    """Feed a made-up patient to each partition, sick then well, and see whether her alert comes back, until SIGTERM.

    She never reaches a person and is never counted. `vigilward_canary_age_seconds` says how old the newest observation
    is whose alert came back; deploy/prometheus/rules/canary.yml pages above 100 s. Everything is set by VIGILWARD_*.

    Example: vigilward canary --http-port 8097
    """
    from streams.canary.serve import serve
    from streams.config.settings import load
    from streams.worker.logs import set_up

    settings = load(bootstrap_servers=bootstrap_servers, http_port=http_port)
    set_up("canary", level=settings.log_level.number, group=settings.group, mode=settings.mode.value)
    raise typer.Exit(asyncio.run(serve(settings, every)))
