"""`vigilward worker`: watch the patients of the readings topic."""

import asyncio
from typing import Annotated

import typer

from streams.config.settings import Clock, load, refuse_unless_a_worker_may


def worker(
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", help="Kafka, as host:port[,host:port].")
    ] = None,
    group: Annotated[str | None, typer.Option("--group", help="The group whose workers share the partitions.")] = None,
    clock: Annotated[
        Clock | None, typer.Option("--clock", help="A record's time: its arrival at the broker, or its own taken_at.")
    ] = None,
    http_port: Annotated[
        int | None, typer.Option("--http-port", help="For /metrics, /livez and /readyz; 0 for any free one.")
    ] = None,
) -> None:
    """Watch the patients of the readings topic, as one of a group of workers, until SIGTERM or Ctrl-C.

    Everything is set by VIGILWARD_* or the TOML file that VIGILWARD_CONFIG names; these options win. More workers in
    the same group share the partitions.

    Example: VIGILWARD_CONTROL_RECORD_KEY=a-secret-of-16-bytes-at-least vigilward worker --bootstrap-servers kafka:9092
    """
    settings = load(bootstrap_servers=bootstrap_servers, group=group, clock=clock, http_port=http_port)
    refuse_unless_a_worker_may(settings)

    from streams.worker.logs import set_up
    from streams.worker.worker import Worker

    set_up("worker", level=settings.log_level.number, group=settings.group, mode=settings.mode.value)

    async def run() -> int:
        return await Worker(settings).run()

    raise typer.Exit(asyncio.run(run()))
