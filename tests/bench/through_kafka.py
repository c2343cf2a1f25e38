"""What one worker carries through a real Kafka on this machine: catching up, and at a calm live load.

    .venv/bin/python tests/bench/through_kafka.py catch-up               # readings/s through one worker process
    .venv/bin/python tests/bench/through_kafka.py live --rate 5000       # CPU, and decision to alert

Prints one JSON object. Broker, load and worker share the machine. Needs Java 17; the broker comes by Maven.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.kafka.broker import Cluster
from schemas.reading import Mode
from schemas.times import to_text
from streams.config.settings import Clock, Settings
from streams.config.topics import TOPICS, config_of, partitions_of
from streams.demo.listener import Listener
from streams.demo.process import WorkerProcess
from streams.simulator.publisher import Publisher
from streams.tools.bench import made_up

TICK = os.sysconf("SC_CLK_TCK")
HEAP_MB = 512


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mb(pid: int) -> float:
    """Its resident memory."""
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@contextmanager
def ward(clock: Clock, mode: Mode) -> Iterator[tuple[Settings, WorkerProcess]]:
    """A broker with our topics, and a worker that is not started yet."""
    with tempfile.TemporaryDirectory() as folder, Cluster(Path(folder), heap_mb=HEAP_MB, for_load=True) as kafka:
        settings = Settings(bootstrap_servers=kafka.bootstrap, clock=clock, mode=mode)
        for topic in TOPICS:
            kafka.create_topics({settings.topic(topic): partitions_of(topic, settings)}, config_of(topic, settings))
        worker = WorkerProcess(
            {
                "VIGILWARD_BOOTSTRAP_SERVERS": kafka.bootstrap,
                "VIGILWARD_CLOCK": clock.value,
                "VIGILWARD_MODE": mode.value,
                "VIGILWARD_CONTROL_RECORD_KEY": "a secret of the benches",
            }
        )
        try:
            yield settings, worker
        finally:
            worker.stop()


def taken(worker: WorkerProcess) -> int:
    """Readings that the worker has taken."""
    return worker.counts("vigilward_records_total").get("readable", 0)


def catch_up(patients: int, seconds: int) -> dict[str, Any]:
    """A backlog of five-vital readings, decoded, watched and answered, all detectors armed."""
    with ward(Clock.EVENT, Mode.DEMO) as (settings, worker):
        whole = patients * seconds
        with Publisher(settings.librdkafka()) as publisher:
            for _, _, _, value, _ in made_up(patients, seconds):
                assert value is not None
                key = value[15 : value.index(b'"', 15)].decode()
                publisher.send(settings.topic("readings"), key, value[:-1] + b',"mode":"demo"}')
        worker.start()
        began, first, used = time.monotonic(), taken(worker), cpu_seconds(worker.pid)
        while (now := taken(worker)) < whole:
            time.sleep(0.25)
        took, cpu = time.monotonic() - began, cpu_seconds(worker.pid) - used
        return {
            "readings": whole,
            "readings_per_s": round((now - first) / took),
            "cpu_us_per_reading": round(cpu / (now - first) * 1e6, 2),
            "resident_mb": round(resident_mb(worker.pid)),
            "seconds": round(took, 1),
        }


def body(patient: int, second: int, now_ms: int) -> bytes:
    """A five-vital reading; each patient loses saturation for half of every fourth minute, not all at the same time."""
    low = (second + patient * 7) % 240 < 30
    return (
        f'{{"patient_id":"p-{patient:05d}","device_id":"mon-{patient:05d}","source":"monitor",'
        f'"taken_at":"{to_text(now_ms)}",'
        f'"sequence":{second},"vitals":{{"heart_rate":{{"value":{72 + (second + patient) % 5},"unit":"/min"}},'
        f'"resp_rate":{{"value":{15 + (second + patient) % 3},"unit":"/min"}},'
        f'"spo2":{{"value":{85 if low else 97},"unit":"%"}},'
        f'"systolic_bp":{{"value":{120 + (second + patient) % 7},"unit":"mm[Hg]"}},'
        '"temperature":{"value":36.9,"unit":"Cel"}}}'
    ).encode()


def live(rate: int, seconds: int, settle: int) -> dict[str, Any]:
    """One reading a patient and second; CPU of the worker, and the delay from decision to alert on the topic."""
    delays: list[float] = []
    with ward(Clock.ARRIVAL, Mode.REAL) as (settings, worker):
        worker.start()
        listener = Listener(settings.librdkafka() | {"fetch.wait.max.ms": 10}, {"alerts": settings.topic("alerts")}, 8)
        measuring_from = time.time() + settle

        def hear(_: str, alert: dict[str, Any]) -> None:
            now = time.time()
            if now >= measuring_from and alert["kind"] == "physiological":
                delays.append(now - _seconds(alert["at"]))

        listener.start(hear)
        used_at_start = 0.0
        with Publisher(settings.librdkafka()) as publisher:
            topic, began = settings.topic("readings"), time.monotonic()
            for second in range(settle + seconds):
                if second == settle:
                    used_at_start, from_wall = cpu_seconds(worker.pid), time.monotonic()
                for patient in range(rate):
                    if patient % 50 == 0:
                        ahead = began + second + patient / rate - time.monotonic()
                        if ahead > 0:
                            time.sleep(ahead)
                    publisher.send(topic, f"p-{patient:05d}", body(patient, second, int(time.time() * 1000)))
            used, wall = cpu_seconds(worker.pid) - used_at_start, time.monotonic() - from_wall
        time.sleep(1)
        listener.stop()
        delays.sort()
        return {
            "rate": rate,
            "seconds": seconds,
            "worker_cores": round(used / wall, 3),
            "cpu_us_per_reading": round(used / (rate * seconds) * 1e6, 2),
            "alerts": len(delays),
            "delay_ms_p50": round(delays[len(delays) // 2] * 1000) if delays else None,
            "delay_ms_p99": round(delays[int(len(delays) * 0.99)] * 1000) if delays else None,
            "resident_mb": round(resident_mb(worker.pid)),
        }


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_subparsers(dest="which", required=True)
    backlog = which.add_parser("catch-up")
    backlog.add_argument("--patients", type=int, default=2_000)
    backlog.add_argument("--seconds", type=int, default=300)
    calm = which.add_parser("live")
    calm.add_argument("--rate", type=int, default=1_000)
    calm.add_argument("--seconds", type=int, default=60)
    calm.add_argument("--settle", type=int, default=60)
    said = parser.parse_args()
    if said.which == "catch-up":
        figures = catch_up(said.patients, said.seconds)
    else:
        figures = live(said.rate, said.seconds, said.settle)
    print(json.dumps({"load_average": os.getloadavg()[0], **figures}))


if __name__ == "__main__":
    main()
