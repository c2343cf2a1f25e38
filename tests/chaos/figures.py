"""What durability costs, measured on real Kafka: `python -m tests.chaos.figures cost --patients 10000 --seconds 90`.

`cost`: CPU per reading and delay of alerts with snapshots against without, and the recovery of all patients.
`gap`: how long killed and other workers' patients go unwatched at `kill -9`, at production's session timeout.
CPU is the worker process's own; delays and seconds are of this machine, which others may be using.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from confluent_kafka import Producer

from deploy.kafka.broker import Cluster
from schemas.times import to_ms, to_text
from streams.config.topics import Topic
from streams.simulator.publisher import REQUIRED
from tests.chaos.history import read_history
from tests.chaos.patients import ILL, UNITS, WELL, Patients
from tests.chaos.schedule import Act, Fault
from tests.chaos.stagehand import Stagehand, Times
from tests.integration.staging import Stage, WorkerProcess, until

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
WARM_ROUNDS = 40
SPOTS_A_ROUND = 50
EVERY_S = 15
"""Between two snapshots of a partition: production's."""


class Ward:
    """Many monitored patients at one reading a second each, a few of whom are seen by a nurse now and then."""

    def __init__(self, stage: Stage, patients: int) -> None:
        self.stage, self.topic = stage, stage.settings.topic(Topic.READINGS)
        self.names = [f"w-{number:05d}" for number in range(patients)]
        self.producer = Producer(
            {**stage.settings.librdkafka(), **REQUIRED, "linger.ms": 20, "queue.buffering.max.messages": 500_000}
        )
        self.round = 0

    def reading(self, number: int, *, spot: bool) -> bytes:
        """One reading; values move a little from round to round, and a nurse's patients fall ill and get well."""
        ill = spot and self.round // 5 % 2
        values = {
            name: round((ILL if ill else WELL)[name] + (number * 7 + self.round * 3) % 5 * 0.4, 1) for name in WELL
        }
        return msgspec.json.encode(
            {
                "patient_id": self.names[number], "device_id": "spot" if spot else "mon", "sequence": self.round,
                "source": "spot" if spot else "monitor", "mode": "demo", "taken_at": to_text(int(time.time() * 1_000)),
                "vitals": {name: {"value": value, "unit": UNITS[name]} for name, value in values.items()},
            }
        )  # fmt: skip

    def publish_round(self, within_s: float) -> None:
        """Everyone once, spread over a time; some of them are spot checks, of which alerts come."""
        began, count = time.monotonic(), len(self.names)
        for number, name in enumerate(self.names):
            self.producer.produce(
                self.topic, self.reading(number, spot=number % max(1, count // SPOTS_A_ROUND) == 0), name
            )
            if number % 100 == 99:
                self.producer.poll(0)
                ahead = began + within_s * number / count - time.monotonic()
                if ahead > 0:
                    time.sleep(ahead)
        self.round += 1

    def flush(self) -> None:
        """Kafka has all of it."""
        assert self.producer.flush(60) == 0


def cpu_s(worker: WorkerProcess) -> float:
    """Seconds of processor time of a process."""
    fields = Path(f"/proc/{worker.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value that this share of them does not exceed; None of none.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5), quantile([], 0.5)
    (2.0, None)
    """
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def delays_s(stage: Stage, since_ms: float) -> list[float]:
    """From the moment that decided an alert until the broker had it, in seconds, in order, of all decided since."""
    found = []
    for message in stage.read(Topic.ALERTS):
        due = to_ms(msgspec.convert(json.loads(message.value())["at"], datetime))
        if due >= since_ms:
            found.append((message.timestamp()[1] - due) / 1_000)
    return sorted(found)


def caught_up(stage: Stage, worker: WorkerProcess, within_s: float = 120) -> None:
    """Every record that is there now was taken."""
    until(lambda: worker.metric("vigilward_partition_lag_records") < 500, worker.fate, within_s)


def cost(patients: int, seconds: int, measured: Sequence[str] = ("off", "on")) -> dict[str, object]:
    """CPU, delay and recovery, with snapshots `off` and `on`."""
    figures: dict[str, object] = {"patients": patients}
    with tempfile.TemporaryDirectory() as folder, Cluster(Path(folder) / "kafka", heap_mb=512, for_load=True) as kafka:
        for name in measured:
            stage = Stage(
                kafka.bootstrap, f"cost-{name}.", clock="arrival", mode="demo", partitions=8, session_timeout_s=8,
                snapshot_every_s=EVERY_S if name == "on" else 600, heartbeat_s=2.5, shutdown_timeout_s=30,
            ).make_topics()  # fmt: skip
            with stage.worker(Path(folder) / name) as worker:
                worker.ready(partitions=8)
                figures |= {f"{what}_{name}": value for what, value in phase(stage, worker, patients, seconds).items()}
                worker.process.kill()
                worker.process.wait()
            if name == "on":
                figures |= recovery(stage, Path(folder) / "again")
    if len(measured) > 1:
        off, on = float(str(figures["cpu_us_per_reading_off"])), float(str(figures["cpu_us_per_reading_on"]))
        figures["cpu_on_against_off"] = f"{on / off - 1:+.1%}"
        # Behind its load a worker writes each state after fewer readings than it would; at one reading a second:
        states, readings = float(str(figures["states_on"])), float(str(figures["readings_on"]))
        per_state = (on - off) * readings / states
        figures["cpu_us_per_state"] = round(per_state, 1)
        figures["cpu_on_against_off_at_1_hz"] = f"{per_state / EVERY_S / off:+.1%}"
    return figures


def phase(stage: Stage, worker: WorkerProcess, patients: int, seconds: int) -> dict[str, object]:
    """A warm ward at one reading a second, and what it cost, catch-up included."""
    ward = Ward(stage, patients)
    for _ in range(WARM_ROUNDS):
        ward.publish_round(0.5)
    ward.flush()
    caught_up(stage, worker)
    names = ("vigilward_records_total", "vigilward_snapshot_states_total", "vigilward_snapshot_seconds_sum")
    before, before_cpu, since_ms = [worker.metric(name) for name in names], cpu_s(worker), time.time() * 1_000
    for _ in range(seconds):
        ward.publish_round(1.0)
    ward.flush()
    sent = time.monotonic()
    caught_up(stage, worker)
    readings, states, snapshot_s = (worker.metric(name) - was for name, was in zip(names, before, strict=True))
    delays = delays_s(stage, since_ms)
    return {
        "readings": int(readings),
        "cpu_us_per_reading": round((cpu_s(worker) - before_cpu) / readings * 1e6, 2),
        "behind_s": round(time.monotonic() - sent, 1),
        "alerts": len(delays),
        "alert_delay_s_p50": quantile(delays, 0.5),
        "alert_delay_s_p99": quantile(delays, 0.99),
        "states": int(states),
        "snapshot_s": round(snapshot_s, 2),
    }


def recovery(stage: Stage, folder: Path) -> dict[str, object]:
    """A worker after a kill: how long until all states are read and its log's tail is taken."""
    began = time.monotonic()
    with stage.worker(folder) as worker:
        said = until(lambda: [one for one in worker.events() if "recovered in" in one], worker.fate, 120)[0]
        until(lambda: [one for one in worker.events() if "are ours" in one], worker.fate, 120)
        owns = time.monotonic() - began
        caught_up(stage, worker)
        return {
            "recovery": said,
            "seconds_from_start_to_assignment": round(owns, 1),
            "seconds_from_start_to_caught_up": round(time.monotonic() - began, 1),
        }


def owned(worker: WorkerProcess) -> set[int]:
    """The partitions of the log that a worker said last to be its own."""
    said = [event for event in worker.events() if "are ours: " in event][-1]
    return {int(number) for number in said.partition("are ours: ")[2].split(", ") if number != "none"}


def gap(kills: int) -> dict[str, object]:
    """Delay of every alert that was due from a kill of one of two workers until 15 s after it, by whose patients."""
    with tempfile.TemporaryDirectory() as name, Cluster(Path(name) / "kafka", heap_mb=256) as kafka:
        stage = Stage(
            kafka.bootstrap, "gap.", clock="arrival", mode="demo", partitions=4, session_timeout_s=8, heartbeat_s=2.5,
            snapshot_every_s=15,
        ).make_topics()  # fmt: skip
        times, lost = Times(), list[set[int]]()
        with Stagehand(stage, kafka, Path(name) / "w", 2, times, print) as hand, Patients(stage, 1, per_s=60) as ward:
            for number in range(kills):
                until(lambda: all(w.get("/readyz")[0] == 200 for w in hand.workers.values()), within_s=60)
                time.sleep(10)
                lost.append(owned(hand.workers[number % 2]))
                hand.perform(Act(Fault.KILL, 0, number % 2))
                time.sleep(20)
            ward.stop()
            time.sleep(3)
            history = read_history(stage.settings)
        first: dict[bytes, tuple[int, int, int]] = {}
        for alert in history.alerts:
            due = to_ms(msgspec.convert(json.loads(alert.value or b"{}")["at"], datetime))
            first.setdefault(alert.value or b"", (alert.partition, due, alert.at_ms))
    delays: dict[str, list[float]] = {"killed": [], "others": []}
    for (at, _), theirs in zip(hand.happened.kills_at, lost, strict=True):
        for partition, due, came in first.values():
            if at * 1_000 - 500 <= due <= at * 1_000 + 15_000:
                delays["killed" if partition in theirs else "others"].append((came - due) / 1_000)
    figures: dict[str, object] = {"kills": kills, "partitions_of_the_killed": [len(theirs) for theirs in lost]}
    for who, found in delays.items():
        found.sort()
        figures |= {f"alerts_{who}": len(found), f"gap_s_{who}_p50": quantile(found, 0.5)}
        figures |= {f"gap_s_{who}_p99": quantile(found, 0.99), f"gap_s_{who}_longest": quantile(found, 1.0)}
    return figures


def main() -> int:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("what", choices=["cost", "gap"])
    words.add_argument("--only", choices=["off", "on"], help="cost: only without snapshots, or only with them")
    words.add_argument("--patients", type=int, default=10_000)
    words.add_argument("--seconds", type=int, default=90)
    words.add_argument("--kills", type=int, default=6)
    asked = words.parse_args()
    measured = (asked.only,) if asked.only else ("off", "on")
    figures = cost(asked.patients, asked.seconds, measured) if asked.what == "cost" else gap(asked.kills)
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
