"""200,000 made-up ids in a minute, and 10,000 unreadable records a second, delay no alert of an admitted patient.

Each of a ward's admitted patients turns ill once, by an entered round, which calls at the next tick. How late a call is
the broker says: its stamp on the alert, less the moment that decided it, which is of the log and of no worker's clock.
"""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import Message, Producer

from schemas.base import read_moment
from schemas.times import to_ms, to_text
from streams.config.topics import Topic
from streams.simulator.publisher import REQUIRED
from tests.field.claims import Claim, equal, none, within
from tests.field.installation import Field
from tests.integration.staging import Stage, WorkerProcess, until

IDS, POISON_A_SECOND, MINUTE_S, QUIET_S = 200_000, 10_000, 60.0, 20.0
LATE_S, TOLD_S, MOST_MB, FORGOTTEN_S = 1.0, 6.0, 700, 900
EVERY_S = 0.25
WELL = {"heart_rate": 75, "resp_rate": 16, "spo2": 97, "systolic_bp": 120, "temperature": 37.0}
ILL = {"heart_rate": 135, "resp_rate": 27, "spo2": 88, "systolic_bp": 85, "temperature": 39.4}
UNITS = {"heart_rate": "/min", "resp_rate": "/min", "spo2": "%", "systolic_bp": "mm[Hg]", "temperature": "Cel"}
MUCH = {"queue.buffering.max.messages": 2_000_000, "queue.buffering.max.kbytes": 1_000_000, "linger.ms": 20}


def run(field: Field) -> Iterator[Claim]:
    """One worker with default settings: a quiet ward, the made-up ids, the poison, and the quiet after each."""
    field.broker()
    assert field.doctor("--fix").returncode in (0, 1)
    worker = field.worker().ready()
    page = field.board()
    with Ward(field.stage, "q", round(QUIET_S / EVERY_S)) as ward:
        yield from ward.called("quiet", ward.turn_ill())

    count = round(MINUTE_S / EVERY_S)
    with Ward(field.stage, "m", count) as ward, Flood(field.stage, IDS / MINUTE_S, made_up) as flood:
        began = time.monotonic()
        rounds = ward.turn_ill()
        yield within("made-up ids: the worker says so", page.first("not_ready", began, 60), TOLD_S)
        yield equal("made-up ids sent", flood.stop() >= 0.9 * IDS, True)
        yield from ward.called("made-up ids", rounds)
    yield bounded("made-up ids", worker)
    yield from taken("made-up ids", field.stage, worker)
    yield bounded("made-up ids, all of them taken", worker)
    began = time.monotonic()
    yield within("made-up ids: nothing is wrong any more", page.quiet(began, FORGOTTEN_S), FORGOTTEN_S)

    with Ward(field.stage, "p", count) as ward, Flood(field.stage, POISON_A_SECOND, poison) as flood:
        rounds = ward.turn_ill()
        time.sleep(max(0.0, rounds[0] + MINUTE_S - time.monotonic()))
        yield equal("poison sent", flood.stop() >= 0.9 * POISON_A_SECOND * MINUTE_S, True)
        yield from ward.called("poison", rounds)
    yield bounded("poison", worker)
    yield from taken("poison", field.stage, worker)


