"""`vigilward simulate`: made-up patients, published to Kafka as their devices would."""

import json
import signal
import sys
import time
from threading import Event
from typing import Annotated, Any

import typer

from schemas.reading import Mode
from streams.config.settings import load
from streams.installation.watch import listen, other_modes
from streams.simulator.admissions import encode
from streams.simulator.pace import Pace, seconds
from streams.simulator.publisher import Publisher
from streams.simulator.scenarios import MIXED, SCENARIOS, named
from streams.simulator.simulator import Simulator


def _scenario(name: str | None) -> str | None:
    if name is not None and name not in SCENARIOS:
        raise typer.BadParameter(f"there are {', '.join(SCENARIOS)}")
    return name


def _duration(text: str | None) -> float | None:
    try:
        return None if text is None else seconds(text)
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from None


def simulate(
    patients: Annotated[int, typer.Option(min=1, max=100_000, help="How many patients.")] = 16,
    rate: Annotated[
        float, typer.Option(min=0.001, max=1000, metavar="HZ", help="Readings a second of each monitor.")
    ] = 1.0,
    scenario: Annotated[
        str | None,
        typer.Option(callback=_scenario, help="What befalls all of them; without it a mixed ward.", metavar="NAME"),
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="Stop after so long, such as 60s, 15m or 1h30m.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same patients.")] = 1,
    speed: Annotated[
        float, typer.Option(min=0, help="How many times as fast as real their time runs; 0: as fast as can be.")
    ] = 1.0,
    quicker: Annotated[float, typer.Option(min=0.01, help="How many times as fast as usual they fall ill.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as one JSON object.")] = False,
) -> None:
    """Publish made-up patients, marked as demo, to the readings and patients topics, until interrupted.

    Some of them deteriorate. Readings are stamped from now on; at another speed than 1 they leave the present, which
    only a worker in the event clock follows. Scenarios: stable, sepsis, respiratory_failure, haemorrhage, opioid,
    arrhythmia, sensor_off, artefact_storm, athlete, hypercapnia_scale2.

    Example: vigilward simulate --patients 50 --rate 1 --scenario sepsis --for 10m
    """
    lasts_s = _duration(for_)
    settings = load()
    if others := other_modes(listen(settings), Mode.DEMO):
        typer.echo(
            f"vigilward simulate: this log's workers watch patients of mode {', '.join(sorted(others))} and refuse "
            "made-up ones; start them with VIGILWARD_MODE=demo, on a log without real patients",
            err=True,
        )
        raise typer.Exit(2)
    start_ms = int(time.time() * 1000)
    scenarios = MIXED if scenario is None else (named(scenario),)
    ward = Simulator(patients, seed=seed, start_ms=start_ms, rate_hz=rate, scenarios=scenarios, quicker=quicker)
    readings, records = settings.topic("readings"), settings.topic("patients")
    stop = _on_interrupt()
    began = time.monotonic()
    with Publisher(settings.librdkafka()) as publisher:
        publisher.require_topics(readings, records)
        for record in ward.admissions():
            publisher.send(records, record["patient_id"], encode(record))
        typer.echo(f"{patients} made-up patients to {settings.bootstrap_servers}, topic {readings}", err=True)
        pace = Pace(start_ms, speed=speed, stopping=lambda: stop.is_set() or _is_over(began, lasts_s))
        sent = sum(publisher.send_all(readings, ward.readings(*stretch)) for stretch in pace.stretches(None))
        left = publisher.flush()
    _tell(
        {
            "readings": sent,
            "patients": patients,
            "delivered": publisher.counts.delivered,
            "failed": publisher.counts.failed + left,
            "seconds": round(time.monotonic() - began, 3),
        },
        as_json,
    )
    if publisher.counts.failed + left:
        reasons = ", ".join(publisher.counts.reasons) or "no answer"
        typer.echo(f"vigilward simulate: not everything arrived ({reasons}); see `vigilward doctor`", err=True)
        raise typer.Exit(3)


def _is_over(began: float, lasts_s: float | None) -> bool:
    return lasts_s is not None and time.monotonic() - began >= lasts_s


def _on_interrupt() -> Event:
    """Set by Ctrl-C or SIGTERM; a second Ctrl-C ends at once."""
    stop = Event()

    def stop_soon(number: int, _: Any) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop_soon)
    signal.signal(signal.SIGTERM, stop_soon)
    return stop


def _tell(summary: dict[str, Any], as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        print(json.dumps(summary), flush=True)
    else:
        print(", ".join(f"{count} {name}" for name, count in summary.items()))
