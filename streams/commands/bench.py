"""`vigilward bench`: what this machine carries, without a broker."""

import json
import sys
from typing import Annotated

import typer


def bench(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    patients: Annotated[int, typer.Option(min=10, help="Patients for the memory figure.")] = 2_000,
    seconds: Annotated[int, typer.Option(min=60, help="Seconds of monitoring at 1 Hz for the speed figure.")] = 1_800,
) -> None:
    """Measure decoding, the whole path of a reading, and memory a patient; five vitals at 1 Hz, all detectors armed
    and warm.

    Times are CPU of this process. Ratios within one run say more than single figures: machines differ and are busy.

    Example: vigilward bench --json
    """
    from streams.tools.bench import measure

    figures = measure(patients=patients, seconds=seconds)
    if as_json or not sys.stdout.isatty():
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<28} {value:>12,}")