class Ward:
    """Admitted patients, each with one well round behind her."""

    def __init__(self, stage: Stage, name: str, count: int) -> None:
        self.stage, self.ids = stage, [f"{name}-{number:04d}" for number in range(count)]
        self.stamped: dict[str, int] = {}
        self.producer = Producer({**stage.settings.librdkafka(), **REQUIRED, "linger.ms": 0})

    def __enter__(self) -> "Ward":
        for patient in self.ids:
            at = to_text(int(time.time() * 1_000))
            admit = {"patient_id": patient, "event": "admit", "encounter": "e", "ward": "W", "bed": patient,
                     "at": at, "mode": "demo"}  # fmt: skip
            self._send(Topic.PATIENTS, patient, admit)
        for patient in self.ids:
            self._send(Topic.READINGS, patient, self._round(patient, WELL, 1))
        assert self.producer.flush(30) == 0
        time.sleep(5)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.producer.flush(30) == 0

    def turn_ill(self) -> list[float]:
        """One after another; when they began to, and ended, by the monotonic clock."""
        began = time.monotonic()
        for number, patient in enumerate(self.ids):
            time.sleep(max(0.0, began + number * EVERY_S - time.monotonic()))
            self._send(Topic.READINGS, patient, self._round(patient, ILL, 2), self._note)
        assert self.producer.flush(30) == 0
        return [began, time.monotonic()]

    def called(self, name: str, rounds: list[float]) -> Iterator[Claim]:
        """How late each call was."""
        ill = set(self.ids)
        first: dict[str, tuple[int, int]] = {}

        def all_called() -> bool:
            for alert in self.stage.read(Topic.ALERTS):
                said = json.loads(alert.value())
                if said["patient_id"] in ill and said["kind"] != "technical" and said["state"] == "raised":
                    first.setdefault(said["patient_id"], (alert.timestamp()[1], to_ms(read_moment(said["at"]))))
            return len(first) == len(ill)

        until(all_called, lambda: f"{name}: {len(ill) - len(first)} of {len(ill)} were not called", within_s=120)
        late = sorted((stamped - decided) / 1_000 for stamped, decided in first.values())
        whole = sorted((first[one][0] - self.stamped[one]) / 1_000 for one in self.ids)
        lasted, last = rounds[1] - rounds[0], int(len(late) * 0.99)
        print(f"  {name}: {len(late)} calls in {lasted:.0f} s, late by p50 {late[len(late) // 2]:.3f} s, "
              f"p99 {late[last]:.3f} s, most {late[-1]:.3f} s; from round to call p50 {whole[len(late) // 2]:.3f} s, "
              f"p99 {whole[last]:.3f} s", flush=True)  # fmt: skip
        yield within(f"{name}: p99 of {len(late)} calls", late[last], LATE_S)

    def _note(self, error: object, message: Message) -> None:
        assert error is None
        self.stamped[message.key().decode()] = message.timestamp()[1]

    def _round(self, patient: str, values: dict[str, float], sequence: int) -> dict[str, object]:
        vitals = {name: {"value": value, "unit": UNITS[name]} for name, value in values.items()}
        return {"patient_id": patient, "device_id": "rounds", "source": "spot", "sequence": sequence, "mode": "demo",
                "taken_at": to_text(int(time.time() * 1_000)), "vitals": vitals}  # fmt: skip

    def _send(self, topic: Topic, patient: str, body: dict[str, object], told: object = None) -> None:
        self.producer.produce(self.stage.settings.topic(topic), json.dumps(body).encode(), patient.encode(),
                              on_delivery=told)  # fmt: skip
        self.producer.poll(0)


class Flood(threading.Thread):
    """So many records a second, each `made(number)`, until it is stopped."""

    def __init__(self, stage: Stage, per_s: float, made) -> None:  # type: ignore[no-untyped-def]
        super().__init__(daemon=True)
        self.topic, self.per_s, self.made = stage.settings.topic(Topic.READINGS), per_s, made
        self.producer = Producer({**stage.settings.librdkafka(), **REQUIRED, **MUCH})
        self.sent, self.over = 0, threading.Event()

    def __enter__(self) -> "Flood":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self) -> None:
        """Keeps to its rate."""
        began = time.monotonic()
        while not self.over.wait(0.05):
            for _ in range(round((time.monotonic() - began) * self.per_s) - self.sent):
                key, value = self.made(self.sent)
                self.producer.produce(self.topic, value, key)
                self.sent += 1
            self.producer.poll(0)

    def stop(self) -> int:
        """How many Kafka has."""
        self.over.set()
        self.join()
        assert self.producer.flush(60) == 0
        return self.sent


def made_up(number: int) -> tuple[bytes, bytes]:
    """A reading of somebody whom there is not."""
    patient = f"made-up-{number:07d}"
    vitals = {name: {"value": value, "unit": UNITS[name]} for name, value in WELL.items()}
    body = {"patient_id": patient, "device_id": f"m-{number}", "source": "monitor", "sequence": 1, "mode": "demo",
            "taken_at": to_text(int(time.time() * 1_000)), "vitals": vitals}  # fmt: skip
    return patient.encode(), json.dumps(body).encode()


def poison(number: int) -> tuple[bytes, bytes]:
    """What nobody can read."""
    return b"%d" % number, b'{"patient_id": "poison-%d", "vitals": ' % number


def bounded(name: str, worker: WorkerProcess) -> Claim:
    """What the worker took at most."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1_024
    return Claim(f"{name}: the worker's memory at its peak", f"{peak:.0f} MB", f"{MOST_MB} MB", peak < MOST_MB)


def taken(name: str, stage: Stage, worker: WorkerProcess) -> Iterator[Claim]:
    """What waited is taken in the end, every record."""
    began = time.monotonic()
    waits = "vigilward_newcomer_records_waiting"
    until(lambda: not worker.metric(waits), lambda: f"{worker.metric(waits)} wait", within_s=FORGOTTEN_S)
    yield within(f"{name}: all that waited is taken", time.monotonic() - began, FORGOTTEN_S)
    ends = sum(stage.ends(Topic.READINGS).values())
    until(lambda: worker.metric("vigilward_records_total") >= ends - 500, lambda: str(ends))
    lost = worker.metric("vigilward_records_lost_total")
    yield none(f"{name}: records lost", range(int(lost)))
