"""`vigilward size`: workers, partitions, memory and disk for a hospital, from what this machine measures."""

import json
import sys
from typing import Annotated

import typer


def size(
    patients: Annotated[int, typer.Option(min=1, help="Patients watched at the same time.")],
    rate: Annotated[float, typer.Option(min=0.0001, max=1_000, help="Readings a patient sends each second.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what it takes to watch so many patients: a minute of `bench` on this machine, and the measured worth of a
    live worker.

    One worker may be away. Partitions are fixed for a log's life: choose for the hospital in five years. The log's size
    is before compression, for 7 days in 3 copies. An estimate: measure yours under load before relying on it.

    Example: vigilward size --patients 20000 --rate 1
    """
    from streams.tools.bench import measure
    from streams.tools.size import plan

    found = plan(patients, rate, measure(patients=200, seconds=120))
    if as_json or not sys.stdout.isatty():
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:<36} {value:>12,}")
