"""`vigilward device-sim`: a made-up ward in others' formats, whole or with a fault, to try a gateway with."""

import json
import sys
import time
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from streams.simulator import foreign
from streams.simulator.foreign import Fault
from streams.simulator.pace import seconds
from streams.simulator.simulator import Simulator

if TYPE_CHECKING:
    from streams.simulator.foreign_senders import Sender


class Door(StrEnum):
    """The formats that there are."""

    HL7V2 = "hl7v2"
    FHIR = "fhir"
    MQTT = "mqtt"
    HTTP = "http"
    KAFKA = "kafka"


def device_sim(
    door: Annotated[
        Door, typer.Argument(help="hl7v2 (MLLP), fhir (batches), mqtt, http (NDJSON), or kafka (no gateway).")
    ],
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="HOST:PORT", help="The gateway, or Kafka; without it messages are printed."),
    ] = None,
    patients: Annotated[int, typer.Option(min=1, max=100_000, help="How many patients.")] = 8,
    for_: Annotated[str, typer.Option("--for", metavar="TIME", help="How much of their time, such as 60s.")] = "60s",
    fault: Annotated[Fault, typer.Option(help="What is wrong with the senders.")] = Fault.NONE,
    speed: Annotated[float, typer.Option(min=0, help="How many times as fast as real; 0: as fast as can be.")] = 1.0,
    mode: Annotated[str, typer.Option(help="demo, test or real.")] = "demo",
    seed: Annotated[int, typer.Option(help="The same seed makes the same patients.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as one JSON object.")] = False,
) -> None:
    """Send a made-up ward to a gateway, as monitors would, and say what it answered.

    With a fault each sender has it: a wrong unit, swapped pressures, a stuck or drifting clock, readings twice or
    missing, two patients on one device, a burst of what was stored; with kafka also a wrong partitioner. Without
    --to the messages are printed.

    Example: vigilward device-sim hl7v2 --to localhost:2575 --fault wrong_unit --for 30s --speed 0
    """
    if fault is Fault.WRONG_PARTITIONER and door is not Door.KAFKA:
        raise typer.BadParameter("a gateway places what it takes: try it with `device-sim kafka`", param_hint="--fault")
    try:
        span_ms = round(seconds(for_) * 1_000)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--for") from None
    start = int(time.time() * 1_000) // 1_000 * 1_000 - span_ms
    ward = Simulator(patients, seed=seed, start_ms=start, mode=mode)
    way = _way(door, to, fault) if to else None
    began, sent = time.monotonic(), 0
    made = (json.loads(value) for _, _, value in ward.readings(start, start + span_ms))
    readings = foreign.faulty(made, fault)
    while batch := list(islice(readings, max(1, patients))):
        if way is None:
            _print(door, batch, sent)
        else:
            way.send(batch)
        sent += len(batch)
        if speed and way is not None:
            time.sleep(max(0.0, sent / patients / speed - (time.monotonic() - began)))
    if way is None:
        return
    way.close()
    said = {"readings": sent, "answers": dict(way.answers), "seconds": round(time.monotonic() - began, 1)}
    answers = ", ".join(f"{count:,} {name}" for name, count in sorted(way.answers.items()))
    print(json.dumps(said) if as_json else f"{sent:,} readings in {said['seconds']} s; answers: {answers}")


def _way(door: Door, to: str, fault: Fault) -> "Sender":
    from streams.simulator.foreign_senders import KafkaSender, sender

    if door is not Door.KAFKA:
        return sender(door.value, to)
    from streams.config.settings import load

    settings = load()
    client = {**settings.librdkafka(), "bootstrap.servers": to}
    return KafkaSender(client, settings.topic("readings"), misplaced=fault is Fault.WRONG_PARTITIONER)


def _print(door: Door, batch: list[dict], sent: int) -> None:  # type: ignore[type-arg]
    for number, one in enumerate(batch, sent + 1):
        if door is Door.HL7V2:
            sys.stdout.write(foreign.hl7v2(one, str(number)).decode().replace("\r", "\n"))
        elif door is Door.FHIR:
            for resource in foreign.fhir(one):
                print(json.dumps(resource))
        else:
            print(json.dumps(one))
