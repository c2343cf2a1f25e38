"""What real senders do, as logs in arrival clock: clocks, batches, backlogs, values and patient records of others."""

import random
from collections.abc import Callable, Iterable
from itertools import count

from tests.making import SECOND, T0, Entry, Moment, alerts, new_partition, reading, run

WELL = {"heart_rate": 76, "resp_rate": 15, "spo2": 97, "systolic_bp": 122}
ILL = {"heart_rate": 125, "resp_rate": 27, "spo2": 86, "systolic_bp": 88}
ROUND = {**WELL, "temperature": 36.8, "consciousness": "A", "supplemental_oxygen": False}
ILL_ROUND = {**ILL, "temperature": 39.2, "consciousness": "V", "supplemental_oxygen": True}


def admitted(at: int = T0, offset: int = 0, **facts: object) -> Entry:
    """A man of 70 in a bed."""
    told = {"at": Moment(at), "age_years": 70, "sex": "male", "ward": "4A", "bed": "3", **facts}
    return patient_record(at, "admit", offset, **told)


def patient_record(at: int, event: str, offset: int, /, **facts: object) -> Entry:
    """A patient record that says itself when it happened, forwarded from that offset."""
    body = {"event": event, "patient_id": "p", "mode": "test", **facts}
    return Entry(at, "patient", "p", body, ("vitals.patients", offset))


def stream(
    begin: float,
    end: float,
    every: float,
    ill: Callable[[float], bool] = lambda second: False,
    clock: Callable[[float], float] = lambda second: second,
    *,
    device: str = "mon-3",
    counts: bool = False,
    delay: float = 0.15,
    vitals: Iterable[str] = tuple(WELL),
    source: str = "monitor",
) -> list[Entry]:
    """A device's readings between two seconds, as `clock` dates them; the heart rate wobbles as hearts do."""
    rnd, log = random.Random(1), []
    for number in count():
        second = begin + number * every
        if second >= end:
            return log
        values = dict(ILL if ill(second) else WELL)
        values["heart_rate"] += rnd.randint(-2, 2)
        log.append(
            reading(
                T0 + int((second + delay) * SECOND), "p", device, taken=T0 + int(clock(second) * SECOND), source=source,
                sequence=number if counts else None, **{name: values[name] for name in vitals},
            )
        )  # fmt: skip
    return log


def ticks(begin: float, end: float, every: float = 10) -> list[Entry]:
    """The log's time goes on."""
    return [Entry(T0 + int((begin + n * every) * SECOND), "tick", None, b"") for n in range(int((end - begin) / every))]


def heard(*parts: list[Entry] | Entry) -> list[dict]:
    """The alerts that a log causes, its parts in order of their time."""
    return listen(*parts)[0]


def listen(*parts: list[Entry] | Entry) -> tuple[list[dict], dict[str, int]]:
    """The alerts that a log causes, and what became of its vitals."""
    log = [entry for part in parts for entry in (part if isinstance(part, list) else [part])]
    partition = new_partition()
    said = alerts(run(partition, sorted(log, key=lambda entry: entry.at)))
    return said, partition.tally.as_dict() | dict(partition.tally.refusals)


def calls(said: list[dict], kind: str = "physiological") -> list[dict]:
    """Those that ask for someone now."""
    return [alert for alert in said if alert["kind"] == kind and alert["interrupts"]]


def subjects(said: list[dict]) -> set[str]:
    """What the alerts are about."""
    return {alert["subject"] for alert in said}
