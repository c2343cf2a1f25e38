"""`vigilward gateway`: one door for others' messages, a process of its own."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Door(StrEnum):
    """The doors that there are."""

    HL7V2 = "hl7v2"
    FHIR = "fhir"
    MQTT = "mqtt"
    HTTP = "http"


def gateway(
    door: Annotated[Door, typer.Argument(help="hl7v2 (MLLP), fhir (REST), mqtt, or http (NDJSON and wearables).")],
    bootstrap_servers: Annotated[
        str | None, typer.Option("--bootstrap-servers", help="Kafka, as host:port[,host:port].")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="Where to listen.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="0 for any free port.")] = None,
    site_zone: Annotated[
        str | None, typer.Option("--site-zone", metavar="ZONE", help="The zone of times without an offset.")
    ] = None,
    mapping: Annotated[
        list[Path] | None, typer.Option("--mapping", metavar="FILE", help="A mapping file; may be repeated.")
    ] = None,
) -> None:
    """Take others' messages in, and acknowledge each once Kafka has it.

    Everything is set by VIGILWARD_* and VIGILWARD_GATEWAY_*, or by the settings file's table [gateway]; these options
    win. It ends by itself on SIGTERM, after what is on its way was acknowledged.

    Example: vigilward gateway hl7v2 --host 0.0.0.0 --site-zone Europe/Berlin
    """
    from streams.config.settings import load
    from streams.gateways.serve import serve
    from streams.gateways.settings import load_gateway
    from streams.worker.logs import set_up

    settings = load(bootstrap_servers=bootstrap_servers)
    own = load_gateway(host=host, port=port, site_zone=site_zone, mappings=mapping or None)
    set_up("gateway", level=settings.log_level.number, door=door.value)
    serve(door.value, settings, own)
